/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Moving a case to another status, by the one table of contract/statuses.h, and what decide
 * functions require of a case's status and size.
 *
 * Threading: pure. Ownership: refusals are set on the decision's command.
 */

#include "case/model/decision.h"

/* Moves the case; an impossible transition sets FAILED_PRECONDITION / CASE_STATUS with both names
 * and returns false. */
bool case_set_status(struct decision *d, int to);
/* The same refusal without moving it. */
bool case_require_transition(struct decision *d, int to);

/* Refuses with FAILED_PRECONDITION / CASE_STATUS when the case is final, or resolved and
 * `allow_resolved` is false. */
bool case_require_live(struct decision *d, bool allow_resolved);

/* Refuses with FAILED_PRECONDITION / CASE_FULL when `rows` has `max` rows (CASE_SIGNALS_MAX ...);
 * `what` is their name for people, "signals". */
bool case_require_room(struct decision *d, const struct rows *rows, size_t max, const char *what);
