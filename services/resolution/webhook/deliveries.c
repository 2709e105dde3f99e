/* SPDX-License-Identifier: Apache-2.0 */

/* ListDeliveries and Redeliver. */

#include <string.h>

#include "base/assert.h"
#include "base/digest.h"
#include "case/message/message.h"
#include "contract/check.h"
#include "contract/reasons.h"
#include "contract/timestamp.h"
#include "contract/words.h"
#include "resolution/delivery/sql.h"
#include "resolution/webhook/rpc.h"
#include "shared/page_token.h"

#define USUAL 50
#define MOST 500
#define IDS_MOST 1000
#define AGAIN_SLICE 1000
#define AGAIN_MOST 10000
#define FOREVER_US (253402300799LL * US_PER_S)
#define TEXT(s) ((char *)(uintptr_t)(s)) /* protobuf-c's strings are not const */

/* Whose deliveries; "" with a violation when it is not said once. */
static const char *receiver_of(struct hook_call *c, const char *webhook_id, const char *receiver)
{
    struct fault *f = &c->rc->fault;
    if (*webhook_id && *receiver)
        fault_violation(f, "receiver", "is given beside webhook_id; give one of them");
    else if (!*webhook_id && !*receiver)
        fault_violation(f, "webhook_id", "is required, or receiver is");
    else if (*receiver)
        check_principal(f, "receiver", receiver);
    else
        hook_check_id(f, webhook_id, true);
    return *webhook_id ? arena_printf(c->rc->arena, "%s%.64s", DELIVERY_HOOK_RECEIVER, webhook_id)
                       : receiver;
}

static int64_t time_or(struct hook_call *c, const char *field,
                       const Google__Protobuf__Timestamp *time, int64_t otherwise_us)
{
    check_past_time(&c->rc->fault, field, time, CHECK_FORM_ONLY, false);
    return time && !fault_is_set(&c->rc->fault) ? timestamp_us(time) : otherwise_us;
}

/* -- ListDeliveries ---------------------------------------------------------------------------- */

struct place {
    int64_t created_at;
    struct uuid id;
};

struct page {
    const char *receiver;
    int state;
    int64_t from_us;
    struct place before;
    size_t limit;
    uint64_t hash;
    Amends__V1__ListDeliveriesResponse response;
};

static void set_uuid(char **field, const struct uuid *id, struct arena *arena)
{
    if (uuid_is_zero(id))
        return;
    *field = arena_must(arena, UUID_TEXT_LEN + 1);
    (void)uuid_format(id, *field);
}

static Amends__V1__Delivery *delivery_message(const struct delivery_row *row, struct arena *arena)
{
    Amends__V1__Delivery *m = ARENA_NEW(arena, Amends__V1__Delivery);
    amends__v1__delivery__init(m);
    set_uuid(&m->delivery_id, &row->delivery_id, arena);
    m->kind = (Amends__V1__DeliveryKind)row->kind;
    m->receiver = TEXT(row->receiver);
    set_uuid(&m->case_id, &row->case_id, arena);
    m->sequence = row->seq;
    set_uuid(&m->notification_id, &row->notification_id, arena);
    m->state = (Amends__V1__DeliveryState)row->state;
    m->attempts = row->attempts;
    m->create_time = message_time(row->created_at, arena);
    m->next_attempt_time = message_time(row->next_at, arena);
    m->finish_time = message_time(row->finished_at, arena);
    m->status = row->status;
    m->error = TEXT(row->error);
    m->out_of_order = row->out_of_order;
    return m;
}

static void page_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct hook_call *c = ((struct sender_read *)pg->ctx)->ctx;
    struct page *p = c->user;
    struct delivery_row row = {0};
    struct place last;
    const int n = pg_rows_count(rows);
    (void)i;
    p->response.deliveries = ARENA_ARRAY(c->rc->arena, Amends__V1__Delivery *, (size_t)n + 1);
    memset(&last, 0, sizeof last);
    for (int at = 0; at < n && p->response.n_deliveries < p->limit && read_call_room(c->rc); at++) {
        AM_ASSERT(delivery_row_load(rows, at, 0, c->rc->arena, &row) == AM_OK);
        p->response.deliveries[p->response.n_deliveries++] = delivery_message(&row, c->rc->arena);
        last.created_at = row.created_at;
        last.id = row.delivery_id;
    }
    if (p->response.n_deliveries > 0 && p->response.n_deliveries < (size_t)n)
        p->response.next_page_token =
            page_token_write(c->rc, p->hash, slice_of(&last, sizeof last));
}

static void have_page(struct sender_read *r, const struct fault *fault)
{
    struct hook_call *c = r->ctx;
    if (fault)
        hook_call_fail(c, fault);
    else
        rpc_reply(c->rc->call, &((struct page *)c->user)->response.base);
}

static void read_page(struct hook_call *c)
{
    const struct page *p = c->user;
    struct sender_read *r = hook_call_read(c, page_rows, have_page);
    struct pg_args *args = sender_read_add(r, STMT_DELIVERIES);
    struct pg_array states;
    pg_array_init(&states, &r->arena, PG_INT2, DELIVERY_STATE_COUNT);
    for (int state = DELIVERY_STATE_WAITING; state < DELIVERY_STATE_COUNT; state++)
        if (p->state == DELIVERY_STATE_UNSPECIFIED || p->state == state)
            pg_array_int(&states, state);
    pg_arg_int8(args, c->rc->tenant->id);
    pg_arg_text(args, p->receiver);
    pg_arg_array(args, &states);
    pg_arg_time(args, p->from_us);
    pg_arg_time(args, p->before.created_at);
    pg_arg_uuid(args, &p->before.id);
    pg_arg_int4(args, (int32_t)p->limit + 1);
    sender_read_start(r);
}

static uint64_t list_hash(const Amends__V1__ListDeliveriesRequest *req)
{
    const int64_t numbers[] = {(int64_t)req->state, req->from_time ? req->from_time->seconds : 0,
                               req->until_time ? req->until_time->seconds : 0};
    const struct slice fields[] = {slice_str("deliveries"), slice_str(req->webhook_id),
                                   slice_str(req->receiver), slice_of(numbers, sizeof numbers)};
    return digest_key(fields, sizeof fields / sizeof *fields);
}

static void list_start(struct read_call *rc)
{
    const Amends__V1__ListDeliveriesRequest *req =
        (const Amends__V1__ListDeliveriesRequest *)rc->request;
    struct hook_call *c = hook_call_new(rc);
    struct page *p = ARENA_NEW(rc->arena, struct page);
    amends__v1__list_deliveries_response__init(&p->response);
    c->user = p;
    p->hash = list_hash(req);
    p->state = (int)req->state;
    p->receiver = receiver_of(c, req->webhook_id, req->receiver);
    check_enum(&rc->fault, "state", DELIVERY_STATE_WORDS, p->state, false);
    p->from_us = time_or(c, "from_time", req->from_time, 0);
    p->before.created_at = time_or(c, "until_time", req->until_time, FOREVER_US);
    p->limit = (size_t)page_size(&rc->fault, req->page_size, USUAL, MOST);
    const struct slice at = page_token_read(rc, p->hash, req->page_token);
    if (at.len == sizeof p->before)
        memcpy(&p->before, at.data, sizeof p->before);
    if (read_call_valid(rc))
        read_page(c);
}

void hook_deliveries_call(struct rpc_call *call, void *webhooks)
{
    hook_call_begin(call, webhooks, READ_PAGE, list_start);
}

/* -- Redeliver --------------------------------------------------------------------------------- */

struct again {
    const Amends__V1__RedeliverRequest *req;
    const char *receiver;
    struct uuid *ids;
    int64_t from_us, until_us;
    int64_t slice; /* rows of the last one */
    Amends__V1__RedeliverResponse response;
};

static void again_slice(struct hook_call *c);

static void again_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct hook_call *c = ((struct sender_read *)pg->ctx)->ctx;
    struct again *a = c->user;
    if (i == 0) {
        a->slice = pg_rows_affected(rows);
        a->response.redelivered += a->slice;
    }
}

static void again_ended(struct sender_read *r, const struct fault *fault)
{
    struct hook_call *c = r->ctx;
    struct again *a = c->user;
    if (fault) {
        hook_call_fail(c, fault);
        return;
    }
    const bool full = a->req->dead && a->slice == AGAIN_SLICE;
    if (full && a->response.redelivered < AGAIN_MOST) {
        again_slice(c);
        return;
    }
    a->response.more = full;
    deliveries_look(c->all->config.deliveries);
    rpc_reply(c->rc->call, &a->response.base);
}

/* Whoever serves the webhook hears of it by its generation. */
static void add_changed(struct hook_call *c, struct sender_read *r)
{
    const struct again *a = c->user;
    if (!*a->req->webhook_id)
        return;
    struct pg_args *args = sender_read_add(r, STMT_HOOK_CHANGED);
    pg_arg_int8(args, c->rc->tenant->id);
    pg_arg_text(args, a->req->webhook_id);
}

static void again_slice(struct hook_call *c)
{
    const struct again *a = c->user;
    struct sender_read *r = hook_call_read(c, again_rows, again_ended);
    struct pg_array ids;
    struct pg_args *args =
        sender_read_add(r, a->req->dead ? STMT_DELIVERY_AGAIN_DEAD : STMT_DELIVERY_AGAIN);
    pg_arg_int8(args, c->rc->tenant->id);
    pg_arg_text(args, a->receiver);
    pg_arg_time(args, webhooks_now_us(c->all));
    if (a->req->dead) {
        pg_arg_time(args, a->from_us);
        pg_arg_time(args, a->until_us);
        pg_arg_int4(args, AGAIN_SLICE);
    } else {
        pg_array_init(&ids, &r->arena, PG_UUID, a->req->n_delivery_ids);
        for (size_t i = 0; i < a->req->n_delivery_ids; i++)
            pg_array_uuid(&ids, &a->ids[i]);
        pg_arg_array(args, &ids);
    }
    add_changed(c, r);
    sender_read_start(r);
}

/* -- from a place on --------------------------------------------------------------------------- */

static void went_back_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct hook_call *c = ((struct sender_read *)pg->ctx)->ctx;
    (void)i;
    c->found = pg_rows_count(rows) > 0;
}

static void went_back(struct sender_read *r, const struct fault *fault)
{
    struct hook_call *c = r->ctx;
    const struct again *a = c->user;
    if (fault)
        hook_call_fail(c, fault);
    else if (!c->found)
        hook_not_found(c, a->req->webhook_id);
    else
        rpc_reply(c->rc->call, &a->response.base);
}

static void have_feed(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (!rc)
        return;
    struct hook_call *c = rc->user;
    const struct again *a = c->user;
    struct feed_position to;
    if (!hook_place(c, "cursor", a->req->cursor, read->feed_now, &to)) {
        rpc_fail(rc->call, &rc->fault);
        return;
    }
    struct sender_read *r = hook_call_read(c, went_back_rows, went_back);
    struct pg_args *args = sender_read_add(r, STMT_HOOK_REWIND);
    r->pg.lasting = true;
    pg_arg_int8(args, rc->tenant->id);
    pg_arg_text(args, a->req->webhook_id);
    pg_arg_int4(args, to.epoch);
    pg_arg_int8(args, to.xid);
    pg_arg_uuid(args, &to.case_id);
    pg_arg_int8(args, to.seq);
    sender_read_start(r);
}

/* -- the request ------------------------------------------------------------------------------- */

static void check_what(struct hook_call *c, struct again *a)
{
    const Amends__V1__RedeliverRequest *req = a->req;
    struct fault *f = &c->rc->fault;
    const int given = (req->n_delivery_ids > 0) + (req->dead != NULL) + (*req->cursor != '\0');
    if (given != 1)
        fault_violation(f, "delivery_ids", "give one of delivery_ids, dead and cursor, not %d",
                        given);
    if (*req->cursor && !*req->webhook_id)
        fault_violation(f, "cursor", "is given without webhook_id: only webhooks have one");
    if (req->n_delivery_ids > IDS_MOST)
        fault_violation(f, "delivery_ids", "has %zu ids, and %d are the most", req->n_delivery_ids,
                        IDS_MOST);
    a->ids = ARENA_ARRAY(c->rc->arena, struct uuid, req->n_delivery_ids + 1);
    for (size_t i = 0; i < req->n_delivery_ids && i < IDS_MOST; i++)
        if (!check_uuid(f, "delivery_ids", req->delivery_ids[i], &a->ids[i]))
            break;
    if (req->dead) {
        a->from_us = time_or(c, "dead.from_time", req->dead->from_time, 0);
        a->until_us = time_or(c, "dead.until_time", req->dead->until_time, FOREVER_US);
    }
}

static void redeliver_start(struct read_call *rc)
{
    struct hook_call *c = hook_call_new(rc);
    struct again *a = ARENA_NEW(rc->arena, struct again);
    amends__v1__redeliver_response__init(&a->response);
    a->req = (const Amends__V1__RedeliverRequest *)rc->request;
    c->user = a;
    a->receiver = receiver_of(c, a->req->webhook_id, a->req->receiver);
    check_what(c, a);
    if (!read_call_valid(rc) || service_refuses_system(rc->call))
        return;
    if (!*a->req->cursor) {
        again_slice(c);
        return;
    }
    rc->read.done = have_feed;
    store_read_feed_now(rc->service->store, &rc->read);
}

void hook_redeliver_call(struct rpc_call *call, void *webhooks)
{
    hook_call_begin(call, webhooks, READ_ROW, redeliver_start);
}
