/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a request of resolution must be by itself, before it is decided on. Each function adds every
 * violation at `now_us`, field = path in the request; what only the case can tell (a contact before
 * the case was opened, an amount beyond a limit) is left to the decision. `policy` is the tenant's
 * current version and may be NULL.
 *
 * Threading: pure. Ownership: violations lie in the fault's arena.
 */

#include "amends/v1/resolution_service.pb-c.h"
#include "base/fault.h"
#include "policy/policy.h"

void record_contact_validate(const ProtobufCMessage *request, int64_t now_us,
                             const struct policy *policy, struct fault *fault);
void record_act_validate(const ProtobufCMessage *request, int64_t now_us,
                         const struct policy *policy, struct fault *fault);
void record_root_cause_validate(const ProtobufCMessage *request, int64_t now_us,
                                const struct policy *policy, struct fault *fault);
void propose_remedy_validate(const ProtobufCMessage *request, int64_t now_us,
                             const struct policy *policy, struct fault *fault);
void record_customer_response_validate(const ProtobufCMessage *request, int64_t now_us,
                                       const struct policy *policy, struct fault *fault);
void report_fulfilment_validate(const ProtobufCMessage *request, int64_t now_us,
                                const struct policy *policy, struct fault *fault);
void make_promise_validate(const ProtobufCMessage *request, int64_t now_us,
                           const struct policy *policy, struct fault *fault);
void settle_promise_validate(const ProtobufCMessage *request, int64_t now_us,
                             const struct policy *policy, struct fault *fault);
void pause_case_validate(const ProtobufCMessage *request, int64_t now_us,
                         const struct policy *policy, struct fault *fault);
void resume_case_validate(const ProtobufCMessage *request, int64_t now_us,
                          const struct policy *policy, struct fault *fault);
void reopen_case_validate(const ProtobufCMessage *request, int64_t now_us,
                          const struct policy *policy, struct fault *fault);
void deny_claim_validate(const ProtobufCMessage *request, int64_t now_us,
                         const struct policy *policy, struct fault *fault);
void resolve_case_validate(const ProtobufCMessage *request, int64_t now_us,
                           const struct policy *policy, struct fault *fault);
void close_case_validate(const ProtobufCMessage *request, int64_t now_us,
                         const struct policy *policy, struct fault *fault);
