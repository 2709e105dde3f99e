/* SPDX-License-Identifier: Apache-2.0 */

/*
 * When the test clock has moved, every replica does all that is due, whether it holds the lease or
 * not: first due clocks until none is left, then waiting cases, then streams that are gone.
 */

#include <stdlib.h>

#include "assignment/engine/engine.h"
#include "base/assert.h"

#define AGAIN_US (5 * US_PER_MS)

enum settle_step { SETTLE_IDLE, SETTLE_CLOCKS, SETTLE_WAITING, SETTLE_STREAMS };

struct settle {
    struct assignment *a;
    struct loop_timer *again;
    enum settle_step step;
    bool moved;  /* moved again during a round */
    bool asking; /* a look is under way */
};

static void run_step(void *ctx);

static void go_to(struct settle *s, enum settle_step next, int64_t delay_us)
{
    s->step = next;
    s->asking = false;
    if (!s->a->stopped)
        loop_timer_start(s->again, delay_us);
}

static void clocks_known(struct assignment *a, size_t found, size_t fired, int64_t next_due_us)
{
    (void)fired;
    const bool none = found == 0 && next_due_us > 0 && !a->due_partial;
    go_to(a->settle, none ? SETTLE_WAITING : SETTLE_CLOCKS, none ? 0 : AGAIN_US);
}

static void waiting_known(struct assignment *a, bool known)
{
    go_to(a->settle, known ? SETTLE_STREAMS : SETTLE_WAITING, known ? 0 : AGAIN_US);
}

static void streams_known(struct assignment *a)
{
    struct settle *s = a->settle;
    const bool again = s->moved;
    s->moved = false;
    s->asking = false;
    s->step = SETTLE_IDLE;
    if (again)
        go_to(s, SETTLE_CLOCKS, 0);
}

/* False when another look at the same things has not ended yet. */
static bool ask_for_step(struct settle *s)
{
    struct assignment *a = s->a;
    if (s->step == SETTLE_CLOCKS)
        return due_run(a, engine_now_us(a), clocks_known);
    if (s->step == SETTLE_WAITING)
        return sweep_waiting(a, waiting_known);
    return directory_sweep(a->directory, streams_known);
}

static void run_step(void *ctx)
{
    struct settle *s = ctx;
    if (s->asking || s->step == SETTLE_IDLE || s->a->stopped)
        return;
    s->asking = true; /* set before the call, because the answer may come within it */
    if (!ask_for_step(s))
        go_to(s, s->step, AGAIN_US);
}

void settle_moved(struct settle *s)
{
    if (s->step == SETTLE_IDLE)
        go_to(s, SETTLE_CLOCKS, 0);
    else
        s->moved = true;
}

bool settle_idle(const struct settle *s)
{
    return s->step == SETTLE_IDLE;
}

struct settle *settle_new(struct assignment *a)
{
    struct settle *s = calloc(1, sizeof(*s));
    AM_ASSERT(s != NULL);
    s->a = a;
    s->again = loop_timer_new(a->loop, run_step, s);
    return s;
}

void settle_free(struct settle *s)
{
    if (!s)
        return;
    loop_timer_free(s->again);
    free(s);
}
