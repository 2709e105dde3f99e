/* SPDX-License-Identifier: Apache-2.0 */
#include "pg/segment.h"

#include <stdlib.h>

#include "base/assert.h"
#include "pg/metrics.h"
#include "pg/segment_impl.h"

#define ARENA_QUOTA ((size_t)64 << 20)
/* A segment may use a sixteenth of the server's lock table, because many processes share it. */
#define LOCK_TABLE_PART 16
#define LEAST_KEYS ((size_t)PG_SEG_TIMER_SHARE * PG_SEG_KEYS_CMD)

static size_t max_keys(const struct conn *c)
{
    size_t part = c->lock_table > 0 ? (size_t)c->lock_table / LOCK_TABLE_PART : PG_SEG_KEYS;
    if (part > PG_SEG_KEYS)
        return PG_SEG_KEYS;
    return part < LEAST_KEYS ? LEAST_KEYS : part;
}

static bool is_free(const struct conn *c)
{
    const struct pg_seg_run *r = c->user;
    return c->lane == LANE_SEGMENT && c->state == CONN_UP && !c->broken && r &&
           r->state == PG_SEG_RUN_IDLE;
}

/* Starts segments with what has queued while the connections were busy. So a segment has one
 * command when the system is idle, and more under load. */
static void dispatch(struct loop_idle *idle)
{
    struct pg_seg_lane *l = CONTAINER_OF(idle, struct pg_seg_lane, idle);
    int64_t now = time_mono_us();
    int64_t due = pg_seg_queue_undelay(l, now);
    for (size_t i = 0; i < l->pg->n_conns; i++) {
        struct conn *c = &l->pg->conns[i];
        if (!is_free(c))
            continue;
        pg_seg_share_decide(l, now);
        struct pg_seg_batch *b = pg_seg_again_take(l, now, &due);
        if (!b)
            b = pg_seg_queue_take(l, max_keys(c));
        if (!b)
            break;
        pool_probe_if_due(c);
        pg_seg_run_start(c->user, b);
    }
    if (due != INT64_MAX)
        loop_timer_start(l->timer, due - now);
    pg_seg_queue_show(l);
}

static void pause_over(void *ctx)
{
    segs_wake(ctx);
}

void segs_wake(struct pg_seg_lane *l)
{
    if (!l->pg->closing)
        loop_before_sleep(l->pg->loop, &l->idle);
}

void segs_attach(struct pg_seg_lane *l, struct conn *c)
{
    if (c->user)
        return;
    struct pg_seg_run *r = calloc(1, sizeof(*r));
    AM_ASSERT(r != NULL);
    r->conn = c;
    r->lane = l;
    arena_init(&r->arena, ARENA_QUOTA);
    c->user = r;
}

void pg_seg_setup(struct pg *pg, const struct pg_seg_ops *ops)
{
    AM_ASSERT(pg->segs == NULL);
    struct pg_seg_lane *l = calloc(1, sizeof(*l));
    AM_ASSERT(l != NULL);
    l->pg = pg;
    l->ops = *ops;
    l->idle.run = dispatch;
    l->timer = loop_timer_new(pg->loop, pause_over, l);
    pg_seg_queue_init(l);
    pg->segs = l;
    for (size_t i = 0; i < pg->n_conns; i++)
        if (pg->conns[i].lane == LANE_SEGMENT)
            segs_attach(l, &pg->conns[i]);
}

void segs_free(struct pg_seg_lane *l)
{
    if (!l)
        return;
    AM_ASSERT(!l->idle.waiting);
    for (size_t i = 0; i < l->pg->n_conns; i++) {
        struct pg_seg_run *r = l->pg->conns[i].lane == LANE_SEGMENT ? l->pg->conns[i].user : NULL;
        if (r)
            arena_free(&r->arena);
        free(r);
    }
    loop_timer_free(l->timer);
    pg_seg_queue_free(l);
    free(l);
}

size_t segs_outstanding(const struct pg_seg_lane *l)
{
    return l->held;
}

void segs_fail_queue(struct pg_seg_lane *l, const struct fault *why)
{
    pg_seg_again_expire(l, why, true);
    pg_seg_queue_fail(l, why);
}

void segs_expire(struct pg_seg_lane *l)
{
    if (!pool_away(l->pg, LANE_SEGMENT))
        return;
    pg_seg_again_expire(l, &pg_fault_away, false);
    pg_seg_queue_fail(l, &pg_fault_away);
}

static void prepare(struct pg_seg_lane *l, struct pg_seg_cmd *cmd)
{
    AM_ASSERT(cmd->n_keys <= PG_SEG_KEYS_CMD && (unsigned)cmd->cls < PG_SEG_CLASSES && cmd->done);
    cmd->queued_us = time_mono_us();
    cmd->first_tried_us = 0;
    cmd->tries = 0;
    cmd->now_us = 0;
    cmd->weight = 0;
    cmd->seq = l->next_seq++;
    cmd->n_waits = cmd->blocked = 0;
    cmd->ready = cmd->running = cmd->unknown = false;
    cmd->item.home = NULL;
    list_init(&cmd->link);
}

void pg_seg_submit(struct pg *pg, struct pg_seg_cmd *cmd)
{
    struct pg_seg_lane *l = pg->segs;
    AM_ASSERT(l != NULL);
    prepare(l, cmd);
    if (pg->closing || pool_away(pg, LANE_SEGMENT)) {
        cmd->done(cmd, pg->closing ? &pg_fault_draining : &pg_fault_away);
        return;
    }
    if (pg_seg_all_stuck(l)) {
        cmd->done(cmd, &pg_fault_standby);
        return;
    }
    if (pg_seg_queue_admit(l, cmd) != AM_OK) {
        metric_add(&pg_metric_shed, cmd->cls, 1);
        cmd->done(cmd, &pg_fault_overloaded);
        return;
    }
    pg_seg_share_note(l, cmd);
    pg_seg_queue_enter(l, cmd);
    segs_wake(l);
}
