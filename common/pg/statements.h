/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The statements of the machinery itself, prepared on every connection before those of the
 * process.
 *
 * Threading: constants. Ownership: constants.
 */

#include "pg/query.h"

#define PG_BEGIN "amends_begin"
#define PG_TRY "amends_try"
#define PG_COMMIT "amends_commit"
#define PG_ROLLBACK "amends_rollback"

extern const struct pg_stmt pg_own_statements[];
extern const size_t pg_n_own_statements;

/* The statement that sets up a session (settings only); the plan check runs it to plan as the
 * services do. */
extern const char *const pg_session_sql;
