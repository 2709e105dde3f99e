/* SPDX-License-Identifier: Apache-2.0 */

/* DenyClaim, ResolveCase and CloseCase, which the owner or a level above may call. */

#include "amends/v1/resolution_service.pb-c.h"
#include "base/assert.h"
#include "contract/check.h"
#include "case/message/message.h"
#include "contract/money.h"
#include "contract/timestamp.h"
#include "case/close.h"
#include "case/event.h"
#include "case/gate.h"
#include "case/model/decision.h"
#include "case/model/states.h"
#include "case/notify.h"
#include "case/transition.h"
#include "contract/words.h"
#include "resolution/decide/decide.h"
#include "resolution/decide/remedy_row.h"

/* An agent whose case somebody else decides must not go on with it. */
static void tell_owner(struct decision *d)
{
    const struct tidings tidings = {.kind = NOTIFICATION_KIND_ENDED,
                                    .cause = NOTIFICATION_CAUSE_ENDED,
                                    .ask = NOTIFICATION_ASK_NOTHING};
    if (d->c->row.owner_kind == OWNER_KIND_AGENT)
        notify_owner(d, &tidings);
}

/* -- DenyClaim --------------------------------------------------------------------------------- */

/* Keeps the denials before it. One that says the same again is refused. */
static bool require_new_reason(struct decision *d, const char *reason)
{
    struct case_row *row = &d->c->row;
    const Amends__V1__DenialList *before = message_denials(row, d->arena);
    AM_ASSERT(before != NULL); /* the arena has room for what a case may have */
    if (denials_say(before, reason)) {
        fault_violation(&d->cmd->fault, "reason",
                        "is that of a denial before: the customer has heard it, so a further "
                        "denial needs a new one");
        return false;
    }
    const struct rows denials = {.n = before->n_denials};
    if (!case_require_room(d, &denials, CASE_DENIALS_MAX, "denials"))
        return false;
    row->earlier_denials = denials_pack(before, d->arena);
    return true;
}

/* The present denial is the last that the customer heard: gate, wait and appeal go by its time,
 * which must not move back. */
static bool require_time_in_order(struct decision *d, int64_t disclosed_at)
{
    const struct case_row *row = &d->c->row;
    struct fault *fault = &d->cmd->fault;
    if (disclosed_at < row->opened_at)
        fault_violation(fault, "disclosure_time", "is before the case was opened");
    else if (disclosed_at < row->denial_disclosed_at)
        fault_violation(fault, "disclosure_time",
                        "is before %s, when the denial before was disclosed: denials are reported "
                        "in the order in which the customer was told",
                        timestamp_text(row->denial_disclosed_at, d->arena));
    return !fault_is_set(fault);
}

static void deny_claim_decide(struct decision *d)
{
    const Amends__V1__DenyClaimRequest *r = (const Amends__V1__DenyClaimRequest *)d->cmd->request;
    struct case_row *row = &d->c->row;
    int64_t disclosed_at = check_past_time_us(r->disclosure_time, d->now_us);
    if (!require_time_in_order(d, disclosed_at) || !case_require_live(d, false) ||
        !require_new_reason(d, r->reason))
        return;
    row->denial_reason = r->reason;
    row->denial_channel = (int16_t)r->disclosure_channel;
    row->denial_disclosed_at = disclosed_at;
    row->denial_actor = d->cmd->principal;
    row_touch(&row->row);
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    detail.disclosure_channel = r->disclosure_channel;
    detail.disclosure_time = message_time(disclosed_at, d->arena);
    Amends__V1__EventPrivate personal = AMENDS__V1__EVENT_PRIVATE__INIT;
    personal.text = r->reason;
    case_event(d, EVENT_KIND_CLAIM_DENIED, d->cmd->principal, &detail, &personal);
    tell_owner(d);
}

const struct command_kind deny_claim_kind = {
    .name = "DenyClaim",
    .method = METHOD_DENY_CLAIM,
    .needs_case = true,
    .owner_only = true,
    .validate = deny_claim_validate,
    .decide = deny_claim_decide,
    .response = &amends__v1__deny_claim_response__descriptor,
};

/* -- ResolveCase ------------------------------------------------------------------------------- */

/* A remedy that was offered and not answered expires when the case is resolved. Each is told by an
 * event of its own, before the case is. */
static void expire_offered(struct decision *d)
{
    ROWS_EACH (remedy, struct remedy_row, &d->c->remedies) {
        if (remedy->state != REMEDY_STATE_OFFERED)
            continue;
        remedy_set_state(remedy, REMEDY_STATE_EXPIRED, d->now_us);
        remedy_event(d, EVENT_KIND_REMEDY_EXPIRED, remedy, NULL);
    }
    d->cmd->result_id = (struct uuid){{0}}; /* the answer shows the case, and none of them */
}

/* A pause by hand ends when the case is resolved. */
static void end_pause(struct decision *d)
{
    struct case_row *row = &d->c->row;
    if (row->paused_at == 0 || row->resume_at <= d->now_us)
        return;
    row->resume_at = d->now_us;
    row_touch(&row->row);
}

static void resolve_case_decide(struct decision *d)
{
    struct case_row *row = &d->c->row;
    if (!case_require_transition(d, CASE_STATUS_RESOLVED) || !case_require_gate(d))
        return;
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    expire_offered(d);
    end_pause(d);
    (void)case_set_status(d, CASE_STATUS_RESOLVED);
    row->resolved_at = d->now_us;
    case_event(d, EVENT_KIND_CASE_RESOLVED, d->cmd->principal, &detail, NULL);
    tell_owner(d);
}

/* Clocks that fell due earlier are fired first. They may have given the case to another desk; then
 * this caller may not resolve it any more, and the table of transitions refuses. */
const struct command_kind resolve_case_kind = {
    .name = "ResolveCase",
    .method = METHOD_RESOLVE_CASE,
    .needs_case = true,
    .owner_only = true,
    .after_what_was_due = true,
    .validate = resolve_case_validate,
    .decide = resolve_case_decide,
    .response = &amends__v1__resolve_case_response__descriptor,
};

/* -- CloseCase --------------------------------------------------------------------------------- */

static void close_case_decide(struct decision *d)
{
    /* A remedy that was fulfilled when the case was resolved may have been reversed since. */
    if (!case_require_transition(d, CASE_STATUS_CLOSED) || !case_require_gate(d))
        return;
    case_close(d, d->cmd->principal);
    tell_owner(d);
}

const struct command_kind close_case_kind = {
    .name = "CloseCase",
    .method = METHOD_CLOSE_CASE,
    .needs_case = true,
    .owner_only = true,
    .validate = close_case_validate,
    .decide = close_case_decide,
    .response = &amends__v1__close_case_response__descriptor,
};
