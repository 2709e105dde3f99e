/* SPDX-License-Identifier: Apache-2.0 */

/* ListWork: the sources merged into pages. */

#include "assignment/work/work.h"
#include "base/assert.h"
#include "base/digest.h"
#include "case/message/message.h"
#include "contract/check.h"
#include "contract/words.h"
#include "shared/page_token.h"
#include "shared/show.h"

#define PAGE_USUAL 50
#define PAGE_MOST 200

/* A page under way. */
struct listing {
    struct work_scope scope;
    struct work_query query;
    struct store_read read;
    int64_t now_us;
    int64_t due_before_us; /* as it was asked for */
    bool overdue_only;
    size_t limit;
    Amends__V1__ListWorkResponse response;
};

/* -- the request ------------------------------------------------------------------------------- */

static const enum work_source source_of[] = {
    [WORK_REASON_CLOCK] = WORK_CLOCK,
    [WORK_REASON_PROMISE] = WORK_PROMISE,
    [WORK_REASON_ANSWER] = WORK_ANSWER,
    [WORK_REASON_OFFER] = WORK_OFFER,
};

static unsigned sources_of(struct fault *fault, const Amends__V1__ListWorkRequest *req)
{
    const unsigned all = (1u << WORK_SOURCES) - 1;
    unsigned sources = 0;
    for (size_t i = 0; i < req->n_reasons; i++) {
        const int reason = (int)req->reasons[i];
        const char *field = arena_printf(fault->arena, "reasons[%zu]", i);
        check_enum(fault, field ? field : "reasons", WORK_REASON_WORDS, reason, true);
        if (reason > 0 && reason <= WORK_SOURCES)
            sources |= 1u << source_of[reason];
    }
    return sources ? sources : all;
}

static int64_t due_before(struct fault *fault, const Google__Protobuf__Timestamp *t)
{
    check_past_time(fault, "due_before", t, CHECK_FORM_ONLY, false);
    return t ? t->seconds * US_PER_S + t->nanos / 1000 : 0;
}

static uint64_t filter_hash(const struct listing *l)
{
    const struct work_scope *s = &l->scope;
    const struct slice fields[] = {slice_str("work"),
                                   slice_str(s->owner_id),
                                   slice_str(s->team),
                                   slice_of(&s->level, sizeof s->level),
                                   slice_of(&l->query.sources, sizeof l->query.sources),
                                   slice_of(&l->due_before_us, sizeof l->due_before_us),
                                   slice_of(&l->overdue_only, sizeof l->overdue_only)};
    return digest_key(fields, sizeof fields / sizeof *fields);
}

/* A place without what lies between its members in memory. */
#define PLACE_BYTES 28

static struct slice place_bytes(const struct work_place *place, uint8_t bytes[PLACE_BYTES])
{
    memcpy(bytes, &place->at_us, 8);
    memcpy(bytes + 8, &place->source, 4);
    memcpy(bytes + 12, &place->id, 16);
    return slice_of(bytes, PLACE_BYTES);
}

static void read_place(struct work_place *place, struct slice position)
{
    if (position.len != PLACE_BYTES)
        return;
    memcpy(&place->at_us, position.data, 8);
    memcpy(&place->source, position.data + 8, 4);
    memcpy(&place->id, position.data + 12, 16);
}

/* The bound of the statement: what is due already is due before now. */
static int64_t bound_us(const struct listing *l)
{
    if (!l->overdue_only || (l->due_before_us && l->due_before_us < l->now_us))
        return l->due_before_us;
    return l->now_us;
}

static void take_request(struct listing *l, struct read_call *rc)
{
    const Amends__V1__ListWorkRequest *req = (const Amends__V1__ListWorkRequest *)rc->request;
    l->scope.owner_id = req->owner_id;
    l->scope.team = req->team;
    l->scope.level = req->level;
    work_scope_check(&l->scope, rc);
    l->overdue_only = req->overdue_only;
    l->due_before_us = due_before(&rc->fault, req->due_before);
    l->query.sources = sources_of(&rc->fault, req);
    l->query.due_before_us = bound_us(l);
    l->limit = (size_t)page_size(&rc->fault, req->page_size, PAGE_USUAL, PAGE_MOST);
    read_place(&l->query.after, page_token_read(rc, filter_hash(l), req->page_token));
}

/* -- the answer -------------------------------------------------------------------------------- */

/* What somebody has done meanwhile is passed over, and its place kept. */
static void take_rows(struct listing *l, struct read_call *rc)
{
    const size_t n = l->read.work.n < l->limit ? l->read.work.n : l->limit;
    uint8_t place[PLACE_BYTES];
    l->response.items = ARENA_ARRAY(rc->arena, Amends__V1__WorkItem *, n + 1);
    for (size_t i = 0; i < n; i++) {
        const struct work_item *w = ROW_AT(&l->read.work, struct work_item, i);
        l->query.after = w->place;
        if (w->due_us == 0)
            continue;
        Amends__V1__WorkItem *item = work_message(w, l->now_us, rc->arena);
        AM_ASSERT(item != NULL); /* a page is much smaller than the call's arena */
        l->response.items[l->response.n_items++] = item;
    }
    if (l->read.work.n > n)
        l->response.next_page_token =
            page_token_write(rc, filter_hash(l), place_bytes(&l->query.after, place));
}

static void list_done(struct store_read *read)
{
    struct listing *l = read->ctx;
    struct read_call *rc = l->scope.rc;
    if (fault_is_set(&read->fault)) {
        rpc_fail(rc->call, &read->fault);
        return;
    }
    take_rows(l, rc);
    l->response.server_time = message_time(l->now_us, rc->arena);
    if (show_personal(rc->service, rc->call, rc->tenant->id, &l->response.base, NULL, true,
                      rc->arena, &rc->fault))
        rpc_reply(rc->call, &l->response.base);
    else
        rpc_fail(rc->call, &rc->fault);
}

/* One row more than the page shows tells whether there is a next page. */
static void list_owners(struct work_scope *scope)
{
    struct listing *l = CONTAINER_OF(scope, struct listing, scope);
    l->query.owners = scope->owners;
    l->query.n_owners = scope->n_owners;
    l->query.limit = (int)l->limit + 1;
    l->read = scope->rc->read;
    l->read.done = list_done;
    l->read.ctx = l;
    store_list_work(scope->rc->service->store, &l->read, &l->query);
}

static void start(struct read_call *rc)
{
    struct listing *l = ARENA_NEW(rc->arena, struct listing);
    l->now_us = engine_now_us(rpc_call_user(rc->call));
    amends__v1__list_work_response__init(&l->response);
    take_request(l, rc);
    if (read_call_valid(rc))
        work_scope_find(&l->scope, list_owners);
}

void work_list(struct rpc_call *call, void *assignment)
{
    rpc_call_set_user(call, assignment);
    service_read(((struct assignment *)assignment)->service, call, READ_PAGE, start);
}
