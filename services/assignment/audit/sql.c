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

/* Recipients of notifications behind one, and how many urgent ones of cases that are worked on
 * nobody has taken notice of. $1 tenant and $2 recipient, behind which; $3 told before; $4 most
 * recipients; $5 the state of what waits to be acknowledged; $6 most that are looked at of each. */
#define RECIPIENTS "select x.tenant_id, x.recipient from notification x where x.recipient > ''"
#define BEHIND " and (x.tenant_id, x.recipient) > "
#define FIRST " order by x.tenant_id, x.recipient limit 1"
#define LAST " where r.n = (select max(r.n) from r)"
const char audit_sql_unseen[] =
    "with recursive r(tenant_id, recipient, n) as (select y.tenant_id, y.recipient, 1 from"
    " (" RECIPIENTS BEHIND "($1::int8, $2::text)" FIRST ") y union all"
    " select y.tenant_id, y.recipient, r.n + 1 from r cross join lateral"
    " (" RECIPIENTS BEHIND "(r.tenant_id, r.recipient)" FIRST ") y where r.n < $4::int4)"
    " select coalesce(sum(u.n), 0)::int8, (select r.tenant_id from r" LAST "),"
    " (select r.recipient from r" LAST ") from r cross join lateral"
    " (select count(*) as n from (select y.* from notification y where y.tenant_id = r.tenant_id"
    " and y.recipient = r.recipient and y.recipient > '' and y.state = $5::int4"
    " and y.created_at < $3::timestamptz order by y.created_at desc limit $6::int4) y"
    " cross join lateral (select c.status from recovery_case c where c.tenant_id = y.tenant_id"
    " and c.case_id = y.case_id offset 0) s"
    " where (y.urgent or y.threshold >= 100) and s.status " SQL_STATUS_WAITING ") u";

/* $1 due at or before, or made then and tried in vain; $2 most; $3 tenants behind this one. The
 * order is that of the index of what waits, so that no other one is gone through. */
const char audit_sql_undelivered[] =
    "select count(*) from (select 1 from delivery x where x.next_at is not null"
    " and x.tenant_id > $3::int8 and x.kind <> " SQL_DELIVERY_KIND_EVENT_WEBHOOK
    " and (x.next_at <= $1::timestamptz or (x.attempts > 0 and x.created_at <= $1::timestamptz))"
    " order by x.tenant_id, x.receiver, x.next_at limit $2::int4) d";
