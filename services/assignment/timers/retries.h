/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The clocks that could not be fired, and when each is tried again: after a second, then after
 * twice as long each time, up to five minutes. So a clock that cannot be fired costs little, and
 * those behind it go on. The table has a fixed size; when all places of a clock are taken, the
 * clock that was tried least often gives up its own.
 *
 * Threading: io loop's thread. Ownership: entries belong to the table.
 */

#include "assignment/timers/timer_queue.h"

#define RETRIES_BUCKETS 1024
#define RETRIES_OF_BUCKET 4
#define RETRIES_FIRST_US US_PER_S
#define RETRIES_MOST_US (300 * US_PER_S)
#define RETRIES_KEPT_US (2 * RETRIES_MOST_US)

struct retry {
    struct timer_member member; /* .tenant_id 0 = the place is free */
    unsigned failures;
    int reason;            /* of the last one: an ErrorReason */
    int64_t not_before_us; /* domain time */
};

struct retries {
    size_t n;
    struct retry at[RETRIES_BUCKETS][RETRIES_OF_BUCKET];
};

/* The firing failed at `now_us` (domain time): the clock's entry, with the instant of the next
 * attempt. */
const struct retry *retries_failed(struct retries *r, const struct timer_member *m, int reason,
                                   int64_t now_us);
/* It is done: fired, or void. */
void retries_done(struct retries *r, const struct timer_member *m);
/* Forgets those that nobody tried again for ten minutes after their pause: another replica fired
 * them, or nobody can any more. */
void retries_expire(struct retries *r, int64_t now_us);
/* The entry of this clock and generation; NULL = it has not failed. */
const struct retry *retries_find(const struct retries *r, const struct timer_member *m);
/* The same, whatever the generation. */
const struct retry *retries_of_clock(const struct retries *r, const struct uuid *clock_id);
