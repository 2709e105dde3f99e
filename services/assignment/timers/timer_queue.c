/* SPDX-License-Identifier: Apache-2.0 */

/* Asks Redis for due timers, claims them, and knows which shards belong to this replica. */

#include <stdlib.h>
#include <string.h>

#include "assignment/engine/scripts.h"
#include "assignment/timers/timer_queue_impl.h"
#include "base/assert.h"
#include "base/log.h"
#include "base/metrics.h"

#define LATE_US US_PER_S       /* a timer that late is claimed from any shard */
#define GAP_US (4 * US_PER_MS) /* between claims, so that a loaded queue is claimed in batches */
#define LEASE_MS 5000          /* shared time, like the next one */
#define ALIVE_MS 3500          /* a replica seen within this time is alive */

static METRIC_DEFINE(claimed_total, METRIC_COUNTER, "amends_assignment_timers_claimed_total",
                     "Timers claimed in Redis.");
static METRIC_DEFINE(claims_total, METRIC_COUNTER, "amends_assignment_timer_claims_total",
                     "Claims sent to Redis.");
static METRIC_DEFINE(waiting_gauge, METRIC_GAUGE, "amends_assignment_timers_waiting",
                     "Timers in Redis, over all shards.");
static METRIC_DEFINE(shards_gauge, METRIC_GAUGE, "amends_assignment_timer_shards",
                     "Shards of timers that this replica serves.");
static METRIC_DEFINE(lost_total, METRIC_COUNTER, "amends_assignment_timer_shards_lost_total",
                     "Looks that found shards of timers missing in Redis.");

static int64_t now_us(const struct timerq *q)
{
    return time_now_us(loop_time(q->loop));
}

static int64_t shared_ms(const struct timerq *q)
{
    return time_shared_us(loop_time(q->loop)) / US_PER_MS;
}

/* -- waking ------------------------------------------------------------------------------------ */

static void arm_wake(struct timerq *q)
{
    if (q->stopped || q->claiming || q->starved || q->next_due_us == INT64_MAX)
        return;
    const int64_t gap_us = q->claimed_at_us + GAP_US - time_mono_us();
    const int64_t due_us = q->next_due_us - now_us(q);
    loop_timer_start(q->wake, due_us > gap_us ? due_us : gap_us);
}

void timerq_hint(struct timerq *q, unsigned shard, int64_t due_us)
{
    if (!q->mine[shard]) {
        if (due_us - now_us(q) > TIMERQ_LOOK_US)
            return;
        q->asked[shard] = true;
    }
    if (due_us < q->next_due_us) {
        q->next_due_us = due_us;
        arm_wake(q);
    }
}

/* -- claims ------------------------------------------------------------------------------------ */

static bool parse_member(struct timerq *q, struct slice text, struct timer_member *m)
{
    const char *s = (const char *)text.data;
    if (s && member_timer_parse(s, &m->tenant_id, &m->case_id, &m->clock_id, &m->generation) == 0)
        return true;
    log_warn("assignment", "bad_timer_member");
    if (s)
        timerq_done_text(q, s);
    return false;
}

static void take_claimed(struct timerq *q, const struct redis_reply *reply)
{
    struct timer_member *members;
    const size_t found = redis_reply_count(reply);
    size_t n = 0;
    if (found < 2)
        return;
    members = calloc(found, sizeof(*members));
    AM_ASSERT(members != NULL);
    for (size_t i = 1; i < found; i++)
        n += parse_member(q, redis_reply_text(redis_reply_at(reply, i)), &members[n]);
    metric_add(&claimed_total, 0, (int64_t)n);
    if (n > 0)
        q->ops.take(q->ops.ctx, members, n);
    free(members);
}

static void claimed(void *ctx, const struct redis_reply *reply)
{
    struct timerq *q = ctx;
    const int64_t next_ms = redis_reply_int(redis_reply_at(reply, 0));
    q->asking--;
    q->claiming = false;
    if (q->stopped)
        return; /* the leases of claimed timers will end */
    if (reply && next_ms >= 0 && next_ms * US_PER_MS < q->next_due_us)
        q->next_due_us = next_ms * US_PER_MS;
    take_claimed(q, reply);
    arm_wake(q);
}

/* From shards of other replicas only late timers are taken; from a shard that was asked for, all
 * due ones. */
static int64_t cut_ms(const struct timerq *q, unsigned shard, int64_t now_ms)
{
    return q->mine[shard] || q->asked[shard] ? now_ms : now_ms - LATE_US / US_PER_MS;
}

static void arg_shards(struct timerq *q, struct redis_args *keys, struct redis_args *cuts)
{
    const int64_t now_ms = now_us(q) / US_PER_MS;
    redis_arg_int(cuts, now_ms);
    for (unsigned i = 0; i < KEY_TIMER_SHARDS; i++) {
        const unsigned shard = (q->first + i) % KEY_TIMER_SHARDS;
        if (!q->mine[shard] && !q->asked[shard] && !q->look_all)
            continue;
        redis_arg(keys, key_timers(shard));
        redis_arg_int(cuts, cut_ms(q, shard, now_ms));
        q->asked[shard] = false;
    }
    q->first = (q->first + 1) % KEY_TIMER_SHARDS;
    q->look_all = false;
}

static void claim_due(struct timerq *q, size_t room)
{
    struct arena arena;
    struct redis_args words, cuts;
    arena_init(&arena, TIMERQ_ARENA_BYTES);
    redis_args_init(&words, &arena);
    redis_args_init(&cuts, &arena);
    redis_arg(&words, KEY_CLAIMED);
    arg_shards(q, &words, &cuts);
    const size_t n_keys = words.n;
    redis_arg_int(&words, shared_ms(q));
    redis_arg_int(&words, shared_ms(q) + LEASE_MS);
    redis_arg_int(&words, (int64_t)(room < TIMERQ_BATCH_MOST ? room : TIMERQ_BATCH_MOST));
    for (size_t i = 0; i < cuts.n; i++)
        redis_arg_bytes(&words, cuts.words[i]);
    q->asking++;
    q->claiming = true;
    q->claimed_at_us = time_mono_us();
    q->next_due_us = INT64_MAX; /* the reply sets it; until then hints may */
    metric_add(&claims_total, 0, 1);
    redis_eval(q->redis, SCRIPT_CLAIM, n_keys, &words, claimed, q);
    arena_free(&arena);
}

void timerq_run(struct timerq *q)
{
    if (q->stopped || q->claiming || !redis_up(q->redis))
        return;
    const size_t room = q->ops.room(q->ops.ctx);
    loop_timer_stop(q->wake);
    q->starved = room == 0;
    if (room > 0)
        claim_due(q, room);
}

void timerq_resume(struct timerq *q)
{
    if (!q->starved)
        return;
    q->starved = false;
    q->next_due_us = 0;
    arm_wake(q);
}

static void on_wake(void *ctx)
{
    timerq_run(ctx);
}

/* -- looks ------------------------------------------------------------------------------------- */

/* Gives the shards in turn to the replicas that are alive, in the order of their names. Replicas
 * need not agree on this: a claim gives each member to only one of them. */
static void deal_shards(struct timerq *q, const struct redis_reply *reply)
{
    const size_t others = redis_reply_count(reply);
    unsigned alive = 1, place = 0, n = 0;
    for (size_t i = 2; i < others; i++) {
        const char *name = (const char *)redis_reply_text(redis_reply_at(reply, i)).data;
        if (!name || strcmp(name, q->replica) == 0)
            continue;
        alive++;
        place += strcmp(name, q->replica) < 0;
    }
    for (unsigned shard = 0; shard < KEY_TIMER_SHARDS; shard++) {
        q->mine[shard] = shard % alive == place;
        n += q->mine[shard];
    }
    metric_set(&shards_gauge, 0, n);
}

static void looked(void *ctx, const struct redis_reply *reply)
{
    struct timerq *q = ctx;
    q->asking--;
    if (q->stopped || redis_reply_count(reply) < 2)
        return;
    deal_shards(q, reply);
    metric_set(&waiting_gauge, 0, redis_reply_int(redis_reply_at(reply, 0)));
    if (redis_reply_int(redis_reply_at(reply, 1)) > 0) {
        metric_add(&lost_total, 0, 1);
        if (q->ops.lost)
            q->ops.lost(q->ops.ctx);
    }
    q->look_all = true;
    timerq_run(q);
}

static void arg_look(struct timerq *q, struct redis_args *words)
{
    redis_arg(words, KEY_REPLICAS);
    redis_arg(words, KEY_EPOCH);
    for (unsigned shard = 0; shard < KEY_TIMER_SHARDS; shard++)
        redis_arg(words, key_timers(shard));
    redis_arg(words, q->replica);
    redis_arg_int(words, shared_ms(q));
    redis_arg_int(words, shared_ms(q) - ALIVE_MS);
    redis_arg(words, MEMBER_WHOLE);
}

static void on_look(void *ctx)
{
    struct timerq *q = ctx;
    struct arena arena;
    struct redis_args words;
    if (q->stopped)
        return;
    loop_timer_start(q->look, TIMERQ_LOOK_US);
    if (!redis_up(q->redis))
        return;
    arena_init(&arena, TIMERQ_ARENA_BYTES);
    redis_args_init(&words, &arena);
    arg_look(q, &words);
    q->asking++;
    redis_eval(q->redis, SCRIPT_LOOK, KEY_TIMER_SHARDS + 2, &words, looked, q);
    arena_free(&arena);
}

/* -- life -------------------------------------------------------------------------------------- */

struct timerq *timerq_new(struct loop *loop, struct redis *redis, const char *replica,
                          const struct timerq_ops *ops)
{
    struct timerq *q = calloc(1, sizeof(*q));
    AM_ASSERT(q != NULL);
    metric_register(&claimed_total);
    metric_register(&claims_total);
    metric_register(&waiting_gauge);
    metric_register(&shards_gauge);
    metric_register(&lost_total);
    q->loop = loop;
    q->redis = redis;
    q->replica = replica;
    q->ops = *ops;
    q->next_due_us = INT64_MAX;
    memset(q->mine, true, sizeof(q->mine)); /* all shards are ours until others are known */
    timerq_out_init(q);
    q->wake = loop_timer_new(loop, on_wake, q);
    q->look = loop_timer_new(loop, on_look, q);
    loop_timer_start(q->look, 0);
    return q;
}

void timerq_stop(struct timerq *q)
{
    struct arena arena;
    struct redis_args words;
    if (q->stopped)
        return;
    q->stopped = true;
    arena_init(&arena, TIMERQ_ARENA_BYTES);
    redis_args_init(&words, &arena);
    redis_arg(&words, "ZREM");
    redis_arg(&words, KEY_REPLICAS);
    redis_arg(&words, q->replica);
    redis_command(q->redis, &words, NULL, NULL);
    arena_free(&arena);
}

void timerq_free(struct timerq *q)
{
    if (!q)
        return;
    AM_ASSERT(q->asking == 0); /* an answer may still come; it must not find freed memory */
    loop_timer_free(q->wake);
    loop_timer_free(q->look);
    timerq_out_free(q);
    free(q);
}
