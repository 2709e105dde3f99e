/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A bounded queue that is fair between tenants: it is emptied round robin over tenants, and first
 * in, first out within one. A tenant may hold at most half of the places, so that one tenant's
 * flood refuses only its own items.
 *
 * Threading: one thread. Ownership: items are embedded in their owners.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/list.h"

struct fair_item {
    struct list link; /* in its tenant's list */
    uint64_t tenant;
    struct fair_tenant *home; /* NULL when not queued */
};

struct fair;

/* A queue of at most `capacity` items, at least 1. All operations are O(1). */
struct fair *fair_new(size_t capacity);

/* Lets go of all items and frees the queue. */
void fair_free(struct fair *q);

/* Puts the item at the end of its tenant's line; item->tenant is set and item->home is NULL.
 * AM_EAGAIN when the queue is full or the tenant has half of the places. That holds also while no
 * other tenant waits: room must be there when one comes. */
int fair_push(struct fair *q, struct fair_item *item) AM_MUSTCHECK;

/* Puts an item that was taken before back at the head of its tenant's line. It is never refused,
 * since it was let in once: the queue may pass its capacity by what was taken and put back, and
 * takes nothing new until it is below its capacity again. */
void fair_push_head(struct fair *q, struct fair_item *item);

/* As fair_push_head, and it is the tenant's turn next. */
void fair_push_next(struct fair *q, struct fair_item *item);

/* The next item round robin over tenants, or NULL. */
struct fair_item *fair_take(struct fair *q);

/* As fair_take, but passes over this tenant. */
struct fair_item *fair_take_but(struct fair *q, uint64_t tenant);

/* Takes a queued item out, wherever it stands, because its caller has gone. */
void fair_remove(struct fair *q, struct fair_item *item);

size_t fair_len(const struct fair *q);
/* Whether a tenant other than this one waits. */
bool fair_others_wait(const struct fair *q, uint64_t tenant);
/* How many tenants wait. */
size_t fair_tenants(const struct fair *q);
