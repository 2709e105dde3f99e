/* SPDX-License-Identifier: Apache-2.0 */

/* The parts of a case as messages: one function a row. case.c puts them together. */

#include "case/message/impl.h"
#include "case/message/message.h"
#include "contract/words.h"

Amends__V1__Signal *message_signal(const struct signal_row *row, struct arena *arena)
{
    struct make m = {.arena = arena};
    Amends__V1__Signal *s = make_alloc(&m, sizeof(*s));
    if (!s)
        return NULL;
    amends__v1__signal__init(s);
    s->number = row->number;
    s->trigger = (Amends__V1__Trigger)row->trigger;
    s->channel = (Amends__V1__Channel)row->channel;
    make_time(&m, &s->received_time, row->received_at);
    make_text(&m, &s->external_reference, row->external_reference);
    make_text(&m, &s->text, row->body);
    s->text_left_out = row->body == words_unread;
    make_text(&m, &s->reporter, row->reporter);
    return m.full ? NULL : s;
}

Amends__V1__ContactAttempt *message_contact(const struct contact_row *row, struct arena *arena)
{
    struct make m = {.arena = arena};
    Amends__V1__ContactAttempt *a = make_alloc(&m, sizeof(*a));
    if (!a)
        return NULL;
    amends__v1__contact_attempt__init(a);
    make_uuid(&m, &a->contact_id, &row->contact_id);
    a->direction = (Amends__V1__ContactDirection)row->direction;
    a->channel = (Amends__V1__Channel)row->channel;
    a->outcome = (Amends__V1__ContactOutcome)row->outcome;
    make_time(&m, &a->contact_time, row->at);
    make_text(&m, &a->actor, row->actor);
    make_text(&m, &a->note, row->note);
    a->note_left_out = row->note == words_unread;
    if (row->direction == CONTACT_DIRECTION_INBOUND)
        a->asks = (Amends__V1__ContactAsk)row->asks;
    a->addressed_level = row->addressed_level;
    return m.full ? NULL : a;
}

Amends__V1__Act *message_act(const struct act_row *row, struct arena *arena)
{
    struct make m = {.arena = arena};
    Amends__V1__Act *a = make_alloc(&m, sizeof(*a));
    if (!a)
        return NULL;
    amends__v1__act__init(a);
    make_uuid(&m, &a->act_id, &row->act_id);
    a->kind = (Amends__V1__ActKind)row->kind;
    make_time(&m, &a->act_time, row->at);
    make_text(&m, &a->actor, row->actor);
    make_text(&m, &a->note, row->note);
    a->note_left_out = row->note == words_unread;
    return m.full ? NULL : a;
}

Amends__V1__Remedy *message_remedy(const struct remedy_row *row, struct arena *arena)
{
    struct make m = {.arena = arena};
    Amends__V1__Remedy *r = make_alloc(&m, sizeof(*r));
    if (!r)
        return NULL;
    amends__v1__remedy__init(r);
    make_uuid(&m, &r->remedy_id, &row->remedy_id);
    r->kind = (Amends__V1__RemedyKind)row->kind;
    r->state = (Amends__V1__RemedyState)row->state;
    make_money(&m, &r->amount, row->currency, row->micros);
    make_text(&m, &r->description, row->description);
    make_text(&m, &r->proposer, row->proposer);
    make_time(&m, &r->propose_time, row->proposed_at);
    make_time(&m, &r->response_time, row->responded_at);
    make_time(&m, &r->fulfil_time, row->fulfilled_at);
    make_text(&m, &r->fulfilment_reference, row->fulfilment_reference);
    r->on_the_spot = row->on_the_spot;
    return m.full ? NULL : r;
}

Amends__V1__Offer *message_offer(const struct offer_row *row, struct arena *arena)
{
    struct make m = {.arena = arena};
    Amends__V1__Offer *o = make_alloc(&m, sizeof(*o));
    if (!o)
        return NULL;
    amends__v1__offer__init(o);
    make_uuid(&m, &o->offer_id, &row->offer_id);
    make_uuid(&m, &o->case_id, &row->case_id);
    make_text(&m, &o->agent_id, row->agent_id);
    o->state = (Amends__V1__OfferState)row->state;
    o->assignment_generation = row->generation;
    make_time(&m, &o->create_time, row->created_at);
    make_time(&m, &o->expire_time, row->expires_at);
    make_time(&m, &o->decide_time, row->decided_at);
    o->weight = row->weight;
    o->pulled = row->pulled;
    return m.full ? NULL : o;
}
