/* SPDX-License-Identifier: Apache-2.0 */

/* What a stream reads for itself while it catches up: page after page, each admitted as other reads
 * are. */

#include <stdlib.h>

#include "base/assert.h"
#include "intake/feed/impl.h"

#define READ_US (10 * US_PER_S)
#define ARENA_BYTES (64u << 20) /* memory is taken as needed */
/* What a usual page takes, with its packed form. */
#define GATE_BYTES READ_CASE

struct own_read {
    struct watcher *w; /* NULL = the stream has ended */
    struct service *service;
    struct feed_position after;
    bool admitted;
    enum feed_class class;
    struct read_gate_place place;
    struct store_read read;
    struct arena arena;
};

static void end(struct own_read *own)
{
    if (own->service->gate)
        read_gate_leave(own->service->gate, &own->place);
    arena_free(&own->arena);
    free(own);
}

static void read_done(struct store_read *r)
{
    struct own_read *own = r->ctx;
    struct watcher *w = own->w;
    if (!w) {
        end(own);
        return;
    }
    const bool failed = fault_is_set(&r->fault);
    struct feed_block *b = failed ? NULL : feed_block_make(r, FEED_BIT(own->class));
    w->own = NULL;
    watcher_page(w, b, failed ? 0 : r->feed_now->epoch, failed ? &r->fault : NULL);
    end(own);
}

static void read_page(struct own_read *own)
{
    const struct feed_tenant *t = own->w->t;
    own->admitted = true;
    own->read = (struct store_read){.arena = &own->arena,
                                    .tenant_id = t->id,
                                    .tenant = t->name,
                                    .deadline_us = time_mono_us() + READ_US,
                                    .done = read_done,
                                    .ctx = own};
    metric_add(&feed_reads, READER_OWN, 1);
    store_read_feed(own->service->store, &own->read, &own->after, FEED_READ_EVENTS, FEED_READ_BYTES,
                    own->class != FEED_THIN);
}

static void admitted(struct read_gate_place *place, const struct fault *fault)
{
    struct own_read *own = CONTAINER_OF(place, struct own_read, place);
    struct watcher *w = own->w;
    if (!fault) {
        read_page(own);
        return;
    }
    w->own = NULL;
    watcher_page(w, NULL, 0, fault);
    end(own);
}

void own_read_start(struct watcher *w, const struct feed_position *after)
{
    struct own_read *own = calloc(1, sizeof *own);
    AM_ASSERT(own != NULL && w->own == NULL);
    own->w = w;
    own->service = w->t->feed->service;
    own->after = *after;
    own->class = w->class;
    arena_init(&own->arena, ARENA_BYTES);
    own->place = (struct read_gate_place){
        .item.tenant = (uint64_t)w->t->id, .bytes = GATE_BYTES, .done = admitted};
    w->own = own;
    if (own->service->gate)
        read_gate_enter(own->service->gate, &own->place);
    else
        read_page(own);
}

/* One that waits for its turn lets go at once; one that reads, when the answer comes. */
void own_read_abandon(struct own_read *own)
{
    if (own->admitted)
        own->w = NULL;
    else
        end(own);
}
