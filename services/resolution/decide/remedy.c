/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ProposeRemedy and RecordCustomerResponse. A remedy within the authority of the agent is approved
 * on the spot: it is written as OFFERED at once. The limit holds for a case, a kind and a currency,
 * so other remedies of this kind in the case count, too.
 */

#include <string.h>

#include "amends/v1/resolution_service.pb-c.h"
#include "base/assert.h"
#include "contract/money.h"
#include "case/model/decision.h"
#include "case/model/states.h"
#include "case/notify.h"
#include "case/people/authority.h"
#include "case/transition.h"
#include "contract/reasons.h"
#include "contract/remedy_kinds.h"
#include "contract/remedy_states.h"
#include "contract/word.h"
#include "contract/words.h"
#include "policy/words.h"
#include "resolution/decide/contact.h"
#include "resolution/decide/decide.h"
#include "resolution/decide/remedy_row.h"

/* What a proposal is worth, in the terms of the rows. */
struct worth {
    int kind;
    const char *currency;
    int64_t micros;
};

static struct worth worth_of(const Amends__V1__ProposeRemedyRequest *r)
{
    return (struct worth){.kind = (int)r->kind,
                          .currency = r->amount ? r->amount->currency_code : "",
                          .micros = money_micros(r->amount)};
}

static bool same_kind(const struct remedy_row *remedy, const struct worth *w)
{
    return remedy->kind == w->kind && remedy_state(remedy->state)->is_live &&
           strcmp(remedy->currency, w->currency) == 0;
}

/* -- the same failure is not compensated twice ------------------------------------------------- */

static bool compensated_already(struct decision *d, const struct worth *w)
{
    if (!remedy_kind(w->kind)->makes_up_for_loss)
        return false;
    ROWS_EACH (remedy, struct remedy_row, &d->c->remedies) {
        if (!same_kind(remedy, w) || remedy->micros != w->micros)
            continue;
        char id[UUID_TEXT_LEN + 1];
        struct fault *f = &d->cmd->fault;
        fault_set(f, FAULT_FAILED_PRECONDITION, ERROR_REASON_ALREADY_COMPENSATED,
                  "the case already has a remedy of this kind and amount, which is %s: propose "
                  "another amount, or one remedy for the whole sum",
                  contract_word(REMEDY_STATE_WORDS, remedy->state));
        fault_meta(f, "remedy_id", "%s", uuid_format(&remedy->remedy_id, id));
        return true;
    }
    return false;
}

/* -- authority --------------------------------------------------------------------------------- */

_Static_assert(MONEY_UNITS_MAX *MONEY_MICROS <= INT64_MAX / (CASE_REMEDIES_MAX + 1),
               "the sum of a case's remedies and one more cannot overflow");

static int64_t given_already(const struct case_state *c, const struct worth *w)
{
    int64_t sum = 0;
    ROWS_EACH (remedy, const struct remedy_row, &c->remedies)
        if (same_kind(remedy, w))
            sum += remedy->micros;
    return sum;
}

static void refuse_beyond(struct decision *d, const struct worth *w, int64_t limit, int64_t sum)
{
    struct fault *f = &d->cmd->fault;
    int level = policy_level_that_may(d->policy, w->kind, sum);
    fault_set(f, FAULT_FAILED_PRECONDITION, ERROR_REASON_BEYOND_AUTHORITY,
              "%s of %s %s in this case is beyond the limit of %s; level %d may give it",
              contract_word(REMEDY_KIND_WORDS, w->kind), money_text(sum, d->cmd->arena),
              w->currency, money_text(limit, d->cmd->arena), level);
    fault_meta(f, "limit", "%s", money_text(limit, d->cmd->arena));
    fault_meta(f, "currency", "%s", w->currency);
    fault_meta(f, "level_that_may", "%d", level);
    fault_meta(f, "given_already", "%s", money_text(sum - w->micros, d->cmd->arena));
}

static bool within_authority(struct decision *d, const struct worth *w)
{
    /* The kind is agents_only: without an agent there is no limit to hold the amount to. */
    AM_ASSERT(d->actor != NULL && w->micros >= 0);
    int64_t limit = agent_limit_micros(d->actor, d->policy, w->kind, w->currency);
    int64_t sum = given_already(d->c, w) + w->micros;
    if (limit > 0 && sum <= limit)
        return true;
    refuse_beyond(d, w, limit, sum);
    return false;
}

/* -- ProposeRemedy ----------------------------------------------------------------------------- */

static struct remedy_row *add_remedy(struct decision *d, const struct worth *w,
                                     const char *description)
{
    struct case_state *c = d->c;
    struct remedy_row *row = ROWS_ADD(&c->remedies, struct remedy_row, d->arena);
    row->tenant_id = c->row.tenant_id;
    row->case_id = c->row.case_id;
    row->remedy_id = decision_id(d);
    row->kind = (int16_t)w->kind;
    row->currency = w->currency;
    row->micros = w->micros;
    row->description = description;
    row->proposer = d->cmd->principal;
    row->fulfilment_reference = "";
    row->on_the_spot = true;
    remedy_set_state(row, REMEDY_STATE_OFFERED, d->now_us);
    return row;
}

static void propose_remedy_decide(struct decision *d)
{
    const Amends__V1__ProposeRemedyRequest *r =
        (const Amends__V1__ProposeRemedyRequest *)d->cmd->request;
    const struct worth w = worth_of(r);
    if (!case_require_live(d, false) ||
        !case_require_room(d, &d->c->remedies, CASE_REMEDIES_MAX, "remedies") ||
        compensated_already(d, &w) || !within_authority(d, &w))
        return;
    remedy_event(d, EVENT_KIND_REMEDY_PROPOSED, add_remedy(d, &w, r->description), r->description);
}

const struct command_kind propose_remedy_kind = {
    .name = "ProposeRemedy",
    .method = METHOD_PROPOSE_REMEDY,
    .needs_case = true,
    .agents_only = true,
    .validate = propose_remedy_validate,
    .decide = propose_remedy_decide,
    .response = &amends__v1__propose_remedy_response__descriptor,
};

/* -- RecordCustomerResponse -------------------------------------------------------------------- */

static int answered_state(int answer)
{
    switch (answer) {
    case CUSTOMER_ANSWER_ACCEPTED:
        return REMEDY_STATE_ACCEPTED;
    case CUSTOMER_ANSWER_DECLINED:
        return REMEDY_STATE_DECLINED;
    default:
        return REMEDY_STATE_COUNTERED;
    }
}

/* The offer ended with the resolution, and may have been made up for since, so it stays ended: the
 * word of the customer is kept, and brings the case back to work for somebody to propose again. A
 * "no" asks for nothing. The owner is told of both. */
static void keep_late_answer(struct decision *d, const struct remedy_row *remedy,
                             const Amends__V1__RecordCustomerResponseRequest *r)
{
    const struct uuid id = remedy->remedy_id;
    const char *owner = d->c->row.owner_id;
    contact_about_remedy(d, remedy, (int)r->answer != CUSTOMER_ANSWER_DECLINED, r->note);
    if (fault_is_set(&d->cmd->fault) || d->again)
        return;
    const struct tidings tidings = {.kind = NOTIFICATION_KIND_WORD,
                                    .cause = NOTIFICATION_CAUSE_LATE_ANSWER,
                                    .ask = NOTIFICATION_ASK_PROPOSE};
    notify_tell(d, &tidings, owner);
    d->cmd->result_id = id;
}

/* What the customer said to somebody else, the owner has to act on. */
static void tell_answer(struct decision *d, const struct remedy_row *remedy)
{
    const bool accepted = remedy->state == REMEDY_STATE_ACCEPTED;
    const struct tidings tidings = {.kind = NOTIFICATION_KIND_REMEDY,
                                    .cause = NOTIFICATION_CAUSE_REMEDY_ANSWERED,
                                    .ask = accepted ? NOTIFICATION_ASK_FULFIL
                                                    : NOTIFICATION_ASK_PROPOSE};
    notify_owner(d, &tidings);
}

static void record_customer_response_decide(struct decision *d)
{
    const Amends__V1__RecordCustomerResponseRequest *r =
        (const Amends__V1__RecordCustomerResponseRequest *)d->cmd->request;
    struct remedy_row *remedy = remedy_find(d, r->remedy_id);
    if (!remedy)
        return;
    if (remedy->state == REMEDY_STATE_EXPIRED) {
        keep_late_answer(d, remedy, r);
        return;
    }
    if (remedy->state != REMEDY_STATE_OFFERED) {
        remedy_refuse_state(d, remedy,
                            "be answered; what the customer said can be recorded as a contact");
        return;
    }
    remedy_set_state(remedy, answered_state((int)r->answer), d->now_us);
    remedy_event(d, EVENT_KIND_REMEDY_ANSWERED, remedy, r->note);
    tell_answer(d, remedy);
}

const struct command_kind record_customer_response_kind = {
    .name = "RecordCustomerResponse",
    .method = METHOD_RECORD_CUSTOMER_RESPONSE,
    .needs_case = true,
    .agents_only = true,
    .validate = record_customer_response_validate,
    .decide = record_customer_response_decide,
    .response = &amends__v1__record_customer_response_response__descriptor,
};
