/* SPDX-License-Identifier: Apache-2.0 */
#include "assignment/timers/sql.h"

#define CLOCK_COLUMNS "c.tenant_id, c.case_id, c.clock_id, c.generation, c.next_at, c.kind"

/* $1 until, $2 limit, $3 from */
const char timers_sql_due[] = "select " CLOCK_COLUMNS " from clock c where c.next_at is not null"
                              " and c.next_at <= $1::timestamptz and c.next_at >= $3::timestamptz"
                              " order by c.next_at limit $2::int4";

/* $1 after */
const char timers_sql_next_due[] = "select c.next_at from clock c where c.next_at is not null"
                                   " and c.next_at > $1::timestamptz order by c.next_at limit 1";

/* $1 from, $2 to, $3 limit */
const char timers_sql_soon[] = "select " CLOCK_COLUMNS " from clock c where c.next_at is not null"
                               " and c.next_at >= $1::timestamptz and c.next_at <= $2::timestamptz"
                               " order by c.next_at limit $3::int4";
