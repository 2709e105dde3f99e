/* SPDX-License-Identifier: Apache-2.0 */

/* ListCases. */

#include "intake/rpc/lists.h"

#include "amends/v1/case.pb-c.h"
#include "amends/v1/intake_service.pb-c.h"
#include "auth/role_set.h"
#include "base/assert.h"
#include "base/minmax.h"
#include "case/message/message.h"
#include "case/message/private.h"
#include "contract/reasons.h"
#include "contract/reference.h"
#include "contract/roles.h"
#include "intake/rpc/list_filter.h"
#include "shared/page_token.h"
#include "shared/show.h"

/* Of one slice, a bound: rows are asked for by what those before them took. */
#define SLICE_ARENA_BYTES (16u << 20)
#define CASES_USUAL 50
#define CASES_MOST 500
#define CASES_FIRST 25 /* rows of the first slice */

struct case_position {
    int64_t at;
    struct uuid case_id;
};

/* A page under way: rows are read in slices, which are emptied as soon as they are messages. */
struct cases_page {
    struct read_call *rc;
    struct store_read read;
    struct arena slice;
    struct case_filter filter;
    char reference[REFERENCE_CHARS + 1]; /* "" = none is asked for */
    size_t limit;
    int asked;  /* rows of the slice */
    int walked; /* rows that the slices before looked at */
    uint64_t hash;
    Amends__V1__ListCasesResponse response;
};

static void read_position(struct case_filter *f, struct slice position)
{
    struct case_position at;
    if (position.len != sizeof at)
        return;
    memcpy(&at, position.data, sizeof at);
    f->after_at = at.at;
    f->after_case_id = at.case_id;
}

static void cases_refuse(struct cases_page *p, const struct fault *fault)
{
    struct arena slice = p->slice; /* `p` lies in the call's arena, which goes with the answer */
    rpc_fail(p->rc->call, fault);
    arena_free(&slice);
}

/* A page may be empty and have a next one, when no case that was looked at passes the filters. */
static void cases_answer(struct cases_page *p, bool more)
{
    struct case_position at;
    memset(&at, 0, sizeof at);
    at.at = p->filter.after_at;
    at.case_id = p->filter.after_case_id;
    if (more && at.at != 0)
        p->response.next_page_token = page_token_write(p->rc, p->hash, slice_of(&at, sizeof at));
    if (!show_personal(p->rc->service, p->rc->call, p->rc->tenant->id, &p->response.base, NULL,
                       true, p->rc->arena, &p->rc->fault)) {
        cases_refuse(p, &p->rc->fault);
        return;
    }
    arena_free(&p->slice);
    rpc_reply(p->rc->call, &p->response.base);
}

static void show_due(Amends__V1__Case *message, const struct listed *listed, struct arena *arena)
{
    if (listed->due_at == 0)
        return;
    message->next_due = ARENA_NEW(arena, Amends__V1__NextDue);
    amends__v1__next_due__init(message->next_due);
    message->next_due->due_time = message_time(listed->due_at, arena);
    message->next_due->kind = (Amends__V1__ClockKind)listed->due_kind;
}

/* True when the page has no room for all of them. */
static bool cases_take(struct cases_page *p)
{
    const struct rows *rows = &p->read.case_rows;
    for (size_t i = 0; i < rows->n; i++) {
        const struct case_row *row = ROW_AT(rows, const struct case_row, i);
        const struct listed *listed = ROW_AT(&p->read.listed, const struct listed, i);
        if (p->response.n_cases == p->limit || !read_call_room(p->rc))
            return true;
        Amends__V1__Case *message = message_case_row(row, p->rc->arena);
        AM_ASSERT(message != NULL); /* there was room */
        show_due(message, listed, p->rc->arena);
        p->response.cases[p->response.n_cases++] = message;
        p->filter.after_at = p->filter.by_due ? listed->due_at : row->opened_at;
        p->filter.after_case_id = row->case_id;
    }
    return false;
}

/* True when the slices of this page have looked at enough cases: the next page goes on there. */
static bool walked_enough(struct cases_page *p)
{
    const struct list_walked *walk = &p->read.walk;
    if (walk->stopped) {
        p->filter.after_at = walk->at;
        p->filter.after_case_id = walk->case_id;
    }
    p->walked += walk->rows;
    return walk->stopped || p->walked >= STORE_LIST_ROWS;
}

static void cases_next(struct cases_page *p, size_t rows);

static void cases_go_on(struct cases_page *p)
{
    const size_t rows = p->read.case_rows.n;
    if (walked_enough(p))
        cases_answer(p, true);
    else if (read_call_gone(p->rc))
        cases_refuse(p, &p->rc->fault);
    else
        cases_next(p, rows);
}

static void cases_done(struct store_read *read)
{
    struct cases_page *p = read->ctx;
    const bool full = (int)read->case_rows.n == p->asked;
    if (fault_is_set(&read->fault))
        cases_refuse(p, &read->fault);
    else if (cases_take(p))
        cases_answer(p, true);
    else if (!full && !read->walk.stopped)
        cases_answer(p, false);
    else
        cases_go_on(p);
}

/* One row more than the page shows tells whether there is a next page. */
static void cases_next(struct cases_page *p, size_t rows)
{
    const size_t left = p->limit - p->response.n_cases + 1;
    p->asked = rows > 0 ? read_slice_rows(&p->read, rows, left) : (int)smaller(CASES_FIRST, left);
    p->filter.limit = p->asked;
    read_slice_begin(p->rc, &p->read, &p->slice, cases_done, p);
    store_list_cases(p->rc->service->store, &p->read, &p->filter);
}

/* A case that nobody has is no case of the list. */
static void reference_known(struct store_read *read)
{
    struct cases_page *p = read->ctx;
    if (fault_is_set(&read->fault)) {
        cases_refuse(p, &read->fault);
        return;
    }
    if (read->case_ids.n == 0) {
        cases_answer(p, false);
        return;
    }
    p->filter.first_id = p->filter.last_id = *(const struct uuid *)read->case_ids.items;
    cases_next(p, 0);
}

/* Whether a case has an order would be told by the list alone, although the order is not shown. */
static bool may_filter(struct read_call *rc, const Amends__V1__ListCasesRequest *req)
{
    char roles[ROLE_SET_TEXT_BYTES], has[ROLE_SET_TEXT_BYTES];
    const uint32_t kind = private_kind(&amends__v1__failure__descriptor, "order_reference");
    if (!req->order_reference[0] || !(show_masks(rc->call) & kind))
        return true;
    role_set_text(contract_call_roles(rpc_call_method(rc->call)) & ~ROLE_BIT(ROLE_OBSERVER), roles);
    fault_set(&rc->fault, FAULT_PERMISSION_DENIED, ERROR_REASON_ROLE_MISSING,
              "order_reference needs one of the roles %s, because an OBSERVER may not see the "
              "orders of cases; list by other filters",
              roles);
    fault_meta(&rc->fault, "roles_needed", "%s", roles);
    fault_meta(&rc->fault, "roles", "%s", role_set_text(rpc_call_principal(rc->call)->roles, has));
    return false;
}

static void find_reference(struct cases_page *p)
{
    read_slice_begin(p->rc, &p->read, &p->slice, reference_known, p);
    store_find_case(p->rc->service->store, &p->read, p->reference);
}

static void cases_start(struct read_call *rc)
{
    const Amends__V1__ListCasesRequest *req = (const Amends__V1__ListCasesRequest *)rc->request;
    struct cases_page *p = ARENA_NEW(rc->arena, struct cases_page);
    p->rc = rc;
    if (!may_filter(rc, req)) {
        rpc_fail(rc->call, &rc->fault);
        return;
    }
    list_filter(&p->filter, req, time_now_us(loop_time(rc->service->loop)), p->reference,
                &rc->fault);
    p->limit = (size_t)page_size(&rc->fault, req->page_size, CASES_USUAL, CASES_MOST);
    p->hash = list_filter_hash(&p->filter, p->reference);
    read_position(&p->filter, page_token_read(rc, p->hash, req->page_token));
    if (!read_call_valid(rc))
        return;
    amends__v1__list_cases_response__init(&p->response);
    p->response.cases = ARENA_ARRAY(rc->arena, Amends__V1__Case *, p->limit);
    arena_init(&p->slice, SLICE_ARENA_BYTES);
    if (p->reference[0])
        find_reference(p);
    else
        cases_next(p, 0);
}

void lists_cases(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_PAGE, cases_start);
}
