/* SPDX-License-Identifier: Apache-2.0 */
#include "case/history/seal.h"

#include <stddef.h>
#include <string.h>

#include "base/assert.h"
#include "base/digest.h"
#include "case/history/chain.h"
#include "case/message/message.h"
#include "contract/words.h"

/* -- what events show already ------------------------------------------------------------------ */

static void mark_by_id(struct rows *rows, size_t row_size, size_t id_at, const char *text)
{
    struct uuid id;
    if (uuid_parse(text, &id) != AM_OK)
        return;
    for (size_t i = 0; i < rows->n; i++) {
        uint8_t *row = (uint8_t *)rows->items + i * row_size;
        if (memcmp(row + id_at, &id, sizeof(id)) == 0)
            ((struct row *)row)->told = true;
    }
}

#define MARK(rows, type, id, text) mark_by_id((rows), sizeof(type), offsetof(type, id), (text))

static void mark_promises(struct case_state *c, const Amends__V1__EventDetail *detail)
{
    if (detail->promise)
        MARK(&c->promises, struct promise_row, promise_id, detail->promise->promise_id);
    if (detail->successor)
        MARK(&c->promises, struct promise_row, promise_id, detail->successor->promise_id);
}

void seal_mark_told(struct case_state *c, const Amends__V1__EventDetail *detail)
{
    if (detail->signal)
        ROWS_EACH (s, struct signal_row, &c->signals)
            s->row.told = s->row.told || s->number == detail->signal->number;
    if (detail->contact)
        MARK(&c->contacts, struct contact_row, contact_id, detail->contact->contact_id);
    if (detail->act)
        MARK(&c->acts, struct act_row, act_id, detail->act->act_id);
    if (detail->remedy)
        MARK(&c->remedies, struct remedy_row, remedy_id, detail->remedy->remedy_id);
    if (detail->offer)
        MARK(&c->offers, struct offer_row, offer_id, detail->offer->offer_id);
    mark_promises(c, detail);
}

/* -- what they do not -------------------------------------------------------------------------- */

/* Defines `name`: a list of the messages of the rows that changed and that no event shows; they are
 * told now. */
#define UNTOLD(name, type, message, show)                                                          \
    static size_t name(struct rows *rows, message ***list, struct arena *arena)                    \
    {                                                                                              \
        size_t n = 0;                                                                              \
        ROWS_EACH (it, type, rows)                                                                 \
            n += it->row.change != ROW_SAME && !it->row.told;                                      \
        *list = n > 0 ? ARENA_ARRAY(arena, message *, n) : NULL;                                   \
        n = 0;                                                                                     \
        ROWS_EACH (it, type, rows) {                                                               \
            if (it->row.change == ROW_SAME || it->row.told)                                        \
                continue;                                                                          \
            (*list)[n] = show(it, arena);                                                          \
            AM_ASSERT((*list)[n++] != NULL);                                                       \
            it->row.told = true;                                                                   \
        }                                                                                          \
        return n;                                                                                  \
    }

UNTOLD(untold_signals, struct signal_row, Amends__V1__Signal, shown_signal)
UNTOLD(untold_contacts, struct contact_row, Amends__V1__ContactAttempt, shown_contact)
UNTOLD(untold_acts, struct act_row, Amends__V1__Act, shown_act)
UNTOLD(untold_remedies, struct remedy_row, Amends__V1__Remedy, shown_remedy)
UNTOLD(untold_promises, struct promise_row, Amends__V1__Promise, shown_promise)
UNTOLD(untold_offers, struct offer_row, Amends__V1__Offer, message_offer)

/* NULL when there is nothing. */
static Amends__V1__ChangedParts *changed_parts(struct case_state *c, struct arena *arena)
{
    Amends__V1__ChangedParts *p = ARENA_NEW(arena, Amends__V1__ChangedParts);
    amends__v1__changed_parts__init(p);
    p->n_signals = untold_signals(&c->signals, &p->signals, arena);
    p->n_contacts = untold_contacts(&c->contacts, &p->contacts, arena);
    p->n_acts = untold_acts(&c->acts, &p->acts, arena);
    p->n_remedies = untold_remedies(&c->remedies, &p->remedies, arena);
    p->n_promises = untold_promises(&c->promises, &p->promises, arena);
    p->n_offers = untold_offers(&c->offers, &p->offers, arena);
    const bool any =
        p->n_signals || p->n_contacts || p->n_acts || p->n_remedies || p->n_promises || p->n_offers;
    return any ? p : NULL;
}

/* -- the seal ---------------------------------------------------------------------------------- */

/* The first event since the last seal. */
static const struct event_row *first_open(const struct rows *events)
{
    const struct event_row *first = NULL;
    for (size_t i = events->n; i-- > 0;) {
        const struct event_row *e = ROW_AT(events, const struct event_row, i);
        if (e->sealed)
            break;
        first = e;
    }
    return first;
}

static bool opens_or_joins(const struct event_row *first, const struct event_row *last)
{
    for (const struct event_row *e = first; e <= last; e++)
        if (e->kind == EVENT_KIND_CASE_OPENED || e->kind == EVENT_KIND_SIGNAL_JOINED)
            return true;
    return false;
}

/* Packed messages may be put one behind the other: they are read as one. The fields that are added
 * have higher numbers than those that are there, so that it is what packing the whole gives. */
static void add_to_body(struct decision *d, struct event_row *e,
                        const Amends__V1__EventDetail *more)
{
    const size_t size = amends__v1__event_detail__get_packed_size(more);
    uint8_t *body = arena_must(d->arena, e->public_body.len + size);
    if (e->public_body.len > 0)
        memcpy(body, e->public_body.data, e->public_body.len);
    (void)amends__v1__event_detail__pack(more, body + e->public_body.len);
    e->public_body = slice_of(body, e->public_body.len + size);
}

static void hash_again(struct decision *d, struct event_row *e)
{
    uint8_t *hash = arena_must(d->arena, DIGEST_LEN);
    chain_hash(d->cmd->tenant, e, hash);
    e->hash = slice_of(hash, DIGEST_LEN);
    d->c->row.last_hash = e->hash;
}

void history_seal(struct decision *d)
{
    struct rows *events = &d->c->events;
    const struct event_row *first = first_open(events);
    Amends__V1__EventDetail more = AMENDS__V1__EVENT_DETAIL__INIT;
    if (!first)
        return;
    struct event_row *last = ROW_AT(events, struct event_row, events->n - 1);
    more.facts = shown_facts(&d->c->row, first->seq, d->arena);
    AM_ASSERT(more.facts != NULL);
    if (opens_or_joins(first, last)) {
        more.opening = shown_opening(&d->c->row, d->arena);
        AM_ASSERT(more.opening != NULL);
    }
    more.changed = changed_parts(d->c, d->arena);
    add_to_body(d, last, &more);
    hash_again(d, last);
    ROWS_EACH (e, struct event_row, events)
        e->sealed = true;
}
