/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reading the feed: every event of a tenant, in the order (epoch, transaction, case, sequence),
 * which agrees with the order of each case.
 *
 * The epoch is the tenant's: it grows when the database is restored from a copy, because
 * transactions are numbered anew then. All events of an older epoch are there. Of the present one,
 * only those below the bound are complete: pg_snapshot_xmin(pg_current_snapshot()), below which no
 * transaction is open any more, so that nothing can come before what was read. An open transaction
 * of anybody in the same PostgreSQL holds the bound back.
 *
 * Threading: io loop's thread. Ownership: as all reads (store/store.h); arguments are copied.
 */

#include "case/message/event_filter.h"
#include "store/store.h"

/* A place in the feed: behind the event of these four. All zero = before the first event. */
struct feed_position {
    int32_t epoch;
    int64_t xid;
    struct uuid case_id;
    int64_t seq;
};

/* As memcmp() tells. */
int feed_position_cmp(const struct feed_position *a, const struct feed_position *b);

/* An event of the feed, with what filters need of its case. */
struct feed_row {
    struct feed_position at;
    struct event_row event;
    struct event_facts facts;
    bool sound;      /* the body is a message of the contract; else somebody altered it */
    const char *via; /* who called on behalf of the actor; "" = nobody */
    /* With `personal` asked for: the personal part, opened. False when it was erased, too. */
    bool has_personal;
    struct event_private_row personal;
};

/* What a read that ended well tells beside its rows. */
struct feed_now {
    int32_t epoch;     /* the tenant's present one */
    int64_t bound_xid; /* of it, all transactions below have ended */
    bool held;         /* there are committed events at or above the bound: ask again soon */
    bool more;         /* the page is full, so there may be more below the bound: ask at once */
    struct feed_position next; /* behind all that was read: the last row, or the bound */
};

/* Most events of one read. */
#define FEED_LIMIT_MAX 500

/* Up to `limit` events behind `after` and below the bound; no more than what brings their bodies to
 * `bytes`, but always one. r->feed has struct feed_row, r->feed_now the rest. With `personal` also
 * their personal parts, whose bodies count, too. */
void store_read_feed(struct store *s, struct store_read *r, const struct feed_position *after,
                     int limit, size_t bytes, bool personal);

/* The bound alone: r->feed_now.next is the newest place that there is. */
void store_read_feed_now(struct store *s, struct store_read *r);
