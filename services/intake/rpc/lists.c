/* SPDX-License-Identifier: Apache-2.0 */

#include "intake/rpc/lists.h"

#include "amends/v1/intake_service.pb-c.h"
#include "base/digest.h"
#include "case/message/message.h"
#include "contract/check.h"
#include "contract/reasons.h"
#include "contract/words.h"
#include "shared/page_token.h"

/* -- ListCases --------------------------------------------------------------------------------- */

#define CASES_USUAL 50
#define CASES_MOST 500

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

/* One status is hashed as its number, as it was before a list could ask for several: a page token
 * that the release before gave out goes on. */
static struct slice statuses_slice(const struct case_filter *f, int16_t *one)
{
    *one = 0;
    while (f->statuses >> (*one + 1))
        ++*one;
    return (f->statuses & (f->statuses - 1)) ? slice_of(&f->statuses, sizeof f->statuses)
                                             : slice_of(one, sizeof *one);
}

static uint64_t filter_hash(const struct case_filter *f)
{
    int16_t one;
    const struct slice fields[] = {slice_str("cases"),
                                   slice_str(f->customer_id),
                                   slice_str(f->owner_id),
                                   slice_str(f->failure_code),
                                   statuses_slice(f, &one),
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

static void cases_done(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (!rc)
        return;
    const struct case_filter *f = rc->user;
    Amends__V1__ListCasesResponse r = AMENDS__V1__LIST_CASES_RESPONSE__INIT;
    const size_t shown =
        (int)read->case_rows.n < f->limit ? read->case_rows.n : (size_t)f->limit - 1;
    r.cases = ARENA_ARRAY(rc->arena, Amends__V1__Case *, shown + 1);
    for (; r.n_cases < shown && read_call_room(rc); r.n_cases++)
        r.cases[r.n_cases] =
            message_case_row(ROW_AT(&read->case_rows, struct case_row, r.n_cases), rc->arena);
    if (read->case_rows.n > r.n_cases && r.n_cases > 0) {
        const struct case_row *last = ROW_AT(&read->case_rows, struct case_row, r.n_cases - 1);
        struct case_position at;
        memset(&at, 0, sizeof at);
        at.opened_at = last->opened_at;
        at.case_id = last->case_id;
        r.next_page_token = page_token_write(rc, filter_hash(f), slice_of(&at, sizeof at));
    }
    rpc_reply(rc->call, &r.base);
}

static void cases_start(struct read_call *rc)
{
    struct case_filter *f = cases_filter(rc);
    if (!read_call_valid(rc))
        return;
    f->limit++; /* reads one row more than it shows, to know if there is a next page */
    rc->user = f;
    rc->read.done = cases_done;
    store_list_cases(rc->service->store, &rc->read, f);
}

void lists_cases(struct rpc_call *call, void *service)
{
    service_read(service, call, cases_start);
}

/* -- GetCaseHistory ---------------------------------------------------------------------------- */

#define EVENTS_USUAL 100
#define EVENTS_MOST 500

struct history {
    struct uuid case_id;
    int limit;
    int64_t after_seq;
    uint64_t hash;
};

static bool refuse_missing(struct read_call *rc, const struct uuid *id)
{
    char text[UUID_TEXT_LEN + 1];
    if (rc->read.cases[0].exists)
        return false;
    fault_set(&rc->fault, FAULT_NOT_FOUND, ERROR_REASON_CASE_NOT_FOUND, "no case %s",
              uuid_format(id, text));
    rpc_fail(rc->call, &rc->fault);
    return true;
}

static const struct event_private_row *private_of(const struct store_read *read, int64_t seq)
{
    ROWS_EACH (p, struct event_private_row, &read->privates) {
        if (p->seq == seq)
            return p;
    }
    return NULL;
}

static void history_done(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (!rc)
        return;
    const struct history *h = rc->user;
    if (refuse_missing(rc, &h->case_id))
        return;
    Amends__V1__GetCaseHistoryResponse r = AMENDS__V1__GET_CASE_HISTORY_RESPONSE__INIT;
    r.events = ARENA_ARRAY(rc->arena, Amends__V1__CaseEvent *, read->events.n + 1);
    int64_t last_seq = 0;
    ROWS_EACH (e, struct event_row, &read->events) {
        if ((int)r.n_events == h->limit || !read_call_room(rc))
            break;
        r.events[r.n_events++] = message_event(e, private_of(read, e->seq), rc->arena);
        last_seq = e->seq;
    }
    if (read->events.n > r.n_events)
        r.next_page_token = page_token_write(rc, h->hash, slice_of(&last_seq, sizeof last_seq));
    rpc_reply(rc->call, &r.base);
}

static void history_start(struct read_call *rc)
{
    const Amends__V1__GetCaseHistoryRequest *req =
        (const Amends__V1__GetCaseHistoryRequest *)rc->request;
    struct history *h = ARENA_NEW(rc->arena, struct history);
    (void)check_uuid(&rc->fault, "case_id", req->case_id, &h->case_id);
    h->limit = page_size(&rc->fault, req->page_size, EVENTS_USUAL, EVENTS_MOST);
    const struct slice fields[] = {slice_str("history"), slice_of(&h->case_id, sizeof h->case_id)};
    h->hash = digest_key(fields, 2);
    struct slice position = page_token_read(rc, h->hash, req->page_token);
    if (position.len == sizeof h->after_seq)
        memcpy(&h->after_seq, position.data, sizeof h->after_seq);
    if (!read_call_valid(rc))
        return;
    rc->user = h;
    rc->read.done = history_done;
    store_read_events(rc->service->store, &rc->read, &h->case_id, h->after_seq, h->limit + 1);
}

void lists_history(struct rpc_call *call, void *service)
{
    service_read(service, call, history_start);
}
