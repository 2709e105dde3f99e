/* SPDX-License-Identifier: Apache-2.0 */

/* GetCase and BatchGetCases: one case after the other, each in slices. */

#include "intake/rpc/cases.h"

#include "amends/v1/intake_service.pb-c.h"
#include "base/assert.h"
#include "base/minmax.h"
#include "case/message/message.h"
#include "contract/check.h"
#include "contract/reasons.h"
#include "shared/named_case.h"
#include "shared/show.h"

#define BATCH_MAX 100
#define BATCH_BYTES 2000000 /* of a response with several cases */
#define WORDS_BYTES 1000000 /* of one case */
#define ROWS_ALL 1000       /* more than a case has of any part with words */

/* A call that reads cases. */
struct reading {
    struct read_call *rc;
    struct store_read read; /* into `slice` */
    struct arena slice;
    struct uuid *ids;
    size_t n, next; /* the case of `next` is being read */
    bool full;      /* with words */
    size_t room;    /* bytes that the response may still take */
    bool large;     /* what is made of its rows is made on another thread */
    /* The case of `next`. */
    Amends__V1__Case *message;
    size_t bytes;                       /* of the message, where they are needed */
    struct words_place place[WORDS_OF]; /* the oldest one shown with its words */
    size_t words;                       /* bytes of words that it may still take */
    /* Gets each case, NULL when there is none. */
    void (*each)(struct reading *x, Amends__V1__Case *message);
    Amends__V1__BatchGetCasesResponse batch; /* BatchGetCases only */
    Amends__V1__GetCaseResponse single;      /* GetCase only */
    const ProtobufCMessage *response;
    struct rpc_packed *packed;
};

static void read_next(struct reading *x);
static void read_words(struct reading *x);
static void ask_for_more(struct reading *x);
static void answer_batch(struct reading *x);

/* How large the results of one read may be when the call may hold so much: the rows and the message
 * made of them take several times as much. */
static size_t results_most(const struct reading *x)
{
    const size_t held = x->rc->place.bytes;
    if (held >= READ_CASE_FULLEST)
        return 0;
    return held >= READ_CASE_LARGE ? 1u << 20 : 256u << 10;
}

/* -- the end ----------------------------------------------------------------------------------- */

static void pack(void *ctx)
{
    struct reading *x = ctx;
    x->packed = rpc_pack(x->response);
}

/* `x` lies in the call's arena, which goes with the answer. */
static void packed(void *ctx)
{
    struct reading *x = ctx;
    arena_free(&x->slice);
    rpc_reply_packed(x->rc->call, x->packed);
}

/* Making and packing a message of the largest size takes tens of milliseconds, and nobody else's
 * call would move meanwhile. */
static void here_or_elsewhere(struct reading *x, void (*run)(void *ctx), void (*done)(void *ctx))
{
    if (x->large) {
        loop_work(x->rc->service->loop, run, done, x);
        return;
    }
    run(x);
    done(x);
}

static void refuse(struct reading *x, const struct fault *fault)
{
    struct arena slice = x->slice;
    rpc_fail(x->rc->call, fault);
    arena_free(&slice);
}

static void answer(struct reading *x, ProtobufCMessage *response)
{
    struct read_call *rc = x->rc;
    x->response = response;
    if (show_personal(rc->service, rc->call, rc->tenant->id, response, NULL, false, rc->arena,
                      &rc->fault))
        here_or_elsewhere(x, pack, packed);
    else
        refuse(x, &rc->fault);
}

static void refuse_too_large(struct reading *x)
{
    fault_set(&x->rc->fault, FAULT_RESOURCE_EXHAUSTED, ERROR_REASON_TOO_LARGE,
              "the case needs more memory than a call may use");
    refuse(x, &x->rc->fault);
}

/* -- words that were left out ------------------------------------------------------------------ */

static struct words_place place_of_contact(const struct contact_row *row)
{
    return (struct words_place){.at = row->at, .id = row->contact_id};
}

static struct words_place place_of_act(const struct act_row *row)
{
    return (struct words_place){.at = row->at, .id = row->act_id};
}

/* Rows are oldest first, and newer ones have their words: the first one that has is the oldest. */
static void note_places(struct reading *x, const struct case_state *c)
{
    memset(x->place, 0, sizeof x->place);
    for (size_t i = c->signals.n; i-- > 0;) {
        const struct signal_row *row = ROW_AT(&c->signals, const struct signal_row, i);
        if (row->body != words_unread)
            x->place[WORDS_OF_SIGNALS] = (struct words_place){.number = row->number};
    }
    for (size_t i = c->contacts.n; i-- > 0;) {
        const struct contact_row *row = ROW_AT(&c->contacts, const struct contact_row, i);
        if (row->note != words_unread)
            x->place[WORDS_OF_CONTACTS] = place_of_contact(row);
    }
    for (size_t i = c->acts.n; i-- > 0;) {
        const struct act_row *row = ROW_AT(&c->acts, const struct act_row, i);
        if (row->note != words_unread)
            x->place[WORDS_OF_ACTS] = place_of_act(row);
    }
}

static bool take_text(struct reading *x, const char *text, char **field,
                      protobuf_c_boolean *left_out)
{
    const size_t bytes = strlen(text);
    char *copy = bytes > 0 ? arena_strdup(x->rc->arena, text) : NULL;
    if (bytes > 0 && !copy)
        return false;
    if (copy)
        *field = copy;
    *left_out = false;
    x->words -= smaller(bytes, x->words);
    x->bytes += bytes;
    return true;
}

static bool take_signals(struct reading *x, const struct rows *rows)
{
    Amends__V1__Case *c = x->message;
    size_t at = c->n_signals;
    for (size_t i = rows->n; i-- > 0;) {
        const struct signal_row *row = ROW_AT(rows, const struct signal_row, i);
        while (at > 0 && c->signals[at - 1]->number > row->number)
            at--;
        x->place[WORDS_OF_SIGNALS] = (struct words_place){.number = row->number};
        if (at > 0 && c->signals[at - 1]->number == row->number &&
            !take_text(x, row->body, &c->signals[at - 1]->text, &c->signals[at - 1]->text_left_out))
            return false;
    }
    return true;
}

static bool take_contacts(struct reading *x, const struct rows *rows)
{
    Amends__V1__Case *c = x->message;
    char id[UUID_TEXT_LEN + 1];
    for (size_t i = rows->n; i-- > 0;) {
        const struct contact_row *row = ROW_AT(rows, const struct contact_row, i);
        size_t at = c->n_contacts;
        uuid_format(&row->contact_id, id);
        while (at > 0 && strcmp(c->contacts[at - 1]->contact_id, id) != 0)
            at--;
        x->place[WORDS_OF_CONTACTS] = place_of_contact(row);
        if (at > 0 && !take_text(x, row->note, &c->contacts[at - 1]->note,
                                 &c->contacts[at - 1]->note_left_out))
            return false;
    }
    return true;
}

static bool take_acts(struct reading *x, const struct rows *rows)
{
    Amends__V1__Case *c = x->message;
    char id[UUID_TEXT_LEN + 1];
    for (size_t i = rows->n; i-- > 0;) {
        const struct act_row *row = ROW_AT(rows, const struct act_row, i);
        size_t at = c->n_acts;
        uuid_format(&row->act_id, id);
        while (at > 0 && strcmp(c->acts[at - 1]->act_id, id) != 0)
            at--;
        x->place[WORDS_OF_ACTS] = place_of_act(row);
        if (at > 0 &&
            !take_text(x, row->note, &c->acts[at - 1]->note, &c->acts[at - 1]->note_left_out))
            return false;
    }
    return true;
}

/* The kind of which words are missing; WORDS_OF when none are. */
static enum words_of missing_words(const Amends__V1__Case *c)
{
    for (size_t i = 0; i < c->n_signals; i++)
        if (c->signals[i]->text_left_out)
            return WORDS_OF_SIGNALS;
    for (size_t i = 0; i < c->n_contacts; i++)
        if (c->contacts[i]->note_left_out)
            return WORDS_OF_CONTACTS;
    for (size_t i = 0; i < c->n_acts; i++)
        if (c->acts[i]->note_left_out)
            return WORDS_OF_ACTS;
    return WORDS_OF;
}

static void end_case(struct reading *x)
{
    x->message->texts_left_out = message_texts_left_out(x->message);
    x->each(x, x->message);
}

static void words_read(struct store_read *read)
{
    struct reading *x = read->ctx;
    const struct case_state *c = &read->cases[0];
    if (fault_is_set(&read->fault)) {
        refuse(x, &read->fault);
        return;
    }
    const size_t rows = c->signals.n + c->contacts.n + c->acts.n;
    if (!take_signals(x, &c->signals) || !take_contacts(x, &c->contacts) ||
        !take_acts(x, &c->acts)) {
        refuse_too_large(x);
        return;
    }
    if (rows > 0)
        read_words(x);
    else
        end_case(x);
}

static void begin_slice(struct reading *x, void (*done)(struct store_read *read))
{
    read_slice_begin(x->rc, &x->read, &x->slice, done, x);
    x->read.bytes_most = results_most(x);
}

/* The next slice of words, if some are missing and there is room for one text more. */
static void read_words(struct reading *x)
{
    const size_t text_most = 4000;
    const enum words_of of = missing_words(x->message);
    if (of == WORDS_OF || x->words < text_most) {
        end_case(x);
        return;
    }
    if (read_call_gone(x->rc)) {
        refuse(x, &x->rc->fault);
        return;
    }
    const size_t bytes = smaller(x->words - text_most + 1, READ_SLICE_BYTES);
    begin_slice(x, words_read);
    store_read_words(x->rc->service->store, &x->read, &x->ids[x->next], of, &x->place[of], bytes,
                     ROWS_ALL);
}

/* -- a case ------------------------------------------------------------------------------------ */

static void make_message(void *ctx)
{
    struct reading *x = ctx;
    Amends__V1__Case *c = message_case(&x->read.cases[0], true, x->rc->arena);
    x->message = c;
    x->bytes = 0;
    if (c && (x->n > 1 || (x->full && c->texts_left_out)))
        x->bytes = protobuf_c_message_get_packed_size(&c->base);
}

static void message_made(void *ctx)
{
    struct reading *x = ctx;
    if (!x->message) {
        refuse_too_large(x);
        return;
    }
    if (!x->full || !x->message->texts_left_out) {
        x->each(x, x->message);
        return;
    }
    x->words = smaller(WORDS_BYTES, x->room > x->bytes ? x->room - x->bytes : 0);
    note_places(x, &x->read.cases[0]);
    read_words(x);
}

/* Whether more words have to be read, for which the call may not hold enough. It asks before the
 * message is made: while it waits it holds nothing. */
static bool needs_more(const struct reading *x)
{
    const struct case_state *c = &x->read.cases[0];
    if (!x->full || x->rc->place.bytes >= READ_CASE_LARGE)
        return false;
    ROWS_EACH (signal, const struct signal_row, &c->signals)
        if (signal->body == words_unread)
            return true;
    ROWS_EACH (contact, const struct contact_row, &c->contacts)
        if (contact->note == words_unread)
            return true;
    ROWS_EACH (act, const struct act_row, &c->acts)
        if (act->note == words_unread)
            return true;
    return false;
}

static void show_case(struct reading *x)
{
    if (needs_more(x)) {
        ask_for_more(x);
        return;
    }
    x->large = x->large || x->read.pg.bytes > READ_SLICE_BYTES;
    here_or_elsewhere(x, make_message, message_made);
}

static void read_again(struct read_call *rc)
{
    struct reading *x = rc->user;
    arena_init(&x->slice, CASES_ARENA_BYTES);
    read_next(x);
}

/* The case is larger than the call may hold: gives back what it has and waits for more. A batch
 * that has cases already ends before this one, since it would hold those while it waits. */
static void ask_for_more(struct reading *x)
{
    const bool large = x->rc->place.bytes >= READ_CASE_LARGE;
    if (x->batch.n_cases > 0) {
        answer_batch(x);
        return;
    }
    arena_free(&x->slice);
    read_call_ask(x->rc, large ? READ_CASE_FULLEST : READ_CASE_LARGE, read_again);
}

static void case_read(struct store_read *read)
{
    struct reading *x = read->ctx;
    if (read->too_large)
        ask_for_more(x);
    else if (fault_is_set(&read->fault))
        refuse(x, &read->fault);
    else if (read->cases[0].exists)
        show_case(x);
    else
        x->each(x, NULL);
}

static void read_next(struct reading *x)
{
    begin_slice(x, case_read);
    store_read_cases(x->rc->service->store, &x->read, &x->ids[x->next], 1,
                     x->full ? CASE_WORDS : CASE_PARTS);
}

static struct reading *reading_new(struct read_call *rc, size_t n, Amends__V1__CaseView view)
{
    struct reading *x = ARENA_NEW(rc->arena, struct reading);
    rc->user = x;
    x->rc = rc;
    x->n = n;
    x->ids = ARENA_ARRAY(rc->arena, struct uuid, n + 1);
    x->full = view != AMENDS__V1__CASE_VIEW__CASE_VIEW_BASIC;
    return x;
}

static void start_reading(struct reading *x, size_t room,
                          void (*each)(struct reading *x, Amends__V1__Case *message))
{
    arena_init(&x->slice, CASES_ARENA_BYTES);
    x->room = room;
    x->each = each;
    read_next(x);
}

/* -- GetCase ----------------------------------------------------------------------------------- */

static void get_done(struct reading *x, Amends__V1__Case *message)
{
    const char *id = ((const Amends__V1__GetCaseRequest *)x->rc->request)->case_id;
    if (!message) {
        fault_set(&x->rc->fault, FAULT_NOT_FOUND, ERROR_REASON_CASE_NOT_FOUND, "no case %s", id);
        fault_meta(&x->rc->fault, "case_id", "%s", id);
        refuse(x, &x->rc->fault);
        return;
    }
    amends__v1__get_case_response__init(&x->single);
    x->single.case_ = message;
    answer(x, &x->single.base);
}

static void get_known(struct read_call *rc)
{
    start_reading(rc->user, RESPONSE_BYTES_MOST, get_done);
}

static void get_start(struct read_call *rc)
{
    const Amends__V1__GetCaseRequest *req = (const Amends__V1__GetCaseRequest *)rc->request;
    struct reading *x = reading_new(rc, 1, req->view);
    named_case(rc, req->case_id, &x->ids[0], get_known);
}

void cases_get(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_CASE, get_start);
}

/* -- BatchGetCases ----------------------------------------------------------------------------- */

static void answer_batch(struct reading *x)
{
    const Amends__V1__BatchGetCasesRequest *req =
        (const Amends__V1__BatchGetCasesRequest *)x->rc->request;
    x->batch.n_unread_case_ids = x->n - x->next;
    x->batch.unread_case_ids = req->case_ids + x->next;
    answer(x, &x->batch.base);
}

/* Whether the case goes into the response. The first one always does. */
static bool has_room(struct reading *x, const Amends__V1__Case *message)
{
    const bool whole = !x->full || !message->texts_left_out;
    if (x->batch.n_cases > 0 && (x->bytes > x->room || !whole))
        return false;
    x->room -= smaller(x->bytes, x->room);
    return true;
}

static void batch_each(struct reading *x, Amends__V1__Case *message)
{
    const Amends__V1__BatchGetCasesRequest *req =
        (const Amends__V1__BatchGetCasesRequest *)x->rc->request;
    Amends__V1__BatchGetCasesResponse *r = &x->batch;
    const bool taken = !message || has_room(x, message);
    if (taken && message)
        r->cases[r->n_cases++] = message;
    else if (taken)
        r->missing_case_ids[r->n_missing_case_ids++] = req->case_ids[x->next];
    x->next += taken;
    if (!taken || x->next == x->n || x->room == 0)
        answer_batch(x);
    else if (read_call_gone(x->rc))
        refuse(x, &x->rc->fault);
    else
        read_next(x);
}

static void batch_start(struct read_call *rc)
{
    const Amends__V1__BatchGetCasesRequest *req =
        (const Amends__V1__BatchGetCasesRequest *)rc->request;
    const size_t n = smaller(req->n_case_ids, BATCH_MAX);
    struct reading *x = reading_new(rc, n, req->view);
    if (req->n_case_ids == 0 || req->n_case_ids > BATCH_MAX)
        fault_violation(&rc->fault, "case_ids", "needs 1 to %d ids, has %zu", BATCH_MAX,
                        req->n_case_ids);
    for (size_t i = 0; i < n; i++)
        (void)check_uuid(&rc->fault, arena_printf(rc->arena, "case_ids[%zu]", i), req->case_ids[i],
                         &x->ids[i]);
    amends__v1__batch_get_cases_response__init(&x->batch);
    x->batch.cases = ARENA_ARRAY(rc->arena, Amends__V1__Case *, n + 1);
    x->batch.missing_case_ids = ARENA_ARRAY(rc->arena, char *, n + 1);
    if (read_call_valid(rc))
        start_reading(x, BATCH_BYTES, batch_each);
}

void cases_batch(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_CASE_LARGE, batch_start);
}
