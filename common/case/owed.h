/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What people still owe in a case and by when: what work lists go by. A deadline that was missed
 * stays owed until somebody does what it asks for.
 *
 * Threading: pure. Ownership: none.
 */

#include "case/model/state.h"
#include "policy/policy.h"

/* The earliest deadline of each sort; 0 = nothing of it is owed. */
struct owed {
    int64_t clock_us;   /* of the clocks that run or were missed, but for those below, an offer's
                         * (it is the agent's to answer) and the follow-up's (it asks nobody) */
    int64_t promise_us; /* of the promises that are owed: see promise_is_owed() */
    int64_t answer_us;  /* of the answer to a customer who waits; of a policy without a clock for
                         * that, what clock_us says */
};

/* Nothing is owed in a case that is resolved or final. What is paused is not owed meanwhile. */
void case_owed(const struct case_state *c, const struct policy *p, struct owed *out);

/* An open promise is owed. So is one that time has broken, until it is reported as kept late, the
 * customer is reached, or another promise is made: then it has been answered for. */
bool promise_is_owed(const struct case_state *c, const struct promise_row *promise);
