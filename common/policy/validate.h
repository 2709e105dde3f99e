/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The checks of a policy as a whole, called by policy_finish(). Threading: pure. */

#include "policy/policy.h"

/* Adds every violation, field = path in the bundle ("levels[2].steward", "failures[0].severity").
 * The policy is as it was added: failures not sorted yet. */
void policy_validate(const struct policy *p, struct fault *fault);

/* The name of a remedy kind as the contract has it ("REFUND"); "?" for an unknown one. */
const char *policy_remedy_name(int kind);
