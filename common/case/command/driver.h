/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The driver: what follows from a command once its decide function has changed rows and stated its
 * own events. It is the only place where thresholds of clocks are recorded, so every command tells
 * its own events first and its breaches after them.
 *
 * Threading: pure. Ownership: as the decision.
 */

#include "case/model/decision.h"

/* States CLOCK_CHANGED if clocks changed that no event shows, then records the thresholds that were
 * met, soonest first, and fires the clocks that were asked for, until nothing is left. What a
 * record does to the case may meet further thresholds; it starts no clock that is due already. */
void driver_run(struct decision *d);

/* Records everything that fell due before now, as if the timers had been in time. */
void driver_catch_up(struct decision *d);
