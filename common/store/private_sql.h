/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The statements of store/private.h.
 *
 * Threading: constants. Private to common/store. Ownership: none.
 */

extern const char private_sql_customer[];
extern const char private_sql_retained[];
extern const char private_sql_tenants[];
extern const char private_sql_erasure[];
extern const char private_sql_erasure_begin[];
extern const char private_sql_erasure_end[];
extern const char private_sql_erasure_move[];
extern const char private_sql_unfinished[];
extern const char private_sql_at_work[];
extern const char private_sql_access_write[];
extern const char private_sql_access_write_lasting[];
extern const char private_sql_access_writer[];
extern const char private_sql_access_list[];
extern const char private_sql_access_customer[];
extern const char private_sql_access_case[];
extern const char private_sql_access_gaps[];
extern const char private_sql_access_purge[];
extern const char private_sql_writers_purge[];
