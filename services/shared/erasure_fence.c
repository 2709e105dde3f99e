/* SPDX-License-Identifier: Apache-2.0 */

#include "shared/erasure_fence.h"

#include "base/assert.h"
#include "contract/reasons.h"

#define LOOK_US (50 * US_PER_MS)
/* More than an idle transaction of the services lives (pg/setup.c). */
#define READERS_US (2 * US_PER_S)
#define WRITERS_US (60 * US_PER_S)

static void looked(struct store_read *read);

static void look(struct erasure *e)
{
    erasure_begin_read(e, looked);
    store_read_at_work(e->service->store, &e->read, e->at_work.items ? &e->at_work : NULL);
}

static void look_again(void *ctx)
{
    struct erasure *e = ctx;
    loop_timer_free(e->timer);
    e->timer = NULL;
    look(e);
}

static void refuse(struct erasure *e)
{
    static const struct fault held = {
        .code = FAULT_UNAVAILABLE,
        .reason = ERROR_REASON_CONTENDED,
        .message = "a transaction on the tenant's tables has not ended for a minute; the service "
                   "goes on with the erasure by itself",
        .retry_ms = 10000};
    erasure_note_fault(e, &held);
}

/* Whether anybody is to be waited for. */
static bool is_held(struct erasure *e, const struct rows *now)
{
    const int64_t waited_us = time_mono_us() - e->fence_began_us;
    bool writer = false;
    ROWS_EACH (t, const struct private_at_work, now)
        writer = writer || t->writes;
    if (writer && waited_us > WRITERS_US)
        refuse(e);
    return !fault_is_set(&e->fault) && (writer || (now->n > 0 && waited_us < READERS_US));
}

/* The first answer names those that are waited for. The slice's arena is emptied before the next
 * look, so their names are copied. */
static void keep(struct erasure *e, const struct rows *now)
{
    struct private_at_work *kept = ARENA_ARRAY(&e->arena, struct private_at_work, now->n + 1);
    for (size_t i = 0; i < now->n; i++) {
        kept[i] = *ROW_AT(now, const struct private_at_work, i);
        kept[i].transaction = arena_strdup(&e->arena, kept[i].transaction);
        AM_ASSERT(kept[i].transaction != NULL); /* as many as PostgreSQL has connections */
    }
    e->at_work = (struct rows){.items = kept, .n = now->n, .cap = now->n + 1};
}

static void looked(struct store_read *read)
{
    struct erasure *e = read->ctx;
    if (fault_is_set(&read->fault))
        erasure_note_fault(e, &read->fault);
    else if (!e->at_work.items)
        keep(e, &read->found);
    erasure_note_gone(e);
    if (fault_is_set(&e->fault) || !is_held(e, &read->found)) {
        e->then(e);
        return;
    }
    e->timer = loop_timer_new(e->service->loop, look_again, e);
    loop_timer_start(e->timer, LOOK_US);
}

void erasure_fence(struct erasure *e, void (*then)(struct erasure *e))
{
    e->then = then;
    e->at_work = (struct rows){.items = NULL};
    e->fence_began_us = time_mono_us();
    look(e);
}
