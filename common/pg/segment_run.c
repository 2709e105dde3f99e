/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "pg/metrics.h"
#include "pg/segment_impl.h"

#define OWN_READS 2 /* BEGIN and TRY come before what read() sends */

static void run_finish(struct pg_seg_run *r);

struct pg_seg_batch *pg_seg_batch_new(void)
{
    struct pg_seg_batch *b = calloc(1, sizeof(*b));
    AM_ASSERT(b != NULL);
    return b;
}

static const struct pg_rows *rows_of(const PGresult *res)
{
    return (const struct pg_rows *)(const void *)res;
}

static const char *own_name(const struct pg_seg_run *r, enum pg_own stmt)
{
    return r->lane->pg->names[stmt];
}

void pg_seg_send(struct pg_seg *seg, unsigned stmt, const struct pg_args *args)
{
    struct pg_seg_run *r = seg->priv;
    AM_ASSERT(r->sending);
    conn_send(r->conn, pool_name(r->lane->pg, stmt), args);
}

/* -- the keys of a segment --------------------------------------------------------------------- */

static int compare_keys(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* Sorts the keys, so that all processes lock them in the same order and two who want the same keys
 * do not each get half of them. */
static void collect_keys(struct pg_seg_run *r)
{
    const struct pg_seg_batch *b = r->batch;
    r->n_keys = 0;
    for (size_t i = 0; i < b->n; i++)
        for (unsigned k = 0; k < b->cmds[i]->n_waits; k++)
            r->keys[r->n_keys++] = b->cmds[i]->waits[k].key;
    AM_ASSERT(r->n_keys <= PG_SEG_KEYS);
    qsort(r->keys, r->n_keys, sizeof(r->keys[0]), compare_keys);
    memset(r->got, 0, sizeof(r->got));
}

static size_t key_index(const struct pg_seg_run *r, uint64_t key)
{
    const uint64_t *found = bsearch(&key, r->keys, r->n_keys, sizeof(key), compare_keys);
    AM_ASSERT(found != NULL);
    return (size_t)(found - r->keys);
}

static void note_locks(struct pg_seg_run *r, const struct pg_rows *locks)
{
    for (int i = 0; i < pg_rows_count(locks); i++)
        r->got[key_index(r, (uint64_t)pg_int(locks, i, 0))] = pg_bool(locks, i, 1);
}

static bool has_all_keys(const struct pg_seg_run *r, const struct pg_seg_cmd *cmd)
{
    for (unsigned i = 0; i < cmd->n_waits; i++)
        if (!r->got[key_index(r, cmd->waits[i].key)])
            return false;
    return true;
}

/* -- the way back ------------------------------------------------------------------------------ */

static void rollback_end(struct trip *t, enum trip_end end)
{
    (void)end; /* when even this fails, the connection and its transaction are gone */
    run_finish(t->ctx);
}

static void roll_back(struct pg_seg_run *r)
{
    r->state = PG_SEG_RUN_ROLLBACK;
    r->trip = (struct trip){.end = rollback_end, .ctx = r};
    conn_trip_begin(r->conn, &r->trip);
    conn_send(r->conn, own_name(r, PG_OWN_ROLLBACK), NULL);
    conn_trip_sync(r->conn);
    metric_add(&pg_metric_trips, PG_TRIP_ROLLBACK, 1);
}

static void run_failed(struct pg_seg_run *r)
{
    r->failed = true;
    r->error = r->trip.error;
    metric_add(&pg_metric_segments, PG_SEGMENT_FAILED, 1);
    if (pg_blame(r->error.sqlstate) == PG_BLAME_STALE || strncmp(r->error.sqlstate, "25", 2) == 0)
        conn_break(r->conn, "session of no use");
    roll_back(r);
}

static void send_back(struct pg_seg_run *r)
{
    int64_t now = time_mono_us();
    for (size_t i = 0; i < r->n_again + r->n_busy; i++) {
        bool again = i < r->n_again;
        struct pg_seg_cmd *cmd = again ? r->again[i] : r->busy[i - r->n_again];
        if (now - cmd->first_tried_us >= PG_COMMIT_SLOW_US)
            pool_suspect_standby(r->lane->pg);
        if (now - cmd->first_tried_us >= PG_SEG_CONTENDED_US)
            pg_seg_queue_answer(r->lane, cmd, pg_seg_who_holds(r->lane));
        else if (again)
            pg_seg_queue_back(r->lane, cmd, 0, true);
        else
            pg_seg_queue_back(r->lane, cmd, pg_jitter_us(US_PER_MS, 5 * US_PER_MS), false);
    }
}

/* Ends the run: the transaction is over, its keys are free, and the connection may carry the next
 * segment. Nothing may touch the run once its state is idle. */
static void run_finish(struct pg_seg_run *r)
{
    struct pg_seg_lane *l = r->lane;
    struct pg_seg_batch *b = r->batch, *left = r->left;
    bool bulk = b->bulk;
    r->batch = r->left = NULL;
    pg_seg_keys_leave_ghosts(&l->keys, r->ghosts, r->n_ghosts, pg_seg_queue_freed, l);
    send_back(r);
    /* Nobody waits for what happens to an empty batch. */
    if (b->n > 0 && r->failed)
        pg_seg_fail_error(l, b, &r->error);
    else if (b->n > 0 && r->large)
        pg_seg_fail_large(l, b);
    else
        free(b);
    if (left)
        pg_seg_fail_unknown_busy(l, left);
    if (bulk)
        l->bulk_running = false;
    metric_observe_us(&pg_metric_segment_time, 0, time_mono_us() - r->started_us);
    r->state = PG_SEG_RUN_IDLE;
    segs_wake(l);
}

/* The connection is gone. The batch is handled as lost, and the rest as if the transaction was
 * rolled back. */
static void run_lost(struct pg_seg_run *r, bool unknown)
{
    struct pg_seg_batch *b = r->batch;
    r->batch = pg_seg_batch_new();
    r->batch->bulk = b->bulk;
    metric_add(&pg_metric_segments, unknown ? PG_SEGMENT_UNKNOWN : PG_SEGMENT_LOST, 1);
    if (b->n == 0)
        free(b);
    else if (unknown)
        pg_seg_fail_unknown(r->lane, b);
    else
        pg_seg_fail_lost(r->lane, b);
    run_finish(r);
}

/* -- trip 2 ------------------------------------------------------------------------------------ */

static void commit_done(struct pg_seg_run *r)
{
    struct pg_seg_batch *b = r->batch;
    metric_add(&pg_metric_segments, PG_SEGMENT_COMMITTED, 1);
    if (r->waits_us)
        pool_suspect_standby(r->lane->pg); /* it may be over */
    if (b->n > 0 && r->lane->ops.committed)
        r->lane->ops.committed(r->lane->ops.ctx, &r->seg);
    for (size_t i = 0; i < b->n; i++)
        pg_seg_queue_answer(r->lane, b->cmds[i], NULL);
    run_finish(r);
}

static bool write_result(struct trip *t, size_t i, PGresult *res)
{
    struct pg_seg_run *r = t->ctx;
    if (i == r->commit_at)
        r->committed = strcmp(PQcmdStatus(res), "COMMIT") == 0;
    return false;
}

/* False when the connection broke while a statement before COMMIT was refused: then COMMIT was
 * never reached. */
static bool may_have_committed(const struct trip *t, const struct pg_seg_run *r)
{
    return !(t->failed && t->error.sqlstate[0] && t->error.statement < r->commit_at);
}

static void write_end(struct trip *t, enum trip_end end)
{
    struct pg_seg_run *r = t->ctx;
    if (r->committed)
        commit_done(r);
    else if (end == TRIP_LOST)
        run_lost(r, may_have_committed(t, r));
    else
        run_failed(r);
}

static void write_and_commit(struct pg_seg_run *r)
{
    struct pg_seg_lane *l = r->lane;
    r->state = PG_SEG_RUN_WRITE;
    r->seg.cmds = r->batch->cmds;
    r->seg.n = r->batch->n;
    r->trip = (struct trip){.result = write_result, .end = write_end, .ctx = r};
    conn_trip_begin(r->conn, &r->trip);
    r->sending = true;
    l->ops.write(l->ops.ctx, &r->seg);
    r->sending = false;
    r->commit_at = r->trip.sent;
    conn_send(r->conn, own_name(r, PG_OWN_COMMIT), NULL);
    r->commit_us = time_mono_us();
    conn_trip_sync(r->conn);
    metric_add(&pg_metric_trips, PG_TRIP_WRITE_HALF, 1);
}

/* -- the decision ------------------------------------------------------------------------------ */

static void decide_one(struct pg_seg_run *r, struct pg_seg_cmd *cmd)
{
    struct pg_seg_lane *l = r->lane;
    r->seg.cmds = &cmd;
    r->seg.n = 1;
    cmd->now_us = r->seg.now_us;
    switch (l->ops.decide(l->ops.ctx, &r->seg, cmd)) {
    case PG_SEG_WRITE:
        r->batch->cmds[r->batch->n++] = cmd;
        break;
    case PG_SEG_ANSWER:
        r->answered[r->n_answered++] = cmd;
        break;
    case PG_SEG_AGAIN:
        r->again[r->n_again++] = cmd;
        metric_add(&pg_metric_again, 0, 1);
    }
}

/* Puts aside a command whose keys were not all locked. Commands that may have been committed keep
 * their `now` and stay together until it is known for all of them. */
static void set_aside(struct pg_seg_run *r, struct pg_seg_cmd *cmd)
{
    metric_add(&pg_metric_busy, 0, 1);
    if (!r->batch->unknown) {
        r->busy[r->n_busy++] = cmd;
        return;
    }
    if (!r->left) {
        r->left = pg_seg_batch_new();
        *r->left = *r->batch;
        r->left->n = 0;
    }
    r->left->cmds[r->left->n++] = cmd;
}

static void decide_all(struct pg_seg_run *r)
{
    struct pg_seg_batch *b = r->batch;
    size_t n = b->n;
    if (!b->unknown)
        b->now_us = time_now_us(loop_time(r->lane->pg->loop));
    r->seg.now_us = b->now_us;
    b->n = 0; /* now it collects the commands that write, in the same order */
    for (size_t i = 0; i < n; i++) {
        struct pg_seg_cmd *cmd = b->cmds[i];
        if (has_all_keys(r, cmd))
            decide_one(r, cmd);
        else
            set_aside(r, cmd);
    }
}

/* Answers the commands that write nothing. They need not wait for the commit of the others, but
 * their keys stay locked until it. */
static void answer_at_once(struct pg_seg_run *r)
{
    size_t n = r->n_answered;
    for (size_t i = 0; i < n; i++) {
        struct pg_seg_cmd *cmd = r->answered[i];
        unsigned waits = cmd->n_waits;
        pg_seg_keys_haunt(cmd, r->ghosts + r->n_ghosts, &r->ghost);
        r->n_ghosts += waits;
    }
    for (size_t i = 0; i < n; i++)
        pg_seg_queue_answer(r->lane, r->answered[i], NULL);
}

static void decide_and_write(struct pg_seg_run *r)
{
    decide_all(r);
    if (r->batch->n > 0) {
        write_and_commit(r);
    } else {
        metric_add(&pg_metric_segments, PG_SEGMENT_NOTHING, 1);
        roll_back(r);
    }
    answer_at_once(r);
}

/* -- trip 1 ------------------------------------------------------------------------------------ */

static bool read_result(struct trip *t, size_t i, PGresult *res)
{
    struct pg_seg_run *r = t->ctx;
    struct pg_seg_lane *l = r->lane;
    if (i == 1)
        note_locks(r, rows_of(res));
    else if (i >= OWN_READS)
        l->ops.load(l->ops.ctx, &r->seg, i - OWN_READS, rows_of(res));
    return false;
}

static bool fits(struct pg_seg_run *r)
{
    const struct pg_seg_ops *ops = &r->lane->ops;
    return !ops->fits || ops->fits(ops->ctx, &r->seg) || r->seg.n == 1;
}

static void read_end(struct trip *t, enum trip_end end)
{
    struct pg_seg_run *r = t->ctx;
    r->large = end == TRIP_OK && !fits(r);
    if (r->large)
        roll_back(r);
    else if (end == TRIP_OK)
        decide_and_write(r);
    else if (end == TRIP_ERROR)
        run_failed(r);
    else
        run_lost(r, false);
}

static void send_try(struct pg_seg_run *r)
{
    struct pg_args args;
    struct pg_array keys;
    pg_args_init(&args, &r->arena);
    pg_array_init(&keys, &r->arena, PG_INT8, r->n_keys);
    for (size_t i = 0; i < r->n_keys; i++)
        pg_array_int(&keys, (int64_t)r->keys[i]);
    pg_arg_array(&args, &keys);
    conn_send(r->conn, own_name(r, PG_OWN_TRY), &args);
}

static void send_reads(struct pg_seg_run *r)
{
    struct pg_seg_lane *l = r->lane;
    r->trip = (struct trip){.result = read_result, .end = read_end, .ctx = r};
    conn_trip_begin(r->conn, &r->trip);
    conn_send(r->conn, own_name(r, PG_OWN_BEGIN), NULL);
    send_try(r);
    r->sending = true;
    l->ops.read(l->ops.ctx, &r->seg);
    r->sending = false;
    conn_trip_sync(r->conn);
    metric_add(&pg_metric_trips, PG_TRIP_READ_HALF, 1);
}

void pg_seg_run_start(struct pg_seg_run *r, struct pg_seg_batch *b)
{
    struct pg_seg_lane *l = r->lane;
    r->batch = b;
    r->state = PG_SEG_RUN_READ;
    r->failed = r->committed = r->large = false;
    r->commit_us = r->waits_us = 0;
    r->n_answered = r->n_busy = r->n_again = r->n_ghosts = 0;
    r->started_us = time_mono_us();
    arena_reset(&r->arena);
    for (size_t i = 0; i < b->n; i++)
        b->cmds[i]->tries++;
    r->seg = (struct pg_seg){.arena = &r->arena, .cmds = b->cmds, .n = b->n, .priv = r};
    r->seg.now_us = b->unknown ? b->now_us : time_now_us(loop_time(l->pg->loop));
    if (b->bulk) {
        l->bulk_running = true;
        l->bulk_last_us = r->started_us;
    }
    collect_keys(r);
    send_reads(r);
    pg_metrics_size(b->n);
}
