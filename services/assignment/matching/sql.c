/* SPDX-License-Identifier: Apache-2.0 */
#include "assignment/matching/sql.h"

#include "contract/statuses.h"
#include "contract/words.h"

/* $1 after this tenant, $2 limit. A loose scan; only the queue's index has its order. */
const char matching_sql_waiting[] =
    "with recursive t(tenant_id) as ("
    "(select q.tenant_id from case_work q where q.queue_level > 0 and q.tenant_id > $1::int8"
    " order by q.tenant_id, q.queue_level limit 1)"
    " union all select n.tenant_id from t cross join lateral"
    " (select q.tenant_id from case_work q where q.queue_level > 0 and q.tenant_id > t.tenant_id"
    " order by q.tenant_id, q.queue_level limit 1) n)"
    " select t.tenant_id from t limit $2::int4";

/* $1 tenant, $2 and $3 after this level and signature, $4 most signatures, $5 most cases of each
 * signature. */
const char matching_sql_heads[] =
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
const char matching_sql_ready[] =
    "select " AGENT_COLUMNS " from unnest($2::int2[]) as k(level) cross join lateral"
    " (select a.* from agent a where a.tenant_id = $1::int8"
    " and a.presence = " SQL_PRESENCE_AVAILABLE
    " and a.level = k.level and a.idle_since > $3::timestamptz"
    " order by a.idle_since limit $4::int4) x" AGENT_LOAD;

/* $1 tenant, $2 agents */
const char matching_sql_agents[] =
    "select " AGENT_COLUMNS " from unnest($2::text[]) as k(agent_id) cross join lateral"
    " (select a.* from agent a where a.tenant_id = $1::int8 and a.agent_id = k.agent_id"
    " offset 0) x" AGENT_LOAD;

/* $1 tenant, $2 agents, $3 made after, $4 ended after, $5 most of each. */
const char matching_sql_cooling[] =
    "select k.agent_id, o.case_id from unnest($2::text[]) as k(agent_id) cross join lateral"
    " (select y.case_id, y.state, y.decided_at from offer y where y.tenant_id = $1::int8"
    " and y.agent_id = k.agent_id and y.created_at > $3::timestamptz"
    " order by y.created_at desc limit $5::int4) o"
    " where o.state in (" SQL_OFFER_STATE_DECLINED ", " SQL_OFFER_STATE_EXPIRED
    ") and o.decided_at > $4::timestamptz";

/* $1 tenant, $2 principal, $3 method, $4 request id */
const char matching_sql_asked[] =
    "select d.case_id from dedup d where d.tenant_id = $1::int8 and d.principal = $2::text"
    " and d.method = $3::int4 and d.request_id = $4::uuid";
