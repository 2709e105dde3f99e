/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Firing clocks: what happens when their time has come. Decide functions only ask for it; the
 * driver (case/command/driver.h) does it at the end of the command, one step at a time, because
 * what a step ends does not go on to the next.
 *
 * Threading: pure. Ownership: as the decision.
 */

#include "case/clocks/thresholds.h"

/* Asks the driver to fire the clock, whose next_at has passed: FireClock. It ends a pause that is
 * over (the case's by hand: CASE_RESUMED, else CLOCK_CHANGED), fires every threshold that has come,
 * once each, and arms the next. At 100 % the clock is BREACHED, whatever its actions. With RESTART
 * it then begins again now, unless that ended it. With CLOSE it is MET at its due instant and the
 * case closes; if the gate does not pass any more, or the customer wrote and was not answered, it
 * is breached, owner and steward are notified, and it begins again: a resolved case is not
 * forgotten either. */
void firing_ask(struct decision *d, const struct clock_row *clock);

/* Asks for every clock of the case, but for offers, whose time came before now, soonest first. */
void firing_ask_for_all_before_now(struct decision *d);

/* Takes the next step of what was asked for; false when none is left. Thresholds that it meets are
 * added to d->met. */
bool firing_step(struct decision *d);

/* Records one threshold: its actions are carried out (ladder_threshold()), and the clock begins
 * again if it is to. */
void firing_record(struct decision *d, const struct threshold_met *met);
