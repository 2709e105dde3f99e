/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Stating what happened to a case: change the rows first, then state the event.
 *
 * Threading: pure. Ownership: `actor` must live as long as the decision; the rest is packed in the
 * call.
 */

#include "case/history/append.h"

/* Brings the case up to date, so that the event shows the state after it, and appends the event.
 * Thresholds that were met meanwhile are recorded by the driver, after the command's own events. */
void case_event(struct decision *d, int kind, const char *actor, Amends__V1__EventDetail *detail,
                const Amends__V1__EventPrivate *personal);

/* The same of an event about a threshold of `clock`. */
void case_event_of_clock(struct decision *d, int kind, const char *actor,
                         Amends__V1__EventDetail *detail, const struct clock_row *clock);

/* States CLOCK_CHANGED in the system's name if a clock changed that no event shows yet. */
void case_event_of_untold_clocks(struct decision *d);
