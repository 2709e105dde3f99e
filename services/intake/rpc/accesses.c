/* SPDX-License-Identifier: Apache-2.0 */

/* ListAccessRecords: who was shown personal data, newest first. */

#include <string.h>

#include "amends/v1/privacy_service.pb-c.h"
#include "base/assert.h"
#include "base/digest.h"
#include "case/message/message.h"
#include "contract/check.h"
#include "contract/timestamp.h"
#include "contract/words.h"
#include "intake/rpc/privacy.h"
#include "shared/access.h"
#include "shared/page_token.h"

#define USUAL 50
#define MOST 500
#define END_US (253402300799 * US_PER_S) /* 9999-12-31T23:59:59Z */

struct accesses {
    struct read_call *rc;
    struct access_filter filter;
    uint64_t hash;
    int limit;
    Amends__V1__ListAccessRecordsResponse response;
};

/* The last record of a page. */
struct position {
    int64_t at, number;
    struct uuid writer;
};

static char *keep(struct read_call *rc, const char *text)
{
    char *copy = arena_strdup(rc->arena, text);
    AM_ASSERT(copy != NULL); /* a page is bounded by less than the call's arena */
    return copy;
}

static char *id_text(struct read_call *rc, const struct uuid *id)
{
    return uuid_format(id, ARENA_ARRAY(rc->arena, char, UUID_TEXT_LEN + 1));
}

static void tell_fields(struct read_call *rc, Amends__V1__AccessRecord *m, int32_t fields)
{
    m->fields = ARENA_ARRAY(rc->arena, Amends__V1__AccessedFields, ACCESSED_FIELDS_COUNT);
    for (int f = 1; f < ACCESSED_FIELDS_COUNT; f++)
        if (fields >> f & 1)
            m->fields[m->n_fields++] = (Amends__V1__AccessedFields)f;
}

static Amends__V1__AccessRecord *record(struct read_call *rc, const struct access_row *row)
{
    Amends__V1__AccessRecord *m = ARENA_NEW(rc->arena, Amends__V1__AccessRecord);
    amends__v1__access_record__init(m);
    m->access_time = message_time(row->at, rc->arena);
    m->principal = keep(rc, row->principal);
    m->via = keep(rc, row->via);
    m->method = keep(rc, row->method);
    m->customer_id = keep(rc, row->customer_id);
    if (!uuid_is_zero(&row->case_id))
        m->case_id = id_text(rc, &row->case_id);
    tell_fields(rc, m, row->fields);
    m->reads = row->reads;
    m->writer = id_text(rc, &row->writer);
    m->number = row->number;
    return m;
}

static void tell_gaps(struct accesses *x, const struct rows *gaps)
{
    struct read_call *rc = x->rc;
    x->response.gaps = ARENA_ARRAY(rc->arena, Amends__V1__AccessRecordGap *, gaps->n + 1);
    ROWS_EACH (w, const struct access_writer, gaps) {
        Amends__V1__AccessRecordGap *g = ARENA_NEW(rc->arena, Amends__V1__AccessRecordGap);
        amends__v1__access_record_gap__init(g);
        g->writer = id_text(rc, &w->writer);
        g->from_time = message_time(w->written_at, rc->arena);
        x->response.gaps[x->response.n_gaps++] = g;
    }
}

static void tell_records(struct accesses *x, const struct rows *rows)
{
    struct read_call *rc = x->rc;
    Amends__V1__ListAccessRecordsResponse *r = &x->response;
    r->records = ARENA_ARRAY(rc->arena, Amends__V1__AccessRecord *, rows->n + 1);
    while (r->n_records < rows->n && r->n_records < (size_t)x->limit) {
        r->records[r->n_records] = record(rc, ROW_AT(rows, const struct access_row, r->n_records));
        r->n_records++;
    }
    if (r->n_records == rows->n)
        return;
    const struct access_row *last = ROW_AT(rows, const struct access_row, r->n_records - 1);
    struct position at;
    memset(&at, 0, sizeof at);
    at.at = last->at;
    at.number = last->number;
    at.writer = last->writer;
    r->next_page_token = page_token_write(rc, x->hash, slice_of(&at, sizeof at));
}

static void listed(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (!rc)
        return;
    struct accesses *x = rc->user;
    tell_records(x, &read->found);
    tell_gaps(x, &read->gaps);
    rpc_reply(rc->call, &x->response.base);
}

/* -- the request ------------------------------------------------------------------------------- */

static int64_t bound_us(struct read_call *rc, const char *field,
                        const Google__Protobuf__Timestamp *t, int64_t otherwise)
{
    if (!t)
        return otherwise;
    if (t->seconds < 0 || t->seconds > END_US / US_PER_S || t->nanos < 0 || t->nanos > 999999999)
        fault_violation(&rc->fault, field, "is not between 1970 and 9999");
    return timestamp_us(t);
}

static void read_filter(struct accesses *x, const Amends__V1__ListAccessRecordsRequest *req)
{
    struct read_call *rc = x->rc;
    struct access_filter *f = &x->filter;
    f->customer_id = req->customer_id;
    f->principal = req->principal;
    if (*req->case_id)
        (void)check_uuid(&rc->fault, "case_id", req->case_id, &f->case_id);
    f->from_us = bound_us(rc, "time_from", req->time_from, 0);
    f->before_at = bound_us(rc, "time_until", req->time_until, END_US);
    x->limit = page_size(&rc->fault, req->page_size, USUAL, MOST);
    f->limit = x->limit + 1;
}

static void read_position(struct accesses *x, const char *token)
{
    struct access_filter *f = &x->filter;
    const struct slice parts[] = {slice_str("accesses"),
                                  slice_str(f->customer_id),
                                  slice_str(f->principal),
                                  slice_of(f->case_id.b, sizeof f->case_id.b),
                                  slice_of(&f->from_us, sizeof f->from_us),
                                  slice_of(&f->before_at, sizeof f->before_at)};
    struct position at;
    x->hash = digest_key(parts, sizeof parts / sizeof *parts);
    const struct slice position = page_token_read(x->rc, x->hash, token);
    if (position.len != sizeof at)
        return;
    memcpy(&at, position.data, sizeof at);
    f->before_at = at.at;
    f->before_writer = at.writer;
    f->before_number = at.number;
}

static void start(struct read_call *rc)
{
    const Amends__V1__ListAccessRecordsRequest *req =
        (const Amends__V1__ListAccessRecordsRequest *)rc->request;
    struct accesses *x = ARENA_NEW(rc->arena, struct accesses);
    rc->user = x;
    x->rc = rc;
    amends__v1__list_access_records_response__init(&x->response);
    read_filter(x, req);
    read_position(x, req->page_token);
    if (!read_call_valid(rc))
        return;
    const int64_t now_us = time_shared_us(loop_time(rc->service->loop));
    rc->read.done = listed;
    store_list_access(rc->service->store, &rc->read, &x->filter,
                      *req->page_token ? 0 : now_us - ACCESS_SILENT_US);
}

void privacy_accesses(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_PAGE, start);
}
