/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The sweeps of the replica that holds the lease, once a second. Clocks that are overdue by a
 * second are fired straight from PostgreSQL (twice a second); waiting cases are matched and put
 * back into Redis; agents whose streams are gone become AWAY. Nothing becomes wrong when two
 * replicas believe that they hold the lease: they only do the same work twice.
 */

#include <stdlib.h>

#include "assignment/checkpoints/checkpoints.h"
#include "assignment/engine/engine.h"
#include "assignment/references/references.h"
#include "base/assert.h"
#include "base/log.h"
#include "base/metrics.h"

#define TICK_US (US_PER_S / 2)
#define ROUND_TICKS 2
#define LEASE_US (3 * US_PER_S)
#define LEASE_NAME "assignment-sweep"
#define OVERDUE_US US_PER_S
#define KEPT_US (30 * 24 * 3600 * US_PER_S)

static METRIC_DEFINE(holder_gauge, METRIC_GAUGE, "amends_assignment_sweep_holder_state",
                     "1 on the replica that does the standing jobs.");
static METRIC_DEFINE(sweeps_total, METRIC_COUNTER, "amends_assignment_sweeps_total",
                     "Rounds of the standing jobs.");
static METRIC_DEFINE(overdue_total, METRIC_COUNTER, "amends_assignment_clocks_overdue_total",
                     "Clocks that only the sweep found.");

static METRIC_DEFINE(purged_total, METRIC_COUNTER, "amends_assignment_dedup_purged_total",
                     "Dedup rows that were older than they are kept.");

struct sweep {
    struct assignment *a;
    struct loop_timer *timer;
    struct horizon *horizon;
    int64_t held_until_us; /* shared time; 0 = not held */
    unsigned ticks;
    bool purging;
    bool leasing;
    bool got; /* the lease that is being asked for */
    int64_t asked_until_us;
};

bool sweep_holder(const struct sweep *s)
{
    return s->held_until_us > time_shared_us(loop_time(s->a->loop));
}

static void overdue_known(struct assignment *a, size_t found, size_t fired, int64_t next_due_us)
{
    (void)a;
    (void)found;
    (void)next_due_us;
    metric_add(&overdue_total, 0, (int64_t)fired);
}

/* -- what need not be kept --------------------------------------------------------------------- */

static void purge_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    (void)pg;
    (void)i;
    metric_add(&purged_total, 0, pg_rows_affected(rows));
}

static void purge_ended(struct engine_read *r, const struct fault *fault)
{
    (void)fault; /* the next round tries again */
    ((struct sweep *)r->ctx)->purging = false;
}

/* Deletes one slice a round. Dedup rows are kept for 30 days by the shared clock. */
static void purge_slice(struct sweep *s)
{
    if (s->purging)
        return;
    s->purging = true;
    struct engine_read *r = engine_read_new(s->a, 0, purge_rows, purge_ended, s);
    pg_arg_time(engine_read_add(r, STMT_PURGE), time_shared_us(loop_time(s->a->loop)) - KEPT_US);
    engine_read_start(r);
}

/* Runs twice as often as the rest, so that clocks which only the sweep finds are not two seconds
 * late. */
static void find_overdue(struct sweep *s)
{
    if (redis_up(s->a->redis))
        (void)due_run(s->a, engine_now_us(s->a) - OVERDUE_US, overdue_known);
}

static void sweep_round(struct sweep *s)
{
    struct assignment *a = s->a;
    metric_add(&sweeps_total, 0, 1);
    find_overdue(s);
    if (redis_up(a->redis))
        horizon_run(s->horizon);
    (void)sweep_waiting(a, NULL);
    purge_slice(s);
    audit_run(a->audit);
    checkpoints_run(a->checkpoints);
    retention_run(a->retention);
    references_run(a->references);
    (void)directory_sweep(a->directory, NULL);
}

/* -- the lease --------------------------------------------------------------------------------- */

static void set_holder(struct sweep *s, bool got)
{
    const bool was = s->held_until_us > 0;
    s->held_until_us = got ? s->asked_until_us : 0;
    metric_set(&holder_gauge, 0, got);
    if (got && !was) {
        log_info("assignment", "sweep_lease_taken");
        horizon_restart(s->horizon);
    } else if (!got && was) {
        log_info("assignment", "sweep_lease_lost");
        audit_rest(s->a->audit);
        checkpoints_rest(s->a->checkpoints);
    }
}

static void lease_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct sweep *s = ((struct engine_read *)pg->ctx)->ctx;
    (void)i;
    s->got = pg_rows_count(rows) > 0;
}

static void lease_ended(struct engine_read *r, const struct fault *fault)
{
    struct sweep *s = r->ctx;
    s->leasing = false;
    if (r->a->stopped)
        return;
    if (!fault)
        set_holder(s, s->got);
    if (sweep_holder(s))
        sweep_round(s);
}

static void take_lease(struct sweep *s)
{
    const int64_t now_us = time_shared_us(loop_time(s->a->loop));
    struct engine_read *r = engine_read_new(s->a, 0, lease_rows, lease_ended, s);
    struct pg_args *args = engine_read_add(r, STMT_LEASE);
    s->leasing = true;
    s->got = false;
    s->asked_until_us = now_us + LEASE_US;
    pg_arg_text(args, LEASE_NAME);
    pg_arg_text(args, s->a->replica);
    pg_arg_time(args, now_us);
    pg_arg_time(args, s->asked_until_us);
    engine_read_start(r);
}

static void sweep_tick(void *ctx)
{
    struct sweep *s = ctx;
    if (s->a->stopped)
        return;
    loop_timer_start(s->timer, TICK_US);
    if (++s->ticks % ROUND_TICKS != 0) {
        if (sweep_holder(s))
            find_overdue(s);
        return;
    }
    if (!s->leasing && pg_up(s->a->service->pg))
        take_lease(s);
}

/* -- waiting cases ----------------------------------------------------------------------------- */

#define TENANTS_MAX 64

static void waiting_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct assignment *a = ((struct engine_read *)pg->ctx)->a;
    const int n = pg_rows_count(rows);
    (void)i;
    for (int row = 0; row < n && !a->stopped; row++)
        match_tenant(a->match, pg_int(rows, row, 0), NULL, true);
    /* Many tenants: the next round goes on behind the last one. */
    a->waiting_after = n == TENANTS_MAX ? pg_int(rows, n - 1, 0) : 0;
}

struct waiting {
    void (*done)(struct assignment *a, bool known);
};

static void waiting_ended(struct engine_read *r, const struct fault *fault)
{
    const struct waiting *w = r->ctx;
    r->a->waiting_running = false;
    if (w->done)
        w->done(r->a, fault == NULL);
}

bool sweep_waiting(struct assignment *a, void (*done)(struct assignment *a, bool known))
{
    if (a->waiting_running || a->stopped)
        return false;
    struct engine_read *r = engine_read_new(a, 0, waiting_rows, waiting_ended, NULL);
    struct waiting *w = ARENA_NEW(&r->arena, struct waiting);
    struct pg_args *args = engine_read_add(r, STMT_WAITING);
    w->done = done;
    r->ctx = w;
    a->waiting_running = true;
    pg_arg_int8(args, a->waiting_after);
    pg_arg_int4(args, TENANTS_MAX);
    engine_read_start(r);
    return true;
}

/* -- life -------------------------------------------------------------------------------------- */

static void horizon_loaded(struct assignment *a)
{
    log_info("assignment", "redis_loaded");
    redis_loaded(a->redis);
}

void sweep_reload(struct sweep *s)
{
    horizon_reload(s->horizon);
    if (sweep_holder(s) && !s->a->stopped)
        horizon_run(s->horizon);
}

void sweep_lost(struct sweep *s)
{
    horizon_restart(s->horizon);
}

struct sweep *sweep_new(struct assignment *a)
{
    struct sweep *s = calloc(1, sizeof(*s));
    AM_ASSERT(s != NULL);
    metric_register(&holder_gauge);
    metric_register(&sweeps_total);
    metric_register(&overdue_total);
    metric_register(&purged_total);
    s->a = a;
    s->horizon = horizon_new(a, horizon_loaded);
    s->timer = loop_timer_new(a->loop, sweep_tick, s);
    loop_timer_start(s->timer, 0);
    return s;
}

void sweep_free(struct sweep *s)
{
    if (!s)
        return;
    loop_timer_free(s->timer);
    horizon_free(s->horizon);
    free(s);
}
