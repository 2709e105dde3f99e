/* SPDX-License-Identifier: Apache-2.0 */

/* What a threshold of a clock does: its actions, carried out and recorded once, one level at most.
 */

#include "case/clocks/clocks.h"
#include "case/clocks/wait.h"
#include "case/event.h"
#include "case/ladder/impl.h"
#include "case/message/message.h"
#include "case/model/states.h"
#include "case/owner.h"
#include "contract/statuses.h"

#define THRESHOLD_DUE 100 /* per cent of the target */

/* -- how far ---------------------------------------------------------------------------------- */

/* The highest level that the customer wrote to since the last answer before the clock began; 0 =
 * none. */
static int addressed_level(const struct decision *d, const struct clock_row *clock, int64_t due_us)
{
    int level = 0;
    if (clock->kind != CLOCK_KIND_NEXT_CONTACT ||
        !clock_answers_customer(policy_clock_find(d->policy, clock->name)))
        return 0;
    int64_t answered = case_answered_before(d->c, d->policy, clock->started_at);
    ROWS_EACH (contact, const struct contact_row, &d->c->contacts)
        if (contact_asks(contact) && contact->at > answered && contact->at <= due_us &&
            contact->addressed_level > level)
            level = contact->addressed_level;
    return level;
}

/* A threshold that fell due before the case entered its level has been answered by that climb. */
static int target_level(const struct decision *d, const struct clock_row *clock,
                        const struct policy_threshold *t, int64_t due_us)
{
    const struct case_row *row = &d->c->row;
    int to = row->level;
    if (!status_is_waiting(row->status))
        return to;
    if ((t->actions & BIT_OF(ESCALATION_ACTION_CLIMB)) && to < d->policy->n_levels &&
        due_us > row->level_since)
        to++;
    int addressed = t->percent == THRESHOLD_DUE ? addressed_level(d, clock, due_us) : 0;
    addressed = addressed < d->policy->n_levels ? addressed : d->policy->n_levels;
    return addressed > to ? addressed : to;
}

/* -- what takes effect ------------------------------------------------------------------------ */

static bool may_reassign(const struct decision *d, const struct step *s)
{
    bool taken =
        s->to > s->from && ladder_level(d->policy, s->to)->action == LADDER_ACTION_TAKE_OVER;
    return d->c->row.owner_kind == OWNER_KIND_AGENT && !taken;
}

/* Which of the actions take effect: on a case that has ended there is nobody to spur on. */
static unsigned effective_actions(const struct decision *d, const struct step *s,
                                  const struct policy_threshold *t)
{
    const unsigned always = BIT_OF(ESCALATION_ACTION_NOTIFY) | BIT_OF(ESCALATION_ACTION_CLOSE) |
                            BIT_OF(ESCALATION_ACTION_RESTART);
    unsigned done = t->actions & ~BIT_OF(ESCALATION_ACTION_CLIMB);
    if (!status_is_waiting(d->c->row.status))
        return done & always;
    if (d->c->row.severity >= POLICY_SEVERITY_MAX)
        done &= ~BIT_OF(ESCALATION_ACTION_RAISE_SEVERITY);
    if (!may_reassign(d, s))
        done &= ~BIT_OF(ESCALATION_ACTION_REASSIGN);
    return s->to > s->from ? done | ladder_arrival(d, s->to) : done;
}

/* The owner and the desks as they are after the step. The agent from whom it took the case is told
 * by the owner rule. */
static void notify_all(struct decision *d, const struct step *s, unsigned whom)
{
    const struct case_row *row = &d->c->row;
    if (whom & POLICY_NOTIFY_OWNER)
        ladder_notify(d, s, row->owner_id);
    if (whom & POLICY_NOTIFY_STEWARD)
        ladder_notify(d, s, ladder_steward(d->policy, row->level));
    if (whom & POLICY_NOTIFY_NEXT)
        ladder_notify(d, s, ladder_steward(d->policy, row->level + 1));
}

/* What needs no event of its own. */
static void change_row(struct decision *d, const struct step *s, const struct policy_threshold *t)
{
    struct case_row *row = &d->c->row;
    if (s->done & BIT_OF(ESCALATION_ACTION_RAISE_PRIORITY))
        row->raised_ms += t->raise_ms;
    if (s->done & BIT_OF(ESCALATION_ACTION_RAISE_SEVERITY))
        ladder_raise_severity(row);
    if (s->done & t->actions & BIT_OF(ESCALATION_ACTION_CO_OWN))
        ladder_join(d, s->to, LADDER_ACTION_CO_OWN);
    if (s->done & t->actions & BIT_OF(ESCALATION_ACTION_TAKE_OVER))
        ladder_join(d, s->to, LADDER_ACTION_TAKE_OVER);
    row_touch(&row->row);
}

/* The promise that nobody kept in time; NULL when the clock measures none or it was settled. */
static struct promise_row *break_promise(struct decision *d, const struct step *s)
{
    if (s->clock->kind != CLOCK_KIND_PROMISE || s->threshold != THRESHOLD_DUE)
        return NULL;
    ROWS_EACH (promise, struct promise_row, &d->c->promises) {
        if (!uuid_eq(&promise->promise_id, &s->clock->subject_id) ||
            promise->state != PROMISE_STATE_OPEN)
            continue;
        promise_set_state(promise, PROMISE_STATE_BROKEN, s->due_us, SYSTEM_ACTOR);
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
    int kind =
        s->threshold == THRESHOLD_DUE ? EVENT_KIND_CLOCK_BREACHED : EVENT_KIND_CLOCK_THRESHOLD;
    case_event_of_clock(d, kind, s->actor, &detail, s->clock);
}

/* The desk that gets the case has to find another agent for it. */
static void reassign(struct decision *d, const struct step *s)
{
    const char *steward = ladder_steward(d->policy, s->to);
    case_set_owner(d, OWNER_KIND_STEWARD, steward, NULL, OWNER_REASSIGNED);
    ladder_notify(d, s, steward);
}

static void carry_out(struct decision *d, struct step *s, const struct policy_threshold *t)
{
    change_row(d, s, t);
    const struct escalation_row e = ladder_record(d, s);
    threshold_event(d, s, &e, break_promise(d, s));
    s->seq = d->c->row.last_seq;
    if (s->to > s->from)
        ladder_go_up(d, s, &e);
    if (s->done & BIT_OF(ESCALATION_ACTION_REASSIGN))
        reassign(d, s);
    if (t->actions & BIT_OF(ESCALATION_ACTION_NOTIFY))
        notify_all(d, s, t->notify);
}

void ladder_threshold(struct decision *d, const struct clock_row *clock,
                      const struct policy_threshold *threshold, int64_t due_us)
{
    const struct clock_row copy = *clock;
    struct step s = {.cause = ESCALATION_CAUSE_CLOCK,
                     .clock = &copy,
                     .threshold = policy_threshold_id(threshold),
                     .due_us = due_us,
                     .from = d->c->row.level,
                     .to = target_level(d, clock, threshold, due_us),
                     .actor = SYSTEM_ACTOR};
    s.done = effective_actions(d, &s, threshold);
    carry_out(d, &s, threshold);
}
