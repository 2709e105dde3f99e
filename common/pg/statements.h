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

/* Their places in pg_own_statements. */
enum pg_own { PG_OWN_BEGIN, PG_OWN_TRY, PG_OWN_COMMIT, PG_OWN_ROLLBACK, PG_OWN_STATEMENTS };

extern const struct pg_stmt pg_own_statements[];
extern const size_t pg_n_own_statements;

/* The name under which a statement is prepared: its own and a digest of its text. A pooler may hand
 * a session from one version of the program to another, whose statement of that name is another. */
#define PG_WIRE_NAME 64
void pg_wire_name(const struct pg_stmt *s, char out[PG_WIRE_NAME]);

/* The statement that sets up a session (settings only); the plan check runs it to plan as the
 * services do. */
extern const char *const pg_session_sql;
