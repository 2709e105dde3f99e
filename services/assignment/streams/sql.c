/* SPDX-License-Identifier: Apache-2.0 */
#include "assignment/streams/sql.h"

#include "contract/words.h"

#define OFFER_COLUMNS                                                                              \
    "o.case_id, o.offer_id, o.state, o.generation, o.weight, o.pulled, o.created_at,"              \
    " o.expires_at, o.decided_at"

/* $1 tenants, $2 agents, $3 made at or after, $4 most of each. */
const char streams_sql_offers[] =
    "select k.ord, " OFFER_COLUMNS
    " from unnest($1::int8[], $2::text[], $3::timestamptz[]) with ordinality"
    " as k(tenant_id, agent_id, since, ord) cross join lateral ("
    "(select y.* from offer y where y.tenant_id = k.tenant_id and y.agent_id = k.agent_id"
    " and y.state = " SQL_OFFER_STATE_PENDING " limit $4::int4) union all"
    " (select y.* from offer y where y.tenant_id = k.tenant_id and y.agent_id = k.agent_id"
    " and y.created_at >= k.since and y.state <> " SQL_OFFER_STATE_PENDING
    " order by y.created_at limit $4::int4)) o";

/* $1 tenants, $2 cases, $3 offers, $4 the agents who may see them */
const char streams_sql_offers_keys[] =
    "select k.ord, " OFFER_COLUMNS " from unnest($1::int8[], $2::uuid[], $3::uuid[], $4::text[])"
    " with ordinality as k(tenant_id, case_id, offer_id, agent_id, ord) cross join lateral"
    " (select y.* from offer y where y.tenant_id = k.tenant_id and y.case_id = k.case_id"
    " and y.offer_id = k.offer_id and y.agent_id = k.agent_id offset 0) o";

#define AGENTS                                                                                     \
    " from unnest($1::int8[], $2::text[]) with ordinality as k(tenant_id, agent_id, ord)"          \
    " cross join lateral "

/* $1 tenants, $2 agents, $3 most of each: the newest of their cases that have not ended, and when
 * something is next due in them (store/lists/list_sql.c says how). */
const char streams_sql_cases[] =
    "select k.ord, w.case_id, w.status, w.level, w.due_at, w.opened_at" AGENTS
    "(select x.case_id, x.status, x.level, x.opened_at,"
    " case when x.owed_for is not distinct from x.next_due_at"
    " then least(x.owed_at, x.promise_at, x.answer_at) else x.next_due_at end as due_at"
    " from case_work x where x.tenant_id = k.tenant_id and x.owner_id = k.agent_id"
    " and x.owner_id > '' and x.owner_kind = " SQL_OWNER_KIND_AGENT
    " order by x.opened_at desc, x.case_id desc limit $3::int4) w";

/* $1 tenants, $2 agents, $3 and $4 the places behind which theirs are read, $5 most of each, $6 the
 * state: nobody acknowledged them. */
const char streams_sql_notices[] =
    "select k.ord, n.case_id, n.notification_id, n.kind, n.cause, n.ask, n.urgent, n.level,"
    " n.created_at, n.seq, n.clock_id, n.instance, n.threshold, n.about"
    " from unnest($1::int8[], $2::text[], $3::timestamptz[], $4::uuid[]) with ordinality"
    " as k(tenant_id, agent_id, since, after, ord) cross join lateral"
    " (select x.* from notification x where x.tenant_id = k.tenant_id and x.recipient = k.agent_id"
    " and x.recipient > '' and x.state = $6::int4"
    " and (x.created_at, x.notification_id) > (k.since, k.after)"
    " order by x.created_at, x.notification_id limit $5::int4) n";

/* $1 tenants, $2 agents */
const char streams_sql_presence[] =
    "select k.ord, a.presence, a.presence_at, a.presence_cause, a.presence_cause_at, "
    "a.version" AGENTS
    "(select x.* from agent x where x.tenant_id = k.tenant_id and x.agent_id = k.agent_id offset 0)"
    " a";

/* $1 tenants, $2 agents, $3 seen, $4 live until, $5 replica, $6 now. Answers with the agents who
 * have a stream although the loss of streams made them AWAY. */
const char streams_sql_seen[] =
    "with w as (insert into agent_stream (tenant_id, agent_id, replica, seen_at, live_until)"
    " select k.tenant_id, k.agent_id, $5::text, k.seen_at, k.live_until"
    " from unnest($1::int8[], $2::text[], $3::timestamptz[], $4::timestamptz[])"
    " as k(tenant_id, agent_id, seen_at, live_until)"
    " on conflict (tenant_id, agent_id, replica) do update set seen_at = excluded.seen_at,"
    " live_until = excluded.live_until returning tenant_id, agent_id, live_until)"
    " select w.tenant_id, a.agent_id from w cross join lateral"
    " (select y.agent_id, y.presence, y.presence_at, y.presence_cause, y.presence_cause_at"
    " from agent y where y.tenant_id = w.tenant_id and y.agent_id = w.agent_id offset 0) a"
    " where w.live_until > $6::timestamptz and a.presence = " SQL_PRESENCE_AWAY
    " and a.presence_cause = " SQL_PRESENCE_CAUSE_STREAMS_GONE
    " and a.presence_cause_at = a.presence_at";

/* $1 now, $2 limit, $3 from: agents who have dead rows; for each, when any of its rows was last
 * seen, whether one is alive, and when the row died. */
const char streams_sql_gone[] =
    "select s.tenant_id, s.agent_id, o.seen_at, o.live, s.live_until from"
    " (select x.tenant_id, x.agent_id, x.live_until from agent_stream x"
    " where x.live_until > '-infinity' and x.live_until <= $1::timestamptz"
    " and x.live_until >= $3::timestamptz"
    " order by x.live_until limit $2::int4) s cross join lateral"
    " (select max(y.seen_at) as seen_at, bool_or(y.live_until > $1::timestamptz) as live"
    " from agent_stream y where y.tenant_id = s.tenant_id and y.agent_id = s.agent_id offset 0) o";

/* $1 tenant, $2 agent, $3 now */
const char streams_sql_forget[] =
    "delete from agent_stream x where x.tenant_id = $1::int8 and x.agent_id = $2::text"
    " and x.replica = any (array(select s.replica from agent_stream s"
    " where s.tenant_id = $1::int8 and s.agent_id = $2::text and s.live_until <= $3::timestamptz))"
    " and x.live_until <= $3::timestamptz";
