/* SPDX-License-Identifier: Apache-2.0 */
#include "pg/statements.h"

/*
 * BEGIN is explicit because no time-out runs in the implicit transaction of a pipeline. READ
 * COMMITTED because what READ sees must be newer than the locks that TRY took: each statement has
 * its own snapshot.
 */
const struct pg_stmt pg_own_statements[] = {
    {PG_BEGIN, "begin isolation level read committed"},
    {PG_TRY, "select k, pg_try_advisory_xact_lock(k) from unnest($1::int8[]) k"},
    {PG_COMMIT, "commit"},
    {PG_ROLLBACK, "rollback"},
};

const size_t pg_n_own_statements = sizeof(pg_own_statements) / sizeof(pg_own_statements[0]);
