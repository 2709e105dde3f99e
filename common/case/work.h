/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the lists keep of a case: rows that follow from the case's own rows, so that no rule has to
 * keep them. The store makes them when a command is written, compares them with what it read, and
 * writes what differs. What they say is never decided on, but for the place in the queue, which is
 * kept there only.
 *
 * Threading: pure functions. Ownership: texts of the rows made are those of the case.
 */

#include "case/model/state.h"
#include "policy/policy.h"

/* What case_work holds of the case. False: it holds nothing, because the case is final or is not
 * there. `next_due_at` is the earliest deadline of a running clock, but for the offer's: an offer
 * is the agent's to answer, not what the case owes. What is owed, missed deadlines with it, is in
 * the three other times (case/owed.h). `p` is the policy of the case. */
bool case_work_of(const struct case_state *c, const struct policy *p, struct work_row *out);

/* The place in the queue that was read with the case: into c->queue, which is empty before. */
void case_work_queue(const struct work_row *work, struct case_state *c, struct arena *arena);

/* The natural key by which a repeat claim joins the case. False: none may. */
bool case_claim_of(const struct case_state *c, struct claim_row *out);

/* What case_ended holds of the case. False: the case is not final. */
bool case_ended_of(const struct case_state *c, struct ended_row *out);
