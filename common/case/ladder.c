/* SPDX-License-Identifier: Apache-2.0 */

/* Thresholds carried out and the ladder climbed: every step recorded once, one level at most. */

#include <string.h>

#include "base/assert.h"
#include "case/contributors.h"
#include "case/message.h"
#include "case/rules.h"
#include "case/words.h"

#define THRESHOLD_DUE 100 /* per cent of the target */
#define SEVERITY_MAX (POLICY_SEVERITIES - 1)
#define BIT(action) (1u << ESCALATION_ACTION_##action)

/* One step under way. */
struct step {
    int cause;
    const struct clock_row *clock; /* NULL unless the cause is a clock; a copy: rows may move */
    int32_t percent;
    int64_t due_us;
    int from, to;
    unsigned done; /* bits of EscalationAction: what takes effect */
    const char *actor, *reason;
    const char *told[POLICY_LEVELS_MAX]; /* who was notified of it already */
    size_t n_told;
};

/* -- the levels ---------------------------------------------------------------------------------
 */

/* A case may be pinned to a policy with fewer levels than it has climbed. */
static const struct policy_level *level_of(const struct policy *p, int level)
{
    return &p->levels[level < p->n_levels ? level : p->n_levels];
}

const char *ladder_steward(const struct policy *p, int level)
{
    return level_of(p, level)->steward;
}

static void contributor_joins(struct decision *d, int level, int action)
{
    struct case_row *row = &d->c->row;
    const struct contributor c = {.level = (int16_t)level,
                                  .action = (int16_t)action,
                                  .principal = ladder_steward(d->policy, level)};
    row->contributors = contributors_add(row->contributors, &c, d->arena);
    row_touch(&row->row);
}

/* -- notifications ------------------------------------------------------------------------------
 */

static bool told_already(struct step *s, const char *recipient)
{
    for (size_t i = 0; i < s->n_told; i++)
        if (strcmp(s->told[i], recipient) == 0)
            return true;
    if (s->n_told < sizeof(s->told) / sizeof(s->told[0]))
        s->told[s->n_told++] = recipient;
    return false;
}

/* Once to each recipient, however many reasons there are to tell it. */
static void notify(struct decision *d, struct step *s, const char *recipient)
{
    const struct case_row *row = &d->c->row;
    if (told_already(s, recipient))
        return;
    struct notification_row *n = ROWS_ADD(&d->c->notifications, struct notification_row, d->arena);
    bool climbed = s->to > s->from;
    n->tenant_id = row->tenant_id;
    n->case_id = row->case_id;
    n->notification_id = decision_id(d);
    n->recipient = recipient;
    n->kind = climbed ? NOTIFICATION_ESCALATION : NOTIFICATION_THRESHOLD;
    n->template_name = climbed ? "escalation" : "threshold";
    n->state = NOTIFICATION_PENDING;
    n->created_at = d->now_us;
    if (s->clock) {
        n->clock_id = s->clock->clock_id;
        n->instance = s->clock->instance;
        n->threshold = s->percent;
    }
}

/* The owner and the desks as they are after the step; and the agent from whom it took the case. */
static void notify_all(struct decision *d, struct step *s, unsigned whom, const char *former_agent)
{
    const struct case_row *row = &d->c->row;
    if (whom & POLICY_NOTIFY_OWNER) {
        notify(d, s, row->owner_id);
        if (former_agent)
            notify(d, s, former_agent);
    }
    if (whom & POLICY_NOTIFY_STEWARD)
        notify(d, s, ladder_steward(d->policy, row->level));
    if (whom & POLICY_NOTIFY_NEXT)
        notify(d, s, ladder_steward(d->policy, row->level + 1));
}

/* -- the record ---------------------------------------------------------------------------------
 */

static void name_clock(struct escalation_row *e, const struct step *s)
{
    if (s->clock) {
        e->round = s->clock->round;
        e->clock_id = s->clock->clock_id;
        e->instance = s->clock->instance;
        e->threshold = s->percent;
    } else {
        e->instance = s->to; /* within a round a case only climbs: a level is reached once */
    }
}

static struct escalation_row *record(struct decision *d, const struct step *s)
{
    const struct case_row *row = &d->c->row;
    const struct policy_level *level = level_of(d->policy, s->to);
    struct escalation_row *e = ROWS_ADD(&d->c->escalations, struct escalation_row, d->arena);
    bool climbs = s->to > s->from;
    e->tenant_id = row->tenant_id;
    e->case_id = row->case_id;
    e->round = row->round;
    name_clock(e, s);
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
    return e;
}

/* -- climbing -----------------------------------------------------------------------------------
 */

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
static void enter(struct decision *d, const struct step *s, const struct escalation_row *e)
{
    struct case_row *row = &d->c->row;
    row->level = (int16_t)s->to;
    row->level_since = d->now_us;
    row->acknowledged_at = 0;
    row->acknowledged_by = "";
    add_cost(row, e);
    row_touch(&row->row);
}

static void climb(struct decision *d, struct step *s, const struct escalation_row *e)
{
    struct case_row *row = &d->c->row;
    const struct policy_level *level = level_of(d->policy, s->to);
    enter(d, s, e);
    if (level->action == LADDER_ACTION_CO_OWN)
        contributor_joins(d, s->to, LADDER_ACTION_CO_OWN);
    if (row->owner_kind == OWNER_KIND_STEWARD || level->action == LADDER_ACTION_TAKE_OVER)
        case_set_owner(d, OWNER_KIND_STEWARD, level->steward, NULL, "escalation");
    escalated_event(d, s, e);
    notify(d, s, level->steward);
}

/* What the arrival at a level does by itself. */
static unsigned arrival(const struct decision *d, int level)
{
    switch (level_of(d->policy, level)->action) {
    case LADDER_ACTION_CO_OWN:
        return BIT(CLIMB) | BIT(NOTIFY) | BIT(CO_OWN);
    case LADDER_ACTION_TAKE_OVER:
        return BIT(CLIMB) | BIT(NOTIFY) | BIT(TAKE_OVER);
    default:
        return BIT(CLIMB) | BIT(NOTIFY);
    }
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
    s.done = arrival(d, s.to);
    /* A copy: what climbing writes may add breaches, whose rows move this one. */
    const struct escalation_row e = *record(d, &s);
    climb(d, &s, &e);
}

void ladder_reopen(struct decision *d, const char *actor, struct escalation_row *out)
{
    struct case_row *row = &d->c->row;
    const struct policy *p = d->policy;
    struct step s = {.cause = ESCALATION_CAUSE_REOPENED,
                     .due_us = d->now_us,
                     .from = row->level,
                     .to = row->level < p->n_levels ? row->level + 1 : row->level,
                     .actor = actor};
    int action = level_of(p, s.to)->action;
    s.done = s.to > s.from ? arrival(d, s.to) : BIT(NOTIFY);
    *out = *record(d, &s);
    enter(d, &s, out);
    row->contributors = "";
    if (action == LADDER_ACTION_CO_OWN || action == LADDER_ACTION_TAKE_OVER)
        contributor_joins(d, s.to, action);
    notify(d, &s, ladder_steward(p, s.to));
}

void ladder_broken_promise(struct decision *d, const struct clock_row *clock, const char *actor)
{
    const struct clock_row copy = *clock;
    int level = d->c->row.level;
    struct step s = {.cause = ESCALATION_CAUSE_PROMISE,
                     .clock = &copy,
                     .due_us = d->now_us,
                     .from = level,
                     .to = level < d->policy->n_levels ? level + 1 : level,
                     .actor = actor};
    s.done = s.to > s.from ? arrival(d, s.to) : BIT(NOTIFY);
    const struct escalation_row e = *record(d, &s);
    if (s.to > s.from)
        climb(d, &s, &e);
    else
        notify(d, &s, ladder_steward(d->policy, level));
}

/* -- thresholds ---------------------------------------------------------------------------------
 */

/* The highest level that the customer has written to since the clock began, if an inbound contact
 * began it; 0 = none. */
static int addressed_level(const struct case_state *c, const struct clock_row *clock)
{
    int level = 0;
    bool began = false;
    if (clock->kind != CLOCK_KIND_NEXT_CONTACT)
        return 0;
    ROWS_EACH (contact, const struct contact_row, &c->contacts) {
        if (contact->direction != CONTACT_DIRECTION_INBOUND || contact->at < clock->started_at)
            continue;
        began = began || contact->at == clock->started_at;
        level = contact->addressed_level > level ? contact->addressed_level : level;
    }
    return began ? level : 0;
}

/* A threshold that fell due before the case entered its level has been answered by that climb. */
static int target_level(const struct decision *d, const struct clock_row *clock,
                        const struct policy_threshold *t, int64_t due_us)
{
    const struct case_row *row = &d->c->row;
    int to = row->level;
    if (!status_is_waiting(row->status))
        return to;
    if ((t->actions & BIT(CLIMB)) && to < d->policy->n_levels && due_us > row->level_since)
        to++;
    int addressed = t->percent == THRESHOLD_DUE ? addressed_level(d->c, clock) : 0;
    addressed = addressed < d->policy->n_levels ? addressed : d->policy->n_levels;
    return addressed > to ? addressed : to;
}

static bool reassigns(const struct decision *d, const struct step *s)
{
    bool taken = s->to > s->from && level_of(d->policy, s->to)->action == LADDER_ACTION_TAKE_OVER;
    return d->c->row.owner_kind == OWNER_KIND_AGENT && !taken;
}

/* Which of the actions take effect: on a case that has ended there is nobody to spur on. */
static unsigned effective(const struct decision *d, const struct step *s,
                          const struct policy_threshold *t)
{
    const unsigned always = BIT(NOTIFY) | BIT(CLOSE) | BIT(RESTART);
    unsigned done = t->actions & ~BIT(CLIMB);
    if (!status_is_waiting(d->c->row.status))
        return done & always;
    if (d->c->row.severity >= SEVERITY_MAX)
        done &= ~BIT(RAISE_SEVERITY);
    if (!reassigns(d, s))
        done &= ~BIT(REASSIGN);
    return s->to > s->from ? done | arrival(d, s->to) : done;
}

/* What needs no event of its own. */
static void change_row(struct decision *d, const struct step *s, const struct policy_threshold *t)
{
    struct case_row *row = &d->c->row;
    if (s->done & BIT(RAISE_PRIORITY))
        row->raised_ms += t->raise_ms;
    if (s->done & BIT(RAISE_SEVERITY))
        row->severity++;
    if (s->done & t->actions & BIT(CO_OWN))
        contributor_joins(d, s->to, LADDER_ACTION_CO_OWN);
    if (s->done & t->actions & BIT(TAKE_OVER))
        contributor_joins(d, s->to, LADDER_ACTION_TAKE_OVER);
    row_touch(&row->row);
}

/* The promise that nobody kept in time; NULL when the clock measures none or it was settled. */
static struct promise_row *break_promise(struct decision *d, const struct step *s)
{
    if (s->clock->kind != CLOCK_KIND_PROMISE || s->percent != THRESHOLD_DUE)
        return NULL;
    ROWS_EACH (promise, struct promise_row, &d->c->promises) {
        if (!uuid_eq(&promise->promise_id, &s->clock->subject_id) ||
            promise->state != PROMISE_STATE_OPEN)
            continue;
        promise->state = PROMISE_STATE_BROKEN;
        promise->settled_at = s->due_us;
        promise->settled_by = SYSTEM_ACTOR;
        row_touch(&promise->row);
        return promise;
    }
    return NULL;
}

static void threshold_event(struct decision *d, const struct step *s,
                            const struct escalation_row *e, const struct promise_row *broken)
{
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    detail.climbed = s->to > s->from;
    detail.escalation = message_escalation(e, d->arena);
    if (broken)
        detail.promise = message_promise(broken, false, d->arena);
    case_event(d,
               s->percent == THRESHOLD_DUE ? EVENT_KIND_CLOCK_BREACHED : EVENT_KIND_CLOCK_THRESHOLD,
               s->actor, &detail, NULL);
}

static void carry_out(struct decision *d, struct step *s, const struct policy_threshold *t)
{
    const struct case_row *row = &d->c->row;
    const char *agent = row->owner_kind == OWNER_KIND_AGENT ? row->owner_id : NULL;
    change_row(d, s, t);
    const struct escalation_row e = *record(d, s);
    threshold_event(d, s, &e, break_promise(d, s));
    if (s->to > s->from)
        climb(d, s, &e);
    if (s->done & BIT(REASSIGN))
        case_set_owner(d, OWNER_KIND_STEWARD, ladder_steward(d->policy, s->to), NULL, "reassigned");
    if (t->actions & BIT(NOTIFY))
        notify_all(d, s, t->notify, agent);
}

void ladder_threshold(struct decision *d, const struct clock_row *clock,
                      const struct policy_threshold *threshold, int64_t due_us)
{
    const struct clock_row copy = *clock;
    struct step s = {.cause = ESCALATION_CAUSE_CLOCK,
                     .clock = &copy,
                     .percent = threshold->percent,
                     .due_us = due_us,
                     .from = d->c->row.level,
                     .to = target_level(d, clock, threshold, due_us),
                     .actor = SYSTEM_ACTOR};
    s.done = effective(d, &s, threshold);
    carry_out(d, &s, threshold);
}
