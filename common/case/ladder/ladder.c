/* SPDX-License-Identifier: Apache-2.0 */

/* Steps of the ladder: recorded once each, with their cost, their people and who is told. */

#include <string.h>

#include "base/assert.h"
#include "case/clocks/impl.h"
#include "case/event.h"
#include "case/ladder/impl.h"
#include "case/message/message.h"
#include "case/notify.h"
#include "case/owner.h"
#include "case/people/contributors.h"
#include "base/bits.h"
#include "contract/statuses.h"

/* -- the levels ------------------------------------------------------------------------------- */

const struct policy_level *ladder_level(const struct policy *p, int level)
{
    return &p->levels[level < p->n_levels ? level : p->n_levels];
}

const char *ladder_steward(const struct policy *p, int level)
{
    return ladder_level(p, level)->steward;
}

void ladder_join(struct decision *d, int level, int action)
{
    struct case_row *row = &d->c->row;
    const struct contributor c = {.level = (int16_t)level,
                                  .action = (int16_t)action,
                                  .principal = ladder_steward(d->policy, level)};
    row->contributors = contributors_add(row->contributors, &c, d->arena);
    row_touch(&row->row);
}

/* -- severity ---------------------------------------------------------------------------------- */

void ladder_raise_severity(struct case_row *row)
{
    if (row->severity < POLICY_SEVERITY_MAX)
        row->severity++;
}

/* -- notifications ---------------------------------------------------------------------------- */

/* A promise that was due, or is said to be broken before. */
static bool breaks_promise(const struct step *s)
{
    return s->cause == ESCALATION_CAUSE_PROMISE ||
           (s->clock && s->clock->kind == CLOCK_KIND_PROMISE && s->threshold == DUE_PERCENT);
}

static int cause_of(const struct step *s)
{
    if (breaks_promise(s))
        return NOTIFICATION_CAUSE_PROMISE_BROKEN;
    if (s->cause == ESCALATION_CAUSE_REOPENED)
        return NOTIFICATION_CAUSE_REOPENED;
    if (s->cause == ESCALATION_CAUSE_HAND)
        return NOTIFICATION_CAUSE_HAND;
    return s->threshold >= DUE_PERCENT ? NOTIFICATION_CAUSE_BREACH : NOTIFICATION_CAUSE_WARNING;
}

static int kind_of(const struct step *s)
{
    if (s->cause == ESCALATION_CAUSE_REOPENED)
        return NOTIFICATION_KIND_REOPENED;
    bool escalated = s->to > s->from || s->cause != ESCALATION_CAUSE_CLOCK;
    return escalated ? NOTIFICATION_KIND_ESCALATION : NOTIFICATION_KIND_THRESHOLD;
}

static int ask_of_owner(const struct case_row *row, int cause)
{
    if (row->owner_kind == OWNER_KIND_STEWARD)
        return NOTIFICATION_ASK_ASSIGN;
    switch (cause) {
    case NOTIFICATION_CAUSE_REOPENED:
        return NOTIFICATION_ASK_CONTINUE;
    case NOTIFICATION_CAUSE_HAND:
        return NOTIFICATION_ASK_NOTHING;
    case NOTIFICATION_CAUSE_WARNING:
        return NOTIFICATION_ASK_MEET_DEADLINE;
    default:
        return NOTIFICATION_ASK_ACT_NOW;
    }
}

/* The desk that a case climbed to says that it has taken notice; that of its level sees to it that
 * the owner acts; the one above is only told. */
static int ask_of(const struct decision *d, const struct step *s, const char *recipient, int cause)
{
    const struct case_row *row = &d->c->row;
    const bool of_level = strcmp(recipient, ladder_steward(d->policy, row->level)) == 0;
    if (of_level && s->to > s->from)
        return NOTIFICATION_ASK_ACKNOWLEDGE;
    if (strcmp(recipient, row->owner_id) == 0)
        return ask_of_owner(row, cause);
    return of_level ? NOTIFICATION_ASK_OVERSEE : NOTIFICATION_ASK_NOTHING;
}

/* Who asks for help by hand is not left waiting either. */
static bool is_urgent(int cause)
{
    return cause == NOTIFICATION_CAUSE_BREACH || cause == NOTIFICATION_CAUSE_PROMISE_BROKEN ||
           cause == NOTIFICATION_CAUSE_HAND;
}

void ladder_notify(struct decision *d, const struct step *s, const char *recipient)
{
    const int cause = cause_of(s);
    const struct tidings tidings = {.kind = kind_of(s),
                                    .cause = cause,
                                    .ask = ask_of(d, s, recipient, cause),
                                    .urgent = is_urgent(cause),
                                    .clock = s->clock,
                                    .threshold = s->threshold,
                                    .seq = s->seq};
    notify_tell(d, &tidings, recipient);
}

/* -- the record ------------------------------------------------------------------------------- */

static void name_step(const struct decision *d, struct escalation_row *e, const struct step *s)
{
    if (s->clock) {
        e->round = s->clock->round;
        e->clock_id = s->clock->clock_id;
        e->instance = s->clock->instance;
        e->threshold = s->threshold;
    } else {
        e->instance = (int32_t)(d->c->row.last_seq + 1); /* the event that tells of it: once */
    }
}

struct escalation_row ladder_record(struct decision *d, const struct step *s)
{
    const struct case_row *row = &d->c->row;
    const struct policy_level *level = ladder_level(d->policy, s->to);
    struct escalation_row *e = ROWS_ADD(&d->c->escalations, struct escalation_row, d->arena);
    bool climbs = s->to > s->from;
    e->tenant_id = row->tenant_id;
    e->case_id = row->case_id;
    e->round = row->round;
    name_step(d, e, s);
    e->from_level = (int16_t)s->from;
    e->to_level = (int16_t)s->to;
    e->action = climbs ? level->action : LADDER_ACTION_UNSPECIFIED;
    e->due_at = s->due_us;
    e->at = d->now_us;
    e->cause = (int16_t)s->cause;
    e->actions = (int32_t)s->done;
    e->cost_micros = climbs ? level->cost_per_touch_micros : 0;
    e->cost_currency = e->cost_micros > 0 && d->policy->currency ? d->policy->currency : "";
    e->actor = s->actor;
    return *e;
}

/* -- climbing --------------------------------------------------------------------------------- */

/* Amounts of two currencies have no sum: the first cost decides, the rows keep all of them. */
static void add_cost(struct case_row *row, const struct escalation_row *e)
{
    if (e->cost_micros == 0)
        return;
    if (row->touch_cost_currency[0] == '\0')
        row->touch_cost_currency = e->cost_currency;
    if (strcmp(row->touch_cost_currency, e->cost_currency) == 0)
        row->touch_cost_micros += e->cost_micros;
}

static void escalated_event(struct decision *d, const struct step *s,
                            const struct escalation_row *e)
{
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    Amends__V1__EventPrivate personal = AMENDS__V1__EVENT_PRIVATE__INIT;
    detail.from_level = s->from;
    detail.owner = message_owner(&d->c->row, d->arena);
    detail.escalation = message_escalation(e, d->arena);
    if (s->reason) {
        personal.text = arena_strdup(d->arena, s->reason);
        AM_ASSERT(personal.text != NULL);
    }
    case_event(d, EVENT_KIND_ESCALATED, s->actor, &detail, &personal);
}

/* Nobody of the level has taken notice yet. */
static void enter_level(struct decision *d, const struct step *s, const struct escalation_row *e)
{
    struct case_row *row = &d->c->row;
    row->level = (int16_t)s->to;
    row->level_since = d->now_us;
    row->acknowledged_at = 0;
    row->acknowledged_by = "";
    add_cost(row, e);
    row_touch(&row->row);
}

void ladder_go_up(struct decision *d, const struct step *s, const struct escalation_row *e)
{
    struct case_row *row = &d->c->row;
    const struct policy_level *level = ladder_level(d->policy, s->to);
    enter_level(d, s, e);
    if (level->action == LADDER_ACTION_CO_OWN)
        ladder_join(d, s->to, LADDER_ACTION_CO_OWN);
    if (row->owner_kind == OWNER_KIND_STEWARD || level->action == LADDER_ACTION_TAKE_OVER)
        case_set_owner(d, OWNER_KIND_STEWARD, level->steward, NULL, OWNER_ESCALATION);
    escalated_event(d, s, e);
    ladder_notify(d, s, level->steward);
}

/* What the arrival at a level does by itself. */
unsigned ladder_arrival(const struct decision *d, int level)
{
    switch (ladder_level(d->policy, level)->action) {
    case LADDER_ACTION_CO_OWN:
        return BIT_OF(ESCALATION_ACTION_CLIMB) | BIT_OF(ESCALATION_ACTION_NOTIFY) |
               BIT_OF(ESCALATION_ACTION_CO_OWN);
    case LADDER_ACTION_TAKE_OVER:
        return BIT_OF(ESCALATION_ACTION_CLIMB) | BIT_OF(ESCALATION_ACTION_NOTIFY) |
               BIT_OF(ESCALATION_ACTION_TAKE_OVER);
    default:
        return BIT_OF(ESCALATION_ACTION_CLIMB) | BIT_OF(ESCALATION_ACTION_NOTIFY);
    }
}

/* An agent who keeps the case has to know what somebody else said of it. */
static void tell_keeper(struct decision *d, const struct step *s)
{
    const struct case_row *row = &d->c->row;
    if (row->owner_kind == OWNER_KIND_AGENT && strcmp(row->owner_id, s->actor) != 0)
        ladder_notify(d, s, row->owner_id);
}

void ladder_climb(struct decision *d, int cause, int to_level, const char *actor,
                  const char *reason)
{
    struct step s = {.cause = cause,
                     .due_us = d->now_us,
                     .from = d->c->row.level,
                     .to = to_level,
                     .actor = actor,
                     .reason = reason};
    AM_ASSERT(s.to > s.from && s.to <= d->policy->n_levels);
    s.done = ladder_arrival(d, s.to);
    /* A copy: what climbing writes may add breaches, whose rows move this one. */
    const struct escalation_row e = ladder_record(d, &s);
    ladder_go_up(d, &s, &e);
    if (cause == ESCALATION_CAUSE_HAND)
        tell_keeper(d, &s);
}

void ladder_reopen(struct decision *d, bool climbs, bool keeps_owner, const char *actor,
                   struct escalation_row *out)
{
    struct case_row *row = &d->c->row;
    const struct policy *p = d->policy;
    struct step s = {.cause = ESCALATION_CAUSE_REOPENED,
                     .due_us = d->now_us,
                     .from = row->level,
                     .to = climbs && row->level < p->n_levels ? row->level + 1 : row->level,
                     .actor = actor,
                     .seq = row->last_seq + 1}; /* CASE_REOPENED, which the caller states next */
    int action = ladder_level(p, s.to)->action;
    s.done = s.to > s.from ? ladder_arrival(d, s.to) : BIT_OF(ESCALATION_ACTION_NOTIFY);
    *out = ladder_record(d, &s);
    enter_level(d, &s, out);
    row->contributors = "";
    if (action == LADDER_ACTION_CO_OWN || action == LADDER_ACTION_TAKE_OVER)
        ladder_join(d, s.to, action);
    if (keeps_owner)
        ladder_notify(d, &s, row->owner_id);
    ladder_notify(d, &s, ladder_steward(p, s.to));
}

void ladder_broken_promise(struct decision *d, const struct clock_row *clock, const char *actor)
{
    const struct clock_row copy = *clock;
    const int level = d->c->row.level;
    const bool may_climb = status_is_waiting(d->c->row.status) && level < d->policy->n_levels;
    struct step s = {.cause = ESCALATION_CAUSE_PROMISE,
                     .clock = &copy,
                     .due_us = d->now_us,
                     .from = level,
                     .to = may_climb ? level + 1 : level,
                     .actor = actor};
    s.done = s.to > s.from ? ladder_arrival(d, s.to) : BIT_OF(ESCALATION_ACTION_NOTIFY);
    const struct escalation_row e = ladder_record(d, &s);
    if (s.to > s.from)
        ladder_go_up(d, &s, &e);
    else
        ladder_notify(d, &s, ladder_steward(d->policy, level));
    tell_keeper(d, &s);
}
