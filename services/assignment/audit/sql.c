/* SPDX-License-Identifier: Apache-2.0 */
#include "assignment/audit/sql.h"

#include "contract/statuses.h"
#include "contract/words.h"

/* When a clock should have been looked at: at its next_at, and while it runs also at its
 * deadline. */
#define AUDIT_AT                                                                                   \
    "least(y.next_at, case when y.state = " SQL_CLOCK_STATE_RUNNING " then y.due_at end)"

/* Open cases behind one, each with some of its late clocks (a page of cases must fit into memory).
 * Which cases there are says case_work, what they are the cases themselves. $1 tenant, $2 the case
 * (which may be none), $3 most tenant, $4 limit, $5 late at or before. */
const char audit_sql_cases[] =
    "with p as (select y.opened_at from recovery_case y"
    " where y.tenant_id = $1::int8 and y.case_id = $2::uuid)"
    " select c.tenant_id, c.case_id, c.owner_kind, c.owner_id, c.policy_version,"
    " coalesce(a.found, false), w.n, l.clock_id, l.at, w.next_at"
    " from (select x.tenant_id, x.case_id, s.owner_kind, s.owner_id, s.policy_version"
    " from case_work x cross join lateral (select y.status, y.owner_kind, y.owner_id,"
    " y.policy_version from recovery_case y where y.tenant_id = x.tenant_id"
    " and y.case_id = x.case_id offset 0) s where s.status " SQL_STATUS_WAITING
    " and (x.tenant_id, x.opened_at, x.case_id)"
    " > ($1::int8, coalesce((select p.opened_at from p), '-infinity'), $2::uuid)"
    " and x.tenant_id <= $3::int8"
    " order by x.tenant_id, x.opened_at, x.case_id limit $4::int4) c"
    " left join lateral (select true as found from agent y where y.tenant_id = c.tenant_id"
    " and y.agent_id = c.owner_id offset 0) a on true"
    " cross join lateral (select count(y.next_at)::int4 as n, min(y.next_at) as next_at from clock "
    "y"
    " where y.tenant_id = c.tenant_id and y.case_id = c.case_id offset 0) w"
    " left join lateral (select y.clock_id, " AUDIT_AT " as at from clock y"
    " where y.tenant_id = c.tenant_id and y.case_id = c.case_id and " AUDIT_AT
    " <= $5::timestamptz limit 50) l on true";

/* $1 late at or before, $2 tenant or 0, $3 limit, $4 clocks looked at */
const char audit_sql_ended[] =
    "select k.tenant_id, k.case_id, k.clock_id, k.next_at from"
    " (select c.tenant_id, c.case_id, c.clock_id, c.next_at from clock c where"
    " c.next_at is not null and c.next_at <= $1::timestamptz order by c.next_at limit $4::int4) k"
    " cross join lateral (select y.status from recovery_case y where y.tenant_id = k.tenant_id"
    " and y.case_id = k.case_id offset 0) s"
    " where s.status " SQL_STATUS_NOT_WAITING " and ($2::int8 = 0 or k.tenant_id = $2::int8)"
    " limit $3::int4";

/* $1 late at or before */
const char audit_sql_oldest[] =
    "select c.tenant_id, c.case_id, c.clock_id, c.next_at from clock c where c.next_at is not null"
    " and c.next_at <= $1::timestamptz order by c.next_at limit 1";
