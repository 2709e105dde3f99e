/* SPDX-License-Identifier: Apache-2.0 */

/* How a tenant's feed stands. Those who ask at the same time share a read, so that thousands of
 * streams that come back after a restart cost a few. */

#include "intake/feed/impl.h"

#define READ_US (5 * US_PER_S)

static void start_read(struct feed_tenant *t);

static void answer(struct list *asked, const struct store_read *r)
{
    struct list *link;
    while ((link = list_pop_front(asked))) {
        struct feed_asking *a = CONTAINER_OF(link, struct feed_asking, link);
        const bool failed = fault_is_set(&r->fault);
        a->told(a, failed ? NULL : r->feed_now, failed ? &r->fault : NULL);
    }
}

/* Those who were told open streams of this tenant, or ask no more. */
static void read_done(struct store_read *r)
{
    struct feed_tenant *t = r->ctx;
    answer(&t->now_asked, r);
    t->now_reading = false;
    arena_reset(&t->now_arena);
    if (!list_empty(&t->now_waiting))
        start_read(t);
    else
        tenant_forget(t);
}

/* Whoever asks while it is under way wants to know of what is committed until then. */
static void start_read(struct feed_tenant *t)
{
    struct list *link;
    while ((link = list_pop_front(&t->now_waiting)))
        list_push_back(&t->now_asked, link);
    t->now_reading = true;
    t->now_read = (struct store_read){.arena = &t->now_arena,
                                      .tenant_id = t->id,
                                      .tenant = t->name,
                                      .deadline_us = time_mono_us() + READ_US,
                                      .done = read_done,
                                      .ctx = t};
    store_read_feed_now(t->feed->service->store, &t->now_read);
}

void feed_ask(struct feed *f, const struct tenant *tenant, struct feed_asking *a)
{
    struct feed_tenant *t = feed_tenant_of(f, tenant);
    list_push_back(&t->now_waiting, &a->link);
    if (!t->now_reading)
        start_read(t);
}
