/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A page of the feed, made ready to be sent: each event is packed once for each class of readers,
 * as the field `events` of a response, and shared by all messages that have it.
 *
 * Threading: io loop's thread. Ownership: counted; whoever made or holds a block lets go of it.
 */

#include "case/message/event_filter.h"
#include "rpc/parts.h"
#include "store/lists/feed.h"

/* What a reader sees of personal parts. */
enum feed_class {
    FEED_THIN,   /* nothing: they were not asked for */
    FEED_MASKED, /* names as initials, no words */
    FEED_WHOLE,
    FEED_CLASSES
};
#define FEED_BIT(class) (1u << (class))
#define FEED_PERSONAL (FEED_BIT(FEED_MASKED) | FEED_BIT(FEED_WHOLE))

struct block_event {
    struct feed_position at;
    struct event_facts facts;
    uint32_t shown;            /* PRIVATE_...: what FEED_WHOLE shows of it */
    size_t ends[FEED_CLASSES]; /* where its bytes end in the form; they begin where those of the
                                   event before end */
};

struct feed_block {
    unsigned refs;
    unsigned classes;          /* the forms that it has, a bit each */
    struct feed_position next; /* the place behind it */
    bool more;                 /* the page was full */
    size_t n, bytes;           /* events; bytes of all forms */
    struct block_event *events;
    struct rpc_bytes *forms[FEED_CLASSES];
    struct arena arena;
};

/* Of a read of the feed that ended well, with personal parts when a class needs them. */
struct feed_block *feed_block_make(const struct store_read *r, unsigned classes);
void feed_block_hold(struct feed_block *b);
/* NULL is allowed. */
void feed_block_drop(struct feed_block *b);

/* The bytes of the i-th event, which must be in this form. */
struct rpc_part feed_block_part(const struct feed_block *b, enum feed_class class, size_t i);

/* The first event behind a place; n when there is none. */
size_t feed_block_find(const struct feed_block *b, const struct feed_position *after);
