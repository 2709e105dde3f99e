/* SPDX-License-Identifier: Apache-2.0 */
#include "assignment/audit/untold.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/metrics.h"
#include "contract/check.h"

#define RECIPIENTS 50       /* of a slice */
#define LOOKED_AT_MOST 1000 /* of the notifications of a recipient */
#define COUNTED_MOST 10000  /* of deliveries */
#define REST_US (10 * US_PER_S)

static METRIC_DEFINE(undelivered_gauge, METRIC_GAUGE, "amends_assignment_audit_undelivered",
                     "Notifications that should have been sent a quarter of an hour ago or earlier "
                     "and were not, 10,000 at most, as the last round found.");
static METRIC_DEFINE(unseen_gauge, METRIC_GAUGE, "amends_assignment_audit_unacknowledged_urgent",
                     "Urgent notifications about cases that are worked on, of which nobody has "
                     "taken notice for a day, as the last round found.");

struct untold {
    struct assignment *a;
    bool running;
    int64_t rest_until_us; /* monotonic */
    /* The slice begins behind this recipient; its end as the slice said. */
    int64_t tenant, last_tenant;
    char after[CHECK_PRINCIPAL_BYTES_MAX + 1], last[CHECK_PRINCIPAL_BYTES_MAX + 1];
    bool at_end;
    int64_t unseen, found; /* of the round; of the slice */
    int64_t undelivered;
};

/* -- a slice ----------------------------------------------------------------------------------- */

static void slice_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct untold *u = ((struct engine_read *)pg->ctx)->ctx;
    if (i == 1) {
        u->undelivered = pg_int(rows, 0, 0);
        return;
    }
    u->at_end = pg_is_null(rows, 0, 1);
    u->found = pg_int(rows, 0, 0);
    if (u->at_end)
        return;
    u->last_tenant = pg_int(rows, 0, 1);
    (void)snprintf(u->last, sizeof u->last, "%s", pg_text(rows, 0, 2));
}

static void show(int64_t undelivered, int64_t unseen)
{
    metric_set(&undelivered_gauge, 0, undelivered);
    metric_set(&unseen_gauge, 0, unseen);
    if (undelivered + unseen > 0)
        log_warn("assignment", "audit_found_untold", LOG_INT("undelivered", undelivered),
                 LOG_INT("unacknowledged_urgent", unseen));
}

static void begin_round(struct untold *u)
{
    u->tenant = u->unseen = 0;
    u->after[0] = '\0';
}

static void slice_ended(struct engine_read *r, const struct fault *fault)
{
    struct untold *u = r->ctx;
    u->running = false;
    if (fault || u->a->stopped)
        return; /* the slice comes again */
    u->unseen += u->found;
    u->tenant = u->last_tenant;
    (void)snprintf(u->after, sizeof u->after, "%s", u->last);
    if (!u->at_end)
        return;
    show(u->undelivered, u->unseen);
    u->rest_until_us = time_mono_us() + REST_US;
    begin_round(u);
}

static void ask(struct untold *u)
{
    const int64_t now_us = engine_now_us(u->a);
    struct engine_read *r = engine_read_new(u->a, 0, slice_rows, slice_ended, u);
    struct pg_args *args = engine_read_add(r, STMT_AUDIT_UNSEEN);
    pg_arg_int8(args, u->tenant);
    pg_arg_text(args, u->after);
    pg_arg_time(args, now_us - UNTOLD_UNSEEN_US);
    pg_arg_int4(args, RECIPIENTS);
    pg_arg_int4(args, NOTIFICATION_PENDING);
    pg_arg_int4(args, LOOKED_AT_MOST);
    args = engine_read_add(r, STMT_AUDIT_UNDELIVERED);
    pg_arg_time(args, now_us - UNTOLD_LATE_US);
    pg_arg_int4(args, COUNTED_MOST);
    pg_arg_int8(args, 0);
    engine_read_start(r);
}

/* -- life -------------------------------------------------------------------------------------- */

void untold_run(struct untold *u)
{
    if (u->running || time_mono_us() < u->rest_until_us)
        return;
    u->running = true;
    ask(u);
}

void untold_rest(struct untold *u)
{
    metric_set(&undelivered_gauge, 0, 0);
    metric_set(&unseen_gauge, 0, 0);
    if (!u->running)
        begin_round(u);
}

struct untold *untold_new(struct assignment *a)
{
    struct untold *u = calloc(1, sizeof(*u));
    AM_ASSERT(u != NULL);
    metric_register(&undelivered_gauge);
    metric_register(&unseen_gauge);
    u->a = a;
    return u;
}

void untold_free(struct untold *u)
{
    free(u);
}
