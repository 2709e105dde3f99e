/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ReopenCase. It must know whether the customer has opened another case, and whether the former
 * owner can have the case back. The request does not name the keys for that. So the command is
 * decided twice: the first time it only names the keys; the second time they are locked and their
 * rows are read.
 */

#include "amends/v1/resolution_service.pb-c.h"
#include "case/ladder/comeback.h"
#include "case/model/decision.h"
#include "contract/word.h"
#include "contract/words.h"
#include "resolution/decide/decide.h"

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

/* Nobody could say any more for whom it goes on. */
static bool require_not_erased(struct decision *d)
{
    if (d->c->row.erased_at == 0)
        return true;
    fault_set(&d->cmd->fault, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_ERASED,
              "the personal data of the case was erased; open a new case");
    return false;
}

/* -- the new round ----------------------------------------------------------------------------- */

/* An agent has looked at it and says why, so it goes up. */
static void reopen_case_decide(struct decision *d)
{
    const Amends__V1__ReopenCaseRequest *r = (const Amends__V1__ReopenCaseRequest *)d->cmd->request;
    if (require_ended(d) && require_not_erased(d) && comeback_prepare(d) && require_no_other(d))
        comeback_reopen(d, COMEBACK_CONTACT, d->actor != NULL, r->reason);
}

const struct command_kind reopen_case_kind = {
    .name = "ReopenCase",
    .method = METHOD_REOPEN_CASE,
    .needs_case = true,
    .validate = reopen_case_validate,
    .decide = reopen_case_decide,
    .response = &amends__v1__reopen_case_response__descriptor,
};
