/* SPDX-License-Identifier: Apache-2.0 */
#include "case/ladder/comeback.h"

#include <string.h>

#include "base/assert.h"
#include "base/time.h"
#include "case/clocks/clocks.h"
#include "case/event.h"
#include "case/ladder/ladder.h"
#include "case/message/message.h"
#include "case/notify.h"
#include "case/owner.h"
#include "case/people/signature.h"
#include "case/transition.h"
#include "contract/statuses.h"
#include "contract/words.h"

/* -- what becomes of it ------------------------------------------------------------------------ */

static bool other_case_is_open(const struct decision *d)
{
    return !uuid_is_zero(&d->other_case_id) && !uuid_eq(&d->other_case_id, &d->c->row.case_id);
}

static bool may_reopen(const struct decision *d)
{
    const struct case_row *row = &d->c->row;
    return row->status == CASE_STATUS_CLOSED &&
           d->now_us - row->closed_at <= d->policy->reopen_within_ms * US_PER_MS;
}

enum comeback comeback_of(const struct decision *d)
{
    if (status_is_waiting(d->c->row.status))
        return COMEBACK_NONE;
    if (other_case_is_open(d) || d->c->row.erased_at != 0)
        return COMEBACK_LATE;
    if (d->c->row.status == CASE_STATUS_RESOLVED)
        return COMEBACK_SAME_ROUND;
    return may_reopen(d) ? COMEBACK_NEXT_ROUND : COMEBACK_LATE;
}

/* -- the keys ---------------------------------------------------------------------------------- */

static const char *former_agent(const struct case_row *row)
{
    return row->owner_kind == OWNER_KIND_AGENT ? row->owner_id : NULL;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* A command that opens cases has its claim locked already. */
static bool claim_is_named(const struct command *cmd, const struct case_row *row)
{
    return cmd->kind->needs_customer ||
           (same_text(cmd->claim.customer_id, row->customer_id) &&
            same_text(cmd->claim.failure_code, row->failure_code) &&
            same_text(cmd->claim.order_reference, row->order_reference));
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

static void name_claim(struct command *cmd, const struct case_row *row)
{
    if (cmd->kind->needs_customer)
        return;
    cmd->claim = (struct command_claim){.customer_id = keep_text(cmd, row->customer_id),
                                        .failure_code = keep_text(cmd, row->failure_code),
                                        .order_reference = keep_text(cmd, row->order_reference)};
}

bool comeback_prepare(struct decision *d)
{
    const struct case_row *row = &d->c->row;
    struct command *cmd = d->cmd;
    if (status_is_waiting(row->status))
        return true;
    if (claim_is_named(cmd, row) && same_text(cmd->agent_id, former_agent(row)))
        return true;
    name_claim(cmd, row);
    cmd->agent_id = keep_text(cmd, former_agent(row));
    d->again = !fault_is_set(&cmd->fault);
    return false;
}

/* -- who gets it ------------------------------------------------------------------------------- */

/* The capacity does not matter here: a case that comes back may leave an agent with more cases than
 * the capacity. */
static bool owner_is_fit(const struct decision *d)
{
    const struct agent_row *agent = d->agent;
    if (!agent || !same_text(agent->agent_id, former_agent(&d->c->row)) ||
        (agent->presence != PRESENCE_AVAILABLE && agent->presence != PRESENCE_AWAY))
        return false;
    return signature_fits(signature_of_case(&d->c->row, d->policy, d->arena), agent, d->policy);
}

static void hand_over(struct decision *d, bool fit, enum owner_cause cause)
{
    if (!fit)
        case_set_owner(d, OWNER_KIND_STEWARD, ladder_steward(d->policy, d->c->row.level), NULL,
                       cause);
}

/* -- whether it rises -------------------------------------------------------------------------- */

/* A denial of this round was disclosed, and nobody has appealed in the life of the case. */
static bool is_appeal(const struct case_row *row, enum comeback_cause cause)
{
    bool is_word = cause == COMEBACK_CONTACT || cause == COMEBACK_CLAIM || cause == COMEBACK_SURVEY;
    return is_word && row->appealed_at == 0 && row->denial_disclosed_at != 0 &&
           row->denial_disclosed_at >= case_round_since(row);
}

/* An appeal is marked, so that it rises once. */
static bool rises(struct decision *d, enum comeback_cause cause)
{
    struct case_row *row = &d->c->row;
    if (!is_appeal(row, cause))
        return cause == COMEBACK_SURVEY;
    row->appealed_at = d->now_us;
    row_touch(&row->row);
    return true;
}

/* -- the same round ---------------------------------------------------------------------------- */

static const char *const cause_words[] = {
    [COMEBACK_CONTACT] = "contact",        [COMEBACK_CLAIM] = "claim",
    [COMEBACK_SURVEY] = "survey",          [COMEBACK_REVERSAL] = "remedy reversed",
    [COMEBACK_PROMISE] = "promise broken", [COMEBACK_DETECTED] = "detected failure",
};

static char *cause_text(struct decision *d, enum comeback_cause cause)
{
    char *text = arena_strdup(d->arena, cause_words[cause]);
    AM_ASSERT(text != NULL);
    return text;
}

static void returned_event(struct decision *d, enum comeback_cause cause)
{
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    detail.round = d->c->row.round;
    detail.owner = message_owner(&d->c->row, d->arena);
    detail.cause = cause_text(d, cause);
    case_event(d, EVENT_KIND_CASE_RETURNED, d->cmd->principal, &detail, NULL);
}

static void tell_people(struct decision *d, bool fit)
{
    const struct case_row *row = &d->c->row;
    struct tidings tidings = {.kind = NOTIFICATION_KIND_REOPENED,
                              .cause = NOTIFICATION_CAUSE_RETURNED,
                              .ask = NOTIFICATION_ASK_CONTINUE};
    if (fit)
        notify_tell(d, &tidings, row->owner_id);
    tidings.ask = fit ? NOTIFICATION_ASK_NOTHING : NOTIFICATION_ASK_ASSIGN;
    notify_tell(d, &tidings, ladder_steward(d->policy, row->level));
}

static void put_back(struct decision *d, enum comeback_cause cause)
{
    struct case_row *row = &d->c->row;
    const int64_t resolved_us = row->resolved_at;
    const bool fit = owner_is_fit(d);
    const bool climbs = rises(d, cause);
    if (!case_set_status(d, fit ? CASE_STATUS_IN_PROGRESS : CASE_STATUS_OPEN))
        return;
    if (!case_first_resolved_us(row))
        row->first_resolved_at = resolved_us;
    row->resolved_at = 0;
    clocks_go_on(d, resolved_us);
    returned_event(d, cause);
    hand_over(d, fit, OWNER_RETURNED);
    tell_people(d, fit);
    if (climbs && row->level < d->policy->n_levels)
        ladder_climb(d, ESCALATION_CAUSE_REOPENED, row->level + 1, d->cmd->principal, NULL);
}

/* -- the next round ---------------------------------------------------------------------------- */

static void begin_round(struct decision *d)
{
    struct case_row *row = &d->c->row;
    row->round++;
    row->round_since = d->now_us;
    row->resolved_at = row->closed_at = row->first_resolved_at = 0;
    row->paused_at = row->resume_at = row->paused_ms = 0;
    row->pause_reason = 0;
    row->raised_ms = 0;
    row_touch(&row->row);
}

void comeback_reopen(struct decision *d, enum comeback_cause cause, bool climbs, char *reason)
{
    struct escalation_row e;
    const bool fit = owner_is_fit(d);
    const int from_level = d->c->row.level;
    climbs = rises(d, cause) || climbs;
    if (!case_set_status(d, fit ? CASE_STATUS_IN_PROGRESS : CASE_STATUS_OPEN))
        return;
    begin_round(d);
    ladder_reopen(d, climbs, fit, d->cmd->principal, &e);
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    Amends__V1__EventPrivate personal = AMENDS__V1__EVENT_PRIVATE__INIT;
    detail.round = d->c->row.round;
    detail.from_level = from_level;
    detail.owner = message_owner(&d->c->row, d->arena);
    detail.escalation = message_escalation(&e, d->arena);
    if (!reason)
        detail.cause = cause_text(d, cause);
    personal.text = reason;
    case_event(d, EVENT_KIND_CASE_REOPENED, d->cmd->principal, &detail, reason ? &personal : NULL);
    hand_over(d, fit, OWNER_REOPENED);
}

/* -- a case that is worked on, or is over ------------------------------------------------------ */

/* What the owner is told of while the case is worked on. Of a broken promise the ladder tells, and
 * what the company noticed again asks for nothing. */
static const struct tidings of_live[] = {
    [COMEBACK_CONTACT] = {.kind = NOTIFICATION_KIND_CUSTOMER_WROTE,
                          .cause = NOTIFICATION_CAUSE_CONTACT,
                          .ask = NOTIFICATION_ASK_ANSWER},
    [COMEBACK_CLAIM] = {.kind = NOTIFICATION_KIND_CUSTOMER_WROTE,
                        .cause = NOTIFICATION_CAUSE_CLAIM,
                        .ask = NOTIFICATION_ASK_ANSWER},
    [COMEBACK_SURVEY] = {.kind = NOTIFICATION_KIND_CUSTOMER_WROTE,
                         .cause = NOTIFICATION_CAUSE_CLAIM,
                         .ask = NOTIFICATION_ASK_ANSWER},
    [COMEBACK_REVERSAL] = {.kind = NOTIFICATION_KIND_REMEDY,
                           .cause = NOTIFICATION_CAUSE_REMEDY_REVERSED,
                           .ask = NOTIFICATION_ASK_PROPOSE},
    [COMEBACK_DETECTED] = {.kind = 0},
};

static void tell_owner(struct decision *d, enum comeback_cause cause)
{
    if (of_live[cause].kind != 0)
        notify_owner(d, &of_live[cause]);
}

static void tell_late_word(struct decision *d)
{
    const struct tidings tidings = {.kind = NOTIFICATION_KIND_WORD,
                                    .cause = NOTIFICATION_CAUSE_LATE_WORD,
                                    .ask = NOTIFICATION_ASK_ANSWER};
    notify_tell(d, &tidings, ladder_steward(d->policy, d->c->row.level));
}

/* -- all --------------------------------------------------------------------------------------- */

void comeback_run(struct decision *d, enum comeback_cause cause)
{
    switch (comeback_of(d)) {
    case COMEBACK_SAME_ROUND:
        put_back(d, cause);
        break;
    case COMEBACK_NEXT_ROUND:
        comeback_reopen(d, cause, false, NULL);
        break;
    case COMEBACK_LATE:
        tell_late_word(d);
        break;
    default:
        tell_owner(d, cause);
        break;
    }
}
