/* SPDX-License-Identifier: Apache-2.0 */

/* Between the trips: results into snapshots, snapshots into decisions. */

#include <string.h>

#include "base/assert.h"
#include "calendar/zone_needed.h"
#include "case/command/decide.h"
#include "case/work.h"
#include "contract/reasons.h"
#include "contract/statuses.h"
#include "store/impl.h"
#include "store/sealing/sealed.h"

/* -- results ---------------------------------------------------------------------------------- */

static int load_dedups(struct seg_part **parts, size_t n, const struct pg_rows *rows, int first_col,
                       struct arena *arena)
{
    for (int i = 0; i < pg_rows_count(rows); i++) {
        int64_t ord = pg_int(rows, i, 0);
        AM_ASSERT(ord >= 1 && (size_t)ord <= n);
        if (pg_is_null(rows, i, first_col))
            continue;
        struct seg_part *p = parts[ord - 1];
        p->dedup = arena_alloc(arena, sizeof(*p->dedup));
        if (!p->dedup ||
            table_decode(&tables[TABLE_DEDUP], true, rows, i, first_col, p->dedup, arena) != AM_OK)
            return AM_ENOMEM;
    }
    return AM_OK;
}

/* The open case of the claim; for a claim without one, the last that has ended. */
static struct uuid case_found(const struct seg_part *p, const struct pg_rows *rows, int row)
{
    if (p->cmd->kind->needs_customer && pg_is_null(rows, row, 2))
        return pg_uuid(rows, row, 3);
    return pg_uuid(rows, row, 2);
}

static int load_openings(struct seg_state *st, const struct pg_rows *rows, struct arena *arena)
{
    for (int i = 0; i < pg_rows_count(rows); i++) {
        int64_t ord = pg_int(rows, i, 0);
        AM_ASSERT(ord >= 1 && (size_t)ord <= st->n_openings);
        st->openings[ord - 1]->policy_version = (int32_t)pg_int(rows, i, 1);
        st->openings[ord - 1]->found_case_id = case_found(st->openings[ord - 1], rows, i);
    }
    return load_dedups(st->openings, st->n_openings, rows, 4, arena);
}

static void load_references(struct seg_state *st, const struct pg_rows *rows)
{
    for (int i = 0; i < pg_rows_count(rows); i++) {
        int64_t ord = pg_int(rows, i, 0);
        AM_ASSERT(ord >= 1 && (size_t)ord <= st->n_references);
        struct seg_part *p = st->references[ord - 1];
        const struct uuid holder = pg_uuid(rows, i, 1);
        p->reference_taken = !uuid_eq(&holder, &p->cmd->case_id);
    }
}

static int load_agents(struct seg_state *st, const struct pg_rows *rows, struct arena *arena)
{
    for (int i = 0; i < pg_rows_count(rows); i++) {
        int64_t ord = pg_int(rows, i, 0);
        AM_ASSERT(ord >= 1 && (size_t)ord <= st->n_agents);
        struct seg_agent *a = &st->agents[ord - 1];
        if (agent_decode(rows, i, &a->row, arena) != AM_OK)
            return AM_ENOMEM;
        a->found = true;
    }
    return AM_OK;
}

/* One command alone may read half of the arena: deciding and writing need the rest, and a full
 * arena would end the process there. */
static size_t most_bytes(const struct pg_seg *seg)
{
    return seg->n > 1 ? PG_SEG_READ_BYTES : seg->arena->quota_bytes / 2;
}

/* A row's texts are counted as one row more. */
static void weigh_rows(struct seg_state *st, enum table_id table, const struct pg_rows *rows)
{
    for (int i = 0; i < pg_rows_count(rows); i++)
        st->weights[pg_int(rows, i, 0) - 1] += 2 * tables[table].row_size;
}

static int load_cases(struct seg_state *st, unsigned stmt, const struct pg_rows *rows,
                      struct arena *arena)
{
    const bool child = stmt != STMT_READ + TABLE_CASE;
    weigh_rows(st, child ? stmt - STMT_READ_FEW : TABLE_CASE, rows);
    if (child && pg_rows_count(rows) >= FEW_ROWS)
        return AM_ENOMEM; /* there may be more */
    return st->full ? AM_OK : case_load(st->cases, st->n_cases, stmt, rows, arena);
}

void store_seg_load(void *ctx, struct pg_seg *seg, size_t i, const struct pg_rows *rows)
{
    struct seg_state *st = seg->user;
    (void)ctx;
    AM_ASSERT(i < st->n_sent);
    unsigned stmt = st->sent[i];
    int rc = AM_OK;
    if (stmt == STMT_OPENING)
        rc = load_openings(st, rows, seg->arena);
    else if (stmt == STMT_REFERENCES)
        load_references(st, rows);
    else if (stmt == STMT_READ + TABLE_DEDUP)
        rc = load_dedups(st->dedups, st->n_dedups, rows, 1, seg->arena);
    else if (stmt == STMT_READ + TABLE_AGENT)
        rc = load_agents(st, rows, seg->arena);
    else
        rc = load_cases(st, stmt, rows, seg->arena);
    st->full = st->full || rc != AM_OK || seg->arena->used_bytes > most_bytes(seg);
}

/* -- what was read ----------------------------------------------------------------------------- */

/* By how much the weights are to be multiplied, so that together they are at least what was used:
 * the commands of a segment that was too large must be known to be too heavy for each other. */
static size_t correction(const struct seg_state *st, size_t used_bytes)
{
    const size_t least = used_bytes > PG_SEG_READ_BYTES ? used_bytes : PG_SEG_READ_BYTES;
    size_t all = 0;
    for (size_t i = 0; i < st->n_cases; i++)
        all += st->weights[i];
    return all > 0 && all <= least ? least / all + 1 : 1;
}

bool store_seg_fits(void *ctx, struct pg_seg *seg)
{
    struct seg_state *st = seg->user;
    const size_t factor = st->full ? correction(st, seg->arena->used_bytes) : 1;
    (void)ctx;
    for (size_t i = 0; i < st->n_parts; i++) {
        const struct seg_part *p = &st->parts[i];
        if (p->c)
            pg_seg_weigh(seg, &p->sub->seg, factor * st->weights[p->c - st->cases]);
    }
    return !st->full;
}

/* Policy versions that are loaded for one command: it moved on once more while one was loaded. */
#define LOADS_MAX 3

/* -- decisions -------------------------------------------------------------------------------- */

/* A command's own copy: the same agent may be the principal of other commands of the segment. */
static struct agent_row *agent_copy(struct seg_state *st, int64_t tenant_id, const char *agent_id,
                                    struct arena *arena)
{
    for (size_t i = 0; i < st->n_agents; i++) {
        struct seg_agent *a = &st->agents[i];
        if (!a->found || a->tenant_id != tenant_id || strcmp(a->agent_id, agent_id) != 0)
            continue;
        struct agent_row *copy = ARENA_NEW(arena, struct agent_row);
        *copy = a->row;
        return copy;
    }
    return NULL;
}

static void take_agents(struct seg_state *st, struct seg_part *p, struct arena *arena)
{
    const struct command *cmd = p->cmd;
    if (cmd->agent_id)
        p->agent = agent_copy(st, cmd->tenant_id, cmd->agent_id, arena);
    if (cmd->agent_id && strcmp(cmd->agent_id, cmd->principal) == 0)
        p->actor = p->agent;
    else if (strcmp(cmd->principal, SYSTEM_ACTOR) != 0)
        p->actor = agent_copy(st, cmd->tenant_id, cmd->principal, arena);
}

/* What routes are made of: the case as it was read. */
static void remember(struct seg_part *p)
{
    if (!p->c || !p->c->exists)
        return;
    p->had_reference = p->c->row.reference[0] != '\0';
    p->was_status = p->c->row.status;
    p->was_owner_kind = p->c->row.owner_kind;
    p->was_owner_id = p->c->row.owner_id;
    if (p->c->queue.n > 0)
        p->was_queue = *ROW_AT(&p->c->queue, struct queue_row, 0);
    (void)case_claim_of(p->c, &p->was_claim);
    (void)case_ended_of(p->c, &p->was_ended);
}

/* The decision found that it has ended for too long. It may have been reopened since. */
static bool is_past(const struct seg_part *p)
{
    return uuid_eq(&p->cmd->past_case_id, &p->c->row.case_id) && status_is_final(p->c->row.status);
}

/* An OpenCase works on the case to join, once that is locked, or on a new one. False: lock the case
 * that was found first. */
static bool choose_case(struct seg_part *p, struct arena *arena)
{
    struct command *cmd = p->cmd;
    if (!cmd->kind->needs_customer)
        return true;
    bool found = !uuid_is_zero(&p->found_case_id);
    if (found && !p->dedup && !uuid_eq(&p->found_case_id, &cmd->open_case_id))
        return false;
    if (found && p->c && p->c->exists && !is_past(p))
        return true;
    p->c = ARENA_NEW(arena, struct case_state);
    case_state_init(p->c, cmd->tenant_id, &cmd->case_id);
    return true;
}

/* The case is to get a reference that another one has: the next attempt is locked first. */
static bool needs_next_reference(const struct seg_part *p)
{
    return p->reference_taken && !p->dedup && p->c && p->c->row.reference[0] == '\0';
}

/* The version a command is decided by: 0 = there is none. */
static int32_t version_for(struct store *s, const struct seg_part *p)
{
    const struct command *cmd = p->cmd;
    if (cmd->policy_version)
        return cmd->policy_version;
    if (p->c && p->c->exists)
        return p->c->row.policy_version;
    if (cmd->kind->needs_customer)
        return p->policy_version;
    const struct tenant *t = tenants_by_id(s->tenants, cmd->tenant_id);
    return t ? t->policy_version : 0;
}

static void decision_fill(struct store *s, struct pg_seg *seg, struct seg_part *p)
{
    int64_t updated_at = p->c && p->c->exists ? p->c->row.updated_at : 0;
    p->d = (struct decision){
        .cmd = p->cmd,
        .arena = seg->arena,
        .now_us = seg->now_us > updated_at ? seg->now_us : updated_at,
        .shared_now_us = time_shared_us(loop_time(s->loop)),
        .policy = tenants_policy(s->tenants, p->cmd->tenant_id, version_for(s, p)),
        .c = p->c,
        .actor = p->actor,
        .agent = p->agent,
        .dedup = p->dedup,
        .other_case_id = p->found_case_id,
    };
}

static enum pg_seg_verdict refuse(struct command *cmd, enum fault_code code, int reason,
                                  const char *message)
{
    fault_set(&cmd->fault, code, reason, "%s", message);
    cmd->fault.retry_ms = 100;
    return PG_SEG_ANSWER;
}

/* The policy is not here: policy moved on a moment ago, or the case is pinned to a version that
 * this process has not met. The command is decided again when it has been loaded. */
static enum pg_seg_verdict load_policy(struct store *s, const struct seg_part *p)
{
    struct command *cmd = p->cmd;
    struct submission *sub = p->sub;
    if (!tenants_by_id(s->tenants, cmd->tenant_id))
        return refuse(cmd, FAULT_UNAVAILABLE, ERROR_REASON_DATABASE_AWAY,
                      "the tenant could not be loaded from the database; try again");
    if (sub->loads++ >= LOADS_MAX)
        return refuse(cmd, FAULT_FAILED_PRECONDITION, ERROR_REASON_POLICY_MOVED,
                      "a new policy version was applied meanwhile; try again");
    sub->lacks_version = version_for(s, p);
    if (cmd->kind->needs_customer && !cmd->policy_version)
        tenants_current(s->tenants, cmd->tenant_id, sub->lacks_version);
    return PG_SEG_ANSWER;
}

/* A replay or a case that is not there need none. */
static bool lacks_policy(const struct seg_part *p)
{
    bool missing = p->c && !p->c->exists && p->cmd->kind->needs_case;
    return !p->d.policy && !p->dedup && !missing;
}

/* A zone that the case needs and that this process lacks; NULL when it has all. What is decided by
 * another zone would be wrong in silence. */
static const char *lacks_zone(const struct seg_part *p)
{
    const struct case_state *c = p->c;
    if (!c || !c->exists || p->dedup)
        return NULL;
    if (c->row.time_zone[0] && !zone_needed(c->row.time_zone))
        return c->row.time_zone;
    ROWS_EACH (clock, const struct clock_row, &c->clocks)
        if (clock->next_at && clock->time_zone[0] && !zone_needed(clock->time_zone))
            return clock->time_zone;
    return NULL;
}

/* -- what is sealed ---------------------------------------------------------------------------- */

#define ASKS_MAX 8

/* Answers a command whose case could not be opened or sealed: asks for the key and decides it
 * again, or refuses. */
static enum pg_seg_verdict not_sealed(struct seg_part *p, enum sealed_verdict why, bool makes)
{
    struct submission *sub = p->sub;
    struct command *cmd = p->cmd;
    if (why == SEALED_ASK && sub->asks++ < ASKS_MAX) {
        command_reset_outcome(cmd);
        sub->lacks_key = arena_strdup(cmd->arena, p->c->row.customer_id);
        sub->makes_key = makes;
        if (sub->lacks_key)
            return PG_SEG_ANSWER;
    }
    command_reset_outcome(cmd);
    if (why == SEALED_LOCKED)
        fault_locked(&cmd->fault);
    else
        fault_set(&cmd->fault, FAULT_RESOURCE_EXHAUSTED, ERROR_REASON_TOO_LARGE,
                  "the case is larger than a command may read");
    return PG_SEG_ANSWER;
}

static enum pg_seg_verdict seal(struct store *s, struct seg_part *p, struct arena *arena)
{
    const enum sealed_verdict sealed = p->c ? sealed_seal_case(s->keys, p->c, arena) : SEALED_DONE;
    return sealed == SEALED_DONE ? PG_SEG_WRITE : not_sealed(p, sealed, true);
}

enum pg_seg_verdict store_seg_decide(void *ctx, struct pg_seg *seg, struct pg_seg_cmd *seg_cmd)
{
    struct seg_state *st = seg->user;
    struct seg_part *p = seg_part_of(st, seg_cmd);
    struct command *cmd = p->cmd;
    command_reset_outcome(cmd);
    p->sub->lacks_version = 0;
    p->sub->lacks_key = NULL;
    if (st->full) {
        fault_set(&cmd->fault, FAULT_RESOURCE_EXHAUSTED, ERROR_REASON_TOO_LARGE,
                  "the case is larger than a command may read");
        return PG_SEG_ANSWER;
    }
    if (!choose_case(p, seg->arena)) {
        cmd->open_case_id = p->found_case_id;
        store_take_keys(p->sub);
        return PG_SEG_AGAIN;
    }
    if (needs_next_reference(p)) {
        cmd->references_taken++;
        store_take_keys(p->sub);
        return PG_SEG_AGAIN;
    }
    const enum sealed_verdict opened =
        p->c && p->c->exists ? sealed_open_case(st->store->keys, p->c, p->sub->since_us, seg->arena)
                             : SEALED_DONE;
    if (opened != SEALED_DONE)
        return not_sealed(p, opened, false);
    remember(p);
    take_agents(st, p, seg->arena);
    decision_fill(ctx, seg, p);
    const char *zone = lacks_zone(p);
    if (zone) {
        fault_time_zone(&cmd->fault, zone);
        return PG_SEG_ANSWER;
    }
    if (lacks_policy(p))
        return load_policy(ctx, p);
    enum decision_verdict verdict = command_decide(&p->d);
    if (verdict == DECISION_AGAIN) {
        store_take_keys(p->sub);
        return PG_SEG_AGAIN;
    }
    if (verdict != DECISION_WRITE || cmd->dry_run)
        return PG_SEG_ANSWER;
    return seal(st->store, p, seg->arena);
}
