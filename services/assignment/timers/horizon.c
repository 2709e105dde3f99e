/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Loads the clocks that fall due within the next 15 minutes into Redis, in slices, the soonest
 * first. A reload is a round that begins with the earliest clock. It does no harm when Redis gets
 * the same member twice.
 *
 * A reload begins by writing a mark into each shard. When a mark is missing later, the clocks that
 * were written before are gone, too, and the reload begins anew. The marks show this before the
 * epoch is written, so that a long reload is not repeated just because its epoch is not there yet.
 */

#include <stdlib.h>

#include "assignment/engine/engine.h"
#include "base/assert.h"

#define SLICE 2000
#define EVERY_US (5 * US_PER_S)

struct horizon {
    struct assignment *a;
    void (*loaded)(struct assignment *a);
    int64_t from_us;       /* Redis has everything that is due before this */
    int64_t until_us;      /* of the present round */
    int64_t next_round_us; /* monotonic */
    bool reloading;        /* no round from the beginning has ended yet */
    bool marked;           /* the shards of this reload have their marks */
    bool running;
    bool again; /* begins anew after the present slice */
    int found;
    int64_t last_due_us;
};

static void rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct horizon *h = ((struct engine_read *)pg->ctx)->ctx;
    (void)i;
    h->found = pg_rows_count(rows);
    struct arena *arena = &((struct engine_read *)pg->ctx)->arena;
    struct route_timer *timers = ARENA_ARRAY(arena, struct route_timer, (size_t)h->found + 1);
    for (int row = 0; row < h->found; row++) {
        timers[row] = (struct route_timer){.tenant_id = pg_int(rows, row, 0),
                                           .case_id = pg_uuid(rows, row, 1),
                                           .clock_id = pg_uuid(rows, row, 2),
                                           .generation = pg_int(rows, row, 3),
                                           .due_us = pg_time_us(rows, row, 4),
                                           .kind = (int16_t)pg_int(rows, row, 5)};
        h->last_due_us = timers[row].due_us;
    }
    timers_add(h->a->timers, timers, (size_t)h->found);
}

static void next_slice(struct horizon *h);

static void begin_round(struct horizon *h)
{
    h->reloading = true;
    h->again = h->marked = false;
    h->from_us = 0;
}

static void round_ended(struct horizon *h)
{
    h->from_us = h->until_us;
    h->next_round_us = time_mono_us() + EVERY_US;
    if (h->reloading && redis_up(h->a->redis)) {
        h->reloading = false;
        h->loaded(h->a);
    }
}

static void slice_ended(struct engine_read *r, const struct fault *fault)
{
    struct horizon *h = r->ctx;
    h->running = false;
    if (r->a->stopped)
        return;
    if (h->again) {
        begin_round(h);
        return;
    }
    if (fault)
        return; /* the next run goes on from here */
    if (h->found < SLICE) {
        round_ended(h);
        return;
    }
    /* Clocks with the same instant as the last one of the slice are read again. When the whole
     * slice has one instant, the next one begins after it, and the sweep finds the rest. */
    h->from_us = h->last_due_us > h->from_us ? h->last_due_us : h->from_us + 1;
    next_slice(h);
}

static void next_slice(struct horizon *h)
{
    struct engine_read *r = engine_read_new(h->a, 0, rows, slice_ended, h);
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
    if (h->running || (!h->reloading && time_mono_us() < h->next_round_us))
        return;
    h->until_us = engine_now_us(h->a) + HORIZON_US;
    if (h->reloading && !h->marked) {
        timers_mark(h->a->timers);
        h->marked = true;
    }
    if (h->until_us > h->from_us)
        next_slice(h);
}

void horizon_restart(struct horizon *h)
{
    if (h->running)
        h->again = true;
    else
        begin_round(h);
}

void horizon_reload(struct horizon *h)
{
    if (!h->reloading)
        horizon_restart(h);
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
