/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The statements of the resolution service by number; their texts are in the sql.c of each folder.
 * Every look-up goes by a key or along an index, whatever the statistics say. Time is a parameter.
 *
 * Threading: constants. Ownership: none.
 */

#include "pg/query.h"

enum resolution_stmt {
    STMT_DELIVERY_TENANTS, /* tenants that have rows which wait */
    STMT_DELIVERY_TAKE,    /* leases due rows of a tenant */
    STMT_DELIVERY_END,     /* what came of rows */
    STMT_DELIVERY_LEASE,   /* takes or renews the lease of the standing jobs */
    STMT_DELIVERY_LATE,    /* counts rows that should be gone */
    STMT_DELIVERY_PURGE,   /* deletes old rows that have ended */
    RESOLUTION_STMTS
};

/* In pg_config.stmts they follow those of the store, in this order. */
extern const struct pg_stmt *const resolution_stmts;
extern const size_t resolution_n_stmts;
