/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Plans must not depend on statistics: on a fresh database the planner takes every table for small
 * and joins whole tables by hash, until the first autoanalyze. This prepares every statement in a
 * session as the services have it (generic plans, no sequential scans), looks at its plan on tables
 * as they are - never analysed, when the caller has just made them - and again after ANALYZE of the
 * empty tables, and finds every part that is not by key:
 *
 *   - a sequential scan of a table;
 *   - an index scan, index-only scan or bitmap index scan without an index condition;
 *   - a hash join or merge join that reads a table;
 *   - an index condition that leaves out the column after `prefix`: it walks all that a tenant has.
 *
 * An index walked in its order directly below a LIMIT is not held against a statement.
 *
 * Threading: none. Needs a schema with empty tables that is first in the search_path of `conninfo`,
 * as a role that may ANALYZE them.
 */

#include <stddef.h>

#include "pg/query.h"

/*
 * Returns the number of bad plans, each printed to standard error with its statement's name and the
 * offending node; 0 = all are by key. `prefix` is the name of the leading column of all keys
 * ("tenant_id") or NULL. `exempt` (NULL-terminated, or NULL) names statements that may read more:
 * their plans are not looked at, but they must still prepare.
 */
int plan_check(const char *conninfo, const struct pg_stmt *stmts, size_t n, const char *prefix,
               const char *const *exempt);
