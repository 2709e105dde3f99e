/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a request of intake must be by itself, before it is decided on.
 *
 * Threading: pure. Ownership: violations lie in the fault's arena.
 */

#include "amends/v1/intake_service.pb-c.h"
#include "base/fault.h"
#include "policy/policy.h"

/* Adds every violation of an OpenCase at `now_us`, field = path in the request. Without a `policy`
 * (NULL: not loaded yet) the failure code is checked by its form only; the decision looks it up
 * again. */
void open_case_validate(const ProtobufCMessage *request, int64_t now_us,
                        const struct policy *policy, struct fault *fault);

/* Adds a violation of failure.code when policy has neither the code nor a branch of it; the text
 * names the branches there are. */
void failure_code_validate(const char *code, const struct policy *policy, struct fault *fault);
