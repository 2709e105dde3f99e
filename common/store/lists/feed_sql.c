/* SPDX-License-Identifier: Apache-2.0 */

/* The statements of the feed. */

#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "store/impl.h"

/* Where the feed of the tenant $1 ends, and whether something committed lies behind that. */
const char feed_sql_now[] =
    "select t.epoch, pg_snapshot_xmin(pg_current_snapshot()), coalesce((select true"
    " from case_event x where x.tenant_id = t.tenant_id and x.epoch is not null"
    " and (x.epoch, x.xid) >= (t.epoch, pg_snapshot_xmin(pg_current_snapshot()))"
    " order by x.epoch, x.xid, x.case_id, x.seq limit 1), false)"
    " from (select y.* from tenant y where y.tenant_id = $1::int8 offset 0) t";

/* The order of the feed, in which the index has the events. */
#define FEED_ORDER(x) x ".epoch, " x ".xid, " x ".case_id, " x ".seq"

/* $1 tenant; $2 epoch, $3 transaction, $4 case, $5 seq: behind these; $6 limit. */
#define BELOW_THE_BOUND                                                                            \
    "(select z.* from case_event z where z.tenant_id = $1::int8 and z.epoch is not null"           \
    " and (" FEED_ORDER("z") ") > ($2::int4, $3::xid8, $4::uuid, $5::int8)"                        \
                             " and (z.epoch, z.xid) < ((select t.epoch from tenant t where "       \
                             "t.tenant_id = $1::int8),"                                            \
                             " pg_snapshot_xmin(pg_current_snapshot())) order by " FEED_ORDER(     \
                                 "z") " limit $6::int4)"

#define SIZE_OF(x) "octet_length(" x ".public)"
#define PERSONAL_SIZE " + coalesce(octet_length(x.body), 0)"

/* The personal parts. The join keeps the order. */
#define WITH_PERSONAL                                                                              \
    "(select x.*, p.salt, p.body from " BELOW_THE_BOUND " x left join lateral (select q.salt,"     \
    " q.body from case_event_private q where q.tenant_id = x.tenant_id"                            \
    " and q.case_id = x.case_id and q.seq = x.seq offset 0) p on true)"

/* The last event of the command that the page's last event belongs to, which has the facts. The
 * condition is written so that only the index of the feed has the order. */
#define LAST_OF_COMMAND                                                                            \
    " left join lateral (select z.public from case_event z where y.last"                           \
    " and z.tenant_id = y.tenant_id and z.epoch is not null"                                       \
    " and (" FEED_ORDER("z") ") > (" FEED_ORDER(                                                   \
        "y") ")"                                                                                   \
             " and (z.epoch, z.xid, z.case_id) <= (y.epoch, y.xid, y.case_id)"                     \
             " order by z.epoch desc, z.xid desc, z.case_id desc, z.seq desc limit 1) f on true"

/* $7 bytes: the sizes of the rows before one are below it. The joins keep the order, but nothing
 * says so; who loads the rows puts them in order. */
char *feed_sql_page(bool personal)
{
    char *sql = NULL, *cols = table_sql_columns(&tables[TABLE_EVENT], "y");
    int n = asprintf(
        &sql,
        "select y.epoch, y.xid, %s, c.customer_id, c.failure_code, c.owner_id, f.public%s"
        " from (select w.*, w.next is null or w.sum >= $7::int8 as last from"
        " (select x.*, lead(x.seq) over o as next, sum(" SIZE_OF(
            "x") "%s) over o as sum,"
                 " " SIZE_OF("x") "%s as size from %s x window o as (order by " FEED_ORDER(
                     "x") " rows unbounded preceding))"
                          " w where w.sum - w.size < $7::int8 offset 0) y"
                          " left join lateral (select k.customer_id, k.failure_code, k.owner_id"
                          " from recovery_case k where k.tenant_id = y.tenant_id and k.case_id = "
                          "y.case_id offset 0)"
                          " c on true" LAST_OF_COMMAND,
        cols, personal ? ", y.salt, y.body" : "", personal ? PERSONAL_SIZE : "",
        personal ? PERSONAL_SIZE : "", personal ? WITH_PERSONAL : BELOW_THE_BOUND);
    AM_ASSERT(n > 0);
    free(cols);
    return sql;
}
