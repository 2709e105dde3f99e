/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The commands of the noun `policy` that are more than one call. Each returns the exit code.
 *
 * Threading: one thread. Ownership: the line is borrowed for the call.
 */

struct ctl;

/* Compares the bundle with the current version, and shows problems and changes. Then applies it on
 * condition that this version is still the current one. */
int policy_run_apply(const struct ctl *c);
int policy_run_diff(const struct ctl *c);
/* Needs no server. Returns 1 when the bundle has errors. */
int policy_run_lint(const struct ctl *c);
/* Prints the bundle alone, as text. */
int policy_run_get(const struct ctl *c);
int policy_run_default(const struct ctl *c);
/* Moves the cases page by page: "12 change, 3 would breach now". */
int policy_run_migrate(const struct ctl *c);
