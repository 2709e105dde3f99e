/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The checks of a policy as a whole: what reading one value of a bundle cannot see. A clock that
 * never starts, a level that may give less than the one below, a case that opens in silence.
 *
 * Problems have the paths of the bundle and no lines; see policy/problem.h.
 *
 * Threading: pure. Ownership: problems lie in the arena of their list.
 */

#include "policy/policy.h"
#include "policy/problem.h"
#include "policy/settings.h"

/* Adds every problem that the policy has. */
void policy_validate(const struct policy *p, struct bundle_problems *problems);

/* -- its parts, one file each ------------------------------------------------------------------ */

/* The ladder and the failures. */
void policy_validate_people(const struct policy *p, struct bundle_problems *problems);
/* Doubts about the hours of calendars. */
void policy_validate_hours(const struct policy *p, struct bundle_problems *problems);
/* Each clock by itself: name, kind, targets, pauses, thresholds. */
void policy_validate_clocks(const struct policy *p, struct bundle_problems *problems);
/* What the conditions of each clock come to. */
void policy_validate_conditions(const struct policy *p, struct bundle_problems *problems);
/* Whether every case has a target and every target a case, and then policy_validate_pairs(). */
void policy_validate_targets(const struct policy *p, struct bundle_problems *problems);
/* Whether targets fit each other. `budget` is what is left of CELLS_BUDGET. */
void policy_validate_pairs(const struct policy *p, size_t *budget,
                           struct bundle_problems *problems);
/* Whether some clock watches every case, from its opening on. */
void policy_validate_opening(const struct policy *p, struct bundle_problems *problems);
/* Whether some clock runs, or resumes within POLICY_UNWATCHED_MAX_DAYS, in every status of a live
 * case and with every owner. */
void policy_validate_standing(const struct policy *p, struct bundle_problems *problems);
/* Whether every resolved case comes to its end by itself. */
void policy_validate_end(const struct policy *p, struct bundle_problems *problems);
/* The values of single settings, and what they ask of each other. */
void policy_validate_notify(const struct policy *p, struct bundle_problems *problems);
void policy_validate_settings(const struct policy *p, struct bundle_problems *problems);

/* -- what they share --------------------------------------------------------------------------- */

/* Whether the values of an entry are within the ranges of settings.def. `entry` is the struct of
 * the scope, `at` its path ("" for the policy itself). */
void policy_validate_entry(const struct policy *p, enum setting_scope scope, const void *entry,
                           const char *at, struct bundle_problems *problems);

/* The path of a clock: "clocks.reply", or "ladder[1].clock" for a level's. */
const char *validate_clock_path(struct bundle_problems *problems, const struct policy_clock *c);

/* Tells that the budget of cells.h is used up, so that some cases were not looked at. */
void validate_too_many_cells(struct bundle_problems *problems);
