/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The commands that the system gives itself: all conditional on a generation, so that repeating one is harmless.
 *
 * Threading: constants. Ownership: args are borrowed with the command.
 */

#include "case/command.h"

/* FireClock: the clock breaches (or, for OFFER, expires its offer) if it still has this generation, runs and is due. */
struct fire_clock_args {
    struct uuid clock_id;
    int64_t generation;
};
extern const struct command_kind fire_clock_kind;

/* OfferCase: offers cmd->case_id to cmd->agent_id if the case is still queued with this assignment generation and the agent
 * may and has room; with `accepted` the offer is written as accepted at once (RequestAssignment). Refused with
 * FAILED_PRECONDITION otherwise. */
struct offer_case_args {
    int64_t generation;
    bool accepted;
    bool pulled;
};
extern const struct command_kind offer_case_kind;
