/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The SQL of the auditor, apart from the statements that timers and sweeps go by. Every look-up
 * goes by a key or along an index, whatever the statistics say. Time is a parameter. engine/stmts.c
 * gives each its number.
 *
 * Threading: constants. Ownership: none.
 */

extern const char audit_sql_cases[];
extern const char audit_sql_ended[];
extern const char audit_sql_oldest[];
extern const char audit_sql_unseen[], audit_sql_undelivered[]; /* audit/untold.c */
