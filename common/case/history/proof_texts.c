/* SPDX-License-Identifier: Apache-2.0 */

/* Texts of people: what the rows say against the personal parts of the events by which it was said.
 * A personal part that was erased says nothing, so nothing is compared with it. */

#include <string.h>

#include "base/digest.h"
#include "case/history/proof_impl.h"
#include "case/message/message.h"
#include "contract/words.h"

static void hash_text(const char *text, uint8_t hash[DIGEST_LEN])
{
    digest_sha256(text, strlen(text), hash);
}

static void compare_text(struct proof *p, int64_t seq, const char *row, const char *field,
                         const char *is, const char *said)
{
    if (strcmp(is, said) != 0)
        proof_differs(p, seq, row, field);
}

/* -- what was said first ----------------------------------------------------------------------- */

/* Later signals do not replace a name that is known. Events come latest first. */
static void keep_first(struct proof_text *t, int64_t seq, const char *said)
{
    if (said[0] == '\0')
        return;
    *t = (struct proof_text){.known = true, .seq = seq};
    hash_text(said, t->hash);
}

static void end_first(struct proof *p, const struct proof_text *t, const char *field,
                      const char *is)
{
    uint8_t hash[DIGEST_LEN];
    hash_text(is, hash);
    const bool same = t->known ? memcmp(hash, t->hash, sizeof(hash)) == 0 : is[0] == '\0';
    if (!same)
        proof_differs(p, t->seq, "case", field);
}

/* Product and order are said in events of this release only. */
void proof_end_texts(struct proof *p)
{
    const struct case_row *row = &p->c->row;
    if (p->personal_gone)
        return;
    end_first(p, &p->name, "customer_name", row->customer_name);
    end_first(p, &p->contact, "customer_contact", row->customer_contact);
    if (p->distrust)
        return;
    end_first(p, &p->product, "failure.product", row->product);
    end_first(p, &p->order, "failure.order_reference", row->order_reference);
}

static void take_signal(struct proof *p, const struct event_row *e,
                        const Amends__V1__EventPrivate *said)
{
    keep_first(&p->name, e->seq, said->customer_name);
    keep_first(&p->contact, e->seq, said->customer_contact);
    keep_first(&p->product, e->seq, said->product);
    if (e->kind != EVENT_KIND_CASE_OPENED)
        return;
    keep_first(&p->order, e->seq, said->order_reference);
    compare_text(p, e->seq, "case", "failure.description", p->c->row.description, said->text);
}

/* -- parts whose text is read with the case ---------------------------------------------------- */

static void take_remedy(struct proof *p, int64_t seq, const char *id, const char *said)
{
    struct uuid uuid;
    char name[PROOF_ROW_NAME];
    if (uuid_parse(id, &uuid) != AM_OK)
        return;
    const size_t i = proof_find_row(p, PROOF_REMEDY, &uuid);
    if (i == p->c->remedies.n)
        return;
    proof_row_name(p, PROOF_REMEDY, i, name);
    compare_text(p, seq, name, "description",
                 ROW_AT(&p->c->remedies, const struct remedy_row, i)->description, said);
}

/* A promise that replaces another one has its description. */
static void take_promise(struct proof *p, int64_t seq, const char *id, const char *said)
{
    struct uuid next;
    char name[PROOF_ROW_NAME];
    bool more = uuid_parse(id, &next) == AM_OK;
    for (size_t left = p->c->promises.n; more && left > 0; left--) {
        const size_t i = proof_find_row(p, PROOF_PROMISE, &next);
        if (i == p->c->promises.n)
            return;
        const struct promise_row *row = ROW_AT(&p->c->promises, const struct promise_row, i);
        proof_row_name(p, PROOF_PROMISE, i, name);
        compare_text(p, seq, name, "description", row->description, said);
        next = row->successor_id;
        more = !uuid_is_zero(&next);
    }
}

/* -- the case's own texts ---------------------------------------------------------------------- */

static void take_root_cause(struct proof *p, const struct event_row *e, const char *said)
{
    if (p->c->row.root_cause_at == e->at)
        compare_text(p, e->seq, "case", "root_cause.note", p->c->row.root_cause_note, said);
}

/* The k-th denial from the end was told by the k-th such event from the end. */
static void take_denial(struct proof *p, const struct event_row *e, const char *said,
                        struct arena *scratch)
{
    const Amends__V1__DenialList *list = message_denials(&p->c->row, scratch);
    if (!list)
        proof_differs(p, e->seq, "case", "denials");
    else if (p->denials < list->n_denials)
        compare_text(p, e->seq, "case", "denials.reason",
                     list->denials[list->n_denials - 1 - p->denials]->reason, said);
}

/* -- words that are read afterwards ------------------------------------------------------------ */

static void expect_text(struct proof *p, enum proof_part part, size_t i, size_t n, int64_t seq,
                        const char *said)
{
    if (i >= n)
        return;
    p->texts[part][i] = (struct proof_text){.known = true, .seq = seq};
    hash_text(said, p->texts[part][i].hash);
}

static void expect_signal(struct proof *p, int64_t seq, int number, const char *said)
{
    ROWS_EACH (row, const struct signal_row, &p->c->signals)
        if (row->number == number)
            expect_text(p, PROOF_SIGNAL,
                        (size_t)(row - (const struct signal_row *)p->c->signals.items),
                        p->c->signals.n, seq, said);
}

static void expect_part(struct proof *p, enum proof_part part, const char *id, size_t n,
                        int64_t seq, const char *said)
{
    struct uuid uuid;
    if (uuid_parse(id, &uuid) == AM_OK)
        expect_text(p, part, proof_find_row(p, part, &uuid), n, seq, said);
}

static void check_words(struct proof *p, enum proof_part part, size_t i, size_t n,
                        const char *field, const char *is)
{
    char name[PROOF_ROW_NAME];
    uint8_t hash[DIGEST_LEN];
    if (is == words_unread || i >= n || !p->texts[part][i].known)
        return;
    hash_text(is, hash);
    if (memcmp(hash, p->texts[part][i].hash, sizeof(hash)) == 0)
        return;
    proof_row_name(p, part, i, name);
    proof_differs(p, p->texts[part][i].seq, name, field);
}

static size_t place_of_signal(const struct proof *p, int number)
{
    size_t i = 0;
    while (i < p->c->signals.n &&
           ROW_AT(&p->c->signals, const struct signal_row, i)->number != number)
        i++;
    return i;
}

void proof_words(struct proof *p, enum proof_part part, const struct rows *rows)
{
    const struct case_state *c = p->c;
    for (size_t i = 0; i < rows->n; i++) {
        if (part == PROOF_SIGNAL) {
            const struct signal_row *s = ROW_AT(rows, const struct signal_row, i);
            check_words(p, part, place_of_signal(p, s->number), c->signals.n, "text", s->body);
        } else if (part == PROOF_CONTACT) {
            const struct contact_row *k = ROW_AT(rows, const struct contact_row, i);
            check_words(p, part, proof_find_row(p, part, &k->contact_id), c->contacts.n, "note",
                        k->note);
        } else {
            const struct act_row *a = ROW_AT(rows, const struct act_row, i);
            check_words(p, part, proof_find_row(p, part, &a->act_id), c->acts.n, "note", a->note);
        }
    }
}

/* -- one event --------------------------------------------------------------------------------- */

static void take_words(struct proof *p, const struct event_row *e, const Amends__V1__EventDetail *d,
                       const Amends__V1__EventPrivate *said)
{
    if ((e->kind == EVENT_KIND_CASE_OPENED || e->kind == EVENT_KIND_SIGNAL_JOINED) && d->signal)
        expect_signal(p, e->seq, d->signal->number, said->text);
    if (e->kind == EVENT_KIND_CONTACT_RECORDED && d->contact)
        expect_part(p, PROOF_CONTACT, d->contact->contact_id, p->c->contacts.n, e->seq, said->text);
    if (e->kind == EVENT_KIND_ACT_RECORDED && d->act)
        expect_part(p, PROOF_ACT, d->act->act_id, p->c->acts.n, e->seq, said->text);
    if (e->kind == EVENT_KIND_REMEDY_PROPOSED && d->remedy)
        take_remedy(p, e->seq, d->remedy->remedy_id, said->text);
    if (e->kind == EVENT_KIND_PROMISE_MADE && d->promise)
        take_promise(p, e->seq, d->promise->promise_id, said->text);
}

static void take_said(struct proof *p, const struct event_row *e, const Amends__V1__EventDetail *d,
                      const Amends__V1__EventPrivate *said, struct arena *scratch)
{
    take_words(p, e, d, said);
    if (e->kind == EVENT_KIND_CASE_OPENED || e->kind == EVENT_KIND_SIGNAL_JOINED)
        take_signal(p, e, said);
    if (e->kind == EVENT_KIND_ROOT_CAUSE_RECORDED)
        take_root_cause(p, e, said->text);
    if (e->kind == EVENT_KIND_CLAIM_DENIED)
        take_denial(p, e, said->text, scratch);
}

/* An event whose personal part was empty has none: then nothing was said. */
void proof_take_texts(struct proof *p, const struct event_row *e, const Amends__V1__EventDetail *d,
                      const struct event_private_row *personal, struct arena *scratch)
{
    const Amends__V1__EventPrivate nothing = AMENDS__V1__EVENT_PRIVATE__INIT;
    const Amends__V1__EventPrivate *said = &nothing;
    if (personal)
        said = (const Amends__V1__EventPrivate *)proof_unpack(
            &amends__v1__event_private__descriptor, personal->body, scratch);
    const bool gone = !personal && e->private_digest.len > 0;
    p->personal_gone = p->personal_gone || gone;
    if (said && !gone)
        take_said(p, e, d, said, scratch);
    p->denials += e->kind == EVENT_KIND_CLAIM_DENIED;
}
