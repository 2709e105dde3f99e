/* SPDX-License-Identifier: Apache-2.0 */

/* One stream: what it has sent, what comes next, and when its client is too slow. */

#include <stdlib.h>
#include <string.h>

#include "amends/v1/feed_service.pb-c.h"
#include "base/assert.h"
#include "contract/reasons.h"
#include "intake/feed/impl.h"
#include "shared/show.h"

/* A client that takes no message for so long is a slow one. */
#define SLOW_US (10 * US_PER_S)

static struct service *service_of(const struct watcher *w)
{
    return w->t->feed->service;
}

/* -- messages ---------------------------------------------------------------------------------- */

static void token_of(const struct watcher *w, int64_t now_us, char out[FEED_TOKEN_TEXT + 1])
{
    const struct feed_token token = {.tenant_epoch = w->t->epoch, .given_us = now_us, .at = w->at};
    feed_token_write(service_of(w), w->t->id, &token, out);
}

/* Everything of a message but its events. */
#define TAIL_BYTES (FEED_TOKEN_TEXT + 64)

static size_t pack_tail(const struct watcher *w, int heartbeat_s, uint8_t out[TAIL_BYTES])
{
    Amends__V1__WatchEventsResponse m = AMENDS__V1__WATCH_EVENTS_RESPONSE__INIT;
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    char token[FEED_TOKEN_TEXT + 1];
    const int64_t now_us = time_now_us(loop_time(service_of(w)->loop));
    token_of(w, now_us, token);
    time.seconds = now_us / US_PER_S;
    time.nanos = (int32_t)(now_us % US_PER_S) * 1000;
    m.resume_token = token;
    m.server_time = &time;
    m.heartbeat_seconds = heartbeat_s;
    AM_ASSERT(amends__v1__watch_events_response__get_packed_size(&m) <= TAIL_BYTES);
    return amends__v1__watch_events_response__pack(&m, out);
}

/* `parts` has room for one more. */
static void send(struct watcher *w, struct rpc_part *parts, size_t n, int heartbeat_s)
{
    uint8_t tail[TAIL_BYTES];
    parts[n] = (struct rpc_part){.own = slice_of(tail, pack_tail(w, heartbeat_s, tail))};
    w->sent_us = time_mono_us();
    w->next_beat_us = w->sent_us + w->beat_us;
    rpc_stream_send_packed(w->call, rpc_pack_parts(parts, n + 1));
}

static void send_beat(struct watcher *w, int heartbeat_s)
{
    struct rpc_part parts[1];
    send(w, parts, 0, heartbeat_s);
}

/* -- events ------------------------------------------------------------------------------------ */

static void move_to(struct watcher *w, const struct feed_position *at)
{
    if (feed_position_cmp(at, &w->at) > 0)
        w->at = *at;
}

/* False when it cannot be recorded now that it is shown. */
static bool may_show(struct watcher *w, const struct block_event *e)
{
    const struct show_case of = {e->facts.case_id, e->facts.customer_id};
    struct arena arena;
    struct fault fault;
    if (w->class != FEED_WHOLE || e->shown == 0)
        return true;
    arena_init(&arena, 4096);
    fault_init(&fault, &arena);
    const bool may = show_record(service_of(w), w->call, w->t->id, &of, e->shown, &fault);
    arena_free(&arena);
    return may;
}

/* Events that lie one behind the other are one part. */
static size_t add_part(struct rpc_part *parts, size_t n, struct rpc_part part)
{
    struct rpc_part *last = n > 0 ? &parts[n - 1] : NULL;
    if (last && last->from + last->len == part.from) {
        last->len += part.len;
        return n;
    }
    parts[n] = part;
    return n + 1;
}

/* Sends what of the page fits into a message. False when nothing of it is left to send, or may be
 * sent now. */
static bool send_events(struct watcher *w)
{
    struct rpc_part parts[FEED_READ_EVENTS + 1];
    const struct feed_block *b = w->block;
    size_t n = 0, bytes = 0, events = 0;
    for (; w->index < b->n; w->index++) {
        const struct block_event *e = &b->events[w->index];
        if (w->filtered && !event_filter_passes(&w->filter, &e->facts)) {
            move_to(w, &e->at);
            continue;
        }
        const struct rpc_part part = feed_block_part(b, w->class, w->index);
        if (events > 0 && bytes + part.len > FEED_MESSAGE_BYTES)
            break;
        w->stalled = !may_show(w, e);
        if (w->stalled)
            break;
        n = add_part(parts, n, part);
        bytes += part.len;
        events++;
        move_to(w, &e->at);
    }
    if (w->index == b->n)
        move_to(w, &b->next);
    if (events == 0)
        return false;
    metric_add(&feed_events, 0, (int64_t)events);
    send(w, parts, n, 0);
    return true;
}

/* -- pages ------------------------------------------------------------------------------------- */

static void begin_block(struct watcher *w, struct feed_block *b)
{
    w->block = b;
    w->index = feed_block_find(b, &w->at);
}

static void end_block(struct watcher *w)
{
    feed_block_drop(w->block);
    w->block = NULL;
}

static void leave_window(struct watcher *w)
{
    w->live = false;
    w->caught_up = false;
    tenant_leave(w->t, w->class);
}

/* The next page of the window; a stream that it has left behind reads by itself. */
static bool take_shared(struct watcher *w)
{
    struct feed_block *b = window_block(&w->t->window, w->number);
    if (!b && w->number == w->t->window.end) {
        move_to(w, &w->t->end);
        return false;
    }
    if (!b || !(b->classes & FEED_BIT(w->class))) {
        leave_window(w);
        own_read_start(w, &w->at);
        return false;
    }
    w->number++;
    feed_block_hold(b);
    begin_block(w, b);
    return true;
}

static bool join(struct watcher *w)
{
    const uint64_t number = tenant_join(w->t, &w->at, w->class);
    w->live = number > 0;
    w->number = number;
    return w->live;
}

/* Gets the next page to send from, or has it read. */
static bool take_page(struct watcher *w)
{
    if (w->live)
        return take_shared(w);
    if (w->ahead) {
        begin_block(w, w->ahead);
        w->ahead = NULL;
        return true;
    }
    if (w->own)
        return false;
    if (w->caught_up && join(w))
        return take_shared(w);
    own_read_start(w, &w->at);
    return false;
}

/* While a full page is on its way, the next one is read. */
static void read_ahead(struct watcher *w)
{
    if (!w->live && w->block && w->block->more && !w->own && !w->ahead && !w->stalled)
        own_read_start(w, &w->block->next);
}

void watcher_pump(struct watcher *w)
{
    while (w->call && !w->stalled && !rpc_stream_busy(w->call)) {
        if (w->block) {
            read_ahead(w);
            (void)send_events(w);
            if (w->index == w->block->n)
                end_block(w);
        } else if (!take_page(w)) {
            break;
        }
    }
}

void watcher_page(struct watcher *w, struct feed_block *b, int32_t epoch, const struct fault *fault)
{
    if (fault && fault->reason == ERROR_REASON_CUSTOMER_KEY_LOCKED) {
        watcher_fail(w, fault);
    } else if (fault) {
        w->stalled = true; /* the tick tries again */
    } else if (epoch != w->t->epoch) {
        feed_block_drop(b);
        tenant_epoch(w->t, epoch);
    } else {
        w->caught_up = !b->more;
        w->ahead = b;
        watcher_pump(w);
    }
}

/* -- the end ----------------------------------------------------------------------------------- */

void watcher_fail(struct watcher *w, const struct fault *fault)
{
    if (w->call)
        rpc_fail(w->call, fault);
}

void watcher_reset(struct watcher *w, int32_t epoch)
{
    const struct feed_token old = {.tenant_epoch = epoch - 1, .at = w->at};
    struct fault fault;
    if (!w->call)
        return;
    fault_init(&fault, rpc_call_arena(w->call));
    if (!feed_token_stands(service_of(w), w->t->id, &old, epoch, &fault))
        watcher_fail(w, &fault);
}

static void end_slow(struct watcher *w)
{
    char token[FEED_TOKEN_TEXT + 1];
    struct fault fault;
    token_of(w, time_now_us(loop_time(service_of(w)->loop)), token);
    fault_init(&fault, rpc_call_arena(w->call));
    fault_set(&fault, FAULT_RESOURCE_EXHAUSTED, ERROR_REASON_SLOW_CONSUMER,
              "the client did not take a message for ten seconds; open the stream again with the "
              "resume_token");
    fault_meta(&fault, "resume_token", "%s", token);
    metric_add(&feed_slow, 0, 1);
    w->sent_us = 0; /* said once; the status goes behind the message in flight */
    watcher_fail(w, &fault);
}

void watcher_tick(struct watcher *w)
{
    const int64_t now_us = time_mono_us();
    if (!w->call)
        return;
    if (w->sent_us && now_us - w->sent_us > SLOW_US) {
        end_slow(w);
        return;
    }
    w->stalled = false;
    watcher_pump(w);
    if (!rpc_stream_busy(w->call) && now_us >= w->next_beat_us)
        send_beat(w, 0);
}

/* -- the call ---------------------------------------------------------------------------------- */

static void on_sent(struct rpc_call *call, void *ctx)
{
    struct watcher *w = ctx;
    (void)call;
    w->sent_us = 0;
    watcher_pump(w);
}

static void on_closed(struct rpc_call *call, void *ctx)
{
    struct watcher *w = ctx;
    struct feed_tenant *t = w->t;
    (void)call;
    w->call = NULL;
    if (w->live)
        tenant_leave(t, w->class);
    if (w->own)
        own_read_abandon(w->own);
    end_block(w);
    feed_block_drop(w->ahead);
    list_remove(&w->link);
    free(w);
    metric_add(&feed_streams, 0, -1);
    tenant_forget(t);
}

void feed_open(struct feed *f, struct rpc_call *call, const struct tenant *tenant,
               const struct feed_start *start)
{
    static const struct rpc_stream_ops ops = {.sent = on_sent, .closed = on_closed};
    struct watcher *w = calloc(1, sizeof *w);
    AM_ASSERT(w != NULL);
    w->t = feed_tenant_of(f, tenant);
    w->call = call;
    w->filter = start->filter;
    w->filtered = start->filtered;
    w->class = start->class;
    w->at = start->at;
    w->beat_us = start->heartbeat_s * US_PER_S;
    w->caught_up = start->latest;
    tenant_epoch(w->t, start->epoch);
    list_push_back(&w->t->watchers, &w->link);
    metric_add(&feed_streams, 0, 1);
    rpc_stream_open(call, &ops, w);
    if (!rpc_stream_busy(call))
        send_beat(w, start->heartbeat_s);
    watcher_pump(w);
}
