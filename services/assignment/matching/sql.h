/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The SQL of matching: what waits, who has room, who cools down. Every look-up goes by a key or
 * along an index, whatever the statistics say. Time is a parameter. engine/stmts.c gives each its
 * number.
 *
 * Threading: constants. Ownership: none.
 */

extern const char matching_sql_waiting[];
extern const char matching_sql_heads[];
extern const char matching_sql_ready[];
extern const char matching_sql_agents[];
extern const char matching_sql_cooling[];
extern const char matching_sql_asked[];
