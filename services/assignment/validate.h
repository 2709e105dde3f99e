/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the requests of AssignmentService may hold that are no commands, as its proto says, and what
 * both ask. The requests of commands are in decide/decide.h.
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

/* Adds every violation of the request. */
void watch_offers_validate(const Amends__V1__WatchOffersRequest *r, struct fault *fault);

/* The level whose steward has this id; 0 when none has. No agent may be a steward. */
int steward_level(const struct policy *policy, const char *id);
