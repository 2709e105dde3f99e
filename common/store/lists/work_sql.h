/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The statements of work lists, by their source (store/lists/work_list.h).
 *
 * Threading: constants. Ownership: none.
 */

#include "store/lists/work_list.h"

extern const char *const work_sql_list[WORK_SOURCES];
extern const char *const work_sql_count[WORK_SOURCES];
/* Of the sources that are cases: who owns cases in a level. */
#define WORK_CASE_SOURCES WORK_OFFER
extern const char *const work_sql_level[WORK_CASE_SOURCES];
extern const char work_sql_team[];
