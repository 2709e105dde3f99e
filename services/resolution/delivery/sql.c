/* SPDX-License-Identifier: Apache-2.0 */
#include "resolution/delivery/sql.h"

#include "contract/words.h"

#define WAITS " x.next_at is not null"
/* '0' is the character behind '/'. */
#define NO_HOOK(x) "(" x ".receiver < 'webhook/' or " x ".receiver >= 'webhook0')"

/* $1 tenant after which, $2 limit. A loose scan of the index delivery_waiting. */
const char delivery_sql_tenants[] =
    "with recursive line(tenant_id) as ("
    "(select x.tenant_id from delivery x where x.tenant_id > $1::int8 and x.receiver > '' and" WAITS
    " order by x.tenant_id, x.receiver limit 1)"
    " union all select n.tenant_id from line l cross join lateral"
    " (select x.tenant_id from delivery x where x.tenant_id > l.tenant_id and x.receiver > ''"
    " and" WAITS " order by x.tenant_id, x.receiver limit 1) n)"
    " select l.tenant_id, t.name from (select tenant_id from line limit $2::int4) l"
    " cross join lateral (select x.name from tenant x where x.tenant_id = l.tenant_id offset 0) t";

/* $1 tenant, $2 receiver after which, $3 how many receivers are looked at, $4 how many rows each
 * may have under way, $5 now, $6 the replica, $7 its lease ends, $8 now by the shared clock, $9
 * limit, $10 kinds as bits. Rows that are leased stay in their places of the index, so that they
 * count among those of their receiver, whoever has them. The row without
 * an id tells where to go on, and whether there is more. */
const char delivery_sql_take[] =
    "with recursive line(receiver) as ("
    "(select x.receiver from delivery x where x.tenant_id = $1::int8 and x.receiver > $2::text"
    " and" WAITS " order by x.receiver limit 1)"
    " union all select n.receiver from line l cross join lateral"
    " (select x.receiver from delivery x where x.tenant_id = $1::int8 and x.receiver > l.receiver"
    " and" WAITS " order by x.receiver limit 1) n),"
    " looked as materialized (select receiver from line limit $3::int4),"
    " due as materialized (select d.tenant_id, d.delivery_id, d.receiver from looked l cross join "
    "lateral"
    " (select x.tenant_id, x.delivery_id, x.receiver, x.leased_until, x.kind from delivery x"
    " where x.tenant_id = $1::int8 and x.receiver = l.receiver and" WAITS
    " and x.next_at <= $5::timestamptz order by x.next_at, x.delivery_id limit $4::int4) d"
    " where " NO_HOOK(
        "l") " and (d.leased_until is null or d.leased_until <= $8::timestamptz)"
             " and (1 << d.kind) & $10::int4 <> 0 limit $9::int4),"
             " took as (update delivery u set holder = $6::text, leased_until = $7::timestamptz,"
             " attempts = u.attempts + 1 from due"
             " where u.tenant_id = any (array[due.tenant_id])"
             " and u.delivery_id = due.delivery_id and u.state = " SQL_DELIVERY_STATE_WAITING
             " and (u.leased_until is null or u.leased_until <= $8::timestamptz)"
             " returning u.*)"
             " select " DELIVERY_COLUMNS(
                 "t") ", '', false from took t"
                      " union all select $1::int8, null::uuid, 0::int2, '', null::uuid, 0::int8, "
                      "null::uuid, 0::int2,"
                      " 0, $5::timestamptz, null::timestamptz, '', null::timestamptz, "
                      "null::timestamptz, 0, '', false,"
                      " coalesce(case when e.n < $9::int4 then l.last else e.last end, ''),"
                      " l.n = $3::int4 or e.n = $9::int4"
                      " from (select count(*) as n, max(receiver) as last from looked) l"
                      " cross join (select count(*) as n, max(receiver) as last from due) e";

/* What came of rows: only of those that this replica still holds, by the attempt that it was.
 * $1 tenants, $2 ids, $3 attempts as they were taken, $4 states, $5 attempts, $6 next, $7 finished,
 * $8 status, $9 errors, $10 the replica. */
const char delivery_sql_end[] =
    "update delivery u set state = k.state, attempts = k.attempts, next_at = k.next_at,"
    " finished_at = k.finished_at, status = k.status, error = k.error, holder = '',"
    " leased_until = null"
    " from unnest($1::int8[], $2::uuid[], $3::int4[], $4::int2[], $5::int4[], $6::timestamptz[],"
    " $7::timestamptz[], $8::int4[], $9::text[]) as k(tenant_id, delivery_id, was, state, attempts,"
    " next_at, finished_at, status, error)"
    " where u.tenant_id = any (array[k.tenant_id]) and u.delivery_id = k.delivery_id"
    " and u.attempts = k.was and u.holder = $10::text"
    " and u.state = " SQL_DELIVERY_STATE_WAITING;

/* $1 name, $2 holder, $3 now, $4 until: as the lease of assignment's standing jobs. */
const char delivery_sql_lease[] =
    "insert into lease as l (name, holder, until) values ($1::text, $2::text, $4::timestamptz)"
    " on conflict (name) do update set holder = excluded.holder, until = excluded.until"
    " where l.holder = excluded.holder or l.until <= $3::timestamptz"
    " or l.until > $4::timestamptz + interval '1 minute' returning l.name";

/* $1 an hour ago: rows that should have left since, and were tried, put off for a reason or never
 * taken. Those that wait for quiet hours to end, or for a digest, are not late. The count stops at
 * $2. */
const char delivery_sql_late[] =
    "select count(*) from (select 1 from delivery x where" WAITS
    " and x.created_at < $1::timestamptz"
    " and (x.attempts > 0 or x.error <> '' or x.next_at < $1::timestamptz)"
    " and x.kind <> " SQL_DELIVERY_KIND_EVENT_WEBHOOK " limit $2::int4) l";

/* $1 ended before */
const char delivery_sql_purge[] =
    "delete from delivery x using (select d.tenant_id, d.delivery_id from delivery d"
    " where d.finished_at < $1::timestamptz limit 1000) k"
    " where x.tenant_id = any (array[k.tenant_id]) and x.delivery_id = k.delivery_id";
