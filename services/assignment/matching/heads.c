/* SPDX-License-Identifier: Apache-2.0 */

#include "assignment/matching/heads.h"

#include <string.h>

#include "assignment/engine/keys.h"
#include "assignment/engine/scripts.h"
#include "base/assert.h"
#include "contract/reasons.h"

#define REDIS_SIGNATURES 64 /* for each level */
#define COOLING_MAX 256
#define BEYOND_ANY_SIGNATURE "\xf4\x8f\xbf\xbf"

static const char *copy_text(struct arena *arena, const char *text)
{
    char *s = arena_strdup(arena, text);
    AM_ASSERT(s != NULL);
    return s;
}

static void add_case(struct heads *h, const struct pick_case *c)
{
    if (h->n == h->cap) {
        size_t cap = h->cap ? h->cap * 2 : 64;
        struct pick_case *cases = ARENA_ARRAY(h->arena, struct pick_case, cap);
        if (h->n)
            memcpy(cases, h->cases, h->n * sizeof(*cases));
        h->cases = cases;
        h->cap = cap;
    }
    h->cases[h->n++] = *c;
}

static int32_t of_signature(const struct heads *h)
{
    size_t more = h->more < HEADS_MORE_MAX ? h->more : HEADS_MORE_MAX;
    return HEADS_OF_SIGNATURE + (int32_t)more;
}

/* -- from PostgreSQL --------------------------------------------------------------------------- */

static void put_back(const struct heads *h, const struct pick_case *c)
{
    const struct route_queue q = {.tenant_id = h->tenant_id,
                                  .case_id = c->case_id,
                                  .level = (int16_t)c->level,
                                  .signature = c->signature,
                                  .score_ms = c->score_ms,
                                  .generation = c->generation};
    engine_queues_put(h->a, &q, 1);
}

static void rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct heads *h = ((struct engine_read *)pg->ctx)->ctx;
    const char *signature = "";
    (void)i;
    h->n = 0; /* a read may be repeated */
    for (int row = 0; row < pg_rows_count(rows); row++) {
        if (strcmp(signature, pg_text(rows, row, 1)) != 0)
            signature = copy_text(h->arena, pg_text(rows, row, 1));
        const struct pick_case c = {.level = (int)pg_int(rows, row, 0),
                                    .signature = signature,
                                    .case_id = pg_uuid(rows, row, 2),
                                    .score_ms = pg_int(rows, row, 3),
                                    .generation = pg_int(rows, row, 4)};
        add_case(h, &c);
        put_back(h, &c);
    }
}

static void database_ended(struct engine_read *r, const struct fault *fault)
{
    struct heads *h = r->ctx;
    h->failed = fault != NULL;
    h->done(h);
}

static void read_database(struct heads *h)
{
    struct engine_read *r = engine_read_new(h->a, h->tenant_id, rows, database_ended, h);
    struct pg_args *args = engine_read_add(r, STMT_HEADS);
    h->from_database = true;
    pg_arg_int8(args, h->tenant_id);
    pg_arg_int4(args, 0);
    pg_arg_text(args, BEYOND_ANY_SIGNATURE);
    pg_arg_int4(args, HEADS_SIGNATURES);
    pg_arg_int4(args, of_signature(h));
    engine_read_start(r);
}

/* -- from Redis -------------------------------------------------------------------------------- */

#define ITEM_WORDS 4 /* level, signature, member, score */

static void add_member(struct heads *h, const struct redis_reply *reply, size_t at)
{
    struct slice signature = redis_reply_text(redis_reply_at(reply, at + 1));
    struct slice member = redis_reply_text(redis_reply_at(reply, at + 2));
    struct pick_case c = {.level = (int)redis_reply_int(redis_reply_at(reply, at)),
                          .score_ms = redis_reply_int(redis_reply_at(reply, at + 3))};
    if (!signature.data || !member.data ||
        member_case_parse((const char *)member.data, &c.case_id, &c.generation) != AM_OK)
        return;
    c.signature = copy_text(h->arena, (const char *)signature.data);
    add_case(h, &c);
}

static void redis_answered(void *ctx, const struct redis_reply *reply)
{
    struct heads *h = ctx;
    if (!reply && !h->a->stopped) {
        read_database(h);
        return;
    }
    for (size_t i = 0; i + ITEM_WORDS <= redis_reply_count(reply); i += ITEM_WORDS)
        add_member(h, reply, i);
    h->done(h);
}

static void read_redis(struct heads *h)
{
    struct redis_args args;
    redis_args_init(&args, h->arena);
    for (int level = 1; level <= h->n_levels; level++)
        redis_arg(&args, key_heads(h->arena, h->tenant_id, level));
    redis_arg(&args, key_queue_prefix(h->arena, h->tenant_id));
    redis_arg_int(&args, REDIS_SIGNATURES);
    redis_arg_int(&args, of_signature(h));
    redis_eval(h->a->redis, SCRIPT_HEADS, (size_t)h->n_levels, &args, redis_answered, h);
}

void heads_read(struct heads *h)
{
    h->n = h->cap = 0;
    h->failed = false;
    if (h->from_database || !redis_up(h->a->redis))
        read_database(h);
    else
        read_redis(h);
}

bool heads_stuck_case(const struct fault *fault)
{
    return fault->code == FAULT_INTERNAL || fault->reason == ERROR_REASON_TOO_LARGE;
}

static void note_refusal(struct heads *h, const struct pick_case *c, const char *agent_id,
                         enum offer_outcome outcome, const struct fault *fault)
{
    const int64_t now_us = engine_now_us(h->a);
    struct pauses *r = &h->a->refusals;
    if (outcome == OFFER_AGENT_UNFIT)
        refusals_note(r, &c->case_id, c->generation, agent_id, false, now_us);
    else if (outcome == OFFER_CASE_FULL)
        refusals_note(r, &c->case_id, c->generation, NULL, true, now_us);
    else if (outcome == OFFER_UNDECIDED && heads_stuck_case(fault))
        refusals_note(r, &c->case_id, c->generation, NULL, false, now_us);
}

#define OTHERS_MAX 16

void heads_complete(const struct heads *h, struct pick_input *in)
{
    const struct policy **others = ARENA_ARRAY(h->arena, const struct policy *, OTHERS_MAX);
    in->n_others = tenants_policies(h->a->service->tenants, h->tenant_id, others, OTHERS_MAX);
    in->others = others;
    in->refusals = &h->a->refusals;
    in->now_us = engine_now_us(h->a);
}

void heads_refused(struct heads *h, const struct pick_case *c, const char *agent_id,
                   enum offer_outcome outcome, const struct fault *fault)
{
    note_refusal(h, c, agent_id, outcome, fault);
    const struct route_queue q = {.tenant_id = h->tenant_id,
                                  .case_id = c->case_id,
                                  .level = (int16_t)c->level,
                                  .signature = c->signature,
                                  .generation = c->generation,
                                  .removed = true};
    if (!h->from_database && outcome == OFFER_CASE_MOVED)
        engine_queues_put(h->a, &q, 1);
}

/* -- agents ------------------------------------------------------------------------------------ */

static bool agent_known(const struct rows *agents, const char *agent_id)
{
    ROWS_EACH (a, const struct agent_row, agents) {
        if (strcmp(a->agent_id, agent_id) == 0)
            return true;
    }
    return false;
}

void heads_add_agents(struct rows *agents, int64_t tenant_id, const struct pg_rows *rows,
                      struct arena *arena)
{
    for (int row = 0; row < pg_rows_count(rows); row++) {
        if (agent_known(agents, pg_text(rows, row, 0)))
            continue;
        struct agent_row *a = ROWS_ADD(agents, struct agent_row, arena);
        a->tenant_id = tenant_id;
        a->agent_id = copy_text(arena, pg_text(rows, row, 0));
        a->level = (int16_t)pg_int(rows, row, 1);
        a->capacity = (int32_t)pg_int(rows, row, 2);
        a->skills = copy_text(arena, pg_text(rows, row, 3));
        a->languages = copy_text(arena, pg_text(rows, row, 4));
        a->authorities = copy_text(arena, pg_text(rows, row, 5));
        a->presence = (int16_t)pg_int(rows, row, 6);
        a->idle_since = pg_time_us(rows, row, 7);
        a->counted_cases = (int32_t)pg_int(rows, row, 8);
        a->pending_weight = (int32_t)pg_int(rows, row, 9);
    }
}

struct pick_cooling *heads_cooling(const struct pg_rows *rows, struct arena *arena)
{
    const int n = pg_rows_count(rows);
    struct pick_cooling *out = ARENA_ARRAY(arena, struct pick_cooling, (size_t)n + 1);
    for (int row = 0; row < n; row++)
        out[row] = (struct pick_cooling){.agent_id = copy_text(arena, pg_text(rows, row, 0)),
                                         .case_id = pg_uuid(rows, row, 1)};
    return out;
}

void heads_ask_cooling(struct engine_read *r, int64_t tenant_id, const struct policy *policy,
                       const struct rows *agents)
{
    const int64_t ended_us = engine_now_us(r->a) - policy->decline_cooldown_ms * US_PER_MS;
    struct pg_args *args = engine_read_add(r, STMT_COOLING);
    struct pg_array ids;
    pg_arg_int8(args, tenant_id);
    pg_array_init(&ids, &r->arena, PG_TEXT, agents->n);
    ROWS_EACH (a, const struct agent_row, agents) {
        pg_array_text(&ids, a->agent_id);
    }
    pg_arg_array(args, &ids);
    pg_arg_time(args, ended_us - policy->offer_timeout_ms * US_PER_MS);
    pg_arg_time(args, ended_us);
    pg_arg_int4(args, COOLING_MAX);
}
