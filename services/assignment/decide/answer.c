/* SPDX-License-Identifier: Apache-2.0 */

/* AcceptOffer and DeclineOffer. Accept against expiry, accept against accept: the case's key makes
 * one of them the first, and the others find the offer decided. */

#include <string.h>

#include "amends/v1/assignment_service.pb-c.h"
#include "assignment/decide/decide.h"
#include "assignment/decide/agent_change.h"
#include "assignment/decide/offer_end.h"
#include "base/assert.h"
#include "case/message/message.h"
#include "case/model/decision.h"
#include "case/owner.h"
#include "case/transition.h"
#include "contract/word.h"
#include "contract/words.h"

static struct offer_row *find_offer(struct decision *d, const char *text)
{
    struct uuid id;
    AM_ASSERT(uuid_parse(text, &id) == AM_OK); /* validated */
    ROWS_EACH (o, struct offer_row, &d->c->offers) {
        if (uuid_eq(&o->offer_id, &id))
            return o;
    }
    fault_set(&d->cmd->fault, FAULT_NOT_FOUND, ERROR_REASON_OFFER_NOT_FOUND,
              "the case has no offer %s", text);
    fault_meta(&d->cmd->fault, "offer_id", "%s", text);
    return NULL;
}

/* An offer is pending until its time has run out or the case has changed hands, even when its timer
 * has not fired yet. */
static int present_state(const struct decision *d, const struct offer_row *o)
{
    if (o->state != OFFER_STATE_PENDING)
        return o->state;
    if (o->expires_at <= d->now_us)
        return OFFER_STATE_EXPIRED;
    return o->generation == d->c->row.assignment_generation ? OFFER_STATE_PENDING
                                                            : OFFER_STATE_RESCINDED;
}

static bool require_pending(struct decision *d, const struct offer_row *o)
{
    struct fault *f = &d->cmd->fault;
    const int state = present_state(d, o);
    if (strcmp(o->agent_id, d->cmd->principal) != 0) {
        fault_set(f, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_YOUR_OFFER,
                  "the offer is another agent's");
        return false;
    }
    if (state == OFFER_STATE_PENDING)
        return true;
    fault_set(f, FAULT_FAILED_PRECONDITION, ERROR_REASON_OFFER_STATE, "the offer is %s",
              contract_word(OFFER_STATE_WORDS, state));
    fault_meta(f, "state", "%s", contract_word(OFFER_STATE_WORDS, state));
    return false;
}

/* The calling agent's row. It is locked, because the command named its key. */
static void touch_idle(struct decision *d)
{
    if (d->agent)
        agent_change(d)->idle_since = d->now_us;
}

static void accept_offer(struct decision *d)
{
    const Amends__V1__AcceptOfferRequest *r = (const void *)d->cmd->request;
    struct offer_row *o = find_offer(d, r->offer_id);
    if (!o || !require_pending(d, o) || !case_require_live(d, false))
        return;
    d->cmd->result_id = o->offer_id;
    touch_idle(d);
    case_set_owner(d, OWNER_KIND_AGENT, d->cmd->principal, o, OWNER_ACCEPTED);
}

/* Accepting and declining change the load of the calling agent, so its key is needed. */
static void name_caller(const ProtobufCMessage *request, struct command *cmd)
{
    (void)request;
    cmd->agent_id = cmd->principal;
}

const struct command_kind accept_offer_kind = {
    .name = "AcceptOffer",
    .method = METHOD_ACCEPT_OFFER,
    .needs_case = true,
    .agents_only = true,
    .validate = accept_offer_validate,
    .name_agent = name_caller,
    .decide = accept_offer,
    .response = &amends__v1__accept_offer_response__descriptor,
};

static void decline_offer(struct decision *d)
{
    const Amends__V1__DeclineOfferRequest *r = (const void *)d->cmd->request;
    struct offer_row *o = find_offer(d, r->offer_id);
    if (!o || !require_pending(d, o))
        return;
    o->decline_reason = r->reason;
    d->cmd->result_id = o->offer_id;
    touch_idle(d);
    offer_end(d, o, OFFER_STATE_DECLINED, EVENT_KIND_OFFER_DECLINED, r->reason);
}

const struct command_kind decline_offer_kind = {
    .name = "DeclineOffer",
    .method = METHOD_DECLINE_OFFER,
    .needs_case = true,
    .agents_only = true,
    .validate = decline_offer_validate,
    .name_agent = name_caller,
    .decide = decline_offer,
    .response = &amends__v1__decline_offer_response__descriptor,
};
