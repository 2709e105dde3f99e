/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What failed and is not tried again for a while: after a second, then after twice as long each
 * time, up to the table's longest pause. So an item that cannot pass costs little, and those behind
 * it go on. Used for clocks that could not be fired and for offers that the decision refused.
 *
 * The table has a fixed size. An item that nobody tried again for twice the longest pause after its
 * own gives its place free; when all places of a bucket are taken, the item that failed least often
 * gives up its own.
 *
 * Threading: one thread. Ownership: entries belong to the table and stay until it is called next.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"
#include "base/uuid.h"

#define PAUSES_BUCKETS 1024
#define PAUSES_OF_BUCKET 4
#define PAUSES_FIRST_US US_PER_S

/* What an item is: two items of one id and `with` are the same, and another generation of it begins
 * anew. */
struct paused_item {
    struct uuid id;
    uint64_t with; /* whom or what it concerns besides: a hash; 0 = nobody */
    int64_t generation;
};

struct paused {
    struct paused_item item;
    unsigned failures; /* 0 = the place is free */
    int reason;        /* of the last one, as the caller gave it */
    int64_t until_us;
};

struct pauses {
    int64_t most_us; /* the longest pause; set it before the first call */
    size_t n;        /* how many there are */
    struct paused at[PAUSES_BUCKETS][PAUSES_OF_BUCKET];
};

/* The item failed at `now_us`: its entry, with the end of its pause. */
const struct paused *pauses_failed(struct pauses *p, const struct paused_item *item, int reason,
                                   int64_t now_us);
/* It passed, or is void, whatever its generation. */
void pauses_done(struct pauses *p, const struct paused_item *item);
/* The entry of the item; NULL when this generation of it has not failed. */
const struct paused *pauses_find(const struct pauses *p, const struct paused_item *item);
/* The same, whatever the generation. */
const struct paused *pauses_of(const struct pauses *p, const struct uuid *id, uint64_t with);
/* Frees the places of those that nobody tried again for long. */
void pauses_expire(struct pauses *p, int64_t now_us);
