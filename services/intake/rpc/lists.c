/* SPDX-License-Identifier: Apache-2.0 */

#include "intake/rpc/lists.h"

#include "amends/v1/intake_service.pb-c.h"
#include "base/assert.h"
#include "base/digest.h"
#include "base/minmax.h"
#include "case/message/message.h"
#include "contract/check.h"
#include "contract/reasons.h"
#include "contract/words.h"
#include "shared/named_case.h"
#include "shared/page_token.h"
#include "shared/show.h"

/* -- ListCases --------------------------------------------------------------------------------- */

/* Of one slice, a bound: rows are asked for by what those before them took. */
#define SLICE_ARENA_BYTES (16u << 20)
#define CASES_USUAL 50
#define CASES_MOST 500
#define CASES_FIRST 25 /* rows of the first slice */

struct case_position {
    int64_t opened_at;
    struct uuid case_id;
};

static int64_t time_us(struct fault *fault, const char *field, const Google__Protobuf__Timestamp *t)
{
    const int64_t seconds_max =
        253402300799; /* 9999-12-31T23:59:59Z, as google.protobuf.Timestamp says */
    if (!t)
        return 0;
    if (t->seconds < 0 || t->seconds > seconds_max || t->nanos < 0 || t->nanos > 999999999) {
        fault_violation(fault, field, "is not between 1970 and 9999");
        return 0;
    }
    return t->seconds * US_PER_S + t->nanos / 1000;
}

static uint64_t filter_hash(const struct case_filter *f)
{
    const struct slice fields[] = {slice_str("cases"),
                                   slice_str(f->customer_id),
                                   slice_str(f->owner_id),
                                   slice_str(f->failure_code),
                                   slice_of(&f->statuses, sizeof f->statuses),
                                   slice_of(&f->opened_from, sizeof f->opened_from),
                                   slice_of(&f->opened_until, sizeof f->opened_until)};
    return digest_key(fields, sizeof fields / sizeof *fields);
}

static void read_position(struct case_filter *f, struct slice position)
{
    struct case_position at;
    if (position.len != sizeof at)
        return;
    memcpy(&at, position.data, sizeof at);
    f->before_opened_at = at.opened_at;
    f->before_case_id = at.case_id;
}

static uint32_t status_bit(struct fault *fault, const char *field, int status, bool required)
{
    check_enum(fault, field, CASE_STATUS_WORDS, status, required);
    return status > 0 && status < CASE_STATUS_COUNT ? 1u << status : 0;
}

/* The statuses asked for, a bit each. */
static uint32_t statuses_of(struct fault *fault, const Amends__V1__ListCasesRequest *req)
{
    uint32_t statuses = status_bit(fault, "status", (int)req->status, false);
    if (statuses && req->n_statuses > 0)
        fault_violation(fault, "statuses", "cannot be given together with status");
    for (size_t i = 0; i < req->n_statuses; i++)
        statuses |= status_bit(fault, "statuses", (int)req->statuses[i], true);
    return statuses;
}

static struct case_filter *cases_filter(struct read_call *rc)
{
    const Amends__V1__ListCasesRequest *req = (const Amends__V1__ListCasesRequest *)rc->request;
    struct case_filter *f = ARENA_NEW(rc->arena, struct case_filter);
    f->customer_id = req->customer_id;
    f->owner_id = req->owner_id;
    f->failure_code = req->failure_code;
    f->statuses = statuses_of(&rc->fault, req);
    f->opened_from = time_us(&rc->fault, "open_time_from", req->open_time_from);
    f->opened_until = time_us(&rc->fault, "open_time_until", req->open_time_until);
    f->limit = page_size(&rc->fault, req->page_size, CASES_USUAL, CASES_MOST);
    read_position(f, page_token_read(rc, filter_hash(f), req->page_token));
    return f;
}

/* A page under way: rows are read in slices, which are emptied as soon as they are messages. */
struct cases_page {
    struct read_call *rc;
    struct store_read read;
    struct arena slice;
    struct case_filter *filter;
    size_t limit;
    int asked; /* rows of the slice */
    uint64_t hash;
    Amends__V1__ListCasesResponse response;
};

static void cases_refuse(struct cases_page *p, const struct fault *fault)
{
    struct arena slice = p->slice; /* `p` lies in the call's arena, which goes with the answer */
    rpc_fail(p->rc->call, fault);
    arena_free(&slice);
}

static void cases_answer(struct cases_page *p, bool more)
{
    struct case_position at;
    memset(&at, 0, sizeof at);
    at.opened_at = p->filter->before_opened_at;
    at.case_id = p->filter->before_case_id;
    if (more && p->response.n_cases > 0)
        p->response.next_page_token = page_token_write(p->rc, p->hash, slice_of(&at, sizeof at));
    if (!show_personal(p->rc->service, p->rc->call, p->rc->tenant->id, &p->response.base, NULL,
                       true, p->rc->arena, &p->rc->fault)) {
        cases_refuse(p, &p->rc->fault);
        return;
    }
    arena_free(&p->slice);
    rpc_reply(p->rc->call, &p->response.base);
}

/* True when the page has no room for all of them. */
static bool cases_take(struct cases_page *p, const struct rows *rows)
{
    for (size_t i = 0; i < rows->n; i++) {
        const struct case_row *row = ROW_AT(rows, const struct case_row, i);
        if (p->response.n_cases == p->limit || !read_call_room(p->rc))
            return true;
        Amends__V1__Case *message = message_case_row(row, p->rc->arena);
        AM_ASSERT(message != NULL); /* there was room */
        p->response.cases[p->response.n_cases++] = message;
        p->filter->before_opened_at = row->opened_at;
        p->filter->before_case_id = row->case_id;
    }
    return false;
}

static void cases_next(struct cases_page *p, size_t rows);

static void cases_done(struct store_read *read)
{
    struct cases_page *p = read->ctx;
    const size_t n = read->case_rows.n;
    if (fault_is_set(&read->fault))
        cases_refuse(p, &read->fault);
    else if (cases_take(p, &read->case_rows))
        cases_answer(p, true);
    else if ((int)n < p->asked)
        cases_answer(p, false);
    else if (read_call_gone(p->rc))
        cases_refuse(p, &p->rc->fault);
    else
        cases_next(p, n);
}

/* One row more than the page shows tells whether there is a next page. */
static void cases_next(struct cases_page *p, size_t rows)
{
    const size_t left = p->limit - p->response.n_cases + 1;
    p->asked = rows > 0 ? read_slice_rows(&p->read, rows, left) : (int)smaller(CASES_FIRST, left);
    p->filter->limit = p->asked;
    read_slice_begin(p->rc, &p->read, &p->slice, cases_done, p);
    store_list_cases(p->rc->service->store, &p->read, p->filter);
}

static void cases_start(struct read_call *rc)
{
    struct cases_page *p = ARENA_NEW(rc->arena, struct cases_page);
    p->rc = rc;
    p->filter = cases_filter(rc);
    p->limit = (size_t)p->filter->limit;
    p->hash = filter_hash(p->filter);
    if (!read_call_valid(rc))
        return;
    amends__v1__list_cases_response__init(&p->response);
    p->response.cases = ARENA_ARRAY(rc->arena, Amends__V1__Case *, p->limit);
    arena_init(&p->slice, SLICE_ARENA_BYTES);
    cases_next(p, 0);
}

void lists_cases(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_PAGE, cases_start);
}

/* -- GetCaseHistory ---------------------------------------------------------------------------- */

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
