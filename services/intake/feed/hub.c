/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The tenants with streams, and the one reader of each. It reads when it is woken, and once a
 * second whatever Redis says; again at once when a page was full; and in quick steps when the bound
 * holds committed events back, because the transactions that hold it end soon, as a rule.
 */

#include <search.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/minmax.h"
#include "contract/reasons.h"
#include "intake/feed/impl.h"

#define TICK_US US_PER_S
/* Many commits of a moment are one read. */
#define PAUSE_US (4 * US_PER_MS)
/* When events are held back: after 5, 10, 20 ms, and so on up to that of the tick. */
#define HELD_FIRST_US (5 * US_PER_MS)
#define HELD_STEPS 8
#define READ_US (5 * US_PER_S)
#define ARENA_BYTES (64u << 20) /* memory is taken as needed */
#define NOW_ARENA_BYTES (64u << 10)

static const char *const readers[] = {"shared", "own", "page", NULL};
METRIC_DEFINE(feed_streams, METRIC_GAUGE, "amends_feed_streams", "Open streams of events.");
METRIC_DEFINE_LABEL(feed_reads, METRIC_COUNTER, "amends_feed_reads_total",
                    "Reads of the feed: shared by all streams of a tenant that have caught up, of "
                    "one stream, of a page.",
                    "reader", readers);
METRIC_DEFINE(feed_events, METRIC_COUNTER, "amends_feed_events_sent_total",
              "Events that were sent by streams.");
METRIC_DEFINE(feed_slow, METRIC_COUNTER, "amends_feed_slow_consumers_total",
              "Streams that were ended because their client did not read.");
static METRIC_DEFINE(held_gauge, METRIC_GAUGE, "amends_feed_held_state",
                     "Tenants whose newest events wait for an open transaction.");

/* -- reading ----------------------------------------------------------------------------------- */

static void start_read(struct feed_tenant *t);

static void want_read(struct feed_tenant *t)
{
    const int64_t due_us = t->began_us + PAUSE_US - time_mono_us();
    if (t->n_live == 0)
        return;
    t->wanted = true;
    if (t->reading)
        return;
    if (due_us <= 0)
        start_read(t);
    else
        loop_timer_start(t->timer, due_us);
}

static void timer_fires(void *ctx)
{
    struct feed_tenant *t = ctx;
    if (!t->reading && t->n_live > 0)
        start_read(t);
}

/* The steps begin again when something came. */
static void note_held(struct feed_tenant *t, bool held, bool moved)
{
    if (held != t->held)
        metric_add(&held_gauge, 0, held ? 1 : -1);
    t->held = held;
    t->held_steps = !held || moved ? 0 : t->held_steps + 1;
}

/* What is to be done after a read that went well. */
static void read_on(struct feed_tenant *t, bool more)
{
    if (t->n_live == 0 || t->reading)
        return;
    if (more)
        start_read(t);
    else if (t->wanted)
        want_read(t);
    else if (t->held && t->held_steps < HELD_STEPS)
        loop_timer_start(t->timer, HELD_FIRST_US << t->held_steps);
}

static void pump_all(struct feed_tenant *t)
{
    LIST_FOR_EACH_SAFE (it, &t->watchers) {
        struct watcher *w = CONTAINER_OF(it, struct watcher, link);
        if (w->live)
            watcher_pump(w);
    }
}

void tenant_epoch(struct feed_tenant *t, int32_t epoch)
{
    if (t->epoch == epoch)
        return;
    t->epoch = epoch;
    LIST_FOR_EACH_SAFE (it, &t->watchers) {
        watcher_reset(CONTAINER_OF(it, struct watcher, link), epoch);
    }
}

/* Personal parts that cannot be opened here end the streams that ask for them, as they refuse other
 * calls; the others go on without. */
static void fail_personal(struct feed_tenant *t, const struct fault *fault)
{
    LIST_FOR_EACH_SAFE (it, &t->watchers) {
        struct watcher *w = CONTAINER_OF(it, struct watcher, link);
        if (w->live && (FEED_BIT(w->class) & FEED_PERSONAL))
            watcher_fail(w, fault);
    }
}

static void take_page(struct feed_tenant *t)
{
    const struct store_read *r = &t->read;
    const struct feed_position from = t->end;
    t->end = r->feed_now->next;
    if (r->feed.n > 0)
        window_add(&t->window, feed_block_make(r, t->read_classes), &from);
    note_held(t, r->feed_now->held, r->feed.n > 0);
}

static void read_ended(struct feed_tenant *t)
{
    const struct fault *fault = &t->read.fault;
    const bool went_well = !fault_is_set(fault);
    if (!went_well) {
        if (fault->reason == ERROR_REASON_CUSTOMER_KEY_LOCKED)
            fail_personal(t, fault);
        return; /* the tick reads again */
    }
    if (t->read.feed_now->epoch != t->epoch) {
        tenant_epoch(t, t->read.feed_now->epoch);
        return;
    }
    const bool more = t->read.feed_now->more;
    take_page(t);
    pump_all(t);
    read_on(t, more);
}

static void read_done(struct store_read *r)
{
    struct feed_tenant *t = r->ctx;
    t->reading = false;
    if (t->n_live > 0 && t->read_round == t->round)
        read_ended(t);
    else
        read_on(t, t->n_live > 0);
    if (!t->reading)
        arena_reset(&t->arena);
    tenant_forget(t);
}

static unsigned live_classes(const struct feed_tenant *t)
{
    unsigned classes = 0;
    for (int class = 0; class < FEED_CLASSES; class ++)
        classes |= t->n_class[class] > 0 ? FEED_BIT(class) : 0;
    return classes;
}

static void start_read(struct feed_tenant *t)
{
    arena_reset(&t->arena);
    loop_timer_stop(t->timer);
    t->reading = true;
    t->wanted = false;
    t->began_us = time_mono_us();
    t->read_round = t->round;
    t->read_classes = live_classes(t);
    t->read = (struct store_read){.arena = &t->arena,
                                  .tenant_id = t->id,
                                  .tenant = t->name,
                                  .deadline_us = t->began_us + READ_US,
                                  .done = read_done,
                                  .ctx = t};
    metric_add(&feed_reads, READER_SHARED, 1);
    store_read_feed(t->feed->service->store, &t->read, &t->end, FEED_READ_EVENTS, FEED_READ_BYTES,
                    t->read_classes & FEED_PERSONAL);
}

/* -- following the window ---------------------------------------------------------------------- */

/* The first one says where the reader begins. */
static void begin_window(struct feed_tenant *t, const struct feed_position *at)
{
    t->end = *at;
    t->wanted = true;
}

uint64_t tenant_join(struct feed_tenant *t, const struct feed_position *at, enum feed_class class)
{
    if (t->n_live == 0)
        begin_window(t, at);
    const uint64_t number =
        feed_position_cmp(at, &t->end) >= 0 ? t->window.end : window_find(&t->window, at);
    if (number == 0)
        return 0;
    t->n_live++;
    t->n_class[class]++;
    if (t->n_live == 1)
        want_read(t);
    return number;
}

void tenant_leave(struct feed_tenant *t, enum feed_class class)
{
    t->n_class[class]--;
    if (--t->n_live > 0)
        return;
    t->round++;
    window_clear(&t->window);
    loop_timer_stop(t->timer);
    note_held(t, false, false);
}

/* -- tenants ----------------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
    const struct feed_tenant *x = a, *y = b;
    return x->id < y->id ? -1 : x->id > y->id;
}

static struct feed_tenant *find_tenant(struct feed *f, int64_t id)
{
    const struct feed_tenant key = {.id = id};
    struct feed_tenant **found = tfind(&key, &f->by_id, by_id);
    return found ? *found : NULL;
}

static struct feed_tenant *new_tenant(struct feed *f, const struct tenant *tenant)
{
    struct feed_tenant *t = calloc(1, sizeof *t);
    AM_ASSERT(t != NULL);
    t->feed = f;
    t->id = tenant->id;
    t->name = tenant->name;
    t->round = 1;
    list_init(&t->watchers);
    list_init(&t->now_waiting);
    list_init(&t->now_asked);
    arena_init(&t->now_arena, NOW_ARENA_BYTES);
    window_init(&t->window);
    arena_init(&t->arena, ARENA_BYTES);
    t->timer = loop_timer_new(f->service->loop, timer_fires, t);
    list_push_back(&f->tenants, &t->link);
    AM_ASSERT(tsearch(t, &f->by_id, by_id) != NULL);
    return t;
}

static void free_tenant(struct feed_tenant *t)
{
    tdelete(t, &t->feed->by_id, by_id);
    list_remove(&t->link);
    loop_timer_free(t->timer);
    window_clear(&t->window);
    arena_free(&t->arena);
    arena_free(&t->now_arena);
    free(t);
}

struct feed_tenant *feed_tenant_of(struct feed *f, const struct tenant *tenant)
{
    struct feed_tenant *t = find_tenant(f, tenant->id);
    return t ? t : new_tenant(f, tenant);
}

void tenant_forget(struct feed_tenant *t)
{
    if (list_empty(&t->watchers) && list_empty(&t->now_waiting) && !t->now_reading && !t->reading)
        free_tenant(t);
}

/* -- the feed ---------------------------------------------------------------------------------- */

static void woken(struct feed_listener *l, int64_t tenant_id)
{
    struct feed_tenant *t = find_tenant(CONTAINER_OF(l, struct feed, listener), tenant_id);
    if (t)
        want_read(t);
}

/* Pages that all streams have passed are let go of. */
static void tidy_window(struct feed_tenant *t)
{
    LIST_FOR_EACH (it, &t->watchers) {
        const struct watcher *w = CONTAINER_OF(it, struct watcher, link);
        if (w->live && w->number < t->window.end)
            return;
    }
    window_clear(&t->window);
}

static void tick_tenant(struct feed_tenant *t)
{
    tidy_window(t);
    want_read(t);
    LIST_FOR_EACH_SAFE (it, &t->watchers) {
        watcher_tick(CONTAINER_OF(it, struct watcher, link));
    }
}

static void tick(void *ctx)
{
    struct feed *f = ctx;
    LIST_FOR_EACH_SAFE (it, &f->tenants) {
        tick_tenant(CONTAINER_OF(it, struct feed_tenant, link));
    }
    loop_timer_start(f->tick, TICK_US);
}

struct feed *feed_new(struct service *service)
{
    struct feed *f = calloc(1, sizeof *f);
    AM_ASSERT(f != NULL);
    metric_register(&feed_streams);
    metric_register(&feed_reads);
    metric_register(&feed_events);
    metric_register(&feed_slow);
    metric_register(&held_gauge);
    f->service = service;
    list_init(&f->tenants);
    f->listener.woken = woken;
    feed_wake_listen(service->wake, &f->listener);
    f->tick = loop_timer_new(service->loop, tick, f);
    loop_timer_start(f->tick, TICK_US);
    return f;
}

void feed_free(struct feed *f)
{
    if (!f)
        return;
    loop_timer_free(f->tick);
    LIST_FOR_EACH_SAFE (it, &f->tenants) {
        free_tenant(CONTAINER_OF(it, struct feed_tenant, link));
    }
    free(f);
}
