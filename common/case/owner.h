/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The one owner rule: the only place where a case changes hands.
 *
 * Threading: pure. Ownership: `id` and `cause` must live as long as the decision.
 */

#include "case/model/decision.h"

/* Makes `id` the owner: adds one to assignment_generation, marks `offer` (the accepted one, in
 * d->c->offers; NULL = none) as accepted, rescinds every other pending offer, cancels the clocks
 * of both, counts a transfer when an agent hands to another agent, refreshes the case and states
 * OWNER_CHANGED - in the principal's name for an agent, in the system's for a steward. `cause` is
 * told in the event. */
void case_set_owner(struct decision *d, int owner_kind, const char *id, struct offer_row *offer,
                    const char *cause);
