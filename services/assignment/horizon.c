/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What falls due within the next 15 minutes is to be in Redis. Slices, soonest first; a round from
 * the beginning is the reload. Redis takes the same member twice without harm.
 */

#include <stdlib.h>

#include "assignment/engine.h"
#include "base/assert.h"

#define SLICE 1000
#define EVERY_US (5 * US_PER_S)

struct horizon {
    struct assignment *a;
    void (*loaded)(struct assignment *a);
    int64_t from_us;       /* everything due before is in Redis */
    int64_t until_us;      /* of the round under way */
    int64_t next_round_us; /* monotonic */
    bool reloading;        /* since the last reset no round has ended */
    bool running;
    bool reset_again;
    int found;
    int64_t last_due_us;
};

static void rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct horizon *h = ((struct engine_read *)pg->ctx)->ctx;
    (void)i;
    h->found = pg_rows_count(rows);
    for (int row = 0; row < h->found; row++) {
        const struct route_timer t = {.tenant_id = (int32_t)pg_int(rows, row, 0),
                                      .case_id = pg_uuid(rows, row, 1),
                                      .clock_id = pg_uuid(rows, row, 2),
                                      .generation = pg_int(rows, row, 3),
                                      .due_us = pg_time_us(rows, row, 4),
                                      .kind = (int16_t)pg_int(rows, row, 5)};
        h->last_due_us = t.due_us;
        queues_timer(h->a, &t);
        timers_hint(h->a->timers, t.due_us);
    }
}

static void slice(struct horizon *h);

static void round_ended(struct horizon *h)
{
    h->from_us = h->until_us;
    h->next_round_us = clock_mono_us() + EVERY_US;
    if (h->reloading && redis_up(h->a->redis)) {
        h->reloading = false;
        h->loaded(h->a);
    }
}

static void ended(struct engine_read *r, const struct fault *fault)
{
    struct horizon *h = r->ctx;
    h->running = false;
    if (h->reset_again) {
        h->reset_again = false;
        horizon_reset(h);
    }
    if (fault || r->a->stopped)
        return;
    if (h->found < SLICE) {
        round_ended(h);
        return;
    }
    /* Those that share the last instant of a slice come again; a slice of one instant moves on, and
     * the sweep finds its rest. */
    h->from_us = h->last_due_us > h->from_us ? h->last_due_us : h->from_us + 1;
    slice(h);
}

static void slice(struct horizon *h)
{
    struct engine_read *r = engine_read_new(h->a, 0, rows, ended, h);
    struct pg_args *args = engine_read_add(r, STMT_SOON);
    h->running = true;
    h->found = 0;
    pg_arg_time(args, h->from_us);
    pg_arg_time(args, h->until_us);
    pg_arg_int4(args, SLICE);
    engine_read_start(r);
}

void horizon_run(struct horizon *h)
{
    if (h->running || (!h->reloading && clock_mono_us() < h->next_round_us))
        return;
    h->until_us = engine_now_us(h->a) + HORIZON_US;
    if (h->until_us > h->from_us)
        slice(h);
}

void horizon_reset(struct horizon *h)
{
    h->reloading = true;
    h->reset_again = h->running;
    if (!h->running)
        h->from_us = 0;
}

struct horizon *horizon_new(struct assignment *a, void (*loaded)(struct assignment *a))
{
    struct horizon *h = calloc(1, sizeof(*h));
    AM_ASSERT(h != NULL);
    h->a = a;
    h->loaded = loaded;
    h->reloading = true;
    return h;
}

void horizon_free(struct horizon *h)
{
    free(h);
}
