/* SPDX-License-Identifier: Apache-2.0 */
#include "io/fair.h"

#include <stdlib.h>

#include "base/assert.h"

#define FAIR_MAGIC 0xfa1a4001u

/* A tenant with at least one queued item. It is created with the first item and freed with the
 * last. */
struct fair_tenant {
    struct list ring;          /* in fair.ring, where it waits for its turn */
    struct list items;         /* of fair_item.link, oldest first */
    struct fair_tenant *chain; /* next of its bucket, or of the free list */
    uint64_t tenant;
    size_t len;
};

struct fair {
    uint32_t magic;
    size_t capacity;
    size_t len;
    size_t tenants;
    struct list ring;
    struct fair_tenant *spare;
    size_t bucket_mask;
    struct fair_tenant *buckets[];
};

struct fair *fair_new(size_t capacity)
{
    size_t buckets = 16;
    AM_ASSERT(capacity > 0 && capacity <= UINT32_MAX);
    while (buckets < capacity && buckets < 65536)
        buckets *= 2;
    struct fair *q = calloc(1, sizeof(*q) + buckets * sizeof(struct fair_tenant *));
    AM_ASSERT(q != NULL);
    q->magic = FAIR_MAGIC;
    q->capacity = capacity;
    q->bucket_mask = buckets - 1;
    list_init(&q->ring);
    return q;
}

void fair_free(struct fair *q)
{
    AM_ASSERT(q->magic == FAIR_MAGIC);
    while (fair_take(q))
        continue;
    while (q->spare) {
        struct fair_tenant *t = q->spare;
        q->spare = t->chain;
        free(t);
    }
    q->magic = 0;
    free(q);
}

/* Tenant numbers are dense and chosen by us: a multiplication spreads them well enough. */
static struct fair_tenant **bucket_of(struct fair *q, uint64_t tenant)
{
    return &q->buckets[(tenant * 2654435761u >> 7) & q->bucket_mask];
}

static struct fair_tenant *find_tenant(struct fair *q, uint64_t tenant)
{
    struct fair_tenant *t = *bucket_of(q, tenant);
    while (t && t->tenant != tenant)
        t = t->chain;
    return t;
}

static struct fair_tenant *join_tenant(struct fair *q, uint64_t tenant)
{
    struct fair_tenant *t = q->spare;
    if (t)
        q->spare = t->chain;
    else
        t = malloc(sizeof(*t));
    AM_ASSERT(t != NULL);
    struct fair_tenant **bucket = bucket_of(q, tenant);
    t->chain = *bucket;
    *bucket = t;
    t->tenant = tenant;
    t->len = 0;
    list_init(&t->items);
    list_push_back(&q->ring, &t->ring);
    q->tenants++;
    return t;
}

static void leave_tenant(struct fair *q, struct fair_tenant *t)
{
    struct fair_tenant **at = bucket_of(q, t->tenant);
    while (*at != t)
        at = &(*at)->chain;
    *at = t->chain;
    list_remove(&t->ring);
    t->chain = q->spare;
    q->spare = t;
    q->tenants--;
}

static size_t tenant_share(const struct fair *q)
{
    return q->capacity > 1 ? q->capacity / 2 : 1;
}

/* The tenant's line, made when it had none. */
static struct fair_tenant *line_of(struct fair *q, uint64_t tenant)
{
    struct fair_tenant *t = find_tenant(q, tenant);
    return t ? t : join_tenant(q, tenant);
}

static void count_in(struct fair *q, struct fair_tenant *t, struct fair_item *item)
{
    item->home = t;
    t->len++;
    q->len++;
}

int fair_push(struct fair *q, struct fair_item *item)
{
    AM_ASSERT(q->magic == FAIR_MAGIC && item->home == NULL);
    if (q->len >= q->capacity)
        return AM_EAGAIN;
    struct fair_tenant *t = line_of(q, item->tenant);
    if (t->len >= tenant_share(q))
        return AM_EAGAIN;
    list_push_back(&t->items, &item->link);
    count_in(q, t, item);
    return AM_OK;
}

void fair_push_head(struct fair *q, struct fair_item *item)
{
    AM_ASSERT(q->magic == FAIR_MAGIC && item->home == NULL);
    struct fair_tenant *t = line_of(q, item->tenant);
    list_push_front(&t->items, &item->link);
    count_in(q, t, item);
}

void fair_push_next(struct fair *q, struct fair_item *item)
{
    fair_push_head(q, item);
    list_remove(&item->home->ring);
    list_push_front(&q->ring, &item->home->ring);
}

void fair_remove(struct fair *q, struct fair_item *item)
{
    struct fair_tenant *t = item->home;
    AM_ASSERT(q->magic == FAIR_MAGIC && t != NULL && t->len > 0);
    list_remove(&item->link);
    item->home = NULL;
    q->len--;
    if (--t->len == 0)
        leave_tenant(q, t);
}

/* Takes the tenant's oldest item. The tenant then goes to the end of the ring. */
static struct fair_item *take_from(struct fair *q, struct list *turn)
{
    struct fair_tenant *t = CONTAINER_OF(turn, struct fair_tenant, ring);
    struct fair_item *item = CONTAINER_OF(t->items.next, struct fair_item, link);
    list_remove(&t->ring);
    list_push_back(&q->ring, &t->ring);
    fair_remove(q, item);
    return item;
}

struct fair_item *fair_take(struct fair *q)
{
    AM_ASSERT(q->magic == FAIR_MAGIC);
    return list_empty(&q->ring) ? NULL : take_from(q, q->ring.next);
}

struct fair_item *fair_take_but(struct fair *q, uint64_t tenant)
{
    AM_ASSERT(q->magic == FAIR_MAGIC);
    struct list *turn = q->ring.next;
    if (turn != &q->ring && CONTAINER_OF(turn, struct fair_tenant, ring)->tenant == tenant)
        turn = turn->next;
    return turn == &q->ring ? NULL : take_from(q, turn);
}

size_t fair_len(const struct fair *q)
{
    return q->len;
}

size_t fair_tenants(const struct fair *q)
{
    return q->tenants;
}

bool fair_others_wait(const struct fair *q, uint64_t tenant)
{
    if (q->tenants != 1)
        return q->tenants > 1;
    return CONTAINER_OF(q->ring.next, struct fair_tenant, ring)->tenant != tenant;
}
