/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ReopenCase. It must know whether the customer has opened another case, and whether the former
 * owner can have the case back. The request does not name the keys for that. So the command is
 * decided twice: the first time it only names the keys; the second time they are locked and their
 * rows are read.
 */

#include <string.h>

#include "amends/v1/resolution_service.pb-c.h"
#include "base/assert.h"
#include "case/message/message.h"
#include "case/event.h"
#include "case/ladder/ladder.h"
#include "case/model/decision.h"
#include "case/owner.h"
#include "case/people/signature.h"
#include "case/transition.h"
#include "contract/statuses.h"
#include "contract/word.h"
#include "contract/words.h"
#include "resolution/decide/decide.h"

/* -- the keys ---------------------------------------------------------------------------------- */

static const char *former_agent(const struct case_row *row)
{
    return row->owner_kind == OWNER_KIND_AGENT ? row->owner_id : NULL;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool owner_is_named(const struct decision *d)
{
    const struct case_row *row = &d->c->row;
    const struct command *cmd = d->cmd;
    return same_text(cmd->claim.customer_id, row->customer_id) &&
           same_text(cmd->claim.failure_code, row->failure_code) &&
           same_text(cmd->claim.order_reference, row->order_reference) &&
           same_text(cmd->agent_id, former_agent(row));
}

/* Copies a text, because the rows that were read do not live until the second decision. */
static const char *keep_text(struct command *cmd, const char *text)
{
    const char *copy = text ? arena_strdup(cmd->arena, text) : NULL;
    if (text && !copy)
        fault_set(&cmd->fault, FAULT_RESOURCE_EXHAUSTED, ERROR_REASON_TOO_LARGE,
                  "the case needs more memory than a call may use");
    return copy;
}

static bool require_keys(struct decision *d)
{
    const struct case_row *row = &d->c->row;
    struct command *cmd = d->cmd;
    if (owner_is_named(d))
        return true;
    cmd->claim = (struct command_claim){.customer_id = keep_text(cmd, row->customer_id),
                                        .failure_code = keep_text(cmd, row->failure_code),
                                        .order_reference = keep_text(cmd, row->order_reference)};
    cmd->agent_id = keep_text(cmd, former_agent(row));
    d->again = !fault_is_set(&cmd->fault);
    return false;
}

/* -- what stands against it -------------------------------------------------------------------- */

static bool require_ended(struct decision *d)
{
    int status = d->c->row.status;
    struct fault *f = &d->cmd->fault;
    if (status == CASE_STATUS_RESOLVED || status == CASE_STATUS_CLOSED)
        return true;
    fault_set(f, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS,
              "the case is %s; only a resolved or closed case can be reopened",
              contract_word(CASE_STATUS_WORDS, status));
    fault_meta(f, "status", "%s", contract_word(CASE_STATUS_WORDS, status));
    return false;
}

static bool require_no_other(struct decision *d)
{
    struct fault *f = &d->cmd->fault;
    char id[UUID_TEXT_LEN + 1];
    if (uuid_is_zero(&d->other_case_id))
        return true;
    fault_set(f, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS,
              "the customer has opened case %s of the same failure and order meanwhile",
              uuid_format(&d->other_case_id, id));
    fault_meta(f, "status", "%s", contract_word(CASE_STATUS_WORDS, d->c->row.status));
    fault_meta(f, "case_id", "%s", id);
    return false;
}

/* -- the new round ----------------------------------------------------------------------------- */

/* The capacity does not matter here: a reopened case may leave an agent with more cases than the
 * capacity. */
static bool owner_is_fit(const struct decision *d)
{
    const struct agent_row *agent = d->agent;
    /* The keys were named after the row: who is judged here is who keeps the case. */
    AM_ASSERT(!agent || same_text(agent->agent_id, former_agent(&d->c->row)));
    if (!agent || (agent->presence != PRESENCE_AVAILABLE && agent->presence != PRESENCE_AWAY))
        return false;
    return signature_fits(signature_of_case(&d->c->row, d->policy, d->arena), agent, d->policy);
}

static void begin_round(struct decision *d)
{
    struct case_row *row = &d->c->row;
    row->round++;
    row->round_since = d->now_us;
    row->resolved_at = row->closed_at = 0;
    row->paused_at = row->resume_at = row->paused_ms = 0;
    row->pause_reason = 0;
    row->raised_ms = 0;
    row_touch(&row->row);
}

static void reopened_event(struct decision *d, int from_level, const struct escalation_row *e)
{
    const Amends__V1__ReopenCaseRequest *r = (const Amends__V1__ReopenCaseRequest *)d->cmd->request;
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    Amends__V1__EventPrivate personal = AMENDS__V1__EVENT_PRIVATE__INIT;
    detail.round = d->c->row.round;
    detail.from_level = from_level;
    detail.owner = message_owner(&d->c->row, d->arena);
    detail.escalation = message_escalation(e, d->arena);
    personal.text = r->reason;
    case_event(d, EVENT_KIND_CASE_REOPENED, d->cmd->principal, &detail, &personal);
}

static void reopen_case(struct decision *d)
{
    struct escalation_row e;
    bool fit = owner_is_fit(d);
    int from_level = d->c->row.level;
    if (!case_set_status(d, fit ? CASE_STATUS_IN_PROGRESS : CASE_STATUS_OPEN))
        return;
    begin_round(d);
    ladder_reopen(d, fit, d->cmd->principal, &e);
    reopened_event(d, from_level, &e);
    if (!fit)
        case_set_owner(d, OWNER_KIND_STEWARD, ladder_steward(d->policy, d->c->row.level), NULL,
                       "reopened");
}

static void reopen_case_decide(struct decision *d)
{
    if (require_ended(d) && require_keys(d) && require_no_other(d))
        reopen_case(d);
}

const struct command_kind reopen_case_kind = {
    .name = "ReopenCase",
    .method = METHOD_REOPEN_CASE,
    .needs_case = true,
    .validate = reopen_case_validate,
    .decide = reopen_case_decide,
    .response = &amends__v1__reopen_case_response__descriptor,
};
