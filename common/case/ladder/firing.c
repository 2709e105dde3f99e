/* SPDX-License-Identifier: Apache-2.0 */
#include "case/ladder/firing.h"

#include "case/clocks/impl.h"
#include "case/close.h"
#include "case/event.h"
#include "case/gate.h"
#include "case/ladder/comeback.h"
#include "case/ladder/ladder.h"
#include "case/message/message.h"
#include "contract/statuses.h"

/* -- recording --------------------------------------------------------------------------------- */

static struct clock_row *same_instance(struct case_state *c, const struct clock_row *clock)
{
    ROWS_EACH (now, struct clock_row, &c->clocks)
        if (uuid_eq(&now->clock_id, &clock->clock_id) && now->instance == clock->instance)
            return now;
    return NULL;
}

/* A RESTART clock begins again only while the case waits, or when its CLOSE was refused. */
static bool may_restart(const struct decision *d, const struct policy_clock *def)
{
    int status = d->c->row.status;
    return def && (status_is_waiting(status) || (clock_closes(def) && !status_is_final(status)));
}

/* At the top of the ladder a level's clock begins again until somebody acknowledges: that ends it,
 * and then it does not. */
static void restart_level(struct decision *d, const struct clock_row *clock)
{
    const struct policy_clock *def = clock_definition(d->policy, clock);
    struct clock_row *now = same_instance(d->c, clock);
    if (!now || !clock_is_open(now) || !may_restart(d, def))
        return;
    struct clocks_look look = {.d = d};
    case_facts(d->c, d->policy, d->now_us, &look.facts);
    clock_begin(&look, now, def, d->now_us);
}

/* A promise that is overdue and was not kept. */
static bool breaks_promise(const struct decision *d, const struct threshold_met *met)
{
    if (met->clock.kind != CLOCK_KIND_PROMISE || met->threshold.percent != DUE_PERCENT)
        return false;
    ROWS_EACH (promise, const struct promise_row, &d->c->promises)
        if (uuid_eq(&promise->promise_id, &met->clock.subject_id))
            return promise->kept_at == 0;
    return false;
}

/* A resolved case whose promise is broken goes back to work first, so that the breach does what it
 * does to any case. */
void firing_record(struct decision *d, const struct threshold_met *met)
{
    if (d->c->row.status == CASE_STATUS_RESOLVED && breaks_promise(d, met))
        comeback_run(d, COMEBACK_PROMISE);
    ladder_threshold(d, &met->clock, &met->threshold, met->due_us);
    if (met->threshold.actions & BIT_OF(ESCALATION_ACTION_RESTART))
        restart_level(d, &met->clock);
}

/* -- the end that closes a case ---------------------------------------------------------------- */

/* By all that is committed, not by what was so when the window ended: the gate knows of a customer
 * who wrote later and waits for an answer. */
static bool may_close(const struct decision *d)
{
    return d->c->row.status == CASE_STATUS_RESOLVED && case_gate_missing(d->c, d->policy) == 0;
}

/* What does not pass the gate any more, and who waits for an answer, stays open, and somebody is
 * told, again each time that the window ends. */
static void refuse_to_close(struct decision *d, struct clock_row *clock, struct policy_threshold t)
{
    t.actions = (t.actions & ~BIT_OF(ESCALATION_ACTION_CLOSE)) | BIT_OF(ESCALATION_ACTION_NOTIFY) |
                BIT_OF(ESCALATION_ACTION_RESTART);
    t.notify |= POLICY_NOTIFY_OWNER | POLICY_NOTIFY_STEWARD;
    threshold_met(d, clock, &t, clock->next_at);
    clock_arm(d, clock);
    clock_touch(clock);
}

/* The follow-up window ended without a word. */
static void fire_close(struct decision *d, struct clock_row *clock,
                       const struct policy_threshold *t)
{
    if (!may_close(d)) {
        refuse_to_close(d, clock, *t);
        return;
    }
    clock_stop(d, clock, clock->due_at, false);
    clock->fired = policy_threshold_id(t);
    case_close(d, SYSTEM_ACTOR);
}

/* -- steps ------------------------------------------------------------------------------------- */

/* A pause by hand that is over ends for the whole case; else a clock's own pause was. */
static void state_resumed(struct decision *d)
{
    const struct case_row *row = &d->c->row;
    bool by_hand = row->paused_at != 0 && row->resume_at <= d->now_us;
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    if (by_hand)
        detail.pause = message_pause(row->paused_at, row->resume_at, row->pause_reason, d->arena);
    case_event(d, by_hand ? EVENT_KIND_CASE_RESUMED : EVENT_KIND_CLOCK_CHANGED, SYSTEM_ACTOR,
               &detail, NULL);
}

static void fire_threshold(struct decision *d, struct clock_row *clock)
{
    struct deadline line;
    clock_line(d, clock, &line);
    struct policy_threshold t =
        threshold_next(clock_definition(d->policy, clock), &line, clock->fired);
    if (t.actions & BIT_OF(ESCALATION_ACTION_CLOSE)) {
        fire_close(d, clock, &t);
        return;
    }
    if (!thresholds_find(d, clock, clock->next_at))
        clock_arm(d, clock); /* it was armed for another instant than the row now gives */
    clock_touch(clock);
}

static bool is_asked_for(const struct firing_request *asked, const struct clock_row *clock)
{
    bool named = asked->every_clock ? clock->kind != CLOCK_KIND_OFFER
                                    : uuid_eq(&clock->clock_id, &asked->clock_id);
    return named && clock->next_at != 0 && clock->next_at <= asked->until_us;
}

static struct clock_row *soonest_due(struct decision *d)
{
    struct clock_row *first = NULL;
    ROWS_EACH (clock, struct clock_row, &d->c->clocks)
        if (is_asked_for(&d->firing, clock) && (!first || clock->next_at < first->next_at))
            first = clock;
    return first;
}

bool firing_step(struct decision *d)
{
    struct clock_row *clock = d->firing.left > 0 ? soonest_due(d) : NULL;
    if (!clock)
        return false;
    d->firing.left--;
    if (clock->state == CLOCK_STATE_PAUSED)
        state_resumed(d);
    else
        fire_threshold(d, clock);
    return true;
}

/* -- asking ------------------------------------------------------------------------------------ */

/* A paused clock resumes and then meets its thresholds, each of them once. */
#define STEPS_PER_CLOCK (FIRINGS_MAX + 1)

void firing_ask(struct decision *d, const struct clock_row *clock)
{
    d->firing = (struct firing_request){
        .clock_id = clock->clock_id, .until_us = d->now_us, .left = STEPS_PER_CLOCK};
}

void firing_ask_for_all_before_now(struct decision *d)
{
    d->firing = (struct firing_request){
        .every_clock = true, .until_us = d->now_us - 1, .left = STEPS_PER_CLOCK * d->c->clocks.n};
}
