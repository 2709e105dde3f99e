/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The auditor, on the replica that holds the lease. Once a second it looks at a slice of the open
 * cases; after the last slice it begins again. A slice that could not be read is tried again with
 * half as many cases, so that one of large cases does not hold up the pass. The metrics show what
 * the last full pass found, until the next one has ended.
 */

#include <stdlib.h>

#include "assignment/audit/audit.h"
#include "assignment/audit/untold.h"
#include "base/assert.h"
#include "base/log.h"
#include "base/metrics.h"

#define SLICE 1000
#define ENDED_MOST 1000

static METRIC_DEFINE(overdue_gauge, METRIC_GAUGE, "amends_assignment_audit_overdue_clocks",
                     "Clocks that were due and had not fired, as the last full audit found.");
static METRIC_DEFINE(unwatched_gauge, METRIC_GAUGE, "amends_assignment_audit_unwatched_cases",
                     "Open cases that no clock watches, as the last full audit found.");
static METRIC_DEFINE(standing_gauge, METRIC_GAUGE, "amends_assignment_audit_standing_cases",
                     "Open cases whose clocks all wait for longer than policy may let them, as the "
                     "last full audit found.");
static METRIC_DEFINE(ownerless_gauge, METRIC_GAUGE, "amends_assignment_audit_ownerless_cases",
                     "Open cases without an accountable owner, as the last full audit found.");
static METRIC_DEFINE(refused_gauge, METRIC_GAUGE, "amends_assignment_audit_refused_policy_cases",
                     "Open cases whose policy version ApplyPolicy would refuse today, as the last "
                     "full audit found.");
static METRIC_DEFINE(cases_gauge, METRIC_GAUGE, "amends_assignment_audit_cases",
                     "Open cases that the last full audit looked at.");
static METRIC_DEFINE(passes_total, METRIC_COUNTER, "amends_assignment_audit_pass_total",
                     "Full audits over all open cases.");
static METRIC_DEFINE(age_gauge, METRIC_GAUGE, "amends_assignment_audit_age_seconds",
                     "Since the end of the last full audit (or the taking of the lease).");
static METRIC_DEFINE(oldest_gauge, METRIC_GAUGE, "amends_assignment_audit_oldest_overdue_seconds",
                     "How long the clock that waits longest has been due; 0 = none is late.");

static METRIC_DEFINE(checkpoints_gauge, METRIC_GAUGE, "amends_assignment_audit_late_checkpoints",
                     "Tenants whose histories went on without a checkpoint for more than two "
                     "intervals; 0 without a key, or where another replica audits.");

/* How often, and at how many tenants, checkpoints are looked at. */
#define CHECKPOINTS_EVERY_US (10 * US_PER_S)
#define CHECKPOINTS_TENANTS 10000

struct audit_counts {
    int64_t overdue, unwatched, standing, ownerless, refused, cases;
};

struct audit {
    struct assignment *a;
    struct untold *untold;
    bool running;           /* a slice */
    bool asking;            /* for the oldest one */
    bool looking;           /* for checkpoints */
    int64_t look_us;        /* monotonic: the next look */
    int64_t late, was_late; /* checkpoints */
    struct audit_page page;
    int64_t tenant; /* the next slice begins behind this case */
    struct uuid after;
    int32_t limit;              /* cases of the next slice */
    struct audit_counts counts; /* of the present pass */
    int64_t since_us; /* monotonic: the last full pass, or the lease; 0 = not the holder */
    int64_t oldest_us;
};

/* -- a pass ------------------------------------------------------------------------------------ */

static void begin_pass(struct audit *u)
{
    u->tenant = 0;
    u->after = (struct uuid){{0}};
    u->counts = (struct audit_counts){0};
}

static void show_counts(const struct audit_counts *c)
{
    metric_set(&overdue_gauge, 0, c->overdue);
    metric_set(&unwatched_gauge, 0, c->unwatched);
    metric_set(&standing_gauge, 0, c->standing);
    metric_set(&ownerless_gauge, 0, c->ownerless);
    metric_set(&refused_gauge, 0, c->refused);
    metric_set(&cases_gauge, 0, c->cases);
    if (c->overdue + c->unwatched + c->standing + c->ownerless + c->refused > 0)
        log_warn("assignment", "audit_found", LOG_INT("overdue", c->overdue),
                 LOG_INT("unwatched", c->unwatched), LOG_INT("standing", c->standing),
                 LOG_INT("ownerless", c->ownerless), LOG_INT("refused_policy", c->refused));
}

static void end_pass(void *ctx, const struct audit_row *rows, size_t n, const struct fault *fault)
{
    struct audit *u = ctx;
    (void)rows;
    u->running = false;
    if (fault || u->a->stopped || !u->since_us)
        return; /* the last slice comes again */
    u->counts.overdue += (int64_t)n;
    show_counts(&u->counts);
    metric_add(&passes_total, 0, 1);
    u->since_us = time_mono_us();
    begin_pass(u);
}

static void finding(struct audit_page *p, Amends__V1__AuditFindingKind kind,
                    const struct audit_row *row, const char *detail)
{
    struct audit_counts *c = &((struct audit *)p->ctx)->counts;
    (void)row;
    (void)detail;
    if (kind == AMENDS__V1__AUDIT_FINDING_KIND__AUDIT_FINDING_KIND_OVERDUE_CLOCK)
        c->overdue++;
    else if (kind == AMENDS__V1__AUDIT_FINDING_KIND__AUDIT_FINDING_KIND_UNWATCHED_CASE)
        c->unwatched++;
    else if (kind == AMENDS__V1__AUDIT_FINDING_KIND__AUDIT_FINDING_KIND_STANDING_CASE)
        c->standing++;
    else if (kind == AMENDS__V1__AUDIT_FINDING_KIND__AUDIT_FINDING_KIND_OWNERLESS_CASE)
        c->ownerless++; /* cases of refused policies are counted by the page */
}

static int32_t next_limit(int32_t limit, bool failed)
{
    if (failed)
        return limit > 1 ? limit / 2 : 1;
    return limit < SLICE / 2 ? 2 * limit : SLICE;
}

/* The cases that were judged count, even when the rest of the slice could not be read; the next
 * slice begins behind them. */
static void slice_ended(struct audit_page *p, const struct fault *fault)
{
    struct audit *u = p->ctx;
    const bool at_end = p->at_end && !fault;
    if (!p->a) {
        audit_page_free(p);
        free(u);
        return;
    }
    u->limit = next_limit(u->limit, fault != NULL);
    u->counts.cases += (int64_t)p->cases;
    u->counts.refused += (int64_t)p->refused;
    if (p->cases > 0) {
        u->tenant = p->last_seen_tenant;
        u->after = p->last_seen;
    }
    audit_page_free(p);
    if (at_end && !u->a->stopped)
        audit_ended(u->a, 0, ENDED_MOST, end_pass, u);
    else
        u->running = false;
}

static void next_slice(struct audit *u)
{
    u->running = true;
    u->page = (struct audit_page){.a = u->a,
                                  .first_tenant = u->tenant,
                                  .last_tenant = INT64_MAX,
                                  .after = u->after,
                                  .limit = u->limit,
                                  .finding = finding,
                                  .ended = slice_ended,
                                  .ctx = u};
    audit_page_start(&u->page);
}

/* -- the oldest -------------------------------------------------------------------------------- */

static void oldest_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct audit *u = ((struct engine_read *)pg->ctx)->ctx;
    (void)i;
    u->oldest_us = pg_rows_count(rows) > 0 ? pg_time_us(rows, 0, 3) : 0;
}

static void oldest_ended(struct engine_read *r, const struct fault *fault)
{
    struct audit *u = r->ctx;
    u->asking = false;
    if (fault || !u->since_us)
        return;
    const int64_t late_us = u->oldest_us ? engine_now_us(r->a) - u->oldest_us : 0;
    metric_set(&oldest_gauge, 0, late_us / US_PER_S);
}

static void ask_oldest(struct audit *u)
{
    struct engine_read *r = engine_read_new(u->a, 0, oldest_rows, oldest_ended, u);
    struct pg_args *args = engine_read_add(r, STMT_AUDIT_OLDEST);
    u->asking = true;
    pg_arg_time(args, engine_now_us(u->a) - AUDIT_LATE_US);
    engine_read_start(r);
}

/* -- checkpoints ------------------------------------------------------------------------------- */

static int64_t two_intervals_us(const struct audit *u)
{
    return 2 * u->a->config.checkpoint_interval_s * US_PER_S;
}

/* Column 9: when the first event was that waits for a checkpoint. */
static void checkpoint_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct audit *u = ((struct engine_read *)pg->ctx)->ctx;
    const int64_t before_us = engine_now_us(u->a) - two_intervals_us(u);
    (void)i;
    for (int row = 0; row < pg_rows_count(rows); row++)
        u->late += !pg_is_null(rows, row, 9) && pg_time_us(rows, row, 9) < before_us;
}

static void checkpoints_looked(struct engine_read *r, const struct fault *fault)
{
    struct audit *u = r->ctx;
    u->looking = false;
    if (fault || !u->since_us)
        return;
    metric_set(&checkpoints_gauge, 0, u->late);
    if (u->late > 0 && u->was_late == 0)
        log_warn("assignment", "checkpoints_missing", LOG_INT("tenants", u->late),
                 LOG_INT("interval_s", u->a->config.checkpoint_interval_s),
                 LOG_STR("do", "see whether any replica of assignment has --checkpoint-key, and "
                               "what its log says of checkpoints"));
    u->was_late = u->late;
}

/* By the same statement as the job that writes them, which tells only of its own walk. */
static void look_at_checkpoints(struct audit *u)
{
    const int64_t now_us = time_shared_us(loop_time(u->a->loop));
    struct engine_read *r = engine_read_new(u->a, 0, checkpoint_rows, checkpoints_looked, u);
    struct pg_args *args = engine_read_add(r, STMT_CHECKPOINT_DUE);
    u->looking = true;
    u->look_us = time_mono_us() + CHECKPOINTS_EVERY_US;
    u->late = 0;
    pg_arg_int8(args, 0);
    pg_arg_time(args, now_us);
    pg_arg_int4(args, CHECKPOINTS_TENANTS);
    pg_arg_time(args, now_us + two_intervals_us(u));
    engine_read_start(r);
}

static bool checks_checkpoints(const struct audit *u)
{
    return u->a->service->keys && !u->looking && time_mono_us() >= u->look_us;
}

/* -- life -------------------------------------------------------------------------------------- */

void audit_run(struct audit *u)
{
    if (!u->since_us) {
        if (u->running)
            return; /* a slice from an earlier lease would move the begin of the next one */
        u->since_us = time_mono_us();
        begin_pass(u);
    }
    metric_set(&age_gauge, 0, (time_mono_us() - u->since_us) / US_PER_S);
    if (!u->running)
        next_slice(u);
    if (!u->asking)
        ask_oldest(u);
    if (checks_checkpoints(u))
        look_at_checkpoints(u);
    untold_run(u->untold);
}

void audit_rest(struct audit *u)
{
    static const struct audit_counts none = {0};
    if (!u->since_us)
        return;
    u->since_us = 0;
    show_counts(&none);
    metric_set(&age_gauge, 0, 0);
    metric_set(&oldest_gauge, 0, 0);
    metric_set(&checkpoints_gauge, 0, 0);
    u->was_late = 0;
    untold_rest(u->untold);
}

struct audit *audit_new(struct assignment *a)
{
    struct metric *const metrics[] = {
        &overdue_gauge, &unwatched_gauge, &standing_gauge, &ownerless_gauge, &refused_gauge,
        &cases_gauge,   &passes_total,    &age_gauge,      &oldest_gauge,    &checkpoints_gauge};
    struct audit *u = calloc(1, sizeof(*u));
    AM_ASSERT(u != NULL);
    for (size_t i = 0; i < sizeof(metrics) / sizeof(*metrics); i++)
        metric_register(metrics[i]);
    u->a = a;
    u->limit = SLICE;
    u->untold = untold_new(a);
    return u;
}

/* A slice may wait for a policy. The tenants, who end later than this, then end that slice, which
 * frees the memory. */
void audit_free(struct audit *u)
{
    if (u)
        untold_free(u->untold);
    if (u && u->running && u->page.waiting)
        u->page.a = NULL;
    else
        free(u);
}
