/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ReportFulfilment: a remedy is done when it has reached the customer, and not when it was
 * promised. Other systems may report the same thing twice; a report of the state and reference that
 * the remedy already has gets the first answer again.
 */

#include <string.h>

#include "amends/v1/resolution_service.pb-c.h"
#include "base/assert.h"
#include "case/ladder/comeback.h"
#include "case/model/decision.h"
#include "case/model/states.h"
#include "case/notify.h"
#include "case/transition.h"
#include "contract/remedy_states.h"
#include "contract/words.h"
#include "resolution/decide/decide.h"
#include "resolution/decide/remedy_row.h"

/* What an outcome makes of a remedy. */
struct step {
    int to;
    const char *what; /* for the refusal: "a remedy that is OFFERED cannot ..." */
};

static const struct step steps[] = {
    [FULFILMENT_OUTCOME_STARTED] = {REMEDY_STATE_FULFILLING, "be started"},
    [FULFILMENT_OUTCOME_FULFILLED] = {REMEDY_STATE_FULFILLED, "be fulfilled"},
    [FULFILMENT_OUTCOME_FAILED] = {REMEDY_STATE_FAILED, "fail"},
    [FULFILMENT_OUTCOME_REVERSED] = {REMEDY_STATE_REVERSED, "be reversed"},
};
_Static_assert(sizeof(steps) / sizeof(steps[0]) == FULFILMENT_OUTCOME_COUNT,
               "each outcome has its step");

/* A report without a reference means the one that is known. */
static bool same_reference(const struct remedy_row *remedy, const char *reference)
{
    return reference[0] == '\0' || strcmp(remedy->fulfilment_reference, reference) == 0;
}

/* One refund number cannot be the proof of two remedies. */
static bool proves_another(struct decision *d, const struct remedy_row *remedy,
                           const char *reference)
{
    ROWS_EACH (other, struct remedy_row, &d->c->remedies) {
        if (other == remedy || other->state != REMEDY_STATE_FULFILLED ||
            other->kind != remedy->kind || strcmp(other->fulfilment_reference, reference) != 0)
            continue;
        char id[UUID_TEXT_LEN + 1];
        struct fault *f = &d->cmd->fault;
        fault_set(f, FAULT_FAILED_PRECONDITION, ERROR_REASON_ALREADY_COMPENSATED,
                  "external_reference is the proof of another remedy of this kind");
        fault_meta(f, "remedy_id", "%s", uuid_format(&other->remedy_id, id));
        return true;
    }
    return false;
}

static void take_step(struct decision *d, struct remedy_row *remedy, const struct step *step,
                      const char *reference)
{
    if (reference[0] != '\0')
        remedy->fulfilment_reference = reference;
    remedy_set_state(remedy, step->to, d->now_us);
}

/* Whoever is accountable has to find another way. */
static void tell_failure(struct decision *d)
{
    const struct tidings tidings = {.kind = NOTIFICATION_KIND_REMEDY,
                                    .cause = NOTIFICATION_CAUSE_REMEDY_FAILED,
                                    .ask = NOTIFICATION_ASK_PROPOSE};
    notify_owner(d, &tidings);
}

static void report_fulfilment_decide(struct decision *d)
{
    const Amends__V1__ReportFulfilmentRequest *r =
        (const Amends__V1__ReportFulfilmentRequest *)d->cmd->request;
    /* Validation knows the contract's outcomes only; another number would read past the table. */
    AM_ASSERT(r->outcome > FULFILMENT_OUTCOME_UNSPECIFIED && r->outcome < FULFILMENT_OUTCOME_COUNT);
    const struct step *step = &steps[r->outcome];
    const char *reference = r->external_reference;
    struct remedy_row *remedy = remedy_find(d, r->remedy_id);
    if (!remedy)
        return;
    if (remedy->state == step->to && same_reference(remedy, reference)) {
        d->cmd->result_id = remedy->remedy_id;
        return;
    }
    /* What was taken back is a word about a case that has ended, too. */
    bool is_reversal = step->to == REMEDY_STATE_REVERSED;
    if (is_reversal ? !comeback_prepare(d) : !case_require_live(d, true))
        return;
    if (!remedy_state_may_follow(remedy->state, step->to)) {
        remedy_refuse_state(d, remedy, step->what);
        return;
    }
    if (step->to == REMEDY_STATE_FULFILLED && proves_another(d, remedy, reference))
        return;
    take_step(d, remedy, step, reference);
    remedy_event(d, EVENT_KIND_REMEDY_FULFILMENT_REPORTED, remedy, NULL);
    if (is_reversal)
        comeback_run(d, COMEBACK_REVERSAL);
    else if (step->to == REMEDY_STATE_FAILED)
        tell_failure(d);
}

const struct command_kind report_fulfilment_kind = {
    .name = "ReportFulfilment",
    .method = METHOD_REPORT_FULFILMENT,
    .needs_case = true,
    .validate = report_fulfilment_validate,
    .decide = report_fulfilment_decide,
    .response = &amends__v1__report_fulfilment_response__descriptor,
};
