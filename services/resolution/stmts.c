/* SPDX-License-Identifier: Apache-2.0 */
#include "resolution/stmts.h"

#include "resolution/delivery/sql.h"

static const struct pg_stmt stmts[RESOLUTION_STMTS] = {
    [STMT_DELIVERY_TENANTS] = {"delivery_tenants", delivery_sql_tenants},
    [STMT_DELIVERY_TAKE] = {"delivery_take", delivery_sql_take},
    [STMT_DELIVERY_END] = {"delivery_end", delivery_sql_end},
    [STMT_DELIVERY_LEASE] = {"delivery_lease", delivery_sql_lease},
    [STMT_DELIVERY_LATE] = {"delivery_late", delivery_sql_late},
    [STMT_DELIVERY_PURGE] = {"delivery_purge", delivery_sql_purge},
};
const struct pg_stmt *const resolution_stmts = stmts;
const size_t resolution_n_stmts = RESOLUTION_STMTS;
