/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Deciding a command: what is the same for all kinds - replay, existence, principal, version - then
 * the kind's own function, then the driver, the dedup row and the answer.
 *
 * Threading: pure. Ownership: as the decision.
 */

#include "case/model/decision.h"

enum decision_verdict {
    DECISION_WRITE,  /* to be written */
    DECISION_ANSWER, /* nothing to write: refused, replayed, or nothing changed (a stale timer) */
    DECISION_AGAIN,  /* the command names more keys now: lock them, read and decide again */
};

/* Decides d->cmd. Its outcome fields are set afresh, so that it may be decided again.
 *
 * OpenCase (needs_customer): d->c is the customer's open case of the same failure and order as the
 * store found it, or an empty case with cmd->case_id. When one was found that is not locked yet
 * (cmd->open_case_id is another), its id is put there and the verdict is DECISION_AGAIN. A replay
 * of it shows no case: d->c is not the one that was opened. */
enum decision_verdict command_decide(struct decision *d);

/* Empties the outcome of a command that an earlier attempt may have left. */
void command_reset_outcome(struct command *cmd);
