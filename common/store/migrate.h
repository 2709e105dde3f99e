/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * `amends migrate` and `amends check`: brings a database to this release's schema, makes tenants,
 * and looks for what must not be (foreign keys are not declared in production).
 *
 * Threading: blocking, on the caller's thread, with a connection of their own. Both print to `out`
 * what they did or found; errors are logged. Ownership: each has a connection of its own and
 * closes it.
 */

#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

/* The schema that this release's services need: the last migration's number. */
int32_t migrate_version(void);

/* Applies the missing migrations in order, each in its own transaction, under an advisory lock, so
 * that any number may run at once. Then makes the tenant of that name with policy version 1
 * ("default"), unless it is there; NULL = no tenant. AM_ECONN, AM_EIO when something failed: what
 * was applied before stays. AM_EINVAL for a name that no call could give (check_name()), and for a
 * database of a commit before the first release: one line to `out` says so, nothing is changed. */
int migrate(const char *conninfo, const char *tenant, FILE *out) AM_MUSTCHECK;

/* Counts rows whose parent is missing, cases without owner, events that are not all there, open
 * cases without a clock, and what lists keep that disagrees with its case. One line for each that
 * is not zero. `broken` = their sum. */
int migrate_check(const char *conninfo, FILE *out, int64_t *broken) AM_MUSTCHECK;
