/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The texts of the engine's statements. Rows whose receiver is a webhook are left to the replica
 * that serves it (DELIVERY_HOOK_RECEIVER).
 *
 * Threading: constants. Ownership: none.
 */

extern const char delivery_sql_tenants[], delivery_sql_take[], delivery_sql_end[],
    delivery_sql_lease[], delivery_sql_late[], delivery_sql_purge[];

/* The receiver of a webhook's rows is this and its id. No principal has a "/". */
#define DELIVERY_HOOK_RECEIVER "webhook/"

/* The columns of a row in the order of delivery_row_load(). */
#define DELIVERY_COLUMNS(x)                                                                        \
    x ".tenant_id, " x ".delivery_id, " x ".kind, " x ".receiver, " x ".case_id, " x ".seq, " x    \
      ".notification_id, " x ".state, " x ".attempts, " x ".created_at, " x ".next_at, " x         \
      ".holder, " x ".leased_until, " x ".finished_at, " x ".status, " x ".error, " x              \
      ".out_of_order"
