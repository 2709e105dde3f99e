/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The close gate: what is missing before a case can be resolved, and how a caller is told.
 *
 * Threading: pure. Ownership: texts of a refusal lie in the command's arena.
 */

#include "case/model/decision.h"

enum case_gate {
    /* No outbound contact reached the customer, nor is the unreachable rule met. */
    GATE_CONTACT = 1,
    GATE_ROOT_CAUSE = 2,
    /* None of the acts that policy asks for. */
    GATE_ACT = 4,
    /* Neither a fulfilled remedy nor a denial that was disclosed. */
    GATE_REMEDY_OR_DENIAL = 8,
    /* A remedy was accepted and has not reached the customer. */
    GATE_UNFULFILLED_REMEDY = 16,
    /* A promise is open: it has to be kept, renegotiated or admitted to be broken. */
    GATE_OPEN_PROMISE = 32,
    /* The customer waits for an answer: case/clocks/wait.h. */
    GATE_ANSWER = 64,
};

/* The set of what is missing before the case can be resolved; 0 = it passes. Of a reopened case the
 * contact, the act and the remedy or denial have to be of the present round: the customer came
 * back, so what was said and given before has not done it. The root cause carries over, and may be
 * corrected: the failure is the same one. */
unsigned case_gate_missing(const struct case_state *c, const struct policy *p);

/* Refuses with FAILED_PRECONDITION / CLOSE_GATE and lists everything that is missing; true when the
 * case passes. */
bool case_require_gate(struct decision *d);
