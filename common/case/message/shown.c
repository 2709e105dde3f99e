/* SPDX-License-Identifier: Apache-2.0 */

/* Rows as events show them: what people wrote is left out, because it lies in the personal part,
 * which can be erased. Verification makes the same messages again and compares. */

#include "case/message/impl.h"
#include "case/message/message.h"

/* -- parts ------------------------------------------------------------------------------------- */

Amends__V1__Signal *shown_signal(const struct signal_row *row, struct arena *arena)
{
    struct signal_row without = *row;
    without.body = "";
    return message_signal(&without, arena);
}

Amends__V1__ContactAttempt *shown_contact(const struct contact_row *row, struct arena *arena)
{
    struct contact_row without = *row;
    without.note = "";
    return message_contact(&without, arena);
}

Amends__V1__Act *shown_act(const struct act_row *row, struct arena *arena)
{
    struct act_row without = *row;
    without.note = "";
    return message_act(&without, arena);
}

Amends__V1__Remedy *shown_remedy(const struct remedy_row *row, struct arena *arena)
{
    struct remedy_row without = *row;
    without.description = "";
    return message_remedy(&without, arena);
}

Amends__V1__Promise *shown_promise(const struct promise_row *row, struct arena *arena)
{
    return message_promise(row, false, arena);
}

/* -- the case's own row ------------------------------------------------------------------------ */

Amends__V1__CaseOpening *shown_opening(const struct case_row *row, struct arena *arena)
{
    struct make m = {.arena = arena};
    Amends__V1__CaseOpening *o = make_alloc(&m, sizeof(*o));
    if (!o)
        return NULL;
    amends__v1__case_opening__init(o);
    make_text(&m, &o->customer_id, row->customer_id);
    make_text(&m, &o->failure_code, row->failure_code);
    o->trigger = (Amends__V1__Trigger)row->trigger;
    o->channel = (Amends__V1__Channel)row->channel;
    make_text(&m, &o->language, row->language);
    make_text(&m, &o->customer_tier, row->customer_tier);
    make_text(&m, &o->customer_time_zone, row->time_zone);
    make_time(&m, &o->occurred_time, row->occurred_at);
    make_money(&m, &o->money_at_stake, row->stake_currency, row->stake_micros);
    make_time(&m, &o->open_time, row->opened_at);
    make_uuid(&m, &o->earlier_case_id, &row->earlier_case_id);
    return m.full ? NULL : o;
}

static void make_people(struct make *m, Amends__V1__CaseFacts *f, const struct case_row *row)
{
    f->owner = message_owner(row, m->arena);
    m->full = m->full || !f->owner;
    make_time(m, &f->acknowledge_time, row->acknowledged_at);
    make_text(m, &f->acknowledger, row->acknowledged_by);
    make_contributors(m, row->contributors, &f->contributors, &f->n_contributors);
    make_money(m, &f->escalation_cost, row->touch_cost_currency, row->touch_cost_micros);
}

static void make_pause(struct make *m, Amends__V1__CaseFacts *f, const struct case_row *row)
{
    f->paused_ms = row->paused_ms;
    if (row->paused_at == 0 && row->resume_at == 0 && row->pause_reason == 0)
        return;
    f->pause = message_pause(row->paused_at, row->resume_at, row->pause_reason, m->arena);
    m->full = m->full || !f->pause;
}

static void make_course(struct make *m, Amends__V1__CaseFacts *f, const struct case_row *row)
{
    f->status = (Amends__V1__CaseStatus)row->status;
    f->severity = row->severity;
    f->level = row->level;
    make_time(m, &f->level_since_time, row->level_since);
    f->round = row->round;
    make_time(m, &f->round_since_time, row->round_since);
    f->policy_version = row->policy_version;
    f->boost_ms = row->boost_ms;
    f->raised_ms = row->raised_ms;
    make_time(m, &f->resolve_time, row->resolved_at);
    make_time(m, &f->close_time, row->closed_at);
    make_time(m, &f->first_resolve_time, row->first_resolved_at);
    make_time(m, &f->appeal_time, row->appealed_at);
}

static void make_root_cause(struct make *m, Amends__V1__CaseFacts *f, const struct case_row *row)
{
    struct case_row without = *row;
    without.root_cause_note = "";
    f->root_cause = message_root_cause(&without, m->arena);
    m->full = m->full || (!f->root_cause && row->root_cause_at != 0);
}

static void make_denials(struct make *m, Amends__V1__CaseFacts *f, const struct case_row *row)
{
    Amends__V1__DenialList *list = message_denials(row, m->arena);
    m->full = m->full || !list;
    if (!list)
        return;
    for (size_t i = 0; i < list->n_denials; i++)
        list->denials[i]->reason = (char *)(uintptr_t)protobuf_c_empty_string;
    f->denials = list->denials;
    f->n_denials = list->n_denials;
}

Amends__V1__CaseFacts *shown_facts(const struct case_row *row, int64_t first_seq,
                                   struct arena *arena)
{
    struct make m = {.arena = arena};
    Amends__V1__CaseFacts *f = make_alloc(&m, sizeof(*f));
    if (!f)
        return NULL;
    amends__v1__case_facts__init(f);
    f->first_sequence = first_seq;
    make_course(&m, f, row);
    make_people(&m, f, row);
    make_effort(&m, &f->effort, row);
    make_desired(&m, row->desired_outcomes, &f->desired_outcomes, &f->n_desired_outcomes);
    make_pause(&m, f, row);
    make_root_cause(&m, f, row);
    make_denials(&m, f, row);
    return m.full ? NULL : f;
}
