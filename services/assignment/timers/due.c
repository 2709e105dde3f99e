/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Finds due clocks in PostgreSQL: for the sweep always, and for the timers when there is no Redis.
 * When a look found as many clocks as it asked for, the next one goes on behind them, so that
 * clocks which cannot be fired do not hold up the others. After the last clock the next look begins
 * anew.
 */

#include "assignment/engine/engine.h"

struct due {
    size_t found, fired, limit;
    int64_t last_due_us;
    int64_t next_due_us;
    due_done *done;
};

static bool fire_row(struct assignment *a, const struct pg_rows *rows, int row)
{
    const struct timer_member m = {.tenant_id = pg_int(rows, row, 0),
                                   .case_id = pg_uuid(rows, row, 1),
                                   .clock_id = pg_uuid(rows, row, 2),
                                   .generation = pg_int(rows, row, 3)};
    return timers_fire(a->timers, &m);
}

/* Clocks with the same instant as the last one are read again. When all of a look have one instant,
 * the next look begins after it. */
static void move_on(struct assignment *a, const struct due *d)
{
    if (d->found < d->limit)
        a->due_from_us = 0;
    else if (d->last_due_us > a->due_from_us)
        a->due_from_us = d->last_due_us;
    else
        a->due_from_us++;
}

static void rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct engine_read *r = pg->ctx;
    struct due *d = r->ctx;
    if (i == 1) {
        d->next_due_us = pg_rows_count(rows) > 0 ? pg_time_us(rows, 0, 0) : INT64_MAX;
        return;
    }
    d->found = (size_t)pg_rows_count(rows);
    for (int row = 0; row < pg_rows_count(rows) && !r->a->stopped; row++)
        d->fired += fire_row(r->a, rows, row);
    if (d->found > 0)
        d->last_due_us = pg_time_us(rows, (int)d->found - 1, 4);
}

static void ended(struct engine_read *r, const struct fault *fault)
{
    struct due *d = r->ctx;
    struct assignment *a = r->a;
    a->due_running = false;
    a->due_partial = a->due_from_us > 0;
    if (!fault)
        move_on(a, d);
    if (d->done)
        d->done(a, d->found, d->fired, fault ? 0 : d->next_due_us);
}

bool due_run(struct assignment *a, int64_t cutoff_us, due_done *done)
{
    const size_t room = timers_room(a->timers);
    if (a->due_running || a->stopped || room == 0)
        return false;
    struct engine_read *r = engine_read_new(a, 0, rows, ended, NULL);
    struct due *d = ARENA_NEW(&r->arena, struct due);
    d->done = done;
    /* A look finds the clocks that are being fired, too, until they are committed. */
    d->limit = room + timers_firing(a->timers);
    r->ctx = d;
    a->due_running = true;
    struct pg_args *args = engine_read_add(r, STMT_DUE);
    pg_arg_time(args, cutoff_us);
    pg_arg_int4(args, (int32_t)d->limit);
    pg_arg_time(args, a->due_from_us);
    pg_arg_time(engine_read_add(r, STMT_NEXT_DUE), cutoff_us);
    engine_read_start(r);
    return true;
}
