/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The commands of the noun `policy` that are more than one call. Each returns the exit code.
 *
 * Threading: one thread. Ownership: the line is borrowed for the call.
 */

struct ctl;

/* Compares with the current version, shows problems and changes, then applies: on condition that
 * the version compared with is still the current one. */
int policy_run_apply(const struct ctl *c);
int policy_run_diff(const struct ctl *c);
/* Without a server: 1 when there are errors. */
int policy_run_lint(const struct ctl *c);
/* The bundle alone, as text. */
int policy_run_get(const struct ctl *c);
int policy_run_default(const struct ctl *c);
/* Page by page: "12 change, 3 would breach now". */
int policy_run_migrate(const struct ctl *c);
