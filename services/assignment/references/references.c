/* SPDX-License-Identifier: Apache-2.0 */

#include "assignment/references/references.h"

#include <stdlib.h>

#include "assignment/engine/engine.h"
#include "base/assert.h"
#include "base/metrics.h"

#define CASES_MOST 512 /* of one look */
#define AT_ONCE 64
#define LOOKS_MOST 32 /* before the job rests until the next second */

static METRIC_DEFINE(given_total, METRIC_COUNTER, "amends_references_given_total",
                     "Cases without a reference that the standing job gave one.");
static METRIC_DEFINE(failed_total, METRIC_COUNTER, "amends_references_failed_total",
                     "Cases that could not be given a reference; the next round tries again.");

const char references_sql_next[] =
    "select x.tenant_id, x.opened_at, x.case_id from recovery_case x where x.reference = ''"
    " and (x.tenant_id, x.opened_at, x.case_id) > ($1::int8, $2::timestamptz, $3::uuid)"
    " order by x.tenant_id, x.opened_at, x.case_id limit $4::int4";

struct unnamed {
    int64_t tenant_id, opened_at;
    struct uuid case_id;
};

struct references {
    struct assignment *a;
    bool running, submitting;
    unsigned looks;      /* of this second */
    struct unnamed last; /* the next look begins behind it */
    struct unnamed found[CASES_MOST];
    size_t n, next, in_flight;
};

/* One case on its way. */
struct naming {
    struct references *r;
    struct uuid case_id;
};

static void look(struct references *r);
static void go_on(struct references *r);

static void ended(struct engine_command *command)
{
    struct references *r = command->ctx;
    const enum fault_code code = command->sub.cmd.fault.code;
    metric_add(code == FAULT_OK ? &given_total : &failed_total, 0, 1);
    r->in_flight--;
    go_on(r);
}

static void tenant_known(void *ctx, const struct tenant *t)
{
    struct naming *n = ctx;
    struct references *r = n->r;
    if (t && !r->a->stopped) {
        struct engine_command *command = engine_command_new(r->a, t, &give_reference_kind);
        command->sub.cmd.case_id = n->case_id;
        command->sub.seg.cls = PG_SEG_BULK;
        command->ended = ended;
        command->ctx = r;
        free(n);
        engine_command_submit(command);
        return;
    }
    free(n);
    r->in_flight--;
    go_on(r);
}

static void name_case(struct references *r, const struct unnamed *c)
{
    struct naming *n = malloc(sizeof *n);
    AM_ASSERT(n != NULL);
    *n = (struct naming){.r = r, .case_id = c->case_id};
    r->in_flight++;
    tenant_by_id(r->a, c->tenant_id, tenant_known, n);
}

/* What failed is met again in the next round, which begins at the beginning. */
static void end_look(struct references *r)
{
    const bool full = r->n == CASES_MOST;
    r->last = full ? r->found[r->n - 1] : (struct unnamed){.tenant_id = 0};
    if (full && ++r->looks < LOOKS_MOST && !r->a->stopped)
        look(r);
    else
        r->running = false;
}

/* A command may end within the call that submits it. */
static void go_on(struct references *r)
{
    if (r->submitting)
        return;
    r->submitting = true;
    while (r->in_flight < AT_ONCE && r->next < r->n && !r->a->stopped)
        name_case(r, &r->found[r->next++]);
    r->submitting = false;
    if (r->in_flight == 0)
        end_look(r);
}

static void rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct references *r = ((struct engine_read *)pg->ctx)->ctx;
    (void)i;
    AM_ASSERT(pg_rows_count(rows) <= CASES_MOST);
    for (r->n = 0; (int)r->n < pg_rows_count(rows); r->n++)
        r->found[r->n] = (struct unnamed){.tenant_id = pg_int(rows, (int)r->n, 0),
                                          .opened_at = pg_time_us(rows, (int)r->n, 1),
                                          .case_id = pg_uuid(rows, (int)r->n, 2)};
}

static void looked(struct engine_read *read, const struct fault *fault)
{
    struct references *r = read->ctx;
    if (fault)
        r->n = 0;
    go_on(r);
}

static void look(struct references *r)
{
    struct engine_read *read = engine_read_new(r->a, 0, rows, looked, r);
    struct pg_args *args = engine_read_add(read, STMT_UNNAMED);
    r->n = r->next = 0;
    pg_arg_int8(args, r->last.tenant_id);
    pg_arg_time(args, r->last.opened_at);
    pg_arg_uuid(args, &r->last.case_id);
    pg_arg_int4(args, CASES_MOST);
    engine_read_start(read);
}

void references_run(struct references *r)
{
    if (r->running || r->a->stopped)
        return;
    r->running = true;
    r->looks = 0;
    look(r);
}

struct references *references_new(struct assignment *a)
{
    struct references *r = calloc(1, sizeof *r);
    AM_ASSERT(r != NULL);
    metric_register(&given_total);
    metric_register(&failed_total);
    r->a = a;
    return r;
}

void references_free(struct references *r)
{
    free(r);
}
