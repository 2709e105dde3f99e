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
    STMT_HOOK_CLAIM,       /* takes webhooks that no replica serves */
    STMT_HOOK_RENEW,
    STMT_HOOK_RELEASE,
    STMT_HOOK_GET,
    STMT_HOOK_LIST,
    STMT_HOOK_KEYS,
    STMT_HOOK_PUT,
    STMT_HOOK_KEY_END, /* the key that signed so far gets an end */
    STMT_HOOK_KEY_PUT,
    STMT_HOOK_DELETE,
    STMT_HOOK_KEYS_DELETE,
    STMT_HOOK_DROP,    /* what waited for a webhook is not needed any more */
    STMT_HOOK_CHANGED, /* whoever serves it reads it again */
    STMT_HOOK_REWIND,
    STMT_HOOK_LATE,    /* counts webhooks that nobody hears from */
    STMT_HOOK_MOVE,    /* the cursor */
    STMT_HOOK_FAIL,    /* with it, rows of what it passes */
    STMT_HOOK_TAKE,    /* due rows of a webhook */
    STMT_HOOK_HELD,    /* cases of which rows wait */
    STMT_HOOK_WAKE,    /* rows that waited for one of their case */
    STMT_HOOK_FAN_OUT, /* a notification to all webhooks that want them */
    STMT_DELIVERIES,
    STMT_DELIVERY_AGAIN,
    STMT_DELIVERY_AGAIN_DEAD,
    STMT_MAIL_FACTS,  /* what notifications tell, and where recipients are reached */
    STMT_MAIL_DIGEST, /* keeps that a mail about several was taken */
    RESOLUTION_STMTS
};

/* In pg_config.stmts they follow those of the store, in this order. */
extern const struct pg_stmt *const resolution_stmts;
extern const size_t resolution_n_stmts;
