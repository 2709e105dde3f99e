/* SPDX-License-Identifier: Apache-2.0 */
#include "case/gate.h"

#include "base/time.h"
#include "case/clocks/wait.h"
#include "contract/reasons.h"
#include "contract/remedy_states.h"
#include "contract/timestamp.h"
#include "contract/word.h"
#include "contract/words.h"

/* Of this round: what was said before a case was reopened answered something else. */
static bool is_attempt(const struct case_state *c, const struct contact_row *contact)
{
    return contact_is_attempt(contact) && contact->at >= case_round_since(&c->row);
}

static bool customer_reached(const struct case_state *c)
{
    ROWS_EACH (contact, struct contact_row, &c->contacts)
        if (is_attempt(c, contact) && contact_reached(contact))
            return true;
    return false;
}

static bool customer_unreachable(const struct case_state *c, const struct policy *p)
{
    struct attempts attempts = {0};
    ROWS_EACH (contact, struct contact_row, &c->contacts)
        if (is_attempt(c, contact))
            attempts_add(&attempts, contact);
    return attempts_are_enough(&attempts, p);
}

static bool act_done(const struct case_state *c, const struct policy *p)
{
    if (p->acts_any_of == 0)
        return true;
    int64_t since = case_round_since(&c->row);
    ROWS_EACH (act, struct act_row, &c->acts)
        if (act->at >= since && (p->acts_any_of >> act->kind & 1u) != 0)
            return true;
    return false;
}

static bool remedied_or_denied(const struct case_state *c)
{
    int64_t since = case_round_since(&c->row);
    if (c->row.denial_disclosed_at != 0 && c->row.denial_disclosed_at >= since)
        return true;
    ROWS_EACH (remedy, struct remedy_row, &c->remedies)
        if (remedy->state == REMEDY_STATE_FULFILLED && remedy->fulfilled_at >= since)
            return true;
    return false;
}

unsigned case_gate_missing(const struct case_state *c, const struct policy *p)
{
    unsigned missing = 0;
    if (!remedied_or_denied(c))
        missing |= GATE_REMEDY_OR_DENIAL;
    if (case_owes_remedy(c))
        missing |= GATE_UNFULFILLED_REMEDY;
    if (case_has_open_promise(c))
        missing |= GATE_OPEN_PROMISE;
    if (!customer_reached(c) && !customer_unreachable(c, p))
        missing |= GATE_CONTACT;
    if (c->row.root_cause_at == 0)
        missing |= GATE_ROOT_CAUSE;
    if (!act_done(c, p))
        missing |= GATE_ACT;
    if (case_wait(c, p, 0).waits)
        missing |= GATE_ANSWER;
    return missing;
}

/* -- the refusal ------------------------------------------------------------------------------ */

static void tell_unfulfilled(struct decision *d)
{
    ROWS_EACH (remedy, struct remedy_row, &d->c->remedies) {
        char id[UUID_TEXT_LEN + 1];
        if (remedy_state(remedy->state)->is_owed)
            fault_missing(&d->cmd->fault, "UNFULFILLED_REMEDY",
                          "remedy %s is %s: it has to reach the customer, or fail and be replaced",
                          uuid_format(&remedy->remedy_id, id),
                          contract_word(REMEDY_STATE_WORDS, remedy->state));
    }
}

static void tell_promises(struct decision *d)
{
    ROWS_EACH (promise, struct promise_row, &d->c->promises) {
        char id[UUID_TEXT_LEN + 1];
        if (promise->state == PROMISE_STATE_OPEN)
            fault_missing(&d->cmd->fault, "OPEN_PROMISE",
                          "promise %s is open: it has to be kept, renegotiated or admitted broken",
                          uuid_format(&promise->promise_id, id));
    }
}

static void tell_waiting(struct decision *d)
{
    struct fault *f = &d->cmd->fault;
    const int64_t since = case_wait(d->c, d->policy, 0).since_us;
    fault_missing(
        f, "ANSWER",
        "the customer has waited for an answer since %s: reach them, or answer in writing "
        "where they wrote; a contact that asks for nothing can be corrected",
        timestamp_text(since, f->arena));
}

/* What was done in an earlier round does not count, which a caller may wonder about. */
static const char *this_round(const struct decision *d)
{
    return d->c->row.round > 1 ? " since the case was reopened" : "";
}

/* Lists everything that is missing, so that a caller need not try again and again. */
static void tell_missing(struct decision *d, unsigned missing)
{
    struct fault *f = &d->cmd->fault;
    const struct policy *p = d->policy;
    if (missing & GATE_CONTACT)
        fault_missing(f, "CONTACT",
                      "the customer was not reached by the company%s, nor tried %d times on %d "
                      "channels over %lld hours",
                      this_round(d), p->unreachable_attempts, p->unreachable_channels,
                      (long long)(p->unreachable_window_ms / (3600LL * 1000)));
    if (missing & GATE_ROOT_CAUSE)
        fault_missing(f, "ROOT_CAUSE", "no root cause is recorded");
    if (missing & GATE_ACT)
        fault_missing(f, "ACT", "no apology or other act that policy asks for is recorded%s",
                      this_round(d));
    if (missing & GATE_REMEDY_OR_DENIAL)
        fault_missing(f, "REMEDY_OR_DENIAL",
                      "no remedy was fulfilled and no denial disclosed with its reason%s",
                      this_round(d));
    if (missing & GATE_UNFULFILLED_REMEDY)
        tell_unfulfilled(d);
    if (missing & GATE_OPEN_PROMISE)
        tell_promises(d);
    if (missing & GATE_ANSWER)
        tell_waiting(d);
}

bool case_require_gate(struct decision *d)
{
    unsigned missing = case_gate_missing(d->c, d->policy);
    if (missing == 0)
        return true;
    fault_set(&d->cmd->fault, FAULT_FAILED_PRECONDITION, ERROR_REASON_CLOSE_GATE,
              "the case does not pass the close gate: %d conditions are not met",
              __builtin_popcount(missing));
    tell_missing(d, missing);
    return false;
}
