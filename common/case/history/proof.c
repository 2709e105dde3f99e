/* SPDX-License-Identifier: Apache-2.0 */
#include "case/history/proof.h"

#include <stdio.h>
#include <string.h>

#include "case/history/proof_impl.h"
#include "case/message/message.h"
#include "case/people/contributors.h"
#include "contract/reference.h"
#include "contract/words.h"

#define KIND(name) AMENDS__V1__HISTORY_FINDING_KIND__HISTORY_FINDING_KIND_##name

static void chain_problem(void *ctx, int64_t seq, bool personal, const char *what)
{
    proof_find(ctx, personal ? KIND(PERSONAL_PART) : KIND(EVENT), seq, "", "", what);
}

/* -- parts ------------------------------------------------------------------------------------- */

/* What the first release did not know, in both messages. */
static void forget_what_is_new(enum proof_part part, ProtobufCMessage *m)
{
    if (part == PROOF_CLOCK) {
        Amends__V1__Clock *clock = (Amends__V1__Clock *)m;
        clock->n_retargets = 0;
        clock->pause_capped = false;
    } else if (part == PROOF_CONTACT) {
        Amends__V1__ContactAttempt *contact = (Amends__V1__ContactAttempt *)m;
        contact->asks = (Amends__V1__ContactAsk)CONTACT_ASK_UNSPECIFIED;
        contact->addressed_level = 0;
    }
}

/* An event about a threshold shows the clock as it was when that was met; it may have begun again
 * before the event was written. Instances only grow. */
static bool is_of_before(const struct proof *p, enum proof_part part, size_t i,
                         const ProtobufCMessage *shown)
{
    return part == PROOF_CLOCK && ((const Amends__V1__Clock *)shown)->instance <
                                      ROW_AT(&p->c->clocks, const struct clock_row, i)->instance;
}

static void part_missing(struct proof *p, enum proof_part part, int64_t seq, const char *id,
                         int number)
{
    char name[PROOF_ROW_NAME];
    char text[PROOF_ROW_NAME + 64];
    if (part == PROOF_SIGNAL)
        (void)snprintf(name, sizeof(name), "signal %d", number);
    else
        (void)snprintf(name, sizeof(name), "%s %.36s", proof_kinds[part].name, id);
    (void)snprintf(text, sizeof(text), "the event shows the %s, which is not there", name);
    proof_find(p, KIND(ROW_MISSING), seq, name, "", text);
}

static void take_part(struct proof *p, int64_t seq, enum proof_part part, const char *id,
                      int number, ProtobufCMessage *shown, struct arena *scratch)
{
    const size_t i = proof_find_shown(p, part, id, number);
    char name[PROOF_ROW_NAME];
    if (i == proof_rows(p->c, part)->n) {
        part_missing(p, part, seq, id, number);
        return;
    }
    if (p->seen[part][i] || is_of_before(p, part, i, shown))
        return;
    p->seen[part][i] = true;
    if (p->distrust && proof_kinds[part].silent)
        return;
    const ProtobufCMessage *is = proof_kinds[part].show(proof_row(p->c, part, i), scratch);
    if (p->distrust && is) {
        forget_what_is_new(part, (ProtobufCMessage *)(uintptr_t)is);
        forget_what_is_new(part, shown);
    }
    proof_row_name(p, part, i, name);
    p->rows++;
    (void)proof_compare(p, seq, name, is, shown);
}

static void take_list(struct proof *p, int64_t seq, const Amends__V1__ChangedParts *l,
                      struct arena *scratch)
{
    for (size_t i = 0; i < l->n_signals; i++)
        take_part(p, seq, PROOF_SIGNAL, NULL, l->signals[i]->number, &l->signals[i]->base, scratch);
    for (size_t i = 0; i < l->n_contacts; i++)
        take_part(p, seq, PROOF_CONTACT, l->contacts[i]->contact_id, 0, &l->contacts[i]->base,
                  scratch);
    for (size_t i = 0; i < l->n_acts; i++)
        take_part(p, seq, PROOF_ACT, l->acts[i]->act_id, 0, &l->acts[i]->base, scratch);
    for (size_t i = 0; i < l->n_remedies; i++)
        take_part(p, seq, PROOF_REMEDY, l->remedies[i]->remedy_id, 0, &l->remedies[i]->base,
                  scratch);
    for (size_t i = 0; i < l->n_promises; i++)
        take_part(p, seq, PROOF_PROMISE, l->promises[i]->promise_id, 0, &l->promises[i]->base,
                  scratch);
    for (size_t i = 0; i < l->n_offers; i++)
        take_part(p, seq, PROOF_OFFER, l->offers[i]->offer_id, 0, &l->offers[i]->base, scratch);
}

/* A row that changed again after its own event is in the list of changed parts: that is newer. */
static void take_parts(struct proof *p, int64_t seq, const Amends__V1__EventDetail *d,
                       struct arena *scratch)
{
    if (d->changed)
        take_list(p, seq, d->changed, scratch);
    if (d->signal)
        take_part(p, seq, PROOF_SIGNAL, NULL, d->signal->number, &d->signal->base, scratch);
    if (d->contact)
        take_part(p, seq, PROOF_CONTACT, d->contact->contact_id, 0, &d->contact->base, scratch);
    if (d->act)
        take_part(p, seq, PROOF_ACT, d->act->act_id, 0, &d->act->base, scratch);
    if (d->remedy)
        take_part(p, seq, PROOF_REMEDY, d->remedy->remedy_id, 0, &d->remedy->base, scratch);
    if (d->promise)
        take_part(p, seq, PROOF_PROMISE, d->promise->promise_id, 0, &d->promise->base, scratch);
    if (d->successor)
        take_part(p, seq, PROOF_PROMISE, d->successor->promise_id, 0, &d->successor->base, scratch);
    if (d->offer)
        take_part(p, seq, PROOF_OFFER, d->offer->offer_id, 0, &d->offer->base, scratch);
    for (size_t i = 0; i < d->n_clocks; i++)
        take_part(p, seq, PROOF_CLOCK, d->clocks[i]->clock_id, 0, &d->clocks[i]->base, scratch);
}

/* -- the case's own row ------------------------------------------------------------------------ */

static void take_facts(struct proof *p, int64_t seq, const Amends__V1__CaseFacts *shown,
                       struct arena *scratch)
{
    const Amends__V1__CaseFacts *is = shown_facts(&p->c->row, shown->first_sequence, scratch);
    p->sealed_from = shown->first_sequence;
    if (p->facts)
        return;
    p->facts = p->owner = p->version = true;
    p->rows++;
    (void)proof_compare(p, seq, "case", is ? &is->base : NULL, &shown->base);
}

static void take_opening(struct proof *p, int64_t seq, const Amends__V1__CaseOpening *shown,
                         struct arena *scratch)
{
    const Amends__V1__CaseOpening *is = shown_opening(&p->c->row, scratch);
    p->opening = true;
    (void)proof_compare(p, seq, "case", is ? &is->base : NULL, &shown->base);
}

static void compare_number(struct proof *p, int64_t seq, const char *field, int64_t is,
                           int64_t shown)
{
    if (is != shown)
        proof_differs(p, seq, "case", field);
}

/* What the messages cannot show of the row. */
static void take_rest(struct proof *p, const struct event_row *e, struct arena *scratch)
{
    const struct case_row *row = &p->c->row;
    struct contributor all[POLICY_LEVELS_MAX];
    size_t n = 0;
    compare_number(p, e->seq, "update_time", row->updated_at, e->at);
    if (!proof_whole_money(row->stake_currency, row->stake_micros))
        proof_differs(p, e->seq, "case", "failure.money_at_stake");
    if (!proof_whole_money(row->touch_cost_currency, row->touch_cost_micros))
        proof_differs(p, e->seq, "case", "escalation_cost");
    if (contributors_parse(row->contributors, all, &n, scratch) == AM_EINVAL)
        proof_differs(p, e->seq, "case", "contributors");
}

/* What every event tells of the case after it, also those of the first release. */
static void take_status(struct proof *p, int64_t seq, const Amends__V1__EventDetail *d)
{
    compare_number(p, seq, "status", p->c->row.status, (int64_t)d->status);
    compare_number(p, seq, "severity", p->c->row.severity, d->severity);
    compare_number(p, seq, "level", p->c->row.level, d->level);
    p->rows++;
    p->facts = true;
}

/* The owner and the version change with an event that shows them, in every release. */
static void take_told(struct proof *p, const struct event_row *e, const Amends__V1__EventDetail *d,
                      struct arena *scratch)
{
    if (d->owner && !p->owner) {
        const Amends__V1__Owner *is = message_owner(&p->c->row, scratch);
        p->owner = true;
        (void)proof_compare(p, e->seq, "case", is ? &is->base : NULL, &d->owner->base);
    }
    if (d->policy_version != 0 && !p->version) {
        p->version = true;
        compare_number(p, e->seq, "policy_version", p->c->row.policy_version, d->policy_version);
    }
    if (e->kind != EVENT_KIND_CASE_OPENED)
        return;
    if (strcmp(d->customer_id, p->c->row.customer_id) != 0)
        proof_differs(p, e->seq, "case", "customer_id");
    if (strcmp(d->failure_code, p->c->row.failure_code) != 0)
        proof_differs(p, e->seq, "case", "failure_code");
}

/* The last erasure; the event's time is that of the decision, which the row has, too. */
static void take_erasure(struct proof *p, int64_t seq, int64_t at)
{
    p->erasure = true;
    compare_number(p, seq, "erased_seq", p->c->row.erased_seq, seq);
    compare_number(p, seq, "erase_time", p->c->row.erased_at, at);
}

static void take_detail(struct proof *p, const struct event_row *e,
                        const Amends__V1__EventDetail *d, struct arena *scratch)
{
    if (d->facts)
        take_facts(p, e->seq, d->facts, scratch);
    else if (p->sealed_from == 0 || e->seq < p->sealed_from)
        p->distrust = true;
    if (d->opening && !p->opening && !p->distrust)
        take_opening(p, e->seq, d->opening, scratch);
    if (!p->facts)
        take_status(p, e->seq, d);
    if (e->seq == p->c->row.last_seq)
        take_rest(p, e, scratch);
    take_told(p, e, d, scratch);
    if (e->kind == EVENT_KIND_PERSONAL_DATA_ERASED && !p->erasure)
        take_erasure(p, e->seq, e->at);
    take_parts(p, e->seq, d, scratch);
    proof_take_step(p, e, d, scratch);
}

/* -- all --------------------------------------------------------------------------------------- */

void proof_begin(struct proof *p, const struct case_state *c, const char *tenant,
                 struct arena *arena)
{
    *p = (struct proof){.c = c, .tenant = tenant, .arena = arena, .problem = ""};
    p->findings = ARENA_ARRAY(arena, Amends__V1__HistoryFinding *, PROOF_FINDINGS_MAX);
    for (unsigned part = 0; part < PROOF_PARTS; part++)
        p->seen[part] = ARENA_ARRAY(arena, bool, proof_rows(c, part)->n + 1);
    for (unsigned part = 0; part < PROOF_WORDS; part++)
        p->texts[part] = ARENA_ARRAY(arena, struct proof_text, proof_rows(c, part)->n + 1);
    p->steps = ARENA_ARRAY(arena, bool, c->escalations.n + 1);
    p->round = c->row.round;
    p->chain.problem = chain_problem;
    p->chain.ctx = p;
    chain_begin(&p->chain, &c->row);
}

void proof_event(struct proof *p, const struct event_row *e,
                 const struct event_private_row *personal, struct arena *scratch)
{
    chain_next(&p->chain, p->tenant, e, personal);
    const Amends__V1__EventDetail *d = (const Amends__V1__EventDetail *)proof_unpack(
        &amends__v1__event_detail__descriptor, e->public_body, scratch);
    if (!d) {
        proof_find(p, KIND(EVENT), e->seq, "", "", "its detail is not one");
        return;
    }
    take_detail(p, e, d, scratch);
    proof_take_texts(p, e, d, personal, scratch);
}

static void find_unknown(struct proof *p, enum proof_part part)
{
    char name[PROOF_ROW_NAME];
    char text[PROOF_ROW_NAME + 32];
    for (size_t i = 0; i < proof_rows(p->c, part)->n; i++) {
        if (p->seen[part][i])
            continue;
        proof_row_name(p, part, i, name);
        (void)snprintf(text, sizeof(text), "no event shows the %s", name);
        proof_find(p, KIND(ROW_UNKNOWN), 0, name, "", text);
    }
}

#define REFERENCE_ATTEMPTS 64

/* The reference follows from the id, so no event need tell it. */
static void check_reference_of_id(struct proof *p)
{
    const struct case_row *row = &p->c->row;
    char made[REFERENCE_CHARS + 1];
    bool found = row->reference[0] == '\0'; /* not given yet */
    for (unsigned i = 0; i < REFERENCE_ATTEMPTS && !found; i++) {
        reference_make(&row->case_id, i, made);
        found = strcmp(made, row->reference) == 0;
    }
    if (!found)
        proof_differs(p, 0, "case", "reference");
}

void proof_end(struct proof *p)
{
    chain_end(&p->chain);
    check_reference_of_id(p);
    if (!p->erasure)
        take_erasure(p, 0, 0); /* no event tells of one */
    for (unsigned part = 0; part < PROOF_PARTS; part++)
        find_unknown(p, part);
    proof_end_steps(p);
    proof_end_texts(p);
}
