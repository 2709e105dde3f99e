/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What follows from a case's rows, brought up to date in one place: its status and its boost while
 * it waits, its clocks, its place in the queue.
 *
 * Threading: pure. Ownership: as the decision.
 */

#include "case/model/decision.h"

/* case_event() refreshes before it appends, so that every event shows the state after it. Call it
 * yourself only when a decision needs to see what follows before it states its event. Thresholds
 * that are met are left in d->met for the driver. */
void case_refresh(struct decision *d);
