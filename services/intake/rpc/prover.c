/* SPDX-License-Identifier: Apache-2.0 */
#include "intake/rpc/prover.h"

#include <string.h>

#include "base/minmax.h"

#define SLICE_MOST 500
#define SLICE_FIRST 50
/* Bounds; memory is taken as it is needed. The largest event shows all clocks of a case. */
#define ROWS_ARENA_BYTES (96u << 20)
#define SLICE_ARENA_BYTES (96u << 20)
#define WORDS_ROWS 1000 /* more than a case has of any part with words */

static const enum proof_part part_of[WORDS_OF] = {[WORDS_OF_SIGNALS] = PROOF_SIGNAL,
                                                  [WORDS_OF_CONTACTS] = PROOF_CONTACT,
                                                  [WORDS_OF_ACTS] = PROOF_ACT};

static bool end_on_fault(struct prover *p, const struct store_read *read)
{
    if (!fault_is_set(&read->fault))
        return false;
    p->fault = read->fault; /* its texts lie in the arena of the read, which is ours */
    p->too_large = read->too_large;
    p->done(p);
    return true;
}

static bool end_when_gone(struct prover *p)
{
    p->stopped = p->gone && p->gone(p);
    if (p->stopped)
        p->done(p);
    return p->stopped;
}

static void begin_read(struct prover *p, struct store_read *read, struct arena *arena,
                       void (*done)(struct store_read *read))
{
    arena_reset(arena);
    *read = (struct store_read){.arena = arena,
                                .tenant_id = p->tenant_id,
                                .tenant = p->tenant,
                                .deadline_us = p->deadline_us,
                                .done = done,
                                .ctx = p};
}

/* -- words that did not come with the case ----------------------------------------------------- */

static void next_words(struct prover *p);

/* Rows are oldest first; the first one has its words, or none of the newest has. False: all have
 * them. */
static bool oldest_with_words(const struct prover *p, const struct rows *rows,
                              struct words_place *place)
{
    bool missing = false;
    *place = (struct words_place){0};
    for (size_t i = rows->n; i-- > 0;) {
        const char *text;
        struct words_place here = {0};
        if (p->words == WORDS_OF_SIGNALS) {
            const struct signal_row *s = ROW_AT(rows, const struct signal_row, i);
            here.number = s->number;
            text = s->body;
        } else if (p->words == WORDS_OF_CONTACTS) {
            const struct contact_row *c = ROW_AT(rows, const struct contact_row, i);
            here = (struct words_place){.at = c->at, .id = c->contact_id};
            text = c->note;
        } else {
            const struct act_row *a = ROW_AT(rows, const struct act_row, i);
            here = (struct words_place){.at = a->at, .id = a->act_id};
            text = a->note;
        }
        if (text == words_unread)
            missing = true;
        else
            *place = here;
    }
    return missing;
}

static const struct rows *words_rows(const struct prover *p, const struct case_state *c)
{
    if (p->words == WORDS_OF_SIGNALS)
        return &c->signals;
    return p->words == WORDS_OF_CONTACTS ? &c->contacts : &c->acts;
}

static void words_done(struct store_read *read)
{
    struct prover *p = read->ctx;
    if (end_on_fault(p, read))
        return;
    const struct rows *rows = words_rows(p, &read->cases[0]);
    proof_words(&p->proof, part_of[p->words], rows);
    if (rows->n > 0) {
        (void)oldest_with_words(p, rows, &p->place);
        next_words(p);
        return;
    }
    p->words++;
    p->place = (struct words_place){0};
    next_words(p);
}

/* The rows that are there: those that came with their words were compared already. */
static bool needs_words(struct prover *p)
{
    struct words_place place;
    const bool missing = oldest_with_words(p, words_rows(p, p->proof.c), &place);
    if (p->place.at == 0 && p->place.number == 0)
        p->place = place;
    return missing;
}

static void next_words(struct prover *p)
{
    while (p->words < WORDS_OF && !needs_words(p)) {
        p->words++;
        p->place = (struct words_place){0};
    }
    if (p->words == WORDS_OF) {
        p->done(p);
        return;
    }
    if (end_when_gone(p))
        return;
    begin_read(p, &p->read, &p->slice, words_done);
    store_read_words(p->store, &p->read, &p->case_id, (enum words_of)p->words, &p->place,
                     READ_SLICE_BYTES, WORDS_ROWS);
}

/* -- events, from the last to the first -------------------------------------------------------- */

static void next_events(struct prover *p, size_t rows);

static void finish(struct prover *p)
{
    const struct case_state *c = p->proof.c;
    proof_end(&p->proof);
    proof_words(&p->proof, PROOF_SIGNAL, &c->signals);
    proof_words(&p->proof, PROOF_CONTACT, &c->contacts);
    proof_words(&p->proof, PROOF_ACT, &c->acts);
    p->words = 0;
    next_words(p);
}

static void feed(struct prover *p)
{
    size_t last = p->read.privates.n;
    for (size_t i = p->read.events.n; i-- > 0;) {
        const struct event_row *e = ROW_AT(&p->read.events, const struct event_row, i);
        const struct event_private_row *personal = NULL;
        while (last > 0 &&
               ROW_AT(&p->read.privates, const struct event_private_row, last - 1)->seq > e->seq)
            last--;
        if (last > 0)
            personal = ROW_AT(&p->read.privates, const struct event_private_row, last - 1);
        if (e->seq > p->top)
            continue; /* appended since the case was read */
        proof_event(&p->proof, e, personal && personal->seq == e->seq ? personal : NULL, &p->slice);
    }
}

/* An event behind the head that the case itself has at the same instant. */
static void look_behind_head(struct prover *p)
{
    const struct store_read *r = &p->read;
    if (r->events.n == 0 || !r->cases[0].exists)
        return;
    const struct event_row *last = ROW_AT(&r->events, const struct event_row, r->events.n - 1);
    if (last->seq > r->cases[0].row.last_seq)
        proof_find(&p->proof, AMENDS__V1__HISTORY_FINDING_KIND__HISTORY_FINDING_KIND_EVENT,
                   last->seq, "", "", "the case does not know the event");
}

static void events_done(struct store_read *read)
{
    struct prover *p = read->ctx;
    if (end_on_fault(p, read))
        return;
    if (p->top == p->proof.c->row.last_seq)
        look_behind_head(p);
    feed(p);
    p->top -= p->asked;
    if (p->top <= 0)
        finish(p);
    else if (!end_when_gone(p))
        next_events(p, read->events.n);
}

/* The first slice has one event more, if there is one behind the head. */
static void next_events(struct prover *p, size_t rows)
{
    const bool first = p->top == p->proof.c->row.last_seq;
    p->asked = rows > 0 ? read_slice_rows(&p->read, rows, SLICE_MOST) : SLICE_FIRST;
    const int64_t after = larger(p->top - p->asked, 0);
    begin_read(p, &p->read, &p->slice, events_done);
    store_read_events(p->store, &p->read, &p->case_id, after, (int)(p->top - after) + first);
}

/* -- the case ---------------------------------------------------------------------------------- */

static void case_done(struct store_read *read)
{
    struct prover *p = read->ctx;
    if (end_on_fault(p, read))
        return;
    const struct case_state *c = &read->cases[0];
    p->exists = c->exists;
    if (!c->exists) {
        p->done(p);
        return;
    }
    proof_begin(&p->proof, c, p->tenant, &p->rows);
    if (c->row.last_hash.len == sizeof(p->head))
        memcpy(p->head, c->row.last_hash.data, sizeof(p->head));
    p->top = c->row.last_seq;
    next_events(p, 0);
}

void prover_start(struct prover *p)
{
    arena_init(&p->rows, ROWS_ARENA_BYTES);
    arena_init(&p->slice, SLICE_ARENA_BYTES);
    p->too_large = p->stopped = p->exists = false;
    p->words = 0;
    p->place = (struct words_place){0};
    begin_read(p, &p->read_case, &p->rows, case_done);
    fault_init(&p->fault, &p->rows);
    p->read_case.bytes_most = p->rows_most;
    store_read_cases(p->store, &p->read_case, &p->case_id, 1, CASE_PROOF);
}

void prover_free(struct prover *p)
{
    arena_free(&p->slice);
    arena_free(&p->rows);
}
