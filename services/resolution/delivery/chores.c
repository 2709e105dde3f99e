/* SPDX-License-Identifier: Apache-2.0 */

/* What one replica does for all, by a lease: counts what is late, and deletes what is old. Nothing
 * becomes wrong when two replicas believe that they hold it. */

#include "base/log.h"
#include "base/metrics.h"
#include "resolution/delivery/impl.h"

#define LEASE_NAME "delivery-chores"
#define LEASE_US (10 * US_PER_S)
#define LEASE_TICKS 3
#define CHORES_TICKS 30
#define KEPT_US (30 * 24 * 3600 * US_PER_S)
#define LATE_US (3600 * US_PER_S)
#define LATE_MOST 10000

static METRIC_DEFINE(late_gauge, METRIC_GAUGE, "amends_delivery_late_rows",
                     "Notifications that could not be sent for more than an hour; those held back "
                     "by policy do not count. Counted up to 10,000, by one replica.");
static METRIC_DEFINE(purged_total, METRIC_COUNTER, "amends_delivery_purged_total",
                     "Deliveries that ended 30 days ago and were deleted.");

bool deliveries_holds_lease(const struct deliveries *d)
{
    return d->held_until_us > time_shared_us(loop_time(d->service->loop));
}

/* -- the chores -------------------------------------------------------------------------------- */

static void chores_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    (void)pg;
    if (i == 0)
        metric_set(&late_gauge, 0, pg_int(rows, 0, 0));
    else
        metric_add(&purged_total, 0, pg_rows_affected(rows));
}

static void chores_ended(struct sender_read *r, const struct fault *fault)
{
    (void)fault; /* the next time tries again */
    ((struct deliveries *)r->ctx)->chores = false;
}

static void do_chores(struct deliveries *d)
{
    const int64_t now_us = deliveries_now_us(d);
    if (d->chores)
        return;
    d->chores = true;
    struct sender_read *r = deliveries_read(d, 0, chores_rows, chores_ended);
    struct pg_args *args = sender_read_add(r, STMT_DELIVERY_LATE);
    pg_arg_time(args, now_us - LATE_US);
    pg_arg_int4(args, LATE_MOST);
    args = sender_read_add(r, STMT_DELIVERY_PURGE);
    pg_arg_time(args, now_us - KEPT_US);
    sender_read_start(r);
}

/* -- the lease --------------------------------------------------------------------------------- */

static void lease_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    (void)i;
    ((struct deliveries *)((struct sender_read *)pg->ctx)->ctx)->got = pg_rows_count(rows) > 0;
}

static void lease_ended(struct sender_read *r, const struct fault *fault)
{
    struct deliveries *d = r->ctx;
    d->leasing = false;
    if (fault)
        return;
    d->held_until_us = d->got ? d->asked_until_us : 0;
    if (!d->got)
        metric_set(&late_gauge, 0, 0);
}

static void take_lease(struct deliveries *d)
{
    const int64_t now_us = time_shared_us(loop_time(d->service->loop));
    d->leasing = true;
    d->got = false;
    d->asked_until_us = now_us + LEASE_US;
    struct sender_read *r = deliveries_read(d, 0, lease_rows, lease_ended);
    struct pg_args *args = sender_read_add(r, STMT_DELIVERY_LEASE);
    pg_arg_text(args, LEASE_NAME);
    pg_arg_text(args, d->replica);
    pg_arg_time(args, now_us);
    pg_arg_time(args, d->asked_until_us);
    sender_read_start(r);
}

void delivery_chores_tick(struct deliveries *d)
{
    d->ticks++;
    if (!d->leasing && (d->ticks % LEASE_TICKS == 1 || d->held_until_us == 0))
        take_lease(d);
    if (d->ticks % CHORES_TICKS == 2 && deliveries_holds_lease(d))
        do_chores(d);
}

void delivery_chores_metrics(void)
{
    metric_register(&late_gauge);
    metric_register(&purged_total);
}
