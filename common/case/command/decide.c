/* SPDX-License-Identifier: Apache-2.0 */
#include "case/command/decide.h"

#include <inttypes.h>

#include "base/slice.h"
#include "case/command/driver.h"
#include "case/people/authority.h"
#include "case/people/contributors.h"
#include "contract/reasons.h"

void command_reset_outcome(struct command *cmd)
{
    fault_init(&cmd->fault, cmd->arena);
    cmd->replayed = cmd->joined = cmd->created = false;
    cmd->n_warnings = 0;
    cmd->result_case_id = cmd->result_id = (struct uuid){0};
}

static void answer_command(struct decision *d)
{
    if (d->cmd->answer)
        d->cmd->answer(d->cmd, d);
}

/* -- before the kind's function --------------------------------------------------------------- */

/* A replay answers with what was made then and the case as it is now. */
static void replay_command(struct decision *d)
{
    struct command *cmd = d->cmd;
    const struct dedup_row *found = d->dedup;
    if (!slice_eq(found->body_hash, slice_of(cmd->body_hash, sizeof(cmd->body_hash)))) {
        fault_set(&cmd->fault, FAULT_ALREADY_EXISTS, ERROR_REASON_REQUEST_ID_REUSED,
                  "request_id was used before with another body");
        return;
    }
    cmd->replayed = true;
    cmd->joined = found->joined;
    cmd->result_case_id = found->case_id;
    cmd->result_id = found->result_id;
    answer_command(d);
}

/* What was accepted once is never refused when it is repeated, so the time is looked at after
 * that. */
static bool valid_now(struct decision *d)
{
    const struct command *cmd = d->cmd;
    if (cmd->kind->validate && cmd->request)
        cmd->kind->validate(cmd->request, d->now_us, d->policy, &d->cmd->fault);
    return !fault_is_set(&d->cmd->fault);
}

static bool found_case(struct decision *d)
{
    if (!d->cmd->kind->needs_case || (d->c && d->c->exists))
        return true;
    char id[UUID_TEXT_LEN + 1];
    fault_set(&d->cmd->fault, FAULT_NOT_FOUND, ERROR_REASON_CASE_NOT_FOUND, "no case %s",
              uuid_format(&d->cmd->case_id, id));
    fault_meta(&d->cmd->fault, "case_id", "%s", id);
    return false;
}

static bool principal_may(struct decision *d)
{
    const struct command_kind *kind = d->cmd->kind;
    /* A steward who took over is no agent and may all the same. */
    bool took_over = kind->owner_only && d->c &&
                     contributors_take_over(d->c->row.contributors, d->cmd->principal);
    const bool speaks_for_customer = kind->customers_too && d->cmd->for_customer;
    if ((kind->agents_only || kind->owner_only) && !d->actor && !took_over &&
        !speaks_for_customer) {
        fault_set(&d->cmd->fault, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_AN_AGENT,
                  "'%s' is not an agent, and only an agent may do this", d->cmd->principal);
        fault_meta(&d->cmd->fault, "principal", "%s", d->cmd->principal);
        return false;
    }
    return !kind->owner_only || case_require_owner(d);
}

static bool version_current(struct decision *d)
{
    const struct command *cmd = d->cmd;
    if (cmd->expected_version == 0 || !cmd->kind->needs_case ||
        cmd->expected_version == d->c->row.last_seq)
        return true;
    struct fault *f = &d->cmd->fault;
    fault_set(f, FAULT_ABORTED, ERROR_REASON_VERSION_MISMATCH,
              "the case is at version %" PRId64 ", not %" PRId64, d->c->row.last_seq,
              cmd->expected_version);
    fault_meta(f, "current_version", "%" PRId64, d->c->row.last_seq);
    fault_meta(f, "expected_version", "%" PRId64, cmd->expected_version);
    return false;
}

/* The customer's open case was found by its natural key: only its own key holds it still. */
static bool needs_open_case_key(struct decision *d)
{
    struct command *cmd = d->cmd;
    if (!cmd->kind->needs_customer || !d->c->exists ||
        uuid_eq(&cmd->open_case_id, &d->c->row.case_id))
        return false;
    cmd->open_case_id = d->c->row.case_id;
    d->again = true;
    return true;
}

/* -- after it --------------------------------------------------------------------------------- */

static void remember_request(struct decision *d)
{
    const struct command *cmd = d->cmd;
    struct dedup_row *r = &d->dedup_out;
    if (cmd->kind->method == METHOD_NONE)
        return;
    *r = (struct dedup_row){
        .row.change = ROW_NEW,
        .tenant_id = cmd->tenant_id,
        .principal = command_via(cmd),
        .method = (int16_t)cmd->kind->method,
        .request_id = cmd->request_id,
        .body_hash = slice_of(cmd->body_hash, sizeof(cmd->body_hash)),
        .case_id = cmd->result_case_id,
        .result_id = cmd->result_id,
        .version = d->c && d->c->exists ? d->c->row.last_seq : 0,
        .joined = cmd->joined,
        .created_at = d->shared_now_us,
    };
}

static bool any_changed(const struct rows *rows, size_t row_size)
{
    const uint8_t *bytes = rows->items;
    for (size_t i = 0; i < rows->n; i++)
        if (((const struct row *)(bytes + i * row_size))->change != ROW_SAME)
            return true;
    return false;
}

/* Every change of a case writes an event, but what an offer or a queue item says may change alone.
 */
static bool something_to_write(const struct decision *d)
{
    const struct case_state *c = d->c;
    if (d->dedup_out.row.change == ROW_NEW || any_changed(&d->agents_out, sizeof(struct agent_row)))
        return true;
    return c && (c->row.row.change != ROW_SAME || c->events.n > 0 || c->escalations.n > 0 ||
                 c->notifications.n > 0 || c->deliveries.n > 0 ||
                 any_changed(&c->offers, sizeof(struct offer_row)) ||
                 any_changed(&c->clocks, sizeof(struct clock_row)) ||
                 any_changed(&c->queue, sizeof(struct queue_row)) ||
                 any_changed(&c->signals, sizeof(struct signal_row)) ||
                 any_changed(&c->contacts, sizeof(struct contact_row)) ||
                 any_changed(&c->acts, sizeof(struct act_row)) ||
                 any_changed(&c->remedies, sizeof(struct remedy_row)) ||
                 any_changed(&c->promises, sizeof(struct promise_row)));
}

static enum decision_verdict conclude_command(struct decision *d)
{
    struct command *cmd = d->cmd;
    if (d->again)
        return DECISION_AGAIN;
    if (fault_is_set(&cmd->fault))
        return DECISION_ANSWER;
    if (d->c && d->c->exists)
        driver_run(d);
    if (d->c && d->c->exists && uuid_is_zero(&cmd->result_case_id))
        cmd->result_case_id = d->c->row.case_id;
    remember_request(d);
    answer_command(d);
    if (fault_is_set(&cmd->fault))
        return DECISION_ANSWER;
    return something_to_write(d) ? DECISION_WRITE : DECISION_ANSWER;
}

enum decision_verdict command_decide(struct decision *d)
{
    struct command *cmd = d->cmd;
    command_reset_outcome(cmd);
    if (d->dedup) {
        replay_command(d);
        return DECISION_ANSWER;
    }
    if (!valid_now(d))
        return DECISION_ANSWER;
    if (needs_open_case_key(d))
        return DECISION_AGAIN;
    if (!found_case(d) || !principal_may(d) || !version_current(d))
        return DECISION_ANSWER;
    if (cmd->kind->after_what_was_due)
        driver_catch_up(d);
    cmd->kind->decide(d);
    return conclude_command(d);
}
