/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The one owner rule: the only place where a case changes hands.
 *
 * Threading: pure. Ownership: `id` must live as long as the decision.
 */

#include "case/model/decision.h"

/* Why a case changes hands. */
enum owner_cause {
    OWNER_ACCEPTED,   /* an agent accepted an offer */
    OWNER_REQUESTED,  /* an agent asked for a case */
    OWNER_ESCALATION, /* the case climbed */
    OWNER_REASSIGNED, /* a threshold gave it back to the desk */
    OWNER_POLICY,     /* another policy version names another desk */
    OWNER_RETURNED,   /* it came back in the same round, and its owner is gone */
    OWNER_REOPENED,   /* the same for the next round */
};

/* Makes `id` the owner: adds one to assignment_generation, marks `offer` (the accepted one, in
 * d->c->offers; NULL = none) as accepted, rescinds every other pending offer, cancels the clocks
 * of both, counts a transfer when an agent hands to another agent, refreshes the case and states
 * OWNER_CHANGED - in the principal's name for an agent, in the system's for a steward. `cause` is
 * told in the event. An agent who loses the case by it is notified; who gets it, is told by whoever
 * calls. */
void case_set_owner(struct decision *d, int owner_kind, const char *id, struct offer_row *offer,
                    enum owner_cause cause);
