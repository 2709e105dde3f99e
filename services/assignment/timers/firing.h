/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The clocks that are being fired: a table of fixed size, by clock and generation.
 *
 * Threading: io loop's thread. Ownership: entries belong to the table.
 */

#include "assignment/timers/timer_queue.h"

/* Enough to fill two segments while the next ones wait. */
#define FIRING_MAX 512
#define FIRING_FOUND_MAX 128 /* of these with Redis: what the sweep may always fire */
#define FIRING_BUCKETS 1024

struct firing {
    void *owner; /* for callbacks */
    struct timer_member member;
    bool found;    /* by a look at the database: it may wait in Redis too */
    uint16_t next; /* place + 1 of the next one in the bucket or among the free ones; 0 = none */
};

struct firings {
    size_t n, n_found;
    uint16_t free;
    uint16_t buckets[FIRING_BUCKETS];
    struct firing entries[FIRING_MAX];
};

void firings_init(struct firings *f, void *owner);
/* A new entry; NULL when it is being fired already, or the table is full. */
struct firing *firings_add(struct firings *f, const struct timer_member *m, bool found);
void firings_remove(struct firings *f, struct firing *entry);
