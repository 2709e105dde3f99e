/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The checks of a policy as a whole, by policy_finish() and by the compiler of bundles.
 *
 * A problem's path is that in the bundle ("ladder[1].steward.id", "clocks.reply.targets[0]");
 * its line and column are left 0: the compiler finds them by the path. Lists count from 0.
 *
 * Threading: pure. Ownership: problems lie in the caller's arena.
 */

#include "policy/read/bundle.h"

/* Adds every problem of the policy as it was added. */
void policy_validate(const struct policy *p, struct bundle_problems *problems);
/* Its parts: the ladder and the failures; the definitions of clocks, their conditions, their
 * targets; that no case opens in silence. */
void policy_validate_people(const struct policy *p, struct bundle_problems *problems);
void policy_validate_clocks(const struct policy *p, struct bundle_problems *problems);
void policy_validate_conditions(const struct policy *p, struct bundle_problems *problems);
void policy_validate_targets(const struct policy *p, struct bundle_problems *problems);
void policy_validate_pairs(const struct policy *p, size_t *budget,
                           struct bundle_problems *problems);
void policy_validate_opening(const struct policy *p, struct bundle_problems *problems);

/* An error at a path, or a doubt. */
void problem_error(struct bundle_problems *problems, const char *path, const char *fmt, ...)
    AM_PRINTF(3, 4);
void problem_warning(struct bundle_problems *problems, const char *path, const char *fmt, ...)
    AM_PRINTF(3, 4);
/* The text of a path, in the problems' arena. */
const char *problem_path(struct bundle_problems *problems, const char *fmt, ...) AM_PRINTF(2, 3);
/* What is told when the budget of cells.h is used up. */
void problem_too_many_cells(struct bundle_problems *problems);
/* "clocks.reply", or "ladder[1].clock" for a level's. */
const char *clock_path(struct bundle_problems *problems, const struct policy_clock *c);

/* True for the kinds that begin and end with an offer, approval, promise or remedy. */
bool clock_has_subject(const struct policy_clock *c);
