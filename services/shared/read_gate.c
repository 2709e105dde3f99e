/* SPDX-License-Identifier: Apache-2.0 */

#include "shared/read_gate.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/list.h"
#include "base/metrics.h"
#include "contract/reasons.h"

enum half { SMALL, LARGE, HALVES };

#define BUCKETS 256

/* What one tenant holds of one half; it lives as long as that is something. */
struct read_gate_use {
    struct list link;
    uint64_t tenant;
    enum half half;
    size_t bytes;
};

struct gate_half {
    size_t most, held;
    struct fair *queue;
    struct list uses[BUCKETS];
    bool granting;
};

struct read_gate {
    struct gate_half halves[HALVES];
};

static const char *const labels[] = {"small", "large", NULL};
static METRIC_DEFINE_LABEL(held_bytes, METRIC_GAUGE, "amends_reads_held_bytes",
                           "Memory that reads in progress may hold.", "size", labels);
static METRIC_DEFINE_LABEL(waiting, METRIC_GAUGE, "amends_reads_waiting",
                           "Reads that wait for memory.", "size", labels);
static METRIC_DEFINE_LABEL(shed, METRIC_COUNTER, "amends_reads_shed_total",
                           "Reads refused because too many waited for memory.", "size", labels);

static const struct fault overloaded = {.code = FAULT_RESOURCE_EXHAUSTED,
                                        .reason = ERROR_REASON_OVERLOADED,
                                        .message = "too many reads wait for memory",
                                        .retry_ms = 200};

static void init_half(struct gate_half *h, size_t most, size_t queue)
{
    h->most = most;
    h->queue = fair_new(queue);
    for (size_t i = 0; i < BUCKETS; i++)
        list_init(&h->uses[i]);
}

struct read_gate *read_gate_new(size_t bytes, size_t queue)
{
    struct read_gate *g = calloc(1, sizeof(*g));
    AM_ASSERT(g != NULL && bytes >= 2 * READ_GATE_MOST);
    metric_register(&held_bytes);
    metric_register(&waiting);
    metric_register(&shed);
    for (size_t i = 0; i < HALVES; i++)
        init_half(&g->halves[i], bytes / HALVES, queue);
    return g;
}

void read_gate_free(struct read_gate *g)
{
    for (size_t i = 0; i < HALVES; i++) {
        AM_ASSERT(g->halves[i].held == 0 && fair_len(g->halves[i].queue) == 0);
        fair_free(g->halves[i].queue);
    }
    free(g);
}

/* -- accounts ---------------------------------------------------------------------------------- */

static enum half half_of(const struct read_gate_place *place)
{
    return place->bytes > READ_GATE_SMALL ? LARGE : SMALL;
}

static struct list *bucket_of(struct gate_half *h, uint64_t tenant)
{
    return &h->uses[(tenant * 2654435761u >> 16) % BUCKETS];
}

static struct read_gate_use *find_use(struct gate_half *h, uint64_t tenant)
{
    LIST_FOR_EACH (it, bucket_of(h, tenant)) {
        struct read_gate_use *use = CONTAINER_OF(it, struct read_gate_use, link);
        if (use->tenant == tenant)
            return use;
    }
    return NULL;
}

static void hold(struct read_gate *g, struct read_gate_place *place)
{
    const enum half i = half_of(place);
    struct gate_half *h = &g->halves[i];
    struct read_gate_use *use = find_use(h, place->item.tenant);
    if (!use) {
        use = calloc(1, sizeof(*use));
        AM_ASSERT(use != NULL);
        *use = (struct read_gate_use){.tenant = place->item.tenant, .half = i};
        list_push_back(bucket_of(h, use->tenant), &use->link);
    }
    use->bytes += place->bytes;
    h->held += place->bytes;
    place->use = use;
    metric_set(&held_bytes, i, (int64_t)h->held);
}

static void let_go(struct read_gate *g, struct read_gate_place *place)
{
    struct read_gate_use *use = place->use;
    struct gate_half *h = &g->halves[use->half];
    place->use = NULL;
    h->held -= place->bytes;
    use->bytes -= place->bytes;
    metric_set(&held_bytes, use->half, (int64_t)h->held);
    if (use->bytes > 0)
        return;
    list_remove(&use->link);
    free(use);
}

/* -- turns ------------------------------------------------------------------------------------- */

static bool has_room(const struct gate_half *h, const struct read_gate_place *place)
{
    return place->bytes <= h->most - h->held;
}

static bool within_share(struct gate_half *h, const struct read_gate_place *place)
{
    const struct read_gate_use *use = find_use(h, place->item.tenant);
    return !use || use->bytes + place->bytes <= h->most - h->held;
}

/* The next one that may begin, or NULL. A tenant over its share is passed over; one that only has
 * to wait for room is not, so that a large read has its turn. */
static struct read_gate_place *next_place(struct gate_half *h)
{
    for (size_t n = fair_tenants(h->queue); n > 0; n--) {
        struct fair_item *item = fair_take(h->queue);
        struct read_gate_place *place = CONTAINER_OF(item, struct read_gate_place, item);
        const bool room = has_room(h, place);
        if (room && within_share(h, place))
            return place;
        if (!room) {
            fair_push_next(h->queue, item);
            return NULL;
        }
        fair_push_head(h->queue, item);
    }
    return NULL;
}

/* A read that begins may end at once and leave, which comes here again: then the loop under way
 * goes on with what it left. */
static void grant(struct read_gate *g, enum half i)
{
    struct gate_half *h = &g->halves[i];
    if (h->granting)
        return;
    h->granting = true;
    for (struct read_gate_place *place; (place = next_place(h));) {
        hold(g, place);
        place->done(place, NULL);
    }
    h->granting = false;
    metric_set(&waiting, i, (int64_t)fair_len(h->queue));
}

void read_gate_enter(struct read_gate *g, struct read_gate_place *place)
{
    const enum half i = half_of(place);
    AM_ASSERT(place->bytes > 0 && place->bytes <= READ_GATE_MOST && !place->use);
    place->item.home = NULL;
    if (fair_push(g->halves[i].queue, &place->item) == AM_OK) {
        grant(g, i);
        return;
    }
    metric_add(&shed, i, 1);
    place->done(place, &overloaded);
}

bool read_gate_would_wait(struct read_gate *g, const struct read_gate_place *place)
{
    struct gate_half *h = &g->halves[half_of(place)];
    return fair_len(h->queue) > 0 || !has_room(h, place) || !within_share(h, place);
}

void read_gate_leave(struct read_gate *g, struct read_gate_place *place)
{
    const enum half i = half_of(place);
    if (place->item.home)
        fair_remove(g->halves[i].queue, &place->item);
    else if (place->use)
        let_go(g, place);
    grant(g, i);
}
