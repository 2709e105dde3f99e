/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ExportCustomer: one JSON document, written piece by piece. What is read in one slice becomes
 * text, one row at a time, and leaves before the next slice is read. So the memory is that of the
 * rows of one case without words, or of one slice of words or events, and of a piece of text.
 *
 * The state is the export's own and not the call's, because a read may end after the call has.
 */

#include "intake/rpc/export.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "amends/v1/privacy_service.pb-c.h"
#include "base/assert.h"
#include "base/minmax.h"
#include "case/message/message.h"
#include "contract/check.h"
#include "contract/reasons.h"
#include "contract/timestamp.h"
#include "intake/rpc/privacy.h"
#include "shared/show.h"
#include "store/private.h"

#define PIECE_BYTES (256u << 10)
#define SLICE_BYTES (32u << 20)
#define ITEM_BYTES (4u << 20)
#define CASES_SLICE 100
#define ROWS_MOST 1000
#define READ_US (10 * US_PER_S)

enum export_step { STEP_CASES, STEP_CASE, STEP_PARTS, STEP_WORDS, STEP_EVENTS, STEP_END };

struct export
{
    struct service *service;
    struct rpc_call *call; /* NULL once it has closed */
    const struct tenant *tenant;
    char *customer_id;
    int64_t began_us;
    struct export_text text;
    size_t sent; /* bytes of the text that have left */
    bool reading, pumping, ended;
    enum export_step step;
    struct store_read read;
    struct arena slice, cases_arena, item;
    struct private_case last;
    struct private_case *cases; /* a slice of them, in cases_arena */
    size_t n_cases, next_case;
    int64_t count;
    /* The case at hand. */
    const struct private_case *c;
    int64_t last_seq, after_seq;
    struct slice last_hash;
    uint8_t hash_bytes[64];
    size_t part, row; /* what of its rows is next */
    enum words_of words;
    struct words_place place;
    bool in_list; /* something stands in the list before */
    size_t slice_rows;
};

static void pump(struct export *x);

/* -- life -------------------------------------------------------------------------------------- */

static void end(struct export *x)
{
    export_text_free(&x->text);
    arena_free(&x->slice);
    arena_free(&x->cases_arena);
    arena_free(&x->item);
    free(x->customer_id);
    free(x);
}

static void refuse(struct export *x, const struct fault *fault)
{
    x->ended = true;
    rpc_fail(x->call, fault);
}

static void refuse_large(struct export *x)
{
    struct fault fault;
    arena_reset(&x->item);
    fault_init(&fault, &x->item);
    fault_set(&fault, FAULT_RESOURCE_EXHAUSTED, ERROR_REASON_TOO_LARGE,
              "the case needs more memory than a call may use");
    refuse(x, &fault);
}

/* -- reading ----------------------------------------------------------------------------------- */

static void begin_read(struct export *x, struct arena *arena, void (*done)(struct store_read *read))
{
    arena_reset(arena);
    x->reading = true;
    x->read = (struct store_read){.arena = arena,
                                  .tenant_id = x->tenant->id,
                                  .tenant = x->tenant->name,
                                  .deadline_us = time_mono_us() + READ_US,
                                  .done = done,
                                  .ctx = x};
}

/* The export of a read that went well and whose client is still there; else NULL. */
static struct export *read_ended(struct store_read *read)
{
    struct export *x = read->ctx;
    x->reading = false;
    if (!x->call) {
        end(x);
        return NULL;
    }
    if (x->ended)
        return NULL;
    if (!fault_is_set(&read->fault))
        return x;
    refuse(x, &read->fault);
    return NULL;
}

/* -- items ------------------------------------------------------------------------------------- */

static void put_item(struct export *x, ProtobufCMessage *message)
{
    if (!message) {
        refuse_large(x);
        return;
    }
    export_item(&x->text, x->in_list, message);
    x->in_list = true;
    arena_reset(&x->item);
}

static void open_list(struct export *x, const char *name)
{
    export_printf(&x->text, ",\"%s\":[", name);
    x->in_list = false;
}

/* -- events ------------------------------------------------------------------------------------ */

static const struct event_private_row *private_of(const struct store_read *read, int64_t seq)
{
    ROWS_EACH (p, const struct event_private_row, &read->privates)
        if (p->seq == seq)
            return p;
    return NULL;
}

static void put_event(struct export *x, const struct event_row *e)
{
    const struct event_private_row *p = private_of(&x->read, e->seq);
    const Amends__V1__CaseEvent *event = message_event(e, p, &x->item);
    x->after_seq = e->seq;
    if (!event) {
        refuse_large(x);
        return;
    }
    export_event(&x->text, x->in_list, event, e, p);
    x->in_list = true;
    arena_reset(&x->item);
}

static void end_case(struct export *x)
{
    export_printf(&x->text, "],\"lastSequence\":%" PRId64 ",\"lastHash\":", x->last_seq);
    export_bytes(&x->text, x->last_hash);
    export_printf(&x->text, "}");
    x->count++;
    x->step = STEP_CASE;
}

static void events_read(struct store_read *read)
{
    struct export *x = read_ended(read);
    if (!x)
        return;
    ROWS_EACH (e, const struct event_row, &read->events)
        if (!x->ended)
            put_event(x, e);
    x->slice_rows = read->events.n;
    if (read->events.n == 0 || x->after_seq >= x->last_seq)
        end_case(x);
    pump(x);
}

/* Of events that came after the case was read nothing is told. */
static void read_events(struct export *x)
{
    const size_t left = smaller((size_t)(x->last_seq - x->after_seq), (size_t)ROWS_MOST);
    const int limit = read_slice_rows(&x->read, x->slice_rows, left);
    begin_read(x, &x->slice, events_read);
    store_read_events(x->service->store, &x->read, &x->c->case_id, x->after_seq, limit);
}

/* -- words ------------------------------------------------------------------------------------- */

static const char *const words_names[] = {
    [WORDS_OF_SIGNALS] = "signals", [WORDS_OF_CONTACTS] = "contacts", [WORDS_OF_ACTS] = "acts"};

static void put_signals(struct export *x, const struct rows *rows)
{
    for (size_t i = rows->n; i-- > 0 && !x->ended;) {
        const struct signal_row *row = ROW_AT(rows, const struct signal_row, i);
        x->place = (struct words_place){.number = row->number};
        put_item(x, (ProtobufCMessage *)message_signal(row, &x->item));
    }
}

static void put_contacts(struct export *x, const struct rows *rows)
{
    for (size_t i = rows->n; i-- > 0 && !x->ended;) {
        const struct contact_row *row = ROW_AT(rows, const struct contact_row, i);
        x->place = (struct words_place){.at = row->at, .id = row->contact_id};
        put_item(x, (ProtobufCMessage *)message_contact(row, &x->item));
    }
}

static void put_acts(struct export *x, const struct rows *rows)
{
    for (size_t i = rows->n; i-- > 0 && !x->ended;) {
        const struct act_row *row = ROW_AT(rows, const struct act_row, i);
        x->place = (struct words_place){.at = row->at, .id = row->act_id};
        put_item(x, (ProtobufCMessage *)message_act(row, &x->item));
    }
}

static void begin_words(struct export *x, enum words_of words)
{
    x->words = words;
    x->place = (struct words_place){.at = 0};
    if (words < WORDS_OF) {
        open_list(x, words_names[words]);
        return;
    }
    open_list(x, "events");
    x->step = STEP_EVENTS;
    x->slice_rows = 0;
}

static void words_read(struct store_read *read)
{
    struct export *x = read_ended(read);
    if (!x)
        return;
    const struct case_state *c = &read->cases[0];
    put_signals(x, &c->signals);
    put_contacts(x, &c->contacts);
    put_acts(x, &c->acts);
    if (c->signals.n + c->contacts.n + c->acts.n == 0) {
        export_printf(&x->text, "]");
        begin_words(x, x->words + 1);
    }
    pump(x);
}

static void read_words(struct export *x)
{
    begin_read(x, &x->slice, words_read);
    store_read_words(x->service->store, &x->read, &x->c->case_id, x->words, &x->place,
                     READ_SLICE_BYTES, ROWS_MOST);
}

/* -- the other parts --------------------------------------------------------------------------- */

enum part { PART_CLOCKS, PART_REMEDIES, PART_PROMISES, PART_OFFERS, PARTS };

static const char *const part_names[] = {[PART_CLOCKS] = "clocks",
                                         [PART_REMEDIES] = "remedies",
                                         [PART_PROMISES] = "promises",
                                         [PART_OFFERS] = "offers"};

static const struct rows *rows_of(const struct case_state *c, size_t part)
{
    const struct rows *rows[] = {[PART_CLOCKS] = &c->clocks,
                                 [PART_REMEDIES] = &c->remedies,
                                 [PART_PROMISES] = &c->promises,
                                 [PART_OFFERS] = &c->offers};
    return rows[part];
}

static ProtobufCMessage *part_message(const struct rows *rows, size_t part, size_t i,
                                      struct arena *arena)
{
    switch (part) {
    case PART_CLOCKS:
        return (ProtobufCMessage *)message_clock(ROW_AT(rows, const struct clock_row, i), arena);
    case PART_REMEDIES:
        return (ProtobufCMessage *)message_remedy(ROW_AT(rows, const struct remedy_row, i), arena);
    case PART_PROMISES:
        return (ProtobufCMessage *)message_promise(ROW_AT(rows, const struct promise_row, i), true,
                                                   arena);
    default:
        return (ProtobufCMessage *)message_offer(ROW_AT(rows, const struct offer_row, i), arena);
    }
}

/* One row; the pump sends what has gathered between two. */
static void put_part(struct export *x)
{
    const struct rows *rows = rows_of(&x->read.cases[0], x->part);
    if (x->row < rows->n) {
        put_item(x, part_message(rows, x->part, x->row++, &x->item));
        return;
    }
    export_printf(&x->text, "]");
    x->row = 0;
    if (++x->part < PARTS) {
        open_list(x, part_names[x->part]);
        return;
    }
    x->step = STEP_WORDS;
    begin_words(x, WORDS_OF_SIGNALS);
}

/* -- cases ------------------------------------------------------------------------------------- */

static void begin_case(struct export *x, const struct case_state *c)
{
    const Amends__V1__Case *message = message_case(c, false, &x->item);
    if (!message) {
        refuse_large(x);
        return;
    }
    export_printf(&x->text, "%s{\"case\":", x->count ? "," : "");
    export_message(&x->text, &message->base);
    arena_reset(&x->item);
    x->last_seq = c->row.last_seq;
    x->last_hash = slice_of(x->hash_bytes, smaller(c->row.last_hash.len, sizeof(x->hash_bytes)));
    memcpy(x->hash_bytes, c->row.last_hash.data, x->last_hash.len);
    x->after_seq = 0;
    x->part = x->row = 0;
    x->step = STEP_PARTS;
    open_list(x, part_names[0]);
}

static void case_read(struct store_read *read)
{
    struct export *x = read_ended(read);
    if (!x)
        return;
    if (read->cases[0].exists)
        begin_case(x, &read->cases[0]);
    pump(x);
}

static void read_case(struct export *x)
{
    if (x->next_case == x->n_cases) {
        x->step = x->n_cases == CASES_SLICE ? STEP_CASES : STEP_END;
        return;
    }
    x->c = &x->cases[x->next_case++];
    begin_read(x, &x->slice, case_read);
    store_read_cases(x->service->store, &x->read, &x->c->case_id, 1, CASE_PARTS);
}

static void take_cases(struct export *x, const struct rows *found)
{
    x->cases = found->items;
    x->n_cases = found->n;
    x->next_case = 0;
    if (found->n > 0)
        x->last = x->cases[found->n - 1];
    x->step = STEP_CASE;
}

static void cases_read(struct store_read *read)
{
    struct export *x = read_ended(read);
    if (!x)
        return;
    take_cases(x, &read->found);
    pump(x);
}

static void read_cases(struct export *x, void (*done)(struct store_read *read))
{
    begin_read(x, &x->cases_arena, done);
    store_read_customer(x->service->store, &x->read, x->customer_id, &x->last, x->began_us,
                        CASES_SLICE);
}

/* -- the stream -------------------------------------------------------------------------------- */

static void step(struct export *x)
{
    switch (x->step) {
    case STEP_CASES:
        read_cases(x, cases_read);
        break;
    case STEP_CASE:
        read_case(x);
        break;
    case STEP_PARTS:
        put_part(x);
        break;
    case STEP_WORDS:
        read_words(x);
        break;
    case STEP_EVENTS:
        read_events(x);
        break;
    case STEP_END:
        export_printf(&x->text, "],\"caseCount\":%" PRId64 "}\n", x->count);
        x->ended = true;
        break;
    }
}

/* A full piece, or the last one. */
static void send_piece(struct export *x)
{
    Amends__V1__ExportCustomerResponse m = AMENDS__V1__EXPORT_CUSTOMER_RESPONSE__INIT;
    const size_t n = smaller(x->text.len - x->sent, (size_t)PIECE_BYTES);
    m.data = (ProtobufCBinaryData){.data = (uint8_t *)x->text.bytes + x->sent, .len = n};
    rpc_stream_send(x->call, &m.base);
    x->sent += n;
    if (x->text.len - x->sent < PIECE_BYTES) {
        export_text_drop(&x->text, x->sent);
        x->sent = 0;
    }
}

static bool has_piece(const struct export *x)
{
    const size_t left = x->text.len - x->sent;
    return left >= PIECE_BYTES || (x->ended && left > 0);
}

/* Sends what is there, else makes more, until a read or a message is under way. */
static void pump(struct export *x)
{
    if (x->pumping)
        return;
    x->pumping = true;
    while (!x->reading && !rpc_stream_busy(x->call)) {
        if (has_piece(x))
            send_piece(x);
        else if (x->ended)
            rpc_stream_finish(x->call);
        else
            step(x);
    }
    x->pumping = false;
}

static void piece_sent(struct rpc_call *call, void *ctx)
{
    (void)call;
    pump(ctx);
}

static void closed(struct rpc_call *call, void *ctx)
{
    struct export *x = ctx;
    (void)call;
    x->call = NULL;
    if (!x->reading)
        end(x);
}

/* -- the start --------------------------------------------------------------------------------- */

static void put_head(struct export *x)
{
    export_head(&x->text, x->tenant->name, x->customer_id, rpc_call_principal(x->call)->id,
                x->began_us);
}

static void recorded(void *ctx, const struct fault *fault)
{
    static const struct rpc_stream_ops ops = {.sent = piece_sent, .closed = closed};
    struct export *x = ctx;
    if (fault) {
        rpc_fail(x->call, fault);
        end(x);
        return;
    }
    put_head(x);
    rpc_stream_open(x->call, &ops, x);
    rpc_stream_end_stalled(x->call);
    pump(x);
}

static void first_read(struct store_read *read)
{
    struct export *x = read->ctx;
    struct rpc_call *call = x->call;
    x->reading = false;
    if (fault_is_set(&read->fault)) {
        rpc_fail(call, &read->fault);
        end(x);
    } else if (read->found.n == 0) {
        struct read_call *rc = rpc_call_user(call);
        end(x);
        privacy_no_customer(rc,
                            ((const Amends__V1__ExportCustomerRequest *)rc->request)->customer_id);
    } else {
        take_cases(x, &read->found);
        show_export(x->service, call, x->tenant->id, x->customer_id, recorded, x);
    }
}

static void start(struct read_call *rc)
{
    const Amends__V1__ExportCustomerRequest *req =
        (const Amends__V1__ExportCustomerRequest *)rc->request;
    check_text(&rc->fault, "customer_id", req->customer_id, PRIVACY_CUSTOMER_ID_BYTES, true);
    if (!read_call_valid(rc))
        return;
    struct export *x = calloc(1, sizeof(*x));
    AM_ASSERT(x != NULL);
    x->service = rc->service;
    x->call = rc->call;
    x->tenant = rc->tenant;
    x->customer_id = strdup(req->customer_id);
    AM_ASSERT(x->customer_id != NULL);
    x->began_us = time_now_us(loop_time(rc->service->loop));
    arena_init(&x->slice, SLICE_BYTES);
    arena_init(&x->cases_arena, 1u << 20);
    arena_init(&x->item, ITEM_BYTES);
    rpc_call_set_user(rc->call, rc);
    read_cases(x, first_read);
}

void privacy_export(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_CASE_FULLEST, start);
}
