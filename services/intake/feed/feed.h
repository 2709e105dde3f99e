/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The streams of events of this process.
 *
 * Each tenant with a stream that has caught up is read by one reader, whose pages (feed/block.h)
 * are packed once and handed to all its streams: the window. A stream that begins further back, or
 * cannot keep up with the window, reads for itself until it has caught up. Nobody ever waits for a
 * stream: not the writers, which do not know of it, nor other streams.
 *
 * What a stream costs: one message in flight; while it catches up also one page that is being sent
 * and one that was read ahead. What a tenant's window costs is bounded by FEED_WINDOW_BLOCKS pages;
 * pages that all streams have passed are let go of at once.
 *
 * Threading: io loop's thread. Ownership: the feed owns its tenants and streams.
 */

#include "intake/feed/block.h"
#include "shared/feed_token.h"
#include "shared/feed_wake.h"
#include "shared/service.h"

struct feed;

/* `service` outlives it; its `wake`, if any, too. */
struct feed *feed_new(struct service *service);
/* All streams have been closed, and reads answered. NULL is allowed. */
void feed_free(struct feed *f);

/* One who wants to know how the feed of a tenant stands; embedded in the asker's struct until
 * `told`: `now`, or the fault and NULL. Both live until it returns. */
struct feed_asking {
    struct list link;
    void (*told)(struct feed_asking *a, const struct feed_now *now, const struct fault *fault);
};
/* What was committed before is known then. `told` may run in this call. */
void feed_ask(struct feed *f, const struct tenant *tenant, struct feed_asking *a);

/* What a client asked for. */
struct feed_start {
    struct feed_position at; /* the place to begin behind */
    bool latest;             /* that is the end of the feed */
    int32_t epoch;           /* the tenant's, as it was read for this */
    struct event_filter filter;
    bool filtered;
    enum feed_class class;
    int heartbeat_s;
};

/* Opens the call as a stream. What `start` points to lies in the call's arena. */
void feed_open(struct feed *f, struct rpc_call *call, const struct tenant *tenant,
               const struct feed_start *start);

/* Events of one read, and their bodies' bytes. */
#define FEED_READ_EVENTS FEED_LIMIT_MAX
#define FEED_READ_BYTES (192u << 10)
/* Of one message. */
#define FEED_MESSAGE_BYTES (64u << 10)
