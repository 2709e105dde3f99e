/* SPDX-License-Identifier: Apache-2.0 */
#include "case/status.h"

#include "case/gate.h"
#include "contract/remedy_states.h"
#include "contract/statuses.h"

static bool has_remedy_in(const struct case_state *c, int state)
{
    ROWS_EACH (remedy, const struct remedy_row, &c->remedies)
        if (remedy->state == state)
            return true;
    return false;
}

static bool has_remedy_to_offer(const struct case_state *c)
{
    ROWS_EACH (remedy, const struct remedy_row, &c->remedies)
        if (remedy_state(remedy->state)->is_owners_work)
            return true;
    return false;
}

/* A delivery and a payment come by themselves; the other promises the owner has to keep. */
static bool has_promise_to_keep(const struct case_state *c)
{
    ROWS_EACH (promise, const struct promise_row, &c->promises)
        if (promise->state == PROMISE_STATE_OPEN && promise->kind != PROMISE_KIND_DELIVERY &&
            promise->kind != PROMISE_KIND_PAYMENT)
            return true;
    return false;
}

/* To answer, to contact, to say, to find out, to offer what was approved, to keep a promise: only
 * the owner can. */
static bool has_owners_work(const struct case_state *c, const struct policy *p)
{
    const unsigned own_work = GATE_CONTACT | GATE_ACT | GATE_ROOT_CAUSE | GATE_ANSWER;
    return (case_gate_missing(c, p) & own_work) || has_remedy_to_offer(c) || has_promise_to_keep(c);
}

int case_derive_status(const struct case_state *c, const struct policy *p)
{
    if (c->row.owner_kind == OWNER_KIND_STEWARD)
        return CASE_STATUS_OPEN;
    if (has_remedy_in(c, REMEDY_STATE_PENDING_APPROVAL))
        return CASE_STATUS_AWAITING_APPROVAL;
    if (has_owners_work(c, p))
        return CASE_STATUS_IN_PROGRESS;
    if (case_owes_remedy(c) || case_has_open_promise(c))
        return CASE_STATUS_AWAITING_FULFILMENT;
    /* With nothing offered either, a remedy is to be proposed or the case to be resolved. */
    return has_remedy_in(c, REMEDY_STATE_OFFERED) ? CASE_STATUS_AWAITING_CUSTOMER
                                                  : CASE_STATUS_IN_PROGRESS;
}
