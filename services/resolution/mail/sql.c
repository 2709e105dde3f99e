/* SPDX-License-Identifier: Apache-2.0 */
#include "resolution/mail/sql.h"

#include "contract/words.h"

/* What notifications tell, and where their recipients are reached: $1 tenant, $2 cases, $3
 * notifications, $4 recipients. A clock that has begun again since is not the one that it tells of:
 * what was due is then known of a breach only. */
const char mail_sql_facts[] =
    "select n.notification_id, n.kind, n.cause, n.ask, n.urgent, n.state, n.created_at, n.level,"
    " c.status, c.level, c.severity, c.failure_code, c.reference,"
    " coalesce(k.name, ''), case when k.instance = n.instance then k.state else"
    " " SQL_CLOCK_STATE_CANCELLED " end,"
    " case when k.instance = n.instance then k.due_at else e.due_at end,"
    " coalesce(a.email, ''), coalesce(a.notice_language, ''), n.about"
    " from unnest($2::uuid[], $3::uuid[], $4::text[]) as w(case_id, notification_id, recipient)"
    " cross join lateral (select x.* from notification x where x.tenant_id = $1::int8"
    " and x.case_id = w.case_id and x.notification_id = w.notification_id offset 0) n"
    " cross join lateral (select x.* from recovery_case x where x.tenant_id = $1::int8"
    " and x.case_id = w.case_id offset 0) c"
    " left join lateral (select x.name, x.state, x.instance, x.due_at, x.round from clock x"
    " where x.tenant_id = $1::int8 and x.case_id = w.case_id and x.clock_id = n.clock_id"
    " offset 0) k on true"
    " left join lateral (select x.due_at from escalation x where x.tenant_id = $1::int8"
    " and x.case_id = w.case_id and x.round = k.round and x.clock_id = n.clock_id"
    " and x.instance = n.instance and x.threshold = 100 and n.threshold = 100 offset 0) e on true"
    " left join lateral (select x.email, x.notice_language from agent x where x.tenant_id = "
    "$1::int8"
    " and x.agent_id = w.recipient offset 0) a on true";

/* Keeps that a digest was taken, so that what becomes of it later is known: $1 tenant, $2 its id,
 * $3 the recipient, $4 now, $5 the server's code, $6 its words. */
const char mail_sql_digest[] =
    "insert into delivery (tenant_id, delivery_id, kind, receiver, state, attempts, created_at,"
    " finished_at, status, error) values ($1::int8, $2::uuid, " SQL_DELIVERY_KIND_DIGEST_MAIL
    ", $3::text, " SQL_DELIVERY_STATE_DELIVERED
    ", 1, $4::timestamptz, $4::timestamptz, $5::int4, $6::text) on conflict do nothing";
