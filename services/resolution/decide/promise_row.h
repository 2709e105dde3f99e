/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The promise that a command is about: its row, and refusals of its state.
 *
 * Threading: pure. Ownership: as the decision.
 */

#include "case/model/decision.h"
#include "resolution/decide/promise_time.h"

/* Adds an open promise with its clock. Pointers to promises and clocks are void afterwards. Returns
 * false with CASE_FULL. */
bool promise_add(struct decision *d, int kind, const char *description, const struct promised *when,
                 struct uuid *id);

/* The promise of this id, or NULL after it has set NOT_FOUND / PROMISE_NOT_FOUND. */
struct promise_row *promise_find(struct decision *d, const char *promise_id);

/* Sets FAILED_PRECONDITION / PROMISE_STATE: "a promise that is `state` cannot `what`" ("be
 * kept"). */
void promise_refuse_state(struct decision *d, int state, const char *what);
