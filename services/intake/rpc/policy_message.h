/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the handlers of PolicyService share.
 *
 * Threading: io loop's thread. Ownership: messages lie in the call's arena.
 */

#include "amends/v1/policy_service.pb-c.h"
#include "policy/problem.h"
#include "shared/service.h"

/* With its source as it is stored; borrows the row's texts. */
Amends__V1__PolicyVersion *policy_message(const struct policy_row *row, struct arena *arena);

/* All problems of a bundle; borrows their texts. */
void policy_problems_message(const struct bundle_problems *problems,
                             Amends__V1__ApplyPolicyResponse *out, struct arena *arena);

/* Refuses the call: NOT_FOUND / POLICY_NOT_FOUND. */
void policy_not_found(struct read_call *rc, int32_t version);

/* Refuses an agent, who is no client application. True when the call goes on. `read` is of the
 * caller's own agent row, if there is one. */
bool policy_client_only(struct read_call *rc, const struct store_read *read);
