/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the files of the feed share: hub.c has the tenants and their shared reader, window.c its
 * pages, watcher.c the streams, own_read.c what a stream reads for itself, now.c how a feed
 * stands.
 *
 * Threading: io loop's thread. Private to intake/feed. Ownership: see feed.h.
 */

#include "base/metrics.h"
#include "intake/feed/feed.h"

/* -- the window -------------------------------------------------------------------------------- */

#define FEED_WINDOW_BLOCKS 16
#define FEED_WINDOW_BYTES (2u << 20)

/* The last pages of the shared reader, numbered from 1. */
struct window {
    struct feed_block *blocks[FEED_WINDOW_BLOCKS]; /* by number % FEED_WINDOW_BLOCKS */
    uint64_t first, end;                           /* numbers of the first and behind the last */
    size_t bytes;
    struct feed_position from; /* where the first page begins */
};

void window_init(struct window *w);
/* Takes over the reference of a page that begins at `from`. Lets go of the oldest when there are
 * too many. */
void window_add(struct window *w, struct feed_block *b, const struct feed_position *from);
/* The numbers go on. */
void window_clear(struct window *w);
/* NULL when it is not there: not any more, or not yet. */
struct feed_block *window_block(const struct window *w, uint64_t number);
/* The number of the first page that ends behind the place, when the window has everything behind
 * it; else 0. */
uint64_t window_find(const struct window *w, const struct feed_position *at);

/* -- a tenant ---------------------------------------------------------------------------------- */

struct feed_tenant {
    struct list link; /* the feed's */
    struct feed *feed;
    int64_t id;
    const char *name;
    struct list watchers;
    size_t n_live;                /* streams that follow the window ... */
    size_t n_class[FEED_CLASSES]; /* ... of each class */
    int32_t epoch;                /* 0 = not known */
    struct window window;
    struct feed_position end; /* where the shared reader goes on */
    struct loop_timer *timer; /* when to read next */
    bool reading, wanted;
    bool held;           /* the bound holds committed events back ... */
    unsigned held_steps; /* ... and was asked for so often since something came */
    uint64_t round;      /* grows when nobody follows the window any more */
    int64_t began_us;    /* the last read */
    struct store_read read;
    struct arena arena;
    uint64_t read_round;
    unsigned read_classes;
    /* now.c */
    struct list now_waiting, now_asked; /* struct feed_asking */
    bool now_reading;
    struct store_read now_read;
    struct arena now_arena;
};

struct feed_tenant *feed_tenant_of(struct feed *f, const struct tenant *tenant);
/* Lets go of it when nobody needs it. */
void tenant_forget(struct feed_tenant *t);
/* The epoch is this one: ends the streams of another one. */
void tenant_epoch(struct feed_tenant *t, int32_t epoch);

/* A stream at `at` begins to follow the window; its next page is of this number. 0 = it cannot: it
 * has to read on by itself. */
uint64_t tenant_join(struct feed_tenant *t, const struct feed_position *at, enum feed_class class);
void tenant_leave(struct feed_tenant *t, enum feed_class class);

/* -- a stream ---------------------------------------------------------------------------------- */

struct own_read;

struct watcher {
    struct list link; /* the tenant's */
    struct feed_tenant *t;
    struct rpc_call *call; /* NULL once it is closed */
    struct event_filter filter;
    bool filtered;
    enum feed_class class;
    bool live;                /* it follows the window ... */
    uint64_t number;          /* ... and this is its next page */
    bool caught_up;           /* its last own page was not full */
    bool stalled;             /* until the next tick: something failed that may go well then */
    struct feed_position at;  /* behind all that was sent or passed over */
    struct feed_block *block; /* being sent */
    size_t index;
    struct feed_block *ahead; /* was read meanwhile */
    struct own_read *own;     /* NULL = none under way */
    int64_t beat_us, next_beat_us;
    int64_t sent_us; /* since when a message is in flight; 0 = none */
};

/* Sends what there is. */
void watcher_pump(struct watcher *w);
/* A second has passed. */
void watcher_tick(struct watcher *w);
/* Ends it with this fault. */
void watcher_fail(struct watcher *w, const struct fault *fault);
/* Says that the tenant's epoch is another one. */
void watcher_reset(struct watcher *w, int32_t epoch);

/* Reads the page behind a place; `own_read_done` is called once, not in this call, unless the
 * stream ended: then it lets go of itself. */
void own_read_start(struct watcher *w, const struct feed_position *after);
/* The stream has ended. */
void own_read_abandon(struct own_read *own);
/* The page, or NULL and why not. */
void watcher_page(struct watcher *w, struct feed_block *b, int32_t epoch,
                  const struct fault *fault);

extern struct metric feed_streams, feed_reads, feed_events, feed_slow;
enum feed_reader { READER_SHARED, READER_OWN, READER_PAGE };

struct feed {
    struct service *service;
    struct feed_listener listener;
    struct loop_timer *tick;
    void *by_id; /* tsearch() tree of struct feed_tenant */
    struct list tenants;
};
