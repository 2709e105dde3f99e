/* SPDX-License-Identifier: Apache-2.0 */
#include "pg/statements.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/digest.h"

/*
 * BEGIN is explicit, because time-outs do not apply to the implicit transaction of a pipeline. The
 * isolation level is READ COMMITTED, so that each statement has its own snapshot: READ must see
 * what was committed before TRY took the locks.
 */
const struct pg_stmt pg_own_statements[] = {
    {PG_BEGIN, "begin isolation level read committed"},
    {PG_TRY, "select k, pg_try_advisory_xact_lock(k) from unnest($1::int8[]) k"},
    {PG_COMMIT, "commit"},
    {PG_ROLLBACK, "rollback"},
};

const size_t pg_n_own_statements = sizeof(pg_own_statements) / sizeof(pg_own_statements[0]);

void pg_wire_name(const struct pg_stmt *s, char out[PG_WIRE_NAME])
{
    const struct slice text = slice_str(s->sql);
    int len = snprintf(out, PG_WIRE_NAME, "%s_%016" PRIx64, s->name, digest_key(&text, 1));
    AM_ASSERT(len > 0 && len < PG_WIRE_NAME);
}
