/* SPDX-License-Identifier: Apache-2.0 */

/* A row of a work list as a message. */

#include "assignment/work/work.h"
#include "calendar/zone.h"
#include "case/message/message.h"
#include "contract/words.h"

#define DAY_S 86400

/* -- what to do -------------------------------------------------------------------------------- */

Amends__V1__WorkReason work_reason(const struct work_item *w)
{
    if (w->of_promise)
        return WORK_REASON_PROMISE;
    if (w->place.source == WORK_OFFER)
        return WORK_REASON_OFFER;
    if (w->place.source == WORK_ANSWER)
        return WORK_REASON_ANSWER;
    return WORK_REASON_CLOCK;
}

static Amends__V1__NextAction action_of_clock(int kind)
{
    switch (kind) {
    case CLOCK_KIND_FIRST_RESPONSE:
    case CLOCK_KIND_NEXT_CONTACT:
        return NEXT_ACTION_CONTACT_CUSTOMER;
    case CLOCK_KIND_FULFILMENT:
        return NEXT_ACTION_FULFIL_REMEDY;
    case CLOCK_KIND_LEVEL:
        return NEXT_ACTION_ACKNOWLEDGE;
    case CLOCK_KIND_RESOLUTION:
    case CLOCK_KIND_STATUTORY:
        return NEXT_ACTION_RESOLVE_CASE;
    default:
        return NEXT_ACTION_UNSPECIFIED;
    }
}

/* A desk takes notice of cases itself. All else needs an agent, who does it best as the owner. */
static bool needs_an_agent(const struct work_item *w)
{
    return w->c->owner_kind == OWNER_KIND_STEWARD &&
           !(w->place.source == WORK_CLOCK && w->kind == CLOCK_KIND_LEVEL);
}

Amends__V1__NextAction work_next_action(const struct work_item *w)
{
    const Amends__V1__WorkReason reason = work_reason(w);
    if (reason == WORK_REASON_OFFER)
        return NEXT_ACTION_ANSWER_OFFER;
    if (needs_an_agent(w))
        return NEXT_ACTION_TAKE_CASE;
    if (reason == WORK_REASON_PROMISE)
        return NEXT_ACTION_KEEP_PROMISE;
    if (reason == WORK_REASON_ANSWER)
        return NEXT_ACTION_ANSWER_CUSTOMER;
    return action_of_clock(w->kind);
}

/* -- the message ------------------------------------------------------------------------------- */

/* "" for zero; NULL when the arena is full. */
static char *id_text(const struct uuid *id, struct arena *arena)
{
    static const struct uuid zero;
    char text[UUID_TEXT_LEN + 1];
    return arena_strdup(arena, uuid_eq(id, &zero) ? "" : uuid_format(id, text));
}

static bool set_case(Amends__V1__WorkItem *m, const struct case_row *c, struct arena *arena)
{
    m->case_id = id_text(&c->case_id, arena);
    m->status = (Amends__V1__CaseStatus)c->status;
    m->failure_code = arena_strdup(arena, c->failure_code);
    m->severity = c->severity;
    m->level = c->level;
    m->owner_kind = (Amends__V1__OwnerKind)c->owner_kind;
    m->owner_id = arena_strdup(arena, c->owner_id);
    m->customer_id = arena_strdup(arena, c->customer_id);
    m->customer_name = arena_strdup(arena, c->customer_name);
    m->open_time = message_time(c->opened_at, arena);
    m->version = c->last_seq;
    return m->case_id && m->failure_code && m->owner_id && m->customer_id && m->customer_name &&
           m->open_time;
}

static bool set_subject(Amends__V1__WorkItem *m, const struct work_item *w, struct arena *arena)
{
    char *subject = id_text(&w->subject_id, arena);
    m->clock_id = id_text(&w->clock_id, arena);
    m->clock_name = arena_strdup(arena, w->clock_name);
    if (!subject || !m->clock_id || !m->clock_name)
        return false;
    if (m->reason == WORK_REASON_PROMISE) {
        m->promise_id = subject;
        /* Found by its clock, whose kind is not the promise's. */
        m->promise_kind =
            w->place.source == WORK_PROMISE ? (Amends__V1__PromiseKind)w->kind : PROMISE_KIND_OTHER;
    } else if (m->reason == WORK_REASON_OFFER) {
        m->offer_id = subject;
    } else {
        m->clock_kind = (Amends__V1__ClockKind)w->kind;
        m->remedy_id = subject; /* of a clock of an answer there is none */
    }
    return true;
}

Amends__V1__WorkItem *work_message(const struct work_item *w, int64_t now_us, struct arena *arena)
{
    Amends__V1__WorkItem *m = arena_alloc(arena, sizeof(*m));
    if (!m)
        return NULL;
    amends__v1__work_item__init(m);
    m->reason = work_reason(w);
    m->due_time = message_time(w->due_us, arena);
    m->overdue = w->due_us < now_us;
    m->next_action = work_next_action(w);
    return m->due_time && set_case(m, w->c, arena) && set_subject(m, w, arena) ? m : NULL;
}

/* -- days -------------------------------------------------------------------------------------- */

int64_t work_end_of_day_us(const struct zone *zone, int64_t now_us)
{
    const int64_t wall_s = zone_wall_s(zone, now_us / US_PER_S);
    const int64_t midnight_s = (wall_s / DAY_S + 1) * DAY_S;
    return zone_instant_s(zone, midnight_s, ZONE_FIRST) * US_PER_S;
}
