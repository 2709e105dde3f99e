/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the requests of AssignmentService may hold, as its proto says: every violation of a request
 * at once. request_id, case_id and their like are checked where they are parsed.
 *
 * Threading: pure. Ownership: field paths lie in the fault's arena.
 */

#include "amends/v1/assignment_service.pb-c.h"
#include "base/fault.h"
#include "policy/policy.h"

/* The bounds of a stream's heartbeat in seconds; 0 in the request = the usual one. */
#define HEARTBEAT_LEAST_S 5
#define HEARTBEAT_MOST_S 300
#define HEARTBEAT_USUAL_S 30

/* `policy` is the tenant's current one, or NULL while it is being loaded: then what depends on it
 * is left to the decision. */
void put_agent_validate(const ProtobufCMessage *request, int64_t now_us,
                        const struct policy *policy, struct fault *fault);
void set_presence_validate(const ProtobufCMessage *request, int64_t now_us,
                           const struct policy *policy, struct fault *fault);
void accept_offer_validate(const ProtobufCMessage *request, int64_t now_us,
                           const struct policy *policy, struct fault *fault);
void decline_offer_validate(const ProtobufCMessage *request, int64_t now_us,
                            const struct policy *policy, struct fault *fault);
void escalate_case_validate(const ProtobufCMessage *request, int64_t now_us,
                            const struct policy *policy, struct fault *fault);
void acknowledge_escalation_validate(const ProtobufCMessage *request, int64_t now_us,
                                     const struct policy *policy, struct fault *fault);
void watch_offers_validate(const Amends__V1__WatchOffersRequest *r, struct fault *fault);

/* The level whose steward has this id; 0 when none has. No agent may be a steward. */
int steward_level(const struct policy *policy, const char *id);
