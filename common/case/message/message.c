/* SPDX-License-Identifier: Apache-2.0 */

/* The parts of a case as messages: one function a row. message_case.c puts them together. */

#include "case/message/message.h"

#include <string.h>

#include "base/time.h"
#include "case/people/agent_text.h"
#include "case/clocks/deadline.h"
#include "case/message/impl.h"
#include "contract/words.h"
#include "policy/policy.h"

void *make_alloc(struct make *m, size_t size)
{
    void *p = m->full ? NULL : arena_alloc(m->arena, size);
    m->full = m->full || !p;
    return p;
}

/* Into a text field, which holds the library's shared empty text until then. */
void make_text(struct make *m, char **field, const char *text)
{
    if (!text || text[0] == '\0')
        return;
    size_t size = strlen(text) + 1;
    char *copy = make_alloc(m, size);
    if (copy)
        *field = memcpy(copy, text, size);
}

void make_uuid(struct make *m, char **field, const struct uuid *id)
{
    if (uuid_is_zero(id))
        return;
    char *copy = make_alloc(m, UUID_TEXT_LEN + 1);
    if (copy)
        *field = uuid_format(id, copy);
}

void make_time(struct make *m, Google__Protobuf__Timestamp **field, int64_t us)
{
    if (us == 0)
        return;
    Google__Protobuf__Timestamp *t = make_alloc(m, sizeof(*t));
    if (!t)
        return;
    google__protobuf__timestamp__init(t);
    t->seconds = us / US_PER_S;
    t->nanos = (int32_t)(us % US_PER_S * 1000);
    *field = t;
}

void make_money(struct make *m, Google__Type__Money **field, const char *currency, int64_t micros)
{
    if (!currency || currency[0] == '\0')
        return;
    Google__Type__Money *money = make_alloc(m, sizeof(*money));
    if (!money)
        return;
    google__type__money__init(money);
    make_text(m, &money->currency_code, currency);
    money->units = micros / MONEY_MICROS;
    money->nanos = (int32_t)(micros % MONEY_MICROS * 1000);
    *field = money;
}

Google__Protobuf__Timestamp *message_time(int64_t us, struct arena *arena)
{
    struct make m = {.arena = arena};
    Google__Protobuf__Timestamp *t = NULL;
    make_time(&m, &t, us);
    return t;
}

Google__Type__Money *message_money(const char *currency, int64_t micros, struct arena *arena)
{
    struct make m = {.arena = arena};
    Google__Type__Money *money = NULL;
    make_money(&m, &money, currency, micros);
    return m.full ? NULL : money;
}

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
    make_text(&m, &s->reporter, row->reporter);
    return m.full ? NULL : s;
}

/* What its deadline is computed from, but for the start and the pauses. */
static void make_inputs(struct make *m, Amends__V1__Clock *k, const struct clock_row *row)
{
    k->policy_version = row->policy_version;
    make_text(m, &k->calendar, row->calendar);
    make_text(m, &k->time_zone, row->time_zone);
    k->target_unit = (Amends__V1__TargetUnit)row->target_unit;
    k->target_ms = row->target_ms;
    k->target_days = row->target_days;
}

static Amends__V1__ClockPause *make_pause(struct make *m, int64_t from_us, int64_t until_us,
                                          int reason)
{
    Amends__V1__ClockPause *pause = message_pause(from_us, until_us, reason, m->arena);
    m->full = m->full || !pause;
    return pause;
}

/* A text that is none was never written: it shows no pauses. */
static void make_pauses(struct make *m, Amends__V1__Clock *k, const struct clock_row *row)
{
    struct pause pauses[PAUSES_MAX];
    size_t n = 0;
    if (row->state == CLOCK_STATE_PAUSED)
        k->pause = make_pause(m, row->paused_at, row->resume_at, row->pause_reason);
    if (row->pauses[0] == '\0' || pauses_parse(row->pauses, pauses, &n) != AM_OK)
        return;
    k->pauses = make_alloc(m, n * sizeof(*k->pauses));
    for (size_t i = 0; !m->full && i < n; i++)
        k->pauses[k->n_pauses++] =
            make_pause(m, pauses[i].from_us, pauses[i].until_us, pauses[i].reason);
}

Amends__V1__Clock *message_clock(const struct clock_row *row, struct arena *arena)
{
    struct make m = {.arena = arena};
    Amends__V1__Clock *k = make_alloc(&m, sizeof(*k));
    if (!k)
        return NULL;
    amends__v1__clock__init(k);
    make_uuid(&m, &k->clock_id, &row->clock_id);
    k->kind = (Amends__V1__ClockKind)row->kind;
    k->state = (Amends__V1__ClockState)row->state;
    k->round = row->round;
    make_time(&m, &k->start_time, row->started_at);
    make_time(&m, &k->due_time, row->due_at);
    make_time(&m, &k->stop_time, row->stopped_at);
    make_time(&m, &k->breach_time, row->breached_at);
    make_uuid(&m, &k->subject_id, &row->subject_id);
    make_text(&m, &k->name, row->name);
    k->instance = row->instance;
    make_inputs(&m, k, row);
    make_pauses(&m, k, row);
    k->fired_percent = row->fired;
    make_time(&m, &k->next_time, row->next_at);
    return m.full ? NULL : k;
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

/* -- agents ---------------------------------------------------------------------------------------
 */

static char *make_slice(struct make *m, struct slice s)
{
    char *copy = make_alloc(m, s.len + 1);
    return copy ? memcpy(copy, s.data, s.len) : NULL;
}

/* A list that can hold as many items as the text has at most. */
static void *make_list(struct make *m, const char *text)
{
    return make_alloc(m, (strlen(text) / 2 + 1) * sizeof(void *));
}

static void make_skills(struct make *m, Amends__V1__Agent *a, const char *text)
{
    struct agent_skill item;
    a->skills = make_list(m, text);
    while (!m->full && agent_text_skill(&text, &item)) {
        Amends__V1__Skill *skill = make_alloc(m, sizeof(*skill));
        char *code = make_slice(m, item.code);
        if (m->full)
            return;
        amends__v1__skill__init(skill);
        skill->code = code;
        skill->level = item.level;
        a->skills[a->n_skills++] = skill;
    }
}

static void make_languages(struct make *m, Amends__V1__Agent *a, const char *text)
{
    struct slice item;
    a->languages = make_list(m, text);
    while (!m->full && agent_text_language(&text, &item))
        a->languages[a->n_languages++] = make_slice(m, item);
}

static void make_authorities(struct make *m, Amends__V1__Agent *a, const char *text)
{
    struct agent_authority item;
    a->authorities = make_list(m, text);
    while (!m->full && agent_text_authority(&text, &item)) {
        Amends__V1__Authority *authority = make_alloc(m, sizeof(*authority));
        char *currency = make_slice(m, item.currency);
        if (m->full)
            return;
        amends__v1__authority__init(authority);
        authority->kind = (Amends__V1__RemedyKind)item.kind;
        make_money(m, &authority->limit_per_case, currency, item.limit_micros);
        a->authorities[a->n_authorities++] = authority;
    }
}

Amends__V1__Agent *message_agent(const struct agent_row *row, struct arena *arena)
{
    struct make m = {.arena = arena};
    Amends__V1__Agent *a = make_alloc(&m, sizeof(*a));
    if (!a)
        return NULL;
    amends__v1__agent__init(a);
    make_text(&m, &a->agent_id, row->agent_id);
    a->version = row->version;
    make_text(&m, &a->display_name, row->display_name);
    make_text(&m, &a->public_contact, row->public_contact);
    make_text(&m, &a->team, row->team);
    a->level = row->level;
    a->capacity = row->capacity;
    make_skills(&m, a, row->skills);
    make_languages(&m, a, row->languages);
    make_authorities(&m, a, row->authorities);
    a->presence = (Amends__V1__Presence)row->presence;
    make_time(&m, &a->presence_time, row->presence_at);
    a->load = row->counted_cases + row->pending_weight;
    make_time(&m, &a->idle_since_time, row->idle_since);
    return m.full ? NULL : a;
}
