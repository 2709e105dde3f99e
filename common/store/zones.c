/* SPDX-License-Identifier: Apache-2.0 */

#include "store/zones.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "calendar/zone_needed.h"
#include "policy/compile/bundle.h"
#include "store/impl.h"

#define PAGE_ROWS 500
#define PAGE_BYTES (8u << 20)
#define FAULT_BYTES (4u << 20)
#define PAUSE_US (10 * US_PER_MS) /* between reads: callers come first */
#define AGAIN_US US_PER_S
#define READ_US (5 * US_PER_S)

enum step { STEP_TENANTS, STEP_CASES, STEP_DONE };

/* A policy version that was looked at, or that is to be. */
struct version {
    struct list link; /* in `waiting` */
    int64_t tenant_id;
    int32_t number;
};

struct zones {
    struct loop *loop;
    struct pg *pg;
    struct loop_timer *timer;
    enum step step;
    int64_t tenant_id, opened_at; /* the next page begins behind these */
    struct uuid case_id;
    void *seen;          /* a tsearch() tree of struct version */
    struct list waiting; /* versions of the page that were not looked at yet */
    struct pg_read read;
    struct arena arena;
    char *source;  /* of the first one of `waiting` */
    int rows;      /* of the page */
    bool busy;     /* a read or a compilation is under way */
    bool is_freed; /* meanwhile */
};

static void go_on(struct zones *z);

static void destroy(struct zones *z)
{
    tdestroy(z->seen, free);
    free(z->source);
    free(z);
}

/* -- versions ---------------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
    const struct version *left = a, *right = b;
    if (left->tenant_id != right->tenant_id)
        return left->tenant_id < right->tenant_id ? -1 : 1;
    return (left->number > right->number) - (left->number < right->number);
}

static void add_version(struct zones *z, int64_t tenant_id, int32_t number)
{
    const struct version key = {.tenant_id = tenant_id, .number = number};
    if (tfind(&key, &z->seen, by_number))
        return;
    struct version *v = calloc(1, sizeof(*v));
    AM_ASSERT(v != NULL);
    *v = key;
    AM_ASSERT(tsearch(v, &z->seen, by_number) != NULL);
    list_push_back(&z->waiting, &v->link);
}

/* Runs on another thread. What is missing is remembered by the reader of the bundle. */
static void compile(void *ctx)
{
    const struct zones *z = ctx;
    struct arena arena;
    struct fault fault;
    arena_init(&arena, FAULT_BYTES);
    fault_init(&fault, &arena);
    policy_free(policy_compile(1, z->source, &fault));
    arena_free(&arena);
}

static void compiled(void *ctx)
{
    struct zones *z = ctx;
    z->busy = false;
    free(z->source);
    z->source = NULL;
    if (z->is_freed)
        destroy(z);
    else
        loop_timer_start(z->timer, PAUSE_US);
}

/* -- reads ------------------------------------------------------------------------------------- */

static void take_tenant(struct zones *z, const struct pg_rows *rows, int row)
{
    z->tenant_id = pg_int(rows, row, 0);
    add_version(z, z->tenant_id, (int32_t)pg_int(rows, row, 1));
}

static void take_case(struct zones *z, const struct pg_rows *rows, int row)
{
    const char *zone = pg_text(rows, row, 4);
    z->tenant_id = pg_int(rows, row, 0);
    z->opened_at = pg_time_us(rows, row, 1);
    z->case_id = pg_uuid(rows, row, 2);
    add_version(z, z->tenant_id, (int32_t)pg_int(rows, row, 3));
    if (*zone)
        (void)zone_needed(zone);
}

static void page_rows(struct pg_read *read, size_t i, const struct pg_rows *rows)
{
    struct zones *z = read->ctx;
    (void)i;
    z->rows = pg_rows_count(rows);
    for (int row = 0; row < z->rows; row++)
        (z->step == STEP_TENANTS ? take_tenant : take_case)(z, rows, row);
}

static void page_done(struct zones *z)
{
    if (z->rows == PAGE_ROWS)
        return;
    z->step++;
    z->tenant_id = z->opened_at = 0;
}

static void source_rows(struct pg_read *read, size_t i, const struct pg_rows *rows)
{
    struct zones *z = read->ctx;
    (void)i;
    if (pg_rows_count(rows) == 0 || !strstr(pg_text(rows, 0, 2), "time_zone"))
        return; /* it has no zone but UTC */
    z->source = strdup(pg_text(rows, 0, 2));
    AM_ASSERT(z->source != NULL);
}

static void read_done(struct pg_read *read, const struct fault *fault)
{
    struct zones *z = read->ctx;
    const bool page = read->q[0].stmt != STMT_POLICY_SOURCE;
    z->busy = false;
    arena_free(&z->arena);
    if (z->is_freed) {
        destroy(z);
        return;
    }
    if (!fault && page)
        page_done(z);
    else if (!fault)
        (void)list_pop_front(&z->waiting);
    if (z->source) {
        z->busy = true;
        loop_work(z->loop, compile, compiled, z);
    } else {
        loop_timer_start(z->timer, fault ? AGAIN_US : PAUSE_US);
    }
}

static struct pg_args *begin_read(struct zones *z, unsigned stmt)
{
    arena_init(&z->arena, PAGE_BYTES);
    z->busy = true;
    z->read = (struct pg_read){.n = 1,
                               .deadline_us = time_mono_us() + READ_US,
                               .rows = stmt == STMT_POLICY_SOURCE ? source_rows : page_rows,
                               .done = read_done,
                               .ctx = z};
    z->read.q[0].stmt = stmt;
    pg_args_init(&z->read.q[0].args, &z->arena);
    return &z->read.q[0].args;
}

static void read_source(struct zones *z, const struct version *v)
{
    struct pg_args *args = begin_read(z, STMT_POLICY_SOURCE);
    pg_arg_int8(args, v->tenant_id);
    pg_arg_int4(args, v->number);
    pg_read(z->pg, &z->read);
}

static void read_page(struct zones *z)
{
    struct pg_args *args =
        begin_read(z, z->step == STEP_TENANTS ? STMT_ZONES_TENANTS : STMT_ZONES_CASES);
    pg_arg_int8(args, z->tenant_id);
    if (z->step == STEP_CASES) {
        pg_arg_time(args, z->opened_at);
        pg_arg_uuid(args, &z->case_id);
    }
    pg_arg_int4(args, PAGE_ROWS);
    pg_read(z->pg, &z->read);
}

/* -- life -------------------------------------------------------------------------------------- */

static void go_on(struct zones *z)
{
    if (!list_empty(&z->waiting))
        read_source(z, CONTAINER_OF(z->waiting.next, struct version, link));
    else if (z->step != STEP_DONE)
        read_page(z);
    else
        log_info("store", "time_zones_checked");
}

static void timer_due(void *ctx)
{
    go_on(ctx);
}

struct zones *zones_start(struct loop *loop, struct pg *pg)
{
    struct zones *z = calloc(1, sizeof(*z));
    AM_ASSERT(z != NULL);
    z->loop = loop;
    z->pg = pg;
    list_init(&z->waiting);
    z->timer = loop_timer_new(loop, timer_due, z);
    loop_timer_start(z->timer, PAUSE_US);
    return z;
}

bool zones_done(const struct zones *z)
{
    return z->step == STEP_DONE && list_empty(&z->waiting) && !z->busy;
}

void zones_free(struct zones *z)
{
    if (!z)
        return;
    loop_timer_free(z->timer);
    z->is_freed = true;
    if (!z->busy)
        destroy(z);
}
