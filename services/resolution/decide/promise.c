/* SPDX-License-Identifier: Apache-2.0 */

/* MakePromise and SettlePromise. Any agent may call: whoever the customer asks for a promise may
 * give it. */

#include "amends/v1/resolution_service.pb-c.h"
#include "base/assert.h"
#include "contract/check.h"
#include "case/message/message.h"
#include "contract/money.h"
#include "case/clocks/clocks.h"
#include "case/event.h"
#include "case/ladder/comeback.h"
#include "case/ladder/ladder.h"
#include "case/model/decision.h"
#include "case/model/states.h"
#include "case/notify.h"
#include "case/transition.h"
#include "contract/words.h"
#include "resolution/decide/decide.h"
#include "resolution/decide/promise_row.h"
#include "resolution/decide/promise_time.h"

/* The promise that was just made. */
static const struct promise_row *promise_just_made(const struct case_state *c)
{
    /* promise_add() was true, so there is one; without any this would read before the array. */
    AM_ASSERT(c->promises.n > 0);
    return ROW_AT(&c->promises, const struct promise_row, c->promises.n - 1);
}

/* Whoever is accountable has to keep what somebody else promised. */
static void tell_owner(struct decision *d)
{
    const struct tidings tidings = {.kind = NOTIFICATION_KIND_PROMISE,
                                    .cause = NOTIFICATION_CAUSE_PROMISE_MADE,
                                    .ask = NOTIFICATION_ASK_KEEP_PROMISE};
    notify_owner(d, &tidings);
}

/* -- MakePromise ------------------------------------------------------------------------------- */

static void make_promise_decide(struct decision *d)
{
    const Amends__V1__MakePromiseRequest *r =
        (const Amends__V1__MakePromiseRequest *)d->cmd->request;
    struct promised when;
    struct uuid id;
    if (!promise_instants(d, r->promise_time, r->local_time, &when) ||
        !case_require_live(d, true) || !promise_add(d, (int)r->kind, r->description, &when, &id))
        return;
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    Amends__V1__EventPrivate personal = AMENDS__V1__EVENT_PRIVATE__INIT;
    detail.promise = message_promise(promise_just_made(d->c), false, d->arena);
    personal.text = r->description;
    case_event(d, EVENT_KIND_PROMISE_MADE, d->cmd->principal, &detail, &personal);
    tell_owner(d);
    d->cmd->result_id = id;
}

const struct command_kind make_promise_kind = {
    .name = "MakePromise",
    .method = METHOD_MAKE_PROMISE,
    .needs_case = true,
    .agents_only = true,
    .validate = make_promise_validate,
    .decide = make_promise_decide,
    .response = &amends__v1__make_promise_response__descriptor,
};

/* -- SettlePromise ----------------------------------------------------------------------------- */

static void settle_as(struct decision *d, struct promise_row *promise, int state)
{
    promise_set_state(promise, state, d->now_us, d->cmd->principal);
    d->cmd->result_id = promise->promise_id;
}

static void stop_clock(struct decision *d, const struct promise_row *promise, int64_t at_us,
                       bool cancel)
{
    struct clock_row *clock = clock_of_subject(d->c, &promise->promise_id);
    if (!clock)
        return;
    clock_stop(d, clock, at_us, cancel);
    /* A clock that ran on would escalate a promise that is settled. */
    AM_ASSERT(!clock_is_open(clock));
}

static void settled_event(struct decision *d, const struct promise_row *promise,
                          const struct promise_row *successor)
{
    const Amends__V1__SettlePromiseRequest *r =
        (const Amends__V1__SettlePromiseRequest *)d->cmd->request;
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    Amends__V1__EventPrivate personal = AMENDS__V1__EVENT_PRIVATE__INIT;
    detail.promise = message_promise(promise, false, d->arena);
    if (successor)
        detail.successor = message_promise(successor, false, d->arena);
    personal.text = r->note;
    case_event(d, EVENT_KIND_PROMISE_SETTLED, d->cmd->principal, &detail, &personal);
}

/* The instant at which the promise was kept decides whether that was in time, and not who reported
 * first. So a promise that was found broken meanwhile can become KEPT. */
static void settle_kept(struct decision *d, struct promise_row *promise)
{
    const Amends__V1__SettlePromiseRequest *r =
        (const Amends__V1__SettlePromiseRequest *)d->cmd->request;
    int64_t at_us = r->keep_time ? check_past_time_us(r->keep_time, d->now_us) : d->now_us;
    if (at_us < promise->made_at) {
        fault_violation(&d->cmd->fault, "keep_time", "is before the promise was made");
        return;
    }
    if (promise->state != PROMISE_STATE_OPEN &&
        (promise->state != PROMISE_STATE_BROKEN || promise->kept_at != 0)) {
        promise_refuse_state(d, promise->state, "be kept any more");
        return;
    }
    settle_as(d, promise, at_us <= promise->due_at ? PROMISE_STATE_KEPT : PROMISE_STATE_BROKEN);
    promise->kept_at = at_us;
    stop_clock(d, promise, at_us, false);
    settled_event(d, promise, NULL);
}

static void settle_renegotiated(struct decision *d, struct promise_row *promise)
{
    const Amends__V1__SettlePromiseRequest *r =
        (const Amends__V1__SettlePromiseRequest *)d->cmd->request;
    struct promised when;
    struct uuid id;
    if (!promise_instants(d, r->promise_time, r->local_time, &when))
        return;
    if (promise->state != PROMISE_STATE_OPEN || d->now_us > promise->due_at) {
        /* An overdue promise is broken even when its timer has not fired yet. */
        bool overdue = promise->state == PROMISE_STATE_OPEN;
        promise_refuse_state(d, overdue ? PROMISE_STATE_BROKEN : promise->state,
                             "be renegotiated any more");
        return;
    }
    size_t place = (size_t)(promise - (struct promise_row *)d->c->promises.items);
    stop_clock(d, promise, d->now_us, true);
    if (!promise_add(d, promise->kind, promise->description, &when, &id))
        return;
    promise = ROW_AT(&d->c->promises, struct promise_row, place);
    settle_as(d, promise, PROMISE_STATE_RENEGOTIATED);
    promise->successor_id = id;
    settled_event(d, promise, promise_just_made(d->c));
    tell_owner(d);
    d->cmd->result_id = id;
}

/* Before it is due, a broken promise makes the case climb at once. After that, its clock is
 * breached, and the breach makes the case climb. */
static void settle_broken(struct decision *d, struct promise_row *promise)
{
    struct case_row *row = &d->c->row;
    bool early = d->now_us <= promise->due_at;
    if (promise->state != PROMISE_STATE_OPEN) {
        promise_refuse_state(d, promise->state, "be broken any more");
        return;
    }
    settle_as(d, promise, PROMISE_STATE_BROKEN);
    stop_clock(d, promise, d->now_us, early);
    if (early) {
        ladder_raise_severity(row);
        row_touch(&row->row);
    }
    const struct uuid id = promise->promise_id;
    settled_event(d, promise, NULL);
    comeback_run(d, COMEBACK_PROMISE);
    const struct clock_row *clock = clock_of_subject(d->c, &id);
    if (early && clock)
        ladder_broken_promise(d, clock, d->cmd->principal);
}

static void settle_promise_decide(struct decision *d)
{
    const Amends__V1__SettlePromiseRequest *r =
        (const Amends__V1__SettlePromiseRequest *)d->cmd->request;
    struct promise_row *promise = promise_find(d, r->promise_id);
    if (!promise || !case_require_live(d, true))
        return;
    if ((int)r->outcome == PROMISE_OUTCOME_KEPT)
        settle_kept(d, promise);
    else if ((int)r->outcome == PROMISE_OUTCOME_RENEGOTIATED)
        settle_renegotiated(d, promise);
    else if (comeback_prepare(d))
        settle_broken(d, promise);
}

const struct command_kind settle_promise_kind = {
    .name = "SettlePromise",
    .method = METHOD_SETTLE_PROMISE,
    .needs_case = true,
    .agents_only = true,
    .validate = settle_promise_validate,
    .decide = settle_promise_decide,
    .response = &amends__v1__settle_promise_response__descriptor,
};
