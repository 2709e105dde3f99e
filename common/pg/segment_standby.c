/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Segments whose commit waits for a synchronous standby. The connection is kept: another one would
 * wait as this one does, and the server would keep both sessions. Its commands are answered after
 * three seconds, or before their callers stop waiting; nobody knows then whether they will be
 * recorded. Ghosts keep their places in the lines of their keys until the commit has an answer, so
 * that a repetition runs behind it and finds what was recorded.
 */

#include "base/assert.h"
#include "pg/segment_impl.h"

/* A caller whose time ends before the next look must hear why now. */
#define LAST_MOMENT_US (250 * US_PER_MS)

static struct pg_seg_run *run_of(struct pg_seg_lane *l, size_t i)
{
    struct conn *c = &l->pg->conns[i];
    return c->lane == LANE_SEGMENT && c->state == CONN_UP ? c->user : NULL;
}

static bool is_slow(const struct pg_seg_run *r, int64_t now_us)
{
    return r->state == PG_SEG_RUN_WRITE && now_us - r->commit_us >= PG_COMMIT_SLOW_US;
}

bool segs_commit_is_slow(struct pg_seg_lane *l)
{
    const int64_t now = time_mono_us();
    for (size_t i = 0; i < l->pg->n_conns; i++) {
        const struct pg_seg_run *r = run_of(l, i);
        if (r && is_slow(r, now))
            return true;
    }
    return false;
}

bool segs_commit_waits(struct pg_seg_lane *l, int64_t backend, int64_t now_us)
{
    for (size_t i = 0; i < l->pg->n_conns; i++) {
        struct pg_seg_run *r = run_of(l, i);
        if (!r || r->conn->backend != backend || !is_slow(r, now_us))
            continue;
        r->waits_us = now_us;
        conn_works(r->conn);
        return true;
    }
    return false;
}

/* True when its commit was seen to wait, and has waited for as long as a caller should. */
static bool is_stuck(const struct pg_seg_run *r, int64_t now_us)
{
    return r->state == PG_SEG_RUN_WRITE && r->waits_us > 0 &&
           now_us - r->commit_us >= PG_SEG_STANDBY_US;
}

bool pg_seg_all_stuck(struct pg_seg_lane *l)
{
    const int64_t now = time_mono_us();
    size_t stuck = 0;
    for (size_t i = 0; i < l->pg->n_conns; i++) {
        const struct pg_seg_run *r = run_of(l, i);
        if (r && is_stuck(r, now))
            stuck++;
    }
    return stuck > 0 && stuck == l->pg->up[LANE_SEGMENT];
}

const struct fault *pg_seg_who_holds(const struct pg_seg_lane *l)
{
    return pool_commits_wait(l->pg) ? &pg_fault_standby : &pg_fault_contended;
}

/* -- those in the segment ---------------------------------------------------------------------- */

static bool is_last_moment(const struct pg_seg_cmd *cmd, int64_t now_us)
{
    return cmd->deadline_us && cmd->deadline_us - now_us <= LAST_MOMENT_US;
}

/* Answers of these commands, which run, all or those whose callers stop waiting; returns how many
 * are left. */
static size_t give_up(struct pg_seg_run *r, struct pg_seg_cmd **cmds, size_t n, int64_t now_us)
{
    struct pg_seg_cmd *gone[PG_SEG_COMMANDS];
    size_t n_gone = 0, kept = 0;
    const bool all = is_stuck(r, now_us);
    for (size_t i = 0; i < n; i++) {
        if (all || is_last_moment(cmds[i], now_us))
            gone[n_gone++] = cmds[i];
        else
            cmds[kept++] = cmds[i];
    }
    for (size_t i = 0; i < n_gone; i++) {
        const unsigned waits = gone[i]->n_waits;
        pg_seg_keys_haunt(gone[i], r->ghosts + r->n_ghosts, &r->ghost);
        r->n_ghosts += waits;
        AM_ASSERT(r->n_ghosts <= PG_SEG_KEYS);
    }
    for (size_t i = 0; i < n_gone; i++)
        pg_seg_queue_answer(r->lane, gone[i], &pg_fault_standby);
    return kept;
}

static void give_up_run(struct pg_seg_run *r, int64_t now_us)
{
    if (r->state != PG_SEG_RUN_WRITE || r->waits_us == 0)
        return;
    r->batch->n = give_up(r, r->batch->cmds, r->batch->n, now_us);
    r->seg.n = r->batch->n;
    r->n_again = give_up(r, r->again, r->n_again, now_us);
    r->n_busy = give_up(r, r->busy, r->n_busy, now_us);
    if (r->left)
        r->left->n = give_up(r, r->left->cmds, r->left->n, now_us);
}

/* -- those that wait --------------------------------------------------------------------------- */

static bool is_over(const struct pg_seg_cmd *cmd, int64_t now_us)
{
    return now_us - cmd->queued_us >= PG_SEG_STANDBY_US || is_last_moment(cmd, now_us);
}

/* They stay in the list until all are known: an answer may free others that wait behind it. */
static void give_up_waiting(struct pg_seg_lane *l, struct list *line, int64_t now_us)
{
    struct list over;
    list_init(&over);
    LIST_FOR_EACH_SAFE (at, line) {
        if (!is_over(CONTAINER_OF(at, struct pg_seg_cmd, link), now_us))
            continue;
        list_remove(at);
        list_push_back(&over, at);
    }
    while (!list_empty(&over)) {
        struct pg_seg_cmd *cmd = CONTAINER_OF(over.next, struct pg_seg_cmd, link);
        list_remove(&cmd->link);
        pg_seg_queue_answer(l, cmd, &pg_fault_standby);
    }
}

void segs_give_up_waiting(struct pg_seg_lane *l)
{
    const int64_t now = time_mono_us();
    for (size_t i = 0; i < l->pg->n_conns; i++) {
        struct pg_seg_run *r = run_of(l, i);
        if (r)
            give_up_run(r, now);
    }
    if (pg_seg_all_stuck(l)) {
        segs_fail_queue(l, &pg_fault_standby);
        return;
    }
    give_up_waiting(l, &l->parked, now);
    give_up_waiting(l, &l->delayed, now);
}
