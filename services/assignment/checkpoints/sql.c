/* SPDX-License-Identifier: Apache-2.0 */
#include "assignment/checkpoints/sql.h"

/* $1 tenant after which, $2 last checkpoint at or before, $3 limit of tenants looked at, $4 last
 * checkpoint behind: the clock was wrong then. Whether a tenant is due: it is time, and its feed
 * goes on behind the last checkpoint. */
const char checkpoints_sql_due[] =
    "select t.tenant_id, t.name, coalesce(c.number, 0), c.hash, coalesce(c.through_epoch, 0),"
    " coalesce(c.through_xid, '0'), c.through_case_id, coalesce(c.through_seq, 0),"
    " (c.at is null or c.at <= $2::timestamptz or c.at > $4::timestamptz) and n.seq is not null, "
    "n.at"
    " from (select x.tenant_id, x.name from tenant x where x.tenant_id > $1::int8"
    " order by x.tenant_id limit $3::int4) t"
    " left join lateral (select x.* from checkpoint x where x.tenant_id = t.tenant_id"
    " order by x.number desc limit 1) c on true"
    " left join lateral (select e.seq, e.at from case_event e where e.tenant_id = t.tenant_id"
    " and e.epoch is not null and (e.epoch, e.xid, e.case_id, e.seq) > (coalesce(c.through_epoch, "
    "0),"
    " coalesce(c.through_xid, '0'), coalesce(c.through_case_id,"
    " '00000000-0000-0000-0000-000000000000'), coalesce(c.through_seq, 0))"
    " order by e.epoch, e.xid, e.case_id, e.seq limit 1) n on true"
    " order by t.tenant_id";

/* $1 tenant, $2 epoch, $3 transaction, $4 case, $5 sequence: behind this place; $6 limit. Only what
 * is complete: see the index case_event_feed. */
const char checkpoints_sql_feed[] =
    "select e.epoch, e.xid, e.case_id, e.seq, e.hash from case_event e"
    " where e.tenant_id = $1::int8 and e.epoch is not null and (e.epoch, e.xid, e.case_id, e.seq)"
    " > ($2::int4, $3::text::xid8, $4::uuid, $5::int8)"
    " and (e.xid < pg_snapshot_xmin(pg_current_snapshot())"
    " or e.epoch < (select t.epoch from tenant t where t.tenant_id = $1::int8))"
    " order by e.epoch, e.xid, e.case_id, e.seq limit $6::int4";

/* $1 tenant, $2 number, $3 draft, $4 slice, $5 heads */
const char checkpoints_sql_slice[] =
    "insert into checkpoint_slice (tenant_id, number, draft, slice, heads)"
    " values ($1::int8, $2::int8, $3::uuid, $4::int4, $5::bytea) on conflict do nothing";

/* A row when it was written: another replica may have been first. */
const char checkpoints_sql_sign[] =
    "insert into checkpoint (tenant_id, number, at, draft, slices, heads, heads_hash,"
    " through_epoch, through_xid, through_case_id, through_seq, prev_hash, hash, public_key,"
    " signature) values ($1::int8, $2::int8, $3::timestamptz, $4::uuid, $5::int4, $6::int8,"
    " $7::bytea, $8::int4, $9::text::xid8, $10::uuid, $11::int8, $12::bytea, $13::bytea,"
    " $14::bytea, $15::bytea) on conflict do nothing returning number";

/* $1 tenant, $2 number: slices of drafts of it that nobody signed. */
const char checkpoints_sql_forget[] =
    "delete from checkpoint_slice s using checkpoint c where c.tenant_id = $1::int8"
    " and c.number = $2::int8 and s.tenant_id = $1::int8 and s.number = $2::int8"
    " and s.draft <> c.draft";
