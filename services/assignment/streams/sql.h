/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The SQL of the streams: offers of agents, and which agents have a stream. Every look-up goes by a
 * key or along an index, whatever the statistics say. Time is a parameter. engine/stmts.c gives
 * each its number.
 *
 * Threading: constants. Ownership: none.
 */

extern const char streams_sql_offers[];
extern const char streams_sql_offers_keys[];
extern const char streams_sql_cases[];
extern const char streams_sql_notices[];
extern const char streams_sql_presence[];
extern const char streams_sql_seen[];
extern const char streams_sql_gone[];
extern const char streams_sql_forget[];
