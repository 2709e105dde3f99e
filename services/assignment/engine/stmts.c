/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The engine's statements. Every look-up goes by a key or along an index, whatever the statistics
 * say. Time is a parameter.
 */

#include "assignment/assignment.h"
#include "assignment/engine/engine.h"
#include "contract/statuses.h"
#include "contract/words.h"

#define CLOCK_COLUMNS "c.tenant_id, c.case_id, c.clock_id, c.generation, c.next_at, c.kind"

/* $1 until, $2 limit, $3 from */
static const char due[] = "select " CLOCK_COLUMNS " from clock c where c.next_at is not null"
                          " and c.next_at <= $1::timestamptz and c.next_at >= $3::timestamptz"
                          " order by c.next_at limit $2::int4";

/* $1 after */
static const char next_due[] = "select c.next_at from clock c where c.next_at is not null"
                               " and c.next_at > $1::timestamptz order by c.next_at limit 1";

/* $1 from, $2 to, $3 limit */
static const char soon[] = "select " CLOCK_COLUMNS " from clock c where c.next_at is not null"
                           " and c.next_at >= $1::timestamptz and c.next_at <= $2::timestamptz"
                           " order by c.next_at limit $3::int4";

/* $1 name, $2 holder, $3 now, $4 until: a row when the holder has the lease. A lease that ends much
 * later than any lease taken now was written by a replica with a wrong clock, which may be gone for
 * good; so it can be taken. */
static const char lease[] =
    "insert into lease as l (name, holder, until) values ($1::text, $2::text, $4::timestamptz)"
    " on conflict (name) do update set holder = excluded.holder, until = excluded.until"
    " where l.holder = excluded.holder or l.until <= $3::timestamptz"
    " or l.until > $4::timestamptz + interval '1 minute' returning l.name";

/* $1 after this tenant, $2 limit. A loose scan; only the queue's index has its order. */
static const char waiting[] =
    "with recursive t(tenant_id) as ("
    "(select q.tenant_id from case_work q where q.queue_level > 0 and q.tenant_id > $1::int8"
    " order by q.tenant_id, q.queue_level limit 1)"
    " union all select n.tenant_id from t cross join lateral"
    " (select q.tenant_id from case_work q where q.queue_level > 0 and q.tenant_id > t.tenant_id"
    " order by q.tenant_id, q.queue_level limit 1) n)"
    " select t.tenant_id from t limit $2::int4";

/* $1 tenant, $2 and $3 after this level and signature, $4 most signatures, $5 most cases of each
 * signature. */
static const char heads[] =
    "with recursive s(level, signature) as ("
    "(select q.queue_level, q.signature from case_work q where q.queue_level > 0"
    " and q.tenant_id = $1::int8 and (q.queue_level, q.signature) > ($2::int4, $3::text)"
    " order by q.queue_level, q.signature limit 1)"
    " union all select n.queue_level, n.signature from s cross join lateral"
    " (select q.queue_level, q.signature from case_work q where q.queue_level > 0"
    " and q.tenant_id = $1::int8 and (q.queue_level, q.signature) > (s.level, s.signature)"
    " order by q.queue_level, q.signature limit 1) n)"
    " select k.level, k.signature, i.case_id, i.score_ms, i.generation"
    " from (select s.level, s.signature from s limit $4::int4) k cross join lateral"
    " (select q.case_id, q.score_ms, q.generation from case_work q where q.queue_level > 0"
    " and q.tenant_id = $1::int8 and q.queue_level = k.level and q.signature = k.signature"
    " order by q.score_ms, q.case_id limit $5::int4) i";

/* What decides whether an agent may take a case; `x` is the agent. */
#define AGENT_COLUMNS                                                                              \
    "x.agent_id, x.level, x.capacity, x.skills, x.languages, x.authorities, x.presence,"           \
    " x.idle_since, l.n, w.n"
#define AGENT_LOAD                                                                                 \
    " cross join lateral (select count(*)::int4 as n from case_work y"                             \
    " where y.tenant_id = x.tenant_id and y.owner_id = x.agent_id and y.owner_id > ''"             \
    " and y.owner_kind = " SQL_OWNER_KIND_AGENT " and y.status " SQL_STATUS_COUNTED " offset 0) l" \
    " cross join lateral (select coalesce(sum(y.weight), 0)::int4 as n from offer y"               \
    " where y.tenant_id = x.tenant_id and y.agent_id = x.agent_id"                                 \
    " and y.state = " SQL_OFFER_STATE_PENDING " offset 0) w"

/* $1 tenant, $2 levels, $3 idle since after, $4 most agents of each level. */
static const char ready[] =
    "select " AGENT_COLUMNS " from unnest($2::int2[]) as k(level) cross join lateral"
    " (select a.* from agent a where a.tenant_id = $1::int8"
    " and a.presence = " SQL_PRESENCE_AVAILABLE
    " and a.level = k.level and a.idle_since > $3::timestamptz"
    " order by a.idle_since limit $4::int4) x" AGENT_LOAD;

/* $1 tenant, $2 agents */
static const char agents[] =
    "select " AGENT_COLUMNS " from unnest($2::text[]) as k(agent_id) cross join lateral"
    " (select a.* from agent a where a.tenant_id = $1::int8 and a.agent_id = k.agent_id"
    " offset 0) x" AGENT_LOAD;

/* $1 tenant, $2 agents, $3 made after, $4 ended after, $5 most of each. */
static const char cooling[] =
    "select k.agent_id, o.case_id from unnest($2::text[]) as k(agent_id) cross join lateral"
    " (select y.case_id, y.state, y.decided_at from offer y where y.tenant_id = $1::int8"
    " and y.agent_id = k.agent_id and y.created_at > $3::timestamptz"
    " order by y.created_at desc limit $5::int4) o"
    " where o.state in (" SQL_OFFER_STATE_DECLINED ", " SQL_OFFER_STATE_EXPIRED
    ") and o.decided_at > $4::timestamptz";

/* $1 tenant, $2 principal, $3 method, $4 request id */
static const char asked[] =
    "select d.case_id from dedup d where d.tenant_id = $1::int8 and d.principal = $2::text"
    " and d.method = $3::int4 and d.request_id = $4::uuid";

#define OFFER_COLUMNS                                                                              \
    "o.case_id, o.offer_id, o.state, o.generation, o.weight, o.pulled, o.created_at,"              \
    " o.expires_at, o.decided_at"

/* $1 tenants, $2 agents, $3 made at or after, $4 most of each. */
static const char offers[] =
    "select k.ord, " OFFER_COLUMNS
    " from unnest($1::int8[], $2::text[], $3::timestamptz[]) with ordinality"
    " as k(tenant_id, agent_id, since, ord) cross join lateral ("
    "(select y.* from offer y where y.tenant_id = k.tenant_id and y.agent_id = k.agent_id"
    " and y.state = " SQL_OFFER_STATE_PENDING " limit $4::int4) union all"
    " (select y.* from offer y where y.tenant_id = k.tenant_id and y.agent_id = k.agent_id"
    " and y.created_at >= k.since and y.state <> " SQL_OFFER_STATE_PENDING
    " order by y.created_at limit $4::int4)) o";

/* $1 tenants, $2 cases, $3 offers */
static const char offers_keys[] =
    "select k.ord, " OFFER_COLUMNS " from unnest($1::int8[], $2::uuid[], $3::uuid[])"
    " with ordinality as k(tenant_id, case_id, offer_id, ord) cross join lateral"
    " (select y.* from offer y where y.tenant_id = k.tenant_id and y.case_id = k.case_id"
    " and y.offer_id = k.offer_id offset 0) o";

/* $1 before: a slice of the dedup rows that need not be kept any more. */
/* The tenant is neither merged nor hashed: see put_key_join() in the store. */
static const char purge[] =
    "delete from dedup x using (select d.tenant_id, d.principal, d.method, d.request_id from dedup "
    "d"
    " where d.created_at < $1::timestamptz limit 2000) k"
    " where x.tenant_id = any (array[k.tenant_id])"
    " and x.principal = k.principal and x.method = k.method and x.request_id = k.request_id";

/* When a clock should have been looked at: at its next_at, and while it runs also at its
 * deadline. */
#define AUDIT_AT                                                                                   \
    "least(y.next_at, case when y.state = " SQL_CLOCK_STATE_RUNNING " then y.due_at end)"

/* Open cases behind one, each with some of its late clocks (a page of cases must fit into memory).
 * Which cases there are says case_work, what they are the cases themselves. $1 tenant, $2 the case
 * (which may be none), $3 most tenant, $4 limit, $5 late at or before. */
static const char audit[] =
    "with p as (select y.opened_at from recovery_case y"
    " where y.tenant_id = $1::int8 and y.case_id = $2::uuid)"
    " select c.tenant_id, c.case_id, c.owner_kind, c.owner_id, c.policy_version,"
    " coalesce(a.found, false), w.n, l.clock_id, l.at"
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
    " cross join lateral (select count(y.next_at)::int4 as n from clock y"
    " where y.tenant_id = c.tenant_id and y.case_id = c.case_id offset 0) w"
    " left join lateral (select y.clock_id, " AUDIT_AT " as at from clock y"
    " where y.tenant_id = c.tenant_id and y.case_id = c.case_id and " AUDIT_AT
    " <= $5::timestamptz limit 50) l on true";

/* $1 late at or before, $2 tenant or 0, $3 limit, $4 clocks looked at */
static const char audit_ended[] =
    "select k.tenant_id, k.case_id, k.clock_id, k.next_at from"
    " (select c.tenant_id, c.case_id, c.clock_id, c.next_at from clock c where"
    " c.next_at is not null and c.next_at <= $1::timestamptz order by c.next_at limit $4::int4) k"
    " cross join lateral (select y.status from recovery_case y where y.tenant_id = k.tenant_id"
    " and y.case_id = k.case_id offset 0) s"
    " where s.status " SQL_STATUS_NOT_WAITING " and ($2::int8 = 0 or k.tenant_id = $2::int8)"
    " limit $3::int4";

/* $1 late at or before */
static const char audit_oldest[] =
    "select c.tenant_id, c.case_id, c.clock_id, c.next_at from clock c where c.next_at is not null"
    " and c.next_at <= $1::timestamptz order by c.next_at limit 1";

/* $1 tenants, $2 agents, $3 seen, $4 live until, $5 replica */
static const char stream_seen[] =
    "insert into agent_stream (tenant_id, agent_id, replica, seen_at, live_until)"
    " select k.tenant_id, k.agent_id, $5::text, k.seen_at, k.live_until"
    " from unnest($1::int8[], $2::text[], $3::timestamptz[], $4::timestamptz[])"
    " as k(tenant_id, agent_id, seen_at, live_until)"
    " on conflict (tenant_id, agent_id, replica) do update set seen_at = excluded.seen_at,"
    " live_until = excluded.live_until";

/* $1 now, $2 limit, $3 from: agents who have dead rows; for each, when any of its rows was last
 * seen, whether one is alive, and when the row died. */
static const char stream_gone[] =
    "select s.tenant_id, s.agent_id, o.seen_at, o.live, s.live_until from"
    " (select x.tenant_id, x.agent_id, x.live_until from agent_stream x"
    " where x.live_until > '-infinity' and x.live_until <= $1::timestamptz"
    " and x.live_until >= $3::timestamptz"
    " order by x.live_until limit $2::int4) s cross join lateral"
    " (select max(y.seen_at) as seen_at, bool_or(y.live_until > $1::timestamptz) as live"
    " from agent_stream y where y.tenant_id = s.tenant_id and y.agent_id = s.agent_id offset 0) o";

/* $1 tenant, $2 agent, $3 now */
static const char stream_forget[] =
    "delete from agent_stream x where x.tenant_id = $1::int8 and x.agent_id = $2::text"
    " and x.replica = any (array(select s.replica from agent_stream s"
    " where s.tenant_id = $1::int8 and s.agent_id = $2::text and s.live_until <= $3::timestamptz))"
    " and x.live_until <= $3::timestamptz";

/* $1 id */
static const char tenant_name[] = "select t.name from tenant t where t.tenant_id = $1::int8";

static const struct pg_stmt stmts[STMTS] = {
    [STMT_DUE] = {"assignment_due", due},
    [STMT_NEXT_DUE] = {"assignment_next_due", next_due},
    [STMT_SOON] = {"assignment_soon", soon},
    [STMT_LEASE] = {"assignment_lease", lease},
    [STMT_WAITING] = {"assignment_waiting", waiting},
    [STMT_HEADS] = {"assignment_heads", heads},
    [STMT_READY] = {"assignment_ready", ready},
    [STMT_AGENTS] = {"assignment_agents", agents},
    [STMT_COOLING] = {"assignment_cooling", cooling},
    [STMT_ASKED] = {"assignment_asked", asked},
    [STMT_OFFERS] = {"assignment_offers", offers},
    [STMT_OFFERS_KEYS] = {"assignment_offers_keys", offers_keys},
    [STMT_PURGE] = {"assignment_purge", purge},
    [STMT_AUDIT] = {"assignment_audit", audit},
    [STMT_AUDIT_ENDED] = {"assignment_audit_ended", audit_ended},
    [STMT_AUDIT_OLDEST] = {"assignment_audit_oldest", audit_oldest},
    [STMT_STREAM_SEEN] = {"assignment_stream_seen", stream_seen},
    [STMT_STREAM_GONE] = {"assignment_stream_gone", stream_gone},
    [STMT_STREAM_FORGET] = {"assignment_stream_forget", stream_forget},
    [STMT_TENANT_NAME] = {"assignment_tenant_name", tenant_name},
};
const struct pg_stmt *const assignment_stmts = stmts;
const size_t assignment_n_stmts = STMTS;
