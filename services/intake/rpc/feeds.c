/* SPDX-License-Identifier: Apache-2.0 */

#include "intake/rpc/feeds.h"

#include "amends/v1/feed_service.pb-c.h"
#include "base/assert.h"
#include "base/minmax.h"
#include "contract/reasons.h"
#include "intake/feed/feed.h"
#include "intake/feed/impl.h"
#include "shared/show.h"

#define HEARTBEAT_LEAST_S 5
#define HEARTBEAT_USUAL_S 15
#define HEARTBEAT_MOST_S 30
#define EVENTS_USUAL 100
#define EVENTS_MOST 500
/* A page ends behind so many reads, so that a filter which passes next to nothing does not hold a
 * call for ever; and at so many bytes. */
#define READS_MOST 4
#define PAGE_BYTES (1u << 20)
#define SLICE_ARENA_BYTES (64u << 20)

/* What both calls ask for. A stream keeps it, so it is small. */
struct feed_request {
    struct service *service;
    struct rpc_call *call;
    const struct tenant *tenant;
    enum feed_from from;
    struct feed_token token;
    struct feed_start start;
    struct feed_asking asking;
};

static enum feed_class class_of(struct rpc_call *call, bool personal)
{
    if (!personal)
        return FEED_THIN;
    return show_masks(call) ? FEED_MASKED : FEED_WHOLE;
}

/* False: `fault` says why the call is to be refused. */
static bool take_request(struct feed_request *r, const char *position,
                         const Amends__V1__EventFilter *filter, bool personal, struct fault *fault)
{
    if (!feed_token_ready(r->service, fault))
        return false;
    r->from = feed_from_read(r->service, r->tenant->id, position, &r->token, fault);
    event_filter_check(filter, "filter", fault);
    if (fault_is_set(fault))
        return false;
    r->start.filtered = filter != NULL;
    r->start.class = class_of(r->call, personal);
    if (event_filter_make(&r->start.filter, filter, rpc_call_arena(r->call)) == AM_OK)
        return true;
    fault_set(fault, FAULT_RESOURCE_EXHAUSTED, ERROR_REASON_TOO_LARGE,
              "the filter needs more memory than a call may use; ask for less");
    return false;
}

/* Where to begin, when it is known how the feed stands; false as above. */
static bool take_place(struct feed_request *r, const struct feed_now *now, struct fault *fault)
{
    r->start.epoch = now->epoch;
    r->start.latest = r->from == FEED_FROM_LATEST;
    r->start.at = r->start.latest ? now->next : r->token.at;
    return r->from != FEED_FROM_TOKEN ||
           feed_token_stands(r->service, r->tenant->id, &r->token, now->epoch, fault);
}

/* -- WatchEvents ------------------------------------------------------------------------------- */

static int agree(int32_t asked)
{
    if (asked == 0)
        return HEARTBEAT_USUAL_S;
    if (asked < HEARTBEAT_LEAST_S)
        return HEARTBEAT_LEAST_S;
    return asked < HEARTBEAT_MOST_S ? asked : HEARTBEAT_MOST_S;
}

static void watch_begins(struct feed_asking *a, const struct feed_now *now,
                         const struct fault *fault)
{
    struct feed_request *r = CONTAINER_OF(a, struct feed_request, asking);
    struct fault own;
    fault_init(&own, rpc_call_arena(r->call));
    if (fault)
        rpc_fail(r->call, fault);
    else if (take_place(r, now, &own))
        feed_open(r->service->feed, r->call, r->tenant, &r->start);
    else
        rpc_fail(r->call, &own);
}

static void watch_tenant(void *ctx, const struct tenant *tenant, const struct fault *fault)
{
    struct feed_request *r = ctx;
    const Amends__V1__WatchEventsRequest *req = (const void *)rpc_call_request(r->call);
    struct fault own;
    if (!tenant) {
        rpc_fail(r->call, fault);
        return;
    }
    r->tenant = tenant;
    r->start.heartbeat_s = agree(req->heartbeat_seconds);
    r->asking.told = watch_begins;
    fault_init(&own, rpc_call_arena(r->call));
    if (req->heartbeat_seconds < 0)
        fault_violation(&own, "heartbeat_seconds", "must not be negative");
    if (take_request(r, req->position, req->filter, req->personal, &own))
        feed_ask(r->service->feed, tenant, &r->asking);
    else
        rpc_fail(r->call, &own);
}

/* Without a read_call, which has room for a whole read: thousands of streams would keep that. */
void feeds_watch(struct rpc_call *call, void *service)
{
    struct service *s = service;
    struct arena *arena = rpc_call_arena(call);
    struct feed_request *r = ARENA_NEW(arena, struct feed_request);
    r->service = s;
    r->call = call;
    tenants_get(s->tenants, rpc_call_principal(call)->tenant, arena, watch_tenant, r);
}

/* -- ReadEvents -------------------------------------------------------------------------------- */

/* A page under way. */
struct feed_page {
    struct read_call *rc;
    struct feed_request request;
    struct store_read read;
    struct arena slice;
    size_t limit, events, bytes, reads;
    struct rpc_part *parts;
    struct feed_block *blocks[READS_MOST];
    size_t n_blocks;
};

static void let_go(struct feed_page *p)
{
    for (size_t i = 0; i < p->n_blocks; i++)
        feed_block_drop(p->blocks[i]);
    arena_free(&p->slice);
}

static void page_refuse(struct feed_page *p, const struct fault *fault)
{
    struct feed_page copy = *p; /* `p` lies in the call's arena, which goes with the answer */
    rpc_fail(p->rc->call, fault);
    let_go(&copy);
}

static void page_answer(struct feed_page *p, bool more)
{
    Amends__V1__ReadEventsResponse tail = AMENDS__V1__READ_EVENTS_RESPONSE__INIT;
    struct read_call *rc = p->rc;
    const struct feed_token token = {.tenant_epoch = p->request.start.epoch,
                                     .given_us = time_now_us(loop_time(rc->service->loop)),
                                     .at = p->request.start.at};
    char text[FEED_TOKEN_TEXT + 1];
    uint8_t bytes[FEED_TOKEN_TEXT + 16];
    struct feed_page copy = *p;
    feed_token_write(rc->service, rc->tenant->id, &token, text);
    tail.resume_token = text;
    tail.more = more;
    AM_ASSERT(amends__v1__read_events_response__get_packed_size(&tail) <= sizeof bytes);
    const size_t len = amends__v1__read_events_response__pack(&tail, bytes);
    p->parts[p->events] = (struct rpc_part){.own = slice_of(bytes, len)};
    rpc_reply_packed(rc->call, rpc_pack_parts(p->parts, p->events + 1));
    let_go(&copy);
}

static bool may_show(struct feed_page *p, const struct block_event *e)
{
    const struct show_case of = {e->facts.case_id, e->facts.customer_id};
    if (p->request.start.class != FEED_WHOLE || e->shown == 0)
        return true;
    return show_record(p->rc->service, p->rc->call, p->rc->tenant->id, &of, e->shown,
                       &p->rc->fault);
}

enum page_state { PAGE_GOES_ON, PAGE_FULL, PAGE_REFUSED };

/* Takes what passes the filter. */
static enum page_state page_take(struct feed_page *p, const struct feed_block *b)
{
    struct feed_start *start = &p->request.start;
    for (size_t i = 0; i < b->n; i++) {
        const struct block_event *e = &b->events[i];
        const struct rpc_part part = feed_block_part(b, start->class, i);
        if (!start->filtered || event_filter_passes(&start->filter, &e->facts)) {
            if (p->events == p->limit || (p->events > 0 && p->bytes + part.len > PAGE_BYTES))
                return PAGE_FULL;
            if (!may_show(p, e))
                return PAGE_REFUSED;
            p->parts[p->events++] = part;
            p->bytes += part.len;
        }
        start->at = e->at;
    }
    start->at = b->next;
    return PAGE_GOES_ON;
}

static void page_next(struct feed_page *p);

static void page_go_on(struct feed_page *p)
{
    struct feed_block *b = feed_block_make(&p->read, FEED_BIT(p->request.start.class));
    p->blocks[p->n_blocks++] = b;
    const enum page_state state = page_take(p, b);
    const bool full =
        state == PAGE_FULL || (b->more && (p->reads == READS_MOST || p->events == p->limit));
    const bool ends = full || !b->more;
    if (state == PAGE_REFUSED || (!ends && read_call_gone(p->rc)))
        page_refuse(p, &p->rc->fault);
    else if (ends)
        page_answer(p, full);
    else
        page_next(p);
}

/* The database was restored between two reads of one call. */
static void page_reset(struct feed_page *p, int32_t epoch)
{
    const struct feed_token old = {.tenant_epoch = p->request.start.epoch};
    if (!feed_token_stands(p->rc->service, p->rc->tenant->id, &old, epoch, &p->rc->fault))
        page_refuse(p, &p->rc->fault);
}

static void page_done(struct store_read *read)
{
    struct feed_page *p = read->ctx;
    if (fault_is_set(&read->fault))
        page_refuse(p, &read->fault);
    else if (read->feed_now->epoch != p->request.start.epoch)
        page_reset(p, read->feed_now->epoch);
    else
        page_go_on(p);
}

static void page_next(struct feed_page *p)
{
    const struct feed_start *start = &p->request.start;
    const size_t left = p->limit - p->events + 1; /* one more tells whether there is more */
    const size_t asked = start->filtered ? FEED_READ_EVENTS : smaller(left, FEED_READ_EVENTS);
    p->reads++;
    metric_add(&feed_reads, READER_PAGE, 1);
    read_slice_begin(p->rc, &p->read, &p->slice, page_done, p);
    store_read_feed(p->rc->service->store, &p->read, &start->at, (int)asked, FEED_READ_BYTES,
                    start->class != FEED_THIN);
}

static void page_begins(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    struct feed_page *p = rc ? rc->user : NULL;
    if (!p)
        return;
    if (!take_place(&p->request, rc->read.feed_now, &rc->fault)) {
        rpc_fail(rc->call, &rc->fault);
        return;
    }
    arena_init(&p->slice, SLICE_ARENA_BYTES);
    if (p->request.from == FEED_FROM_LATEST)
        page_answer(p, false);
    else
        page_next(p);
}

static void page_start(struct read_call *rc)
{
    const Amends__V1__ReadEventsRequest *req = (const void *)rc->request;
    struct feed_page *p = ARENA_NEW(rc->arena, struct feed_page);
    p->rc = rc;
    p->limit = (size_t)page_size(&rc->fault, req->page_size, EVENTS_USUAL, EVENTS_MOST);
    p->request =
        (struct feed_request){.service = rc->service, .call = rc->call, .tenant = rc->tenant};
    if (!take_request(&p->request, req->position, req->filter, req->personal, &rc->fault)) {
        rpc_fail(rc->call, &rc->fault);
        return;
    }
    p->parts = ARENA_ARRAY(rc->arena, struct rpc_part, p->limit + 1);
    rc->user = p;
    rc->read.done = page_begins;
    store_read_feed_now(rc->service->store, &rc->read);
}

void feeds_read(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_PAGE, page_start);
}
