/* SPDX-License-Identifier: Apache-2.0 */

/* A case with its parts as a message. */

#include <stdlib.h>
#include <string.h>

#include "case/people/contributors.h"
#include "case/message/message.h"
#include "case/message/impl.h"
#include "case/model/desired.h"
#include "contract/money.h"
#include "contract/timestamp.h"
#include "contract/words.h"

Amends__V1__Owner *message_owner(const struct case_row *row, struct arena *arena)
{
    struct make m = {.arena = arena};
    Amends__V1__Owner *o = make_alloc(&m, sizeof(*o));
    if (!o)
        return NULL;
    amends__v1__owner__init(o);
    o->kind = (Amends__V1__OwnerKind)row->owner_kind;
    make_text(&m, &o->id, row->owner_id);
    make_time(&m, &o->since_time, row->owner_since);
    o->assignment_generation = row->assignment_generation;
    return m.full ? NULL : o;
}

Amends__V1__RootCause *message_root_cause(const struct case_row *row, struct arena *arena)
{
    struct make m = {.arena = arena};
    Amends__V1__RootCause *r = row->root_cause_at != 0 ? make_alloc(&m, sizeof(*r)) : NULL;
    if (!r)
        return NULL;
    amends__v1__root_cause__init(r);
    make_text(&m, &r->code, row->root_cause_code);
    r->preventable = row->root_cause_preventable;
    make_text(&m, &r->note, row->root_cause_note);
    make_text(&m, &r->actor, row->root_cause_actor);
    make_time(&m, &r->record_time, row->root_cause_at);
    return m.full ? NULL : r;
}

/* -- the row ---------------------------------------------------------------------------------- */

static void make_failure(struct make *m, Amends__V1__Case *c, const struct case_row *row)
{
    Amends__V1__Failure *f = make_alloc(m, sizeof(*f));
    if (!f)
        return;
    amends__v1__failure__init(f);
    make_text(m, &f->code, row->failure_code);
    make_text(m, &f->description, row->description);
    make_time(m, &f->occurred_time, row->occurred_at);
    make_text(m, &f->product, row->product);
    make_text(m, &f->order_reference, row->order_reference);
    make_money(m, &f->money_at_stake, row->stake_currency, row->stake_micros);
    c->failure = f;
}

void make_effort(struct make *m, Amends__V1__Effort **field, const struct case_row *row)
{
    Amends__V1__Effort *e = make_alloc(m, sizeof(*e));
    if (!e)
        return;
    amends__v1__effort__init(e);
    e->contacts = row->contacts;
    e->transfers = row->transfers;
    e->minutes_lost = row->minutes_lost;
    *field = e;
}

void make_desired(struct make *m, int32_t wishes, Amends__V1__DesiredOutcome **list, size_t *n)
{
    int order[DESIRED_MAX];
    const size_t found = desired_list(wishes, order);
    *list = make_alloc(m, DESIRED_MAX * sizeof(**list));
    for (size_t i = 0; !m->full && i < found; i++)
        (*list)[(*n)++] = (Amends__V1__DesiredOutcome)order[i];
}

static void make_customer(struct make *m, Amends__V1__Case *c, const struct case_row *row)
{
    make_text(m, &c->customer_id, row->customer_id);
    make_text(m, &c->customer_name, row->customer_name);
    make_text(m, &c->customer_contact, row->customer_contact);
    make_text(m, &c->language, row->language);
    make_text(m, &c->customer_tier, row->customer_tier);
    make_text(m, &c->customer_time_zone, row->time_zone);
}

static void make_times(struct make *m, Amends__V1__Case *c, const struct case_row *row)
{
    make_time(m, &c->level_since_time, row->level_since);
    make_time(m, &c->open_time, row->opened_at);
    make_time(m, &c->update_time, row->updated_at);
    make_time(m, &c->resolve_time, row->resolved_at);
    make_time(m, &c->close_time, row->closed_at);
    make_time(m, &c->first_resolve_time, case_first_resolved_us(row));
    make_time(m, &c->appeal_time, row->appealed_at);
    make_time(m, &c->round_since_time, row->round_since != 0 ? row->round_since : row->opened_at);
}

/* What it cannot read was never written: it shows those before. */
void make_contributors(struct make *m, const char *text, Amends__V1__Contributor ***list, size_t *n)
{
    struct contributor all[POLICY_LEVELS_MAX];
    size_t found = 0;
    m->full = m->full || contributors_parse(text, all, &found, m->arena) == AM_ENOMEM;
    *list = make_alloc(m, (found + 1) * sizeof(void *));
    for (size_t i = 0; i < found; i++) {
        Amends__V1__Contributor *one = make_alloc(m, sizeof(*one));
        if (!one)
            return;
        amends__v1__contributor__init(one);
        make_text(m, &one->principal, all[i].principal);
        one->action = (Amends__V1__LadderAction)all[i].action;
        one->level = all[i].level;
        (*list)[(*n)++] = one;
    }
}

static void make_ladder(struct make *m, Amends__V1__Case *c, const struct case_row *row)
{
    make_contributors(m, row->contributors, &c->contributors, &c->n_contributors);
    make_time(m, &c->acknowledge_time, row->acknowledged_at);
    make_text(m, &c->acknowledger, row->acknowledged_by);
    make_money(m, &c->escalation_cost, row->touch_cost_currency, row->touch_cost_micros);
    if (row->paused_at == 0)
        return;
    c->pause = message_pause(row->paused_at, row->resume_at, row->pause_reason, m->arena);
    m->full = m->full || !c->pause;
}

/* The last one is shown by itself, too. */
static void make_denials(struct make *m, Amends__V1__Case *c, const struct case_row *row)
{
    if (row->denial_disclosed_at == 0)
        return;
    Amends__V1__DenialList *list = message_denials(row, m->arena);
    m->full = m->full || !list;
    if (!list)
        return;
    c->denials = list->denials;
    c->n_denials = list->n_denials;
    c->denial = list->denials[list->n_denials - 1];
}

/* Parts that a message function of their own makes: NULL is full unless the part is not there. */
static void make_owner_and_proof(struct make *m, Amends__V1__Case *c, const struct case_row *row)
{
    c->owner = message_owner(row, m->arena);
    c->root_cause = message_root_cause(row, m->arena);
    make_denials(m, c, row);
    m->full = m->full || !c->owner || (!c->root_cause && row->root_cause_at != 0) ||
              (!c->denial && row->denial_disclosed_at != 0);
}

static Amends__V1__Case *make_row(struct make *m, const struct case_row *row)
{
    Amends__V1__Case *c = make_alloc(m, sizeof(*c));
    if (!c)
        return NULL;
    amends__v1__case__init(c);
    make_uuid(m, &c->case_id, &row->case_id);
    c->version = row->last_seq;
    c->status = (Amends__V1__CaseStatus)row->status;
    make_customer(m, c, row);
    c->trigger = (Amends__V1__Trigger)row->trigger;
    c->channel = (Amends__V1__Channel)row->channel;
    make_failure(m, c, row);
    c->severity = row->severity;
    make_desired(m, row->desired_outcomes, &c->desired_outcomes, &c->n_desired_outcomes);
    make_effort(m, &c->effort, row);
    c->level = row->level;
    c->round = row->round;
    c->policy_version = row->policy_version;
    make_times(m, c, row);
    make_owner_and_proof(m, c, row);
    make_ladder(m, c, row);
    c->boost_ms = row->boost_ms;
    make_uuid(m, &c->earlier_case_id, &row->earlier_case_id);
    make_time(m, &c->erase_time, row->erased_at);
    make_text(m, &c->reference, row->reference);
    return c;
}

Amends__V1__Case *message_case_row(const struct case_row *row, struct arena *arena)
{
    struct make m = {.arena = arena};
    Amends__V1__Case *c = make_row(&m, row);
    return m.full ? NULL : c;
}

#define WRITTEN_PAUSES_MAX 1000

/* -- the parts -------------------------------------------------------------------------------- */

/* Defines `name`, which makes the messages of the rows that are still there, in c->list. */
#define PART(name, list, n_list, type, make_one)                                                   \
    static void name(struct make *m, Amends__V1__Case *c, const struct rows *rows)                 \
    {                                                                                              \
        c->list = make_alloc(m, (rows->n + 1) * sizeof(void *));                                   \
        ROWS_EACH (it, const type, rows) {                                                         \
            if (m->full || it->row.change == ROW_GONE)                                             \
                continue;                                                                          \
            c->list[c->n_list] = make_one(it, m->arena);                                           \
            m->full = !c->list[c->n_list++];                                                       \
        }                                                                                          \
    }

PART(make_signals, signals, n_signals, struct signal_row, message_signal)
PART(make_clocks, clocks, n_clocks, struct clock_row, message_clock)
PART(make_brief_clocks, clocks, n_clocks, struct clock_row, message_clock_brief)
PART(make_contacts, contacts, n_contacts, struct contact_row, message_contact)
PART(make_acts, acts, n_acts, struct act_row, message_act)
PART(make_remedies, remedies, n_remedies, struct remedy_row, message_remedy)
PART(make_offers, offers, n_offers, struct offer_row, message_offer)

static Amends__V1__Promise *whole_promise(const struct promise_row *row, struct arena *arena)
{
    return message_promise(row, true, arena);
}
PART(make_promises, promises, n_promises, struct promise_row, whole_promise)

/* Clocks of one instant have ids in no order: by start and kind a case reads the same each time. */
static int by_start_and_kind(const void *a, const void *b)
{
    const Amends__V1__Clock *x = *(Amends__V1__Clock *const *)a;
    const Amends__V1__Clock *y = *(Amends__V1__Clock *const *)b;
    int64_t x_us = timestamp_us(x->start_time);
    int64_t y_us = timestamp_us(y->start_time);
    if (x_us != y_us)
        return x_us < y_us ? -1 : 1;
    return x->kind != y->kind ? (int)x->kind - (int)y->kind : strcmp(x->name, y->name);
}

/* Defines `name`: whether the text of a part was left out. */
#define LEFT_OUT(name, list, n_list, flag)                                                         \
    static bool name(const Amends__V1__Case *c)                                                    \
    {                                                                                              \
        for (size_t i = 0; i < c->n_list; i++)                                                     \
            if (c->list[i]->flag)                                                                  \
                return true;                                                                       \
        return false;                                                                              \
    }

LEFT_OUT(signals_left_out, signals, n_signals, text_left_out)
LEFT_OUT(contacts_left_out, contacts, n_contacts, note_left_out)
LEFT_OUT(acts_left_out, acts, n_acts, note_left_out)

bool message_texts_left_out(const Amends__V1__Case *c)
{
    return signals_left_out(c) || contacts_left_out(c) || acts_left_out(c);
}

static void make_parts(struct make *m, Amends__V1__Case *message, const struct case_state *c)
{
    make_signals(m, message, &c->signals);
    make_contacts(m, message, &c->contacts);
    make_acts(m, message, &c->acts);
    make_remedies(m, message, &c->remedies);
    make_offers(m, message, &c->offers);
    make_promises(m, message, &c->promises);
}

static Amends__V1__Case *make_case(const struct case_state *c, struct arena *arena,
                                   void (*clocks)(struct make *m, Amends__V1__Case *message,
                                                  const struct rows *rows))
{
    struct make m = {.arena = arena};
    Amends__V1__Case *message = make_row(&m, &c->row);
    if (message && clocks) {
        clocks(&m, message, &c->clocks);
        if (!m.full && message->n_clocks > 1)
            qsort(message->clocks, message->n_clocks, sizeof(*message->clocks), by_start_and_kind);
        make_parts(&m, message, c);
    }
    if (m.full)
        return NULL;
    message->texts_left_out = message_texts_left_out(message);
    return message;
}

Amends__V1__Case *message_case(const struct case_state *c, bool parts, struct arena *arena)
{
    return make_case(c, arena, parts ? make_clocks : NULL);
}

Amends__V1__Case *message_written_case(const struct case_state *c, struct arena *arena)
{
    size_t pauses = 0;
    ROWS_EACH (clock, const struct clock_row, &c->clocks)
        pauses += message_ended_pauses(clock);
    return make_case(c, arena, pauses > WRITTEN_PAUSES_MAX ? make_brief_clocks : make_clocks);
}
