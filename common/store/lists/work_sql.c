/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lists/work_sql.h"

#include "contract/words.h"

/* The expressions of the indexes case_work_owed, case_work_promise and case_work_answer, letter by
 * letter. */
#define LEVEL_OF_X "(case when x.owner_kind = " SQL_OWNER_KIND_STEWARD " then x.level else 0 end)"
#define OWED_AT                                                                                    \
    "(case when x.owed_for is not distinct from x.next_due_at then x.owed_at"                      \
    " else x.next_due_at end)"
#define OWNERS "unnest($2::int4[], $3::text[]) k(level, owner_id)"

/* -- lists ------------------------------------------------------------------------------------ */

/* $1 tenant, $2 and $3 the owners, $4 and $5 the place to go on from, $6 before, $7 limit. Each
 * owner's rows are read along the index, as many as may be shown at most. */
#define PLACES(at)                                                                                 \
    "(select y.* from " OWNERS " cross join lateral"                                               \
    " (select x.tenant_id, x.case_id, " at " as at,"                                               \
    " x.owed_for is not distinct from x.next_due_at as is_ours from case_work x"                   \
    " where x.tenant_id = $1::int8 and " LEVEL_OF_X " = k.level and x.owner_id = k.owner_id"       \
    " and " at " is not null and (" at ", x.case_id) > ($4::timestamptz, $5::uuid)"                \
    " and " at " < $6::timestamptz order by " at ", x.case_id limit $7::int4) y"                   \
    " order by y.at, y.case_id limit $7::int4) w"

/* What a row shows of its case. */
#define CASE_SHOWN                                                                                 \
    "c.customer_id, c.customer_name, c.failure_code, c.severity, c.status, c.level, c.owner_kind," \
    " c.owner_id, c.opened_at, c.last_seq"
#define CASE_OF(w)                                                                                 \
    " cross join lateral (select z.* from recovery_case z where z.tenant_id = " w ".tenant_id"     \
    " and z.case_id = " w ".case_id offset 0) c"

/* Such a clock runs, or was missed and nobody did what it asks for. */
#define CLOCK_IS_OWED                                                                              \
    "(y.state = " SQL_CLOCK_STATE_RUNNING " or (y.state = " SQL_CLOCK_STATE_BREACHED               \
    " and y.stopped_at is null))"
#define CLOCKS_OF_W " from clock y where y.tenant_id = w.tenant_id and y.case_id = w.case_id"

/* The clock by which the case has its place; if a replica of the last release has stopped that, the
 * next one. Where next_due_at counts it may be one that measures a promise. */
static const char list_clocks[] =
    "select w.at, w.case_id, t.due_at, t.kind, t.kind = " SQL_CLOCK_KIND_PROMISE ","
    " t.clock_id, t.subject_id, t.name, w.case_id, " CASE_SHOWN " from " PLACES(OWED_AT) CASE_OF(
        "w") " left join lateral (select y.due_at, y.kind, y.clock_id, y.subject_id, "
             "y.name" CLOCKS_OF_W " and " CLOCK_IS_OWED " and y.kind not in (" SQL_CLOCK_KIND_OFFER
             ", " SQL_CLOCK_KIND_FOLLOW_UP ") and (y.kind <> " SQL_CLOCK_KIND_PROMISE
             " or not w.is_ours) order by y.due_at = w.at desc, y.due_at limit 1) t on true";

static const char list_promises[] =
    "select w.at, w.case_id, t.due_at, t.kind, true, null::uuid, t.promise_id, ''::text, w.case_id,"
    " " CASE_SHOWN " from " PLACES("x.promise_at") CASE_OF(
        "w") " left join lateral (select y.due_at, y.kind, y.promise_id from promise y"
             " where y.tenant_id = w.tenant_id and y.case_id = w.case_id and y.due_at = w.at"
             " and (y.state = " SQL_PROMISE_STATE_OPEN " or (y.state = " SQL_PROMISE_STATE_BROKEN
             " and y.kept_at is null)) limit 1) t on true";

static const char list_answers[] =
    "select w.at, w.case_id, t.due_at, t.kind, false, t.clock_id, null::uuid, t.name, w.case_id,"
    " " CASE_SHOWN " from " PLACES("x.answer_at")
        CASE_OF("w") " left join lateral (select y.due_at, y.kind, y.clock_id, y.name" CLOCKS_OF_W
                     " and " CLOCK_IS_OWED " and y.due_at = w.at"
                     " order by y.kind = " SQL_CLOCK_KIND_NEXT_CONTACT " desc limit 1) t on true";

/* An agent's pending offers are few: capacity bounds them. */
#define PENDING_OF_K                                                                               \
    " cross join lateral (select x.tenant_id, x.case_id, x.offer_id, x.expires_at from offer x"    \
    " where x.tenant_id = $1::int8 and x.agent_id = k.owner_id and k.level = 0"                    \
    " and x.state = " SQL_OFFER_STATE_PENDING " offset 0) y"

static const char list_offers[] =
    "select w.expires_at, w.offer_id, w.expires_at, 0::int2, false, null::uuid, w.offer_id,"
    " ''::text, w.case_id, " CASE_SHOWN " from (select y.* from " OWNERS PENDING_OF_K
    " where (y.expires_at, y.offer_id) > ($4::timestamptz, $5::uuid)"
    " and y.expires_at < $6::timestamptz order by y.expires_at, y.offer_id limit $7::int4) "
    "w" CASE_OF("w");

const char *const work_sql_list[WORK_SOURCES] = {[WORK_CLOCK] = list_clocks,
                                                 [WORK_PROMISE] = list_promises,
                                                 [WORK_ANSWER] = list_answers,
                                                 [WORK_OFFER] = list_offers};

/* -- counts ----------------------------------------------------------------------------------- */

/* $1 tenant, $2 and $3 the owners, $4 now, $5 to $7 the ends of the spans, $8 the last of them, $9
 * limit. */
#define SPANS                                                                                      \
    "select count(*) filter (where w.at < $4::timestamptz),"                                       \
    " count(*) filter (where w.at >= $4::timestamptz and w.at < $5::timestamptz),"                 \
    " count(*) filter (where w.at >= $4::timestamptz and w.at < $6::timestamptz),"                 \
    " count(*) filter (where w.at >= $4::timestamptz and w.at < $7::timestamptz), count(*) from "
#define COUNT(at)                                                                                  \
    SPANS "(select y.at from " OWNERS " cross join lateral (select " at " as at from case_work x"  \
          " where x.tenant_id = $1::int8 and " LEVEL_OF_X " = k.level and x.owner_id = k.owner_id" \
          " and " at " is not null and " at " < $8::timestamptz order by " at                      \
          " limit $9::int4) y limit $9::int4) w"

const char *const work_sql_count[WORK_SOURCES] = {
    [WORK_CLOCK] = COUNT(OWED_AT),
    [WORK_PROMISE] = COUNT("x.promise_at"),
    [WORK_ANSWER] = COUNT("x.answer_at"),
    [WORK_OFFER] = SPANS "(select y.expires_at as at from " OWNERS PENDING_OF_K
                         " where y.expires_at < $8::timestamptz limit $9::int4) w"};

/* -- whose work ------------------------------------------------------------------------------- */

/* $1 tenant, $2 level, $3 limit: one step along the index for each owner, of whom there are as many
 * as the level has had stewards. */
#define OWNER_IN_LEVEL(at)                                                                         \
    "select x.owner_id from case_work x where x.tenant_id = $1::int8 and " LEVEL_OF_X              \
    " = $2::int4 and " at " is not null"
#define NEXT_OWNER " order by x.owner_id limit 1)"
#define LEVEL(at)                                                                                  \
    "with recursive s(owner_id) as ((" OWNER_IN_LEVEL(at) NEXT_OWNER                               \
        " union all select n.owner_id from s cross join lateral (" OWNER_IN_LEVEL(                 \
            at) " and x.owner_id > s.owner_id" NEXT_OWNER                                          \
                " n) select $2::int4, s.owner_id from s limit $3::int4"

const char *const work_sql_level[WORK_CASE_SOURCES] = {[WORK_CLOCK] = LEVEL(OWED_AT),
                                                       [WORK_PROMISE] = LEVEL("x.promise_at"),
                                                       [WORK_ANSWER] = LEVEL("x.answer_at")};

/* $1 tenant, $2 team, $3 limit */
const char work_sql_team[] =
    "select 0::int4, x.agent_id from agent x where x.tenant_id = $1::int8 and x.team = $2::text"
    " and x.team > '' order by x.agent_id limit $3::int4";
