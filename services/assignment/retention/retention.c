/* SPDX-License-Identifier: Apache-2.0 */

#include "assignment/retention/retention.h"

#include <stdlib.h>

#include "assignment/retention/notifications.h"
#include "base/assert.h"
#include "base/log.h"
#include "base/metrics.h"
#include "contract/words.h"
#include "shared/erasure.h"

#define REST_US (10 * US_PER_S)       /* between two rounds */
#define UNFINISHED_US (60 * US_PER_S) /* the call itself had its chance */
#define TENANTS_MOST 100
#define CASES_MOST 500
#define AT_ONCE 16
#define PURGED_MOST 2000 /* records that one statement deletes */
#define WRITERS_KEPT_US (30 * 24 * 3600 * US_PER_S)
#define ARENA_BYTES (1u << 20)
#define WAIT_US (30 * US_PER_S)

static METRIC_DEFINE(erased_total, METRIC_COUNTER, "amends_retention_cases_erased_total",
                     "Cases whose personal data was erased because policy keeps it no longer.");
static METRIC_DEFINE(failed_total, METRIC_COUNTER, "amends_retention_cases_failed_total",
                     "Cases that could not be erased; the next round tries again.");
static METRIC_DEFINE(purged_total, METRIC_COUNTER, "amends_retention_access_purged_total",
                     "Access records that policy keeps no longer.");
static METRIC_DEFINE(finished_total, METRIC_COUNTER, "amends_retention_erasures_finished_total",
                     "Erasures that were finished in place of their call.");

enum retention_step { STEP_UNFINISHED, STEP_TENANTS, STEP_CASES, STEP_RECORDS, STEP_WRITERS };

struct retention {
    struct assignment *a;
    bool running;
    enum retention_step step;
    int64_t rest_until_us; /* monotonic */
    struct arena arena;
    struct store_read read;
    /* Tenants of the round. */
    struct private_tenant tenants[TENANTS_MOST];
    size_t n_tenants, next_tenant;
    int64_t last_tenant;
    const struct tenant *tenant;
    int16_t closed_years, access_years;
    /* Its cases: a slice in the arena. */
    struct private_case last;
    size_t next, in_flight;
    bool submitting;
    /* The erasure that is being finished. One that cannot be keeps no other one waiting: the round
     * goes on behind it. */
    struct erasure erasure;
    struct old_notifications *notifications;
    int64_t tried_us; /* when the last one began that failed in this round; 0 = none */
};

/* -- steps ------------------------------------------------------------------------------------- */

/* The slice has ended; the next one comes with the next second. */
static void end_slice(struct retention *r, enum retention_step next)
{
    r->running = false;
    r->step = next;
}

static void begin_read(struct retention *r, void (*done)(struct store_read *read))
{
    const struct tenant *t = r->tenant;
    arena_reset(&r->arena);
    r->read = (struct store_read){.arena = &r->arena,
                                  .tenant_id = t ? t->id : 0,
                                  .tenant = t ? t->name : "",
                                  .deadline_us = time_mono_us() + WAIT_US,
                                  .done = done,
                                  .ctx = r};
}

/* A tenant whose policy keeps something for a time only. */
static bool take_policy(struct retention *r, const struct tenant *t)
{
    const struct policy *p = tenants_policy(r->a->service->tenants, t->id, t->policy_version);
    r->tenant = t;
    r->closed_years = p ? p->retention_closed_years : 0;
    r->access_years = p ? p->retention_access_years : 0;
    r->last = (struct private_case){.opened_at = 0};
    return r->closed_years > 0 || r->access_years > 0;
}

/* -- tenants ----------------------------------------------------------------------------------- */

static void tenant_known(void *ctx, const struct tenant *t)
{
    struct retention *r = ctx;
    end_slice(r, t && take_policy(r, t) ? STEP_CASES : STEP_TENANTS);
}

static void tenants_read(struct store_read *read)
{
    struct retention *r = read->ctx;
    const struct rows *found = &read->found;
    r->next_tenant = r->n_tenants = 0;
    if (fault_is_set(&read->fault)) {
        end_slice(r, STEP_TENANTS);
        return;
    }
    for (size_t i = 0; i < found->n; i++) {
        const struct private_tenant *t = ROW_AT(found, const struct private_tenant, i);
        r->last_tenant = t->tenant_id;
        if (t->retains)
            r->tenants[r->n_tenants++] = *t;
    }
    const bool at_end = found->n < TENANTS_MOST && r->n_tenants == 0;
    if (at_end) {
        r->last_tenant = r->tried_us = 0;
        r->rest_until_us = time_mono_us() + REST_US;
    }
    end_slice(r, at_end ? STEP_WRITERS : STEP_UNFINISHED);
}

static void next_tenant(struct retention *r)
{
    if (r->next_tenant < r->n_tenants) {
        tenant_by_id(r->a, r->tenants[r->next_tenant++].tenant_id, tenant_known, r);
        return;
    }
    r->tenant = NULL;
    begin_read(r, tenants_read);
    store_read_tenants(r->a->service->store, &r->read, r->last_tenant, TENANTS_MOST);
}

/* -- access records ---------------------------------------------------------------------------- */

static void writers_purged(struct store_read *read)
{
    end_slice(read->ctx, STEP_UNFINISHED); /* the next round tries again */
}

static void purge_writers(struct retention *r)
{
    const int64_t now_us = time_shared_us(loop_time(r->a->loop));
    begin_read(r, writers_purged);
    store_purge_writers(r->a->service->store, &r->read, now_us - WRITERS_KEPT_US);
}

static void records_purged(struct store_read *read)
{
    struct retention *r = read->ctx;
    const bool more = !fault_is_set(&read->fault) && read->deleted == PURGED_MOST;
    metric_add(&purged_total, 0, read->deleted);
    end_slice(r, more ? STEP_RECORDS : STEP_TENANTS);
}

static void purge_records(struct retention *r)
{
    if (r->access_years == 0) {
        end_slice(r, STEP_TENANTS);
        return;
    }
    begin_read(r, records_purged);
    store_purge_access(r->a->service->store, &r->read,
                       retention_cutoff_us(engine_now_us(r->a), r->access_years));
}

/* -- cases ------------------------------------------------------------------------------------- */

static void go_on(struct retention *r);

static void case_erased(void *ctx, const struct fault *fault)
{
    struct retention *r = ctx;
    metric_add(fault ? &failed_total : &erased_total, 0, 1);
    r->in_flight--;
    go_on(r);
}

static void erase_case(struct retention *r, const struct private_case *c)
{
    const struct erase_args args = {.cause = ERASURE_CAUSE_RETENTION};
    r->in_flight++;
    erasure_of_case(r->a->service, r->tenant, &c->case_id, &args, SYSTEM_ACTOR,
                    time_mono_us() + WAIT_US, case_erased, r);
}

/* A command may end within the call that submits it. */
static void go_on(struct retention *r)
{
    const struct rows *found = &r->read.found;
    if (r->submitting)
        return;
    r->submitting = true;
    while (r->in_flight < AT_ONCE && r->next < found->n && !r->a->stopped) {
        r->last = *ROW_AT(found, const struct private_case, r->next++);
        if (r->last.unerased)
            erase_case(r, &r->last);
    }
    r->submitting = false;
    if (r->in_flight == 0)
        end_slice(r, found->n == CASES_MOST ? STEP_CASES : STEP_RECORDS);
}

static void cases_read(struct store_read *read)
{
    struct retention *r = read->ctx;
    r->next = 0;
    if (fault_is_set(&read->fault))
        end_slice(r, STEP_TENANTS);
    else
        go_on(r);
}

static void read_cases(struct retention *r)
{
    if (r->closed_years == 0) {
        end_slice(r, STEP_RECORDS);
        return;
    }
    begin_read(r, cases_read);
    store_read_retained(r->a->service->store, &r->read, &r->last,
                        retention_cutoff_us(engine_now_us(r->a), r->closed_years), CASES_MOST);
}

/* -- erasures that were not finished ----------------------------------------------------------- */

static void finished(struct erasure *e, const struct fault *fault)
{
    struct retention *r = e->ctx;
    if (fault) {
        log_warn("assignment", "erasure_not_finished", LOG_STR("why", fault->message));
        r->tried_us = e->row.begun_at;
    } else {
        metric_add(&finished_total, 0, 1);
    }
    erasure_free(e);
    end_slice(r, STEP_UNFINISHED);
}

/* The row lives in the arena, which the erasure does not use. */
static void erasure_tenant(void *ctx, const struct tenant *t)
{
    struct retention *r = ctx;
    const struct erasure_row *row = ROW_AT(&r->read.found, const struct erasure_row, 0);
    if (!t) {
        r->tried_us = row->begun_at;
        end_slice(r, STEP_TENANTS);
        return;
    }
    r->erasure = (struct erasure){.service = r->a->service,
                                  .tenant = t,
                                  .row = *row,
                                  .cause = ERASURE_CAUSE_REQUEST,
                                  .done = finished,
                                  .ctx = r};
    erasure_init(&r->erasure);
    erasure_run(&r->erasure);
}

static void unfinished_read(struct store_read *read)
{
    struct retention *r = read->ctx;
    if (fault_is_set(&read->fault) || read->found.n == 0)
        end_slice(r, STEP_TENANTS);
    else
        tenant_by_id(r->a, ROW_AT(&read->found, const struct erasure_row, 0)->tenant_id,
                     erasure_tenant, r);
}

static void look_for_unfinished(struct retention *r)
{
    r->tenant = NULL;
    begin_read(r, unfinished_read);
    store_read_unfinished(r->a->service->store, &r->read, r->tried_us,
                          engine_now_us(r->a) - UNFINISHED_US, 1);
}

/* -- life -------------------------------------------------------------------------------------- */

void retention_run(struct retention *r)
{
    static void (*const steps[])(struct retention * r) = {
        [STEP_UNFINISHED] = look_for_unfinished,
        [STEP_TENANTS] = next_tenant,
        [STEP_CASES] = read_cases,
        [STEP_RECORDS] = purge_records,
        [STEP_WRITERS] = purge_writers,
    };
    old_notifications_run(r->notifications);
    if (r->running || r->a->stopped)
        return;
    if (r->step == STEP_TENANTS && r->next_tenant == r->n_tenants && r->last_tenant == 0 &&
        time_mono_us() < r->rest_until_us)
        r->step = STEP_UNFINISHED;
    r->running = true;
    steps[r->step](r);
}

struct retention *retention_new(struct assignment *a)
{
    struct metric *const metrics[] = {&erased_total, &failed_total, &purged_total, &finished_total};
    struct retention *r = calloc(1, sizeof(*r));
    AM_ASSERT(r != NULL);
    for (size_t i = 0; i < sizeof(metrics) / sizeof(*metrics); i++)
        metric_register(metrics[i]);
    r->a = a;
    r->notifications = old_notifications_new(a);
    arena_init(&r->arena, ARENA_BYTES);
    return r;
}

void retention_free(struct retention *r)
{
    if (!r)
        return;
    old_notifications_free(r->notifications);
    arena_free(&r->arena);
    free(r);
}
