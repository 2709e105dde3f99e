/* SPDX-License-Identifier: Apache-2.0 */

#include "intake/rpc/lists.h"

#include "amends/v1/intake_service.pb-c.h"
#include "base/assert.h"
#include "base/digest.h"
#include "case/message/message.h"
#include "contract/check.h"
#include "contract/reasons.h"
#include "shared/named_case.h"
#include "shared/page_token.h"
#include "shared/show.h"

/* -- GetCaseHistory ---------------------------------------------------------------------------- */

/* Of one slice, a bound: rows are asked for by what those before them took. */
#define SLICE_ARENA_BYTES (16u << 20)
#define EVENTS_USUAL 100
#define EVENTS_MOST 500

/* A page under way, read in slices. */
struct history {
    struct read_call *rc;
    struct store_read read;
    struct arena slice;
    struct uuid case_id;
    size_t limit;
    int asked;
    int64_t after_seq;
    uint64_t hash;
    bool bytes; /* with the bytes that are hashed */
    Amends__V1__GetCaseHistoryResponse response;
};

static void history_refuse(struct history *h, const struct fault *fault)
{
    struct arena slice = h->slice; /* `h` lies in the call's arena, which goes with the answer */
    rpc_fail(h->rc->call, fault);
    arena_free(&slice);
}

static void history_missing(struct history *h)
{
    char text[UUID_TEXT_LEN + 1];
    fault_set(&h->rc->fault, FAULT_NOT_FOUND, ERROR_REASON_CASE_NOT_FOUND, "no case %s",
              uuid_format(&h->case_id, text));
    history_refuse(h, &h->rc->fault);
}

static void history_answer(struct history *h, bool more)
{
    if (more)
        h->response.next_page_token =
            page_token_write(h->rc, h->hash, slice_of(&h->after_seq, sizeof h->after_seq));
    const struct show_case of = {h->case_id, h->read.cases[0].row.customer_id};
    if (!show_personal(h->rc->service, h->rc->call, h->rc->tenant->id, &h->response.base, &of,
                       false, h->rc->arena, &h->rc->fault)) {
        history_refuse(h, &h->rc->fault);
        return;
    }
    arena_free(&h->slice);
    rpc_reply(h->rc->call, &h->response.base);
}

static const struct event_private_row *private_of(const struct store_read *read, int64_t seq)
{
    ROWS_EACH (p, struct event_private_row, &read->privates) {
        if (p->seq == seq)
            return p;
    }
    return NULL;
}

static bool has_room(const struct history *h, const struct event_row *e)
{
    const struct arena *arena = h->rc->arena;
    const size_t left = arena->quota_bytes - arena->used_bytes;
    return h->response.n_events < h->limit && read_call_room(h->rc) &&
           (!h->bytes || h->response.n_events == 0 || left / 2 > e->public_body.len);
}

static void add_bytes(struct history *h, Amends__V1__CaseEvent *event, const struct event_row *e)
{
    const struct slice body = e->public_body;
    void *bytes = h->bytes ? arena_dup(h->rc->arena, body.data, body.len) : NULL;
    if (bytes)
        event->detail_bytes = (ProtobufCBinaryData){.len = body.len, .data = bytes};
}

/* True when the page has no room for all of them. */
static bool history_take(struct history *h)
{
    ROWS_EACH (e, struct event_row, &h->read.events) {
        if (!has_room(h, e))
            return true;
        Amends__V1__CaseEvent *event = message_event(e, private_of(&h->read, e->seq), h->rc->arena);
        AM_ASSERT(event != NULL); /* there was room */
        add_bytes(h, event, e);
        h->response.events[h->response.n_events++] = event;
        h->after_seq = e->seq;
    }
    return false;
}

static void history_next(struct history *h, size_t rows);

static void history_done(struct store_read *read)
{
    struct history *h = read->ctx;
    if (fault_is_set(&read->fault))
        history_refuse(h, &read->fault);
    else if (!read->cases[0].exists)
        history_missing(h);
    else if (history_take(h))
        history_answer(h, true);
    else if ((int)read->events.n < h->asked)
        history_answer(h, false);
    else if (read_call_gone(h->rc))
        history_refuse(h, &h->rc->fault);
    else
        history_next(h, read->events.n);
}

static void history_next(struct history *h, size_t rows)
{
    h->asked = read_slice_rows(&h->read, rows, h->limit - h->response.n_events + 1);
    read_slice_begin(h->rc, &h->read, &h->slice, history_done, h);
    store_read_events(h->rc->service->store, &h->read, &h->case_id, h->after_seq, h->asked);
}

static void history_known(struct read_call *rc)
{
    const Amends__V1__GetCaseHistoryRequest *req =
        (const Amends__V1__GetCaseHistoryRequest *)rc->request;
    struct history *h = rc->user;
    const struct slice fields[] = {slice_str("history"), slice_of(&h->case_id, sizeof h->case_id)};
    h->hash = digest_key(fields, 2);
    struct slice position = page_token_read(rc, h->hash, req->page_token);
    if (position.len == sizeof h->after_seq)
        memcpy(&h->after_seq, position.data, sizeof h->after_seq);
    if (!read_call_valid(rc))
        return;
    amends__v1__get_case_history_response__init(&h->response);
    h->response.events = ARENA_ARRAY(rc->arena, Amends__V1__CaseEvent *, h->limit);
    arena_init(&h->slice, SLICE_ARENA_BYTES);
    history_next(h, 0);
}

static void history_start(struct read_call *rc)
{
    const Amends__V1__GetCaseHistoryRequest *req =
        (const Amends__V1__GetCaseHistoryRequest *)rc->request;
    struct history *h = ARENA_NEW(rc->arena, struct history);
    h->rc = rc;
    h->bytes = req->detail_bytes;
    h->limit = (size_t)page_size(&rc->fault, req->page_size, EVENTS_USUAL, EVENTS_MOST);
    rc->user = h;
    named_case(rc, req->case_id, &h->case_id, history_known);
}

void lists_history(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_PAGE, history_start);
}
