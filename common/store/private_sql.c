/* SPDX-License-Identifier: Apache-2.0 */

#include "store/private_sql.h"

#include "contract/statuses.h"
#include "pg/pg.h"

/* -- cases ------------------------------------------------------------------------------------- */

#define UNERASED "(x.erased_at is null or x.erased_seq <> x.last_seq)"

/* $2 customer; $3 opened at, $4 case: after these; $5 opened until; $6 limit. */
const char private_sql_customer[] =
    "select x.opened_at, x.case_id, x.status, " UNERASED ", x.erased_seq from recovery_case x"
    " where x.tenant_id = $1::int8 and x.customer_id = $2::text and x.customer_id is not null"
    " and (x.opened_at, x.case_id) > ($3::timestamptz, $4::uuid)"
    " and x.opened_at <= $5::timestamptz order by x.opened_at, x.case_id limit $6::int4";

/* $2 opened at, $3 case: after these; $4 ended before; $5 limit. */
const char private_sql_retained[] =
    "select x.opened_at, x.case_id, x.status, " UNERASED
    " and x.closed_at < $4::timestamptz and x.status in (" SQL_CASE_STATUS_CLOSED
    ", " SQL_CASE_STATUS_WITHDRAWN ", " SQL_CASE_STATUS_MERGED "), x.erased_seq"
    " from recovery_case x where x.tenant_id = $1::int8 and x.opened_at > '-infinity'"
    " and (x.opened_at, x.case_id) > ($2::timestamptz, $3::uuid)"
    " and x.opened_at < $4::timestamptz order by x.opened_at, x.case_id limit $5::int4";

/* $1 after; $2 limit. */
const char private_sql_tenants[] =
    "select t.tenant_id, coalesce(p.retains, false) from (select x.* from tenant x"
    " where x.tenant_id > $1::int8 order by x.tenant_id limit $2::int4) t"
    " left join lateral (select position('retention' in x.source) > 0 as retains"
    " from policy_version x where x.tenant_id = t.tenant_id and x.version = t.policy_version"
    " offset 0) p on true order by t.tenant_id";

/* -- erasures ---------------------------------------------------------------------------------- */

#define ERASURE                                                                                    \
    "x.tenant_id, x.erasure_id, x.request_id, x.body_hash, x.customer_id, x.reason, x.actor,"      \
    " x.via, x.open_too, x.begun_at, x.ended_at, x.certificate, x.key_until"
#define LASTING "set_config('synchronous_commit', current_setting('" PG_LASTING "'), true) <> ''"

/* $1 tenant, $2 erasure. */
const char private_sql_erasure[] =
    "select " ERASURE " from customer_erasure x where x.tenant_id = $1::int8"
    " and x.erasure_id = $2::uuid";

const char private_sql_erasure_begin[] =
    "insert into customer_erasure (tenant_id, erasure_id, request_id, body_hash, customer_id,"
    " reason, actor, via, open_too, begun_at) values ($1::int8, $2::uuid, $3::uuid, $4::bytea,"
    " $5::text, $6::text, $7::text, $8::text, $9::bool, $10::timestamptz)"
    " on conflict do nothing returning " LASTING;

/* $3 ended at, $4 certificate. */
const char private_sql_erasure_end[] =
    "update customer_erasure x set ended_at = $3::timestamptz, certificate = $4::bytea"
    " where x.tenant_id = $1::int8 and x.erasure_id = $2::uuid and x.ended_at is null"
    " returning " LASTING;

/* $3 begun at, $4 key until. */
const char private_sql_erasure_move[] =
    "update customer_erasure x set begun_at = $3::timestamptz, key_until = $4::timestamptz"
    " where x.tenant_id = $1::int8 and x.erasure_id = $2::uuid and x.ended_at is null"
    " returning " LASTING;

/* $1 begun after, $2 begun before, $3 limit. */
const char private_sql_unfinished[] =
    "select " ERASURE " from customer_erasure x where x.ended_at is null"
    " and x.begun_at > '-infinity' and x.begun_at > $1::timestamptz"
    " and x.begun_at < $2::timestamptz order by x.begun_at limit $3::int4";

/* $1 transactions, null = all. A partitioned table is locked together with its partitions. Vacuum,
 * analyze and the making of an index have ShareUpdateExclusiveLock or ShareLock, with which no row
 * is written. */
const char private_sql_at_work[] =
    "select l.virtualtransaction, bool_or(l.mode in ('RowExclusiveLock', 'ShareRowExclusiveLock',"
    " 'ExclusiveLock', 'AccessExclusiveLock'))"
    " from pg_locks l where l.locktype = 'relation' and l.granted"
    " and l.relation = 'recovery_case'::regclass"
    " and l.database = (select d.oid from pg_database d where d.datname = current_database())"
    " and l.pid is distinct from pg_backend_pid()"
    " and ($1::text[] is null or l.virtualtransaction = any ($1::text[]))"
    " group by l.virtualtransaction";

/* -- access records ---------------------------------------------------------------------------- */

#define ACCESS                                                                                     \
    "x.tenant_id, x.at, x.writer, x.number, x.principal, x.via, x.method, x.case_id,"              \
    " x.customer_id, x.fields, x.reads"
#define WRITE                                                                                      \
    "insert into access_record (tenant_id, at, writer, number, principal, via, method, case_id,"   \
    " customer_id, fields, reads) select * from unnest($1::int8[], $2::timestamptz[], $3::uuid[]," \
    " $4::int8[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::text[], $10::int4[],"        \
    " $11::int4[]) on conflict do nothing"
const char private_sql_access_write[] = WRITE;
const char private_sql_access_write_lasting[] = WRITE " returning " LASTING;

/* $1 writer, $2 begun, $3 written, $4 number, $5 ended. */
const char private_sql_access_writer[] =
    "insert into access_writer as x (writer, begun_at, written_at, number, ended_at)"
    " values ($1::uuid, $2::timestamptz, $3::timestamptz, $4::int8, $5::timestamptz)"
    " on conflict (writer) do update set written_at = excluded.written_at,"
    " number = excluded.number, ended_at = excluded.ended_at where x.number <= excluded.number";

/* $2 customer, $3 case, $4 principal, each null = any; $5 from; $6 at, $7 writer, $8 number: before
 * these; $9 limit. */
#define FILTERS                                                                                    \
    " ($2::text is null or x.customer_id = $2::text)"                                              \
    " and ($3::uuid is null or x.case_id = $3::uuid)"                                              \
    " and ($4::text is null or x.principal = $4::text) and x.at >= $5::timestamptz"
#define FROM "select " ACCESS " from access_record x where x.tenant_id = $1::int8 and"
#define NEWEST "x.at desc, x.writer desc, x.number desc limit $9::int4"
const char private_sql_access_list[] =
    FROM FILTERS " and (x.at, x.writer, x.number) < ($6::timestamptz, $7::uuid, $8::int8)"
                 " order by " NEWEST;

/* The column is equal to the parameter: not smaller, and with the page's place smaller. Written so,
 * only an index that begins with the column has the order that is asked for. */
#define LIST_BY(column, param)                                                                     \
    FROM FILTERS " and " column " is not null and " column " >= " param " and (" column            \
                 ", x.at, x.writer, x.number) < (" param                                           \
                 ", $6::timestamptz, $7::uuid, $8::int8) order by " column " desc, " NEWEST
const char private_sql_access_customer[] = LIST_BY("x.customer_id", "$2::text");
const char private_sql_access_case[] = LIST_BY("x.case_id", "$3::uuid");

/* $1 written before. */
const char private_sql_access_gaps[] =
    "select x.writer, x.begun_at, x.written_at, x.number, x.ended_at from access_writer x"
    " where x.ended_at is null and x.written_at < $1::timestamptz"
    " order by x.written_at desc limit 100";

/* $1 tenant, $2 before. The tenant is neither merged nor hashed: see put_key_join(). */
const char private_sql_access_purge[] =
    "delete from access_record x using (select d.tenant_id, d.at, d.writer, d.number"
    " from access_record d where d.tenant_id = $1::int8 and d.at < $2::timestamptz"
    " order by d.at limit 2000) k where x.tenant_id = any (array[k.tenant_id])"
    " and x.at = k.at and x.writer = k.writer and x.number = k.number";

/* $1 ended before. Those that crashed stay: they are the evidence of a gap. */
const char private_sql_writers_purge[] =
    "delete from access_writer x where x.ended_at < $1::timestamptz";
