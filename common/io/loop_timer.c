/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/assert.h"
#include "io/loop_impl.h"

#define TIMER_MAGIC 0x71e44001u
#define LONGEST_US (INT64_C(100) * 365 * 86400 * US_PER_S)

struct loop_timer {
    uint32_t magic;
    struct loop_handle handle;
    uv_timer_t uv;
    struct loop *loop;
    void (*fire)(void *ctx);
    void *ctx;
};

static void destroy(struct loop_handle *h)
{
    struct loop_timer *t = CONTAINER_OF(h, struct loop_timer, handle);
    t->magic = 0;
    free(t);
}

/* The callback may free the timer. */
static void on_timer(uv_timer_t *uv)
{
    struct loop_timer *t = CONTAINER_OF(uv, struct loop_timer, uv);
    struct loop *l = t->loop;
    l->in_timer = true;
    t->fire(t->ctx);
    l->in_timer = false;
}

struct loop_timer *loop_timer_new(struct loop *l, void (*fire)(void *ctx), void *ctx)
{
    AM_ASSERT(l->magic == LOOP_MAGIC && loop_on_thread(l) && !l->closed);
    struct loop_timer *t = calloc(1, sizeof(*t));
    AM_ASSERT(t != NULL);
    t->magic = TIMER_MAGIC;
    t->loop = l;
    t->fire = fire;
    t->ctx = ctx;
    AM_ASSERT(uv_timer_init(&l->uv, &t->uv) == 0);
    handle_open(l, &t->handle, (uv_handle_t *)&t->uv, destroy);
    return t;
}

/* libuv counts whole milliseconds from the start of the turn, which may be some time ago. So the
 * delay is computed from the present time and rounded up: a timer never fires early. libuv runs
 * timers until none is due, so a timer that starts itself again with 0 would keep it from ever
 * polling. */
static uint64_t timeout_ms(const struct loop *l, int64_t delay_us)
{
    if (delay_us < 0)
        delay_us = 0;
    if (delay_us > LONGEST_US)
        delay_us = LONGEST_US;
    int64_t end_ms = (time_mono_us() + delay_us + US_PER_MS - 1) / US_PER_MS;
    int64_t turn_ms = (int64_t)uv_now(&l->uv);
    if (delay_us == 0)
        return l->in_timer ? 1 : 0;
    return end_ms > turn_ms ? (uint64_t)(end_ms - turn_ms) : 0;
}

void loop_timer_start(struct loop_timer *t, int64_t delay_us)
{
    AM_ASSERT(t->magic == TIMER_MAGIC);
    if (!handle_is_live(&t->handle))
        return;
    AM_ASSERT(loop_on_thread(t->loop));
    AM_ASSERT(uv_timer_start(&t->uv, on_timer, timeout_ms(t->loop, delay_us), 0) == 0);
}

void loop_timer_stop(struct loop_timer *t)
{
    AM_ASSERT(t->magic == TIMER_MAGIC);
    if (handle_is_live(&t->handle))
        (void)uv_timer_stop(&t->uv);
}

bool loop_timer_active(const struct loop_timer *t)
{
    AM_ASSERT(t->magic == TIMER_MAGIC);
    return handle_is_live(&t->handle) && uv_is_active(t->handle.uv);
}

void loop_timer_free(struct loop_timer *t)
{
    if (!t)
        return;
    AM_ASSERT(t->magic == TIMER_MAGIC && !t->handle.released);
    handle_release(&t->handle);
}
