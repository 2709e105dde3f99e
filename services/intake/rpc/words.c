/* SPDX-License-Identifier: Apache-2.0 */

/* ListSignals, ListContacts and ListActs: the parts of a case with their words, newest first. */

#include "amends/v1/intake_service.pb-c.h"
#include "base/assert.h"
#include "base/digest.h"
#include "base/minmax.h"
#include "case/message/message.h"
#include "contract/check.h"
#include "contract/reasons.h"
#include "intake/rpc/cases.h"
#include "shared/named_case.h"
#include "shared/page_token.h"
#include "shared/show.h"

#define PAGE_USUAL 50
#define PAGE_MOST 500
#define PAGE_BYTES (1u << 20) /* of words in one page */

/* One list under way. The three responses have the same shape, so the page is kept apart from
 * them. */
struct listing {
    struct read_call *rc;
    struct store_read read; /* into `slice` */
    struct arena slice;
    enum words_of of;
    const char *case_id, *token;
    struct uuid id;
    uint64_t hash;
    struct words_place place; /* of the last part of the page */
    size_t limit, bytes;
    size_t n;
    ProtobufCMessage **parts;
};

/* -- the end ----------------------------------------------------------------------------------- */

static void refuse(struct listing *l, const struct fault *fault)
{
    struct arena slice = l->slice; /* `l` lies in the call's arena, which goes with the answer */
    rpc_fail(l->rc->call, fault);
    arena_free(&slice);
}

static void reply(struct listing *l, ProtobufCMessage *response)
{
    struct read_call *rc = l->rc;
    const struct show_case of = {l->id, l->read.cases[0].row.customer_id};
    if (!show_personal(rc->service, rc->call, rc->tenant->id, response, &of, false, rc->arena,
                       &rc->fault)) {
        refuse(l, &rc->fault);
        return;
    }
    arena_free(&l->slice);
    rpc_reply(rc->call, response);
}

static void answer(struct listing *l, bool at_end)
{
    char *token =
        at_end ? NULL : page_token_write(l->rc, l->hash, slice_of(&l->place, sizeof l->place));
    Amends__V1__ListSignalsResponse signals = AMENDS__V1__LIST_SIGNALS_RESPONSE__INIT;
    Amends__V1__ListContactsResponse contacts = AMENDS__V1__LIST_CONTACTS_RESPONSE__INIT;
    Amends__V1__ListActsResponse acts = AMENDS__V1__LIST_ACTS_RESPONSE__INIT;
    signals.n_signals = contacts.n_contacts = acts.n_acts = l->n;
    signals.signals = (Amends__V1__Signal **)l->parts;
    contacts.contacts = (Amends__V1__ContactAttempt **)l->parts;
    acts.acts = (Amends__V1__Act **)l->parts;
    if (token)
        signals.next_page_token = contacts.next_page_token = acts.next_page_token = token;
    ProtobufCMessage *responses[] = {[WORDS_OF_SIGNALS] = &signals.base,
                                     [WORDS_OF_CONTACTS] = &contacts.base,
                                     [WORDS_OF_ACTS] = &acts.base};
    reply(l, responses[l->of]);
}

/* -- a slice ----------------------------------------------------------------------------------- */

static const struct rows *rows_of(const struct listing *l)
{
    const struct case_state *c = &l->read.cases[0];
    const struct rows *rows[] = {[WORDS_OF_SIGNALS] = &c->signals,
                                 [WORDS_OF_CONTACTS] = &c->contacts,
                                 [WORDS_OF_ACTS] = &c->acts};
    return rows[l->of];
}

static void add_part(struct listing *l, ProtobufCMessage *part, struct words_place place,
                     size_t bytes)
{
    AM_ASSERT(part != NULL); /* the bytes of a page are bounded by less than a call's arena */
    memset(&l->place, 0, sizeof l->place);
    l->place.at = place.at;
    l->place.id = place.id;
    l->place.number = place.number;
    l->bytes += bytes;
    l->parts[l->n++] = part;
}

static void add_row(struct listing *l, const struct rows *rows, size_t i)
{
    struct arena *arena = l->rc->arena;
    if (l->of == WORDS_OF_SIGNALS) {
        const struct signal_row *row = ROW_AT(rows, const struct signal_row, i);
        add_part(l, &message_signal(row, arena)->base, (struct words_place){.number = row->number},
                 strlen(row->body));
    } else if (l->of == WORDS_OF_CONTACTS) {
        const struct contact_row *row = ROW_AT(rows, const struct contact_row, i);
        add_part(l, &message_contact(row, arena)->base,
                 (struct words_place){.at = row->at, .id = row->contact_id}, strlen(row->note));
    } else {
        const struct act_row *row = ROW_AT(rows, const struct act_row, i);
        add_part(l, &message_act(row, arena)->base,
                 (struct words_place){.at = row->at, .id = row->act_id}, strlen(row->note));
    }
}

static void next_slice(struct listing *l);

static void slice_read(struct store_read *read)
{
    struct listing *l = read->ctx;
    if (fault_is_set(&read->fault)) {
        refuse(l, &read->fault);
        return;
    }
    if (!read->cases[0].exists) {
        fault_set(&l->rc->fault, FAULT_NOT_FOUND, ERROR_REASON_CASE_NOT_FOUND, "no case %s",
                  l->case_id);
        refuse(l, &l->rc->fault);
        return;
    }
    const struct rows *rows = rows_of(l);
    for (size_t i = rows->n; i-- > 0;)
        add_row(l, rows, i);
    if (rows->n == 0 || l->n >= l->limit || l->bytes >= PAGE_BYTES)
        answer(l, rows->n == 0);
    else if (read_call_gone(l->rc))
        refuse(l, &l->rc->fault);
    else
        next_slice(l);
}

static void next_slice(struct listing *l)
{
    read_slice_begin(l->rc, &l->read, &l->slice, slice_read, l);
    store_read_words(l->rc->service->store, &l->read, &l->id, l->of, &l->place,
                     smaller(READ_SLICE_BYTES, PAGE_BYTES - l->bytes), (int)(l->limit - l->n));
}

/* -- the start --------------------------------------------------------------------------------- */

static void case_known(struct read_call *rc)
{
    static const char *const names[] = {
        [WORDS_OF_SIGNALS] = "signals", [WORDS_OF_CONTACTS] = "contacts", [WORDS_OF_ACTS] = "acts"};
    struct listing *l = rc->user;
    const struct slice fields[] = {slice_str(names[l->of]), slice_of(&l->id, sizeof l->id)};
    l->hash = digest_key(fields, 2);
    const struct slice position = page_token_read(rc, l->hash, l->token);
    if (position.len == sizeof l->place)
        memcpy(&l->place, position.data, sizeof l->place);
    if (!read_call_valid(rc))
        return;
    l->parts = ARENA_ARRAY(rc->arena, ProtobufCMessage *, l->limit);
    arena_init(&l->slice, 4 * READ_SLICE_BYTES);
    next_slice(l);
}

static void start(struct read_call *rc, enum words_of of, const char *case_id, int32_t size,
                  const char *token)
{
    struct listing *l = ARENA_NEW(rc->arena, struct listing);
    l->rc = rc;
    l->of = of;
    l->case_id = case_id;
    l->token = token;
    l->limit = (size_t)page_size(&rc->fault, size, PAGE_USUAL, PAGE_MOST);
    rc->user = l;
    named_case(rc, case_id, &l->id, case_known);
}

static void signals_start(struct read_call *rc)
{
    const Amends__V1__ListSignalsRequest *req = (const Amends__V1__ListSignalsRequest *)rc->request;
    start(rc, WORDS_OF_SIGNALS, req->case_id, req->page_size, req->page_token);
}

static void contacts_start(struct read_call *rc)
{
    const Amends__V1__ListContactsRequest *req =
        (const Amends__V1__ListContactsRequest *)rc->request;
    start(rc, WORDS_OF_CONTACTS, req->case_id, req->page_size, req->page_token);
}

static void acts_start(struct read_call *rc)
{
    const Amends__V1__ListActsRequest *req = (const Amends__V1__ListActsRequest *)rc->request;
    start(rc, WORDS_OF_ACTS, req->case_id, req->page_size, req->page_token);
}

void words_signals(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_PAGE, signals_start);
}

void words_contacts(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_PAGE, contacts_start);
}

void words_acts(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_PAGE, acts_start);
}
