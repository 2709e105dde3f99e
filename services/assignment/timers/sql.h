/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The SQL of the timers: which clocks are due, and which fall due soon. Every look-up goes by a key
 * or along an index, whatever the statistics say. Time is a parameter. engine/stmts.c gives each
 * its number.
 *
 * Threading: constants. Ownership: none.
 */

extern const char timers_sql_due[];
extern const char timers_sql_next_due[];
extern const char timers_sql_soon[];
