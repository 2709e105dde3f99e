/* SPDX-License-Identifier: Apache-2.0 */

/*
 * OfferCase and RequestAssignment, decided under the keys of the case and of the agent. Only this
 * place decides whether an agent has room, so no number of calls at the same time can pass the
 * capacity.
 */

#include <string.h>

#include "amends/v1/assignment_service.pb-c.h"
#include "assignment/decide/decide.h"
#include "assignment/decide/agent_change.h"
#include "base/assert.h"
#include "base/time.h"
#include "case/message/message.h"
#include "case/clocks/clocks.h"
#include "case/event.h"
#include "case/model/decision.h"
#include "case/model/states.h"
#include "case/owner.h"
#include "case/people/signature.h"
#include "contract/words.h"

#define WEIGHT 1 /* of every case in this version */

bool agent_has_room(const struct agent_row *agent)
{
    return (int64_t)agent->counted_cases + agent->pending_weight + WEIGHT <= agent->capacity;
}

static void tell_outcome(const struct decision *d, enum offer_outcome outcome)
{
    const struct offer_case_args *args = d->cmd->args;
    if (args->outcome)
        *args->outcome = outcome;
}

static bool refuse_offer(struct decision *d, enum offer_outcome outcome, int reason,
                         const char *why)
{
    tell_outcome(d, outcome);
    fault_set(&d->cmd->fault, FAULT_FAILED_PRECONDITION, reason, "%s", why);
    return false;
}

/* The steward owns the case, it waits, and its generation is that of the candidate: only one offer
 * at a time is made. */
static bool require_waiting(struct decision *d, const struct offer_case_args *args)
{
    const struct case_state *c = d->c;
    if (c->row.assignment_generation != args->generation || c->queue.n == 0 ||
        c->row.owner_kind != OWNER_KIND_STEWARD)
        return refuse_offer(d, OFFER_CASE_MOVED, ERROR_REASON_CASE_STATUS,
                            "the case does not wait for an agent any more");
    ROWS_EACH (o, struct offer_row, &c->offers) {
        if (o->state == OFFER_STATE_PENDING)
            return refuse_offer(d, OFFER_CASE_MOVED, ERROR_REASON_CASE_STATUS,
                                "the case is offered to an agent already");
    }
    /* An agent who asks gets the case even when it has had too many offers: no case is ever out of
     * reach for everybody. */
    if (!args->accepted && c->offers.n >= CASE_OFFERS_MAX)
        return refuse_offer(d, OFFER_CASE_FULL, ERROR_REASON_CASE_FULL,
                            "the case has as many offers as it may have");
    return true;
}

static bool cooling_down(const struct decision *d)
{
    const int64_t since_us = d->now_us - d->policy->decline_cooldown_ms * US_PER_MS;
    ROWS_EACH (o, struct offer_row, &d->c->offers) {
        bool ended = o->state == OFFER_STATE_DECLINED || o->state == OFFER_STATE_EXPIRED;
        if (ended && o->decided_at > since_us && strcmp(o->agent_id, d->agent->agent_id) == 0)
            return true;
    }
    return false;
}

/* Redis may have named a queue that the case has left. An agent who fits that queue need not fit
 * the present one; then not the agent is unfit, but the case has moved. */
static enum offer_outcome whose_unfitness(const struct queue_row *q,
                                          const struct offer_case_args *args)
{
    const bool same =
        !args->signature || (q->level == args->level && strcmp(q->signature, args->signature) == 0);
    return same ? OFFER_AGENT_UNFIT : OFFER_CASE_MOVED;
}

/* An agent who asks is at work. Presence matters only for offers that the agent did not ask for. */
static bool require_fit(struct decision *d, const struct offer_case_args *args)
{
    const struct queue_row *q = ROW_AT(&d->c->queue, struct queue_row, 0);
    if (d->agent->level < d->c->row.level || !signature_fits(q->signature, d->agent, d->policy))
        return refuse_offer(d, whose_unfitness(q, args), ERROR_REASON_CASE_STATUS,
                            "the agent lacks what the case requires");
    if (!args->pulled && d->agent->presence != PRESENCE_AVAILABLE)
        return refuse_offer(d, OFFER_AGENT_AWAY, ERROR_REASON_CASE_STATUS,
                            "the agent is not available");
    if (!args->sole && cooling_down(d))
        return refuse_offer(d, OFFER_AGENT_AWAY, ERROR_REASON_CASE_STATUS,
                            "the agent declined the case, or did not answer, a moment ago");
    return true;
}

static bool require_room(struct decision *d)
{
    const struct agent_row *a = d->agent;
    if (agent_has_room(a))
        return true;
    refuse_offer(d, OFFER_AGENT_FULL, ERROR_REASON_NO_CAPACITY, "the agent has no free capacity");
    fault_meta(&d->cmd->fault, "capacity", "%d", a->capacity);
    fault_meta(&d->cmd->fault, "load", "%d", a->counted_cases + a->pending_weight);
    return false;
}

static struct offer_row *add_offer(struct decision *d, const struct offer_case_args *args)
{
    const struct case_row *row = &d->c->row;
    struct offer_row *o = ROWS_ADD(&d->c->offers, struct offer_row, d->arena);
    o->tenant_id = row->tenant_id;
    o->case_id = row->case_id;
    o->offer_id = decision_id(d);
    o->agent_id = d->agent->agent_id;
    o->generation = row->assignment_generation;
    o->weight = WEIGHT;
    o->pulled = args->pulled;
    o->expires_at = d->now_us + d->policy->offer_timeout_ms * US_PER_MS;
    o->decline_reason = "";
    offer_set_state(o, OFFER_STATE_PENDING, d->now_us);
    return o;
}

static void start_offer(struct decision *d, const struct offer_row *o)
{
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    (void)clock_start_until(d, CLOCK_KIND_OFFER, &o->offer_id, d->now_us, o->expires_at);
    detail.offer = message_offer(o, d->arena);
    case_event(d, EVENT_KIND_OFFER_MADE, d->cmd->principal, &detail, NULL);
}

static void make_offer(struct decision *d, const struct offer_case_args *args)
{
    AM_ASSERT(d->c->exists && args != NULL);
    if (!d->agent) {
        tell_outcome(d, OFFER_AGENT_UNFIT);
        fault_set(&d->cmd->fault, FAULT_NOT_FOUND, ERROR_REASON_AGENT_NOT_FOUND, "no agent %s",
                  d->cmd->agent_id);
        return;
    }
    if (!require_waiting(d, args) || !require_fit(d, args) || !require_room(d))
        return;
    struct offer_row *o = add_offer(d, args);
    tell_outcome(d, OFFER_WRITTEN);
    d->cmd->result_id = o->offer_id;
    agent_change(d)->idle_since = d->now_us;
    if (args->accepted)
        case_set_owner(d, OWNER_KIND_AGENT, d->agent->agent_id, o, OWNER_REQUESTED);
    else
        start_offer(d, o);
}

/* A command may be decided several times, and may fail afterwards on its way to the database. So
 * the last decision counts only when the fault comes from a decision. */
enum offer_outcome offer_outcome_of(const struct command *cmd)
{
    const struct offer_case_args *args = cmd->args;
    const enum offer_outcome last = *args->outcome;
    switch (cmd->fault.code) {
    case FAULT_OK:
        return cmd->replayed ? OFFER_UNDECIDED : last;
    case FAULT_NOT_FOUND: /* before any decision: there is no such case */
        return last == OFFER_UNDECIDED ? OFFER_CASE_MOVED : last;
    case FAULT_FAILED_PRECONDITION:
        return last;
    default:
        return OFFER_UNDECIDED;
    }
}

static void offer_case(struct decision *d)
{
    make_offer(d, d->cmd->args);
}

const struct command_kind offer_case_kind = {
    .name = "OfferCase", .needs_case = true, .decide = offer_case};

const struct command_kind request_assignment_kind = {.name = "RequestAssignment",
                                                     .method = METHOD_REQUEST_ASSIGNMENT,
                                                     .needs_case = true,
                                                     .agents_only = true,
                                                     .decide = offer_case};
