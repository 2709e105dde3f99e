/* SPDX-License-Identifier: Apache-2.0 */
#include "resolution/webhook/sql.h"

#include "contract/words.h"
#include "pg/pg.h"
#include "resolution/delivery/sql.h"

#define LASTING "set_config('synchronous_commit', current_setting('" PG_LASTING "'), true)"
#define COLUMNS(x)                                                                                 \
    x ".tenant_id, " x ".webhook_id, " x ".url, " x ".filter, " x ".signing, " x ".personal, " x   \
      ".notifications, " x ".state, " x ".reason, " x ".created_at, " x ".created_by, " x          \
      ".changed_at, " x ".generation, " x ".cursor_epoch, " x ".cursor_xid, " x                    \
      ".cursor_case_id, " x ".cursor_seq, " x ".current_at, " x ".paused_until, " x                \
      ".failures, " x ".delivered, " x ".last_at, " x ".last_status, " x ".last_error, " x         \
      ".lease_number"
/* In the order of tables[TABLE_NOTIFICATION]. */
#define NOTIFICATION_COLUMNS(x)                                                                    \
    x ".tenant_id, " x ".case_id, " x ".notification_id, " x ".recipient, " x ".kind, " x          \
      ".template, " x ".state, " x ".attempts, " x ".created_at, " x ".clock_id, " x               \
      ".instance, " x ".threshold, " x ".seq, " x ".level, " x ".cause, " x ".ask, " x             \
      ".urgent, " x ".acknowledged_at, " x ".acknowledged_by, " x ".about"
#define THIS(x) " " x ".tenant_id = $1::int8 and " x ".webhook_id = $2::text"
#define NEVER "'1970-01-01 00:00:00+00'::timestamptz"

/* -- leases ------------------------------------------------------------------------------------ */

/* $1 now by the shared clock, $2 until, $3 the replica, $4 limit. A lease that ends much later than
 * any taken now was written by a replica with a wrong clock. */
const char hook_sql_claim[] =
    "with k as materialized (select x.tenant_id, x.webhook_id from webhook x"
    " where x.leased_until is not null and (x.leased_until <= $1::timestamptz"
    " or x.leased_until > $2::timestamptz + interval '1 minute')"
    " order by x.leased_until limit $4::int4 for update skip locked)"
    " update webhook u set holder = $3::text, lease_number = u.lease_number + 1,"
    " leased_until = $2::timestamptz from k"
    " where u.tenant_id = any (array[k.tenant_id]) and u.webhook_id = k.webhook_id"
    " returning " COLUMNS("u") ", (select t.name from tenant t where t.tenant_id = u.tenant_id),"
                               " (select t.epoch from tenant t where t.tenant_id = u.tenant_id)";

#define HELD_HOOKS                                                                                 \
    " from unnest($1::int8[], $2::text[], $3::int8[]) as k(tenant_id, webhook_id, number)"         \
    " where u.tenant_id = any (array[k.tenant_id]) and u.webhook_id = k.webhook_id"                \
    " and u.lease_number = k.number and u.holder = $4::text and u.state "                          \
    "= " SQL_WEBHOOK_STATE_ACTIVE ""

/* $4 the replica, $5 until */
const char hook_sql_renew[] = "update webhook u set leased_until = $5::timestamptz" HELD_HOOKS
                              " returning u.tenant_id, u.webhook_id, u.lease_number, u.generation";

const char hook_sql_release[] =
    "update webhook u set leased_until = " NEVER ", holder = ''" HELD_HOOKS;

/* -- webhooks ---------------------------------------------------------------------------------- */

#define TENANT                                                                                     \
    " cross join lateral (select t.name, t.epoch from tenant t where t.tenant_id = x.tenant_id"    \
    " offset 0) t"
const char hook_sql_get[] =
    "select " COLUMNS("x") ", t.name, t.epoch from webhook x" TENANT " where" THIS("x");

/* $2 after, $3 limit */
const char hook_sql_list[] =
    "select " COLUMNS("x") ", t.name, t.epoch from webhook x" TENANT " where x.tenant_id = $1::int8"
                           " and x.webhook_id > $2::text order by x.webhook_id limit $3::int4";

/* $2 ids, $3 now: those that sign, newest first. */
const char hook_sql_keys[] =
    "select k.ord, s.number, s.signing, s.bytes, s.master, s.public_key, s.created_at, s.ends_at"
    " from unnest($2::text[]) with ordinality as k(webhook_id, ord) cross join lateral"
    " (select x.* from webhook_secret x where x.tenant_id = $1::int8"
    " and x.webhook_id = k.webhook_id and (x.ends_at is null or x.ends_at > $3::timestamptz)"
    " order by x.number desc limit 4) s";

/* $3 url, $4 filter, $5 signing, $6 personal, $7 notifications, $8 state, $9 reason, $10 now, $11
 * creator, $12 most, $13 a place is given, $14 to $17 the place. Whoever serves it has to take it
 * anew when the place is another one. */
const char hook_sql_put[] =
    "insert into webhook as w (tenant_id, webhook_id, url, filter, signing, personal,"
    " notifications, state, reason, created_at, created_by, changed_at, generation, cursor_epoch,"
    " cursor_xid, cursor_case_id, cursor_seq, current_at, failures, delivered, last_status,"
    " last_error, holder, lease_number, leased_until)"
    " select $1::int8, $2::text, $3::text, $4::bytea, $5::int4, $6::bool, $7::bool, $8::int4,"
    " $9::text, $10::timestamptz, $11::text, $10::timestamptz, 1, $14::int4, $15::xid8, $16::uuid,"
    " $17::int8, $10::timestamptz, 0, 0, 0, '', '', 0,"
    " case when $8::int4 = " SQL_WEBHOOK_STATE_ACTIVE " then " NEVER " end"
    " from (select count(*) as n, coalesce(bool_or(x.webhook_id = $2::text), false) as known"
    " from webhook x where x.tenant_id = $1::int8) c where c.known or c.n < $12::int8"
    " on conflict (tenant_id, webhook_id) do update set url = excluded.url,"
    " filter = excluded.filter, signing = excluded.signing, personal = excluded.personal,"
    " notifications = excluded.notifications, state = excluded.state, reason = excluded.reason,"
    " changed_at = excluded.changed_at, generation = w.generation + 1, paused_until = null,"
    " failures = 0,"
    " cursor_epoch = case when $13::bool then excluded.cursor_epoch else w.cursor_epoch end,"
    " cursor_xid = case when $13::bool then excluded.cursor_xid else w.cursor_xid end,"
    " cursor_case_id = case when $13::bool then excluded.cursor_case_id else w.cursor_case_id end,"
    " cursor_seq = case when $13::bool then excluded.cursor_seq else w.cursor_seq end,"
    " lease_number = w.lease_number + ($13::bool)::int4,"
    " leased_until = case when excluded.state <> " SQL_WEBHOOK_STATE_ACTIVE " then null"
    " when $13::bool then " NEVER " else coalesce(w.leased_until, " NEVER ") end"
    " returning " LASTING;

/* $3 now, $4 the usual end. While an older one signs along, the one that is replaced ends now. */
const char hook_sql_key_end[] =
    "update webhook_secret x set ends_at = case when exists (select 1 from webhook_secret y"
    " where" THIS("y") " and y.ends_at > $3::timestamptz) then $3::timestamptz"
                       " else $4::timestamptz end where" THIS("x") " and x.ends_at is null";

/* $3 signing, $4 bytes, $5 master, $6 public key, $7 now */
const char hook_sql_key_put[] =
    "insert into webhook_secret (tenant_id, webhook_id, number, signing, bytes, master, public_key,"
    " created_at) select $1::int8, $2::text, coalesce(max(x.number), 0) + 1, $3::int4, $4::bytea,"
    " $5::text, $6::bytea, $7::timestamptz from webhook_secret x where" THIS(
        "x") " having exists (select 1 from webhook w where" THIS("w") ")";

const char hook_sql_delete[] = "delete from webhook x where" THIS("x") " returning " LASTING;
const char hook_sql_keys_delete[] = "delete from webhook_secret x where" THIS("x");

/* What waits for the receiver $2, along the index delivery_waiting. */
#define WAITING_FOR_IT                                                                             \
    " from delivery x where x.tenant_id = $1::int8 and x.receiver = $2::text"                      \
    " and x.next_at is not null"
#define IN_ITS_ORDER " order by x.next_at, x.delivery_id offset 0"

/* $2 receiver, $3 now: what waited for it. */
const char hook_sql_drop[] =
    "with k as materialized (select x.tenant_id, x.delivery_id" WAITING_FOR_IT IN_ITS_ORDER ")"
    " update delivery u set state = " SQL_DELIVERY_STATE_NOT_NEEDED ", next_at = null,"
    " finished_at = $3::timestamptz, holder = '', leased_until = null from k"
    " where u.tenant_id = any (array[k.tenant_id]) and u.delivery_id = k.delivery_id"
    " and u.state = " SQL_DELIVERY_STATE_WAITING;

/* Somebody changed what it has to deliver. */
const char hook_sql_changed[] =
    "update webhook x set generation = x.generation + 1 where" THIS("x");

/* $3 to $6 the place: it goes back there, whoever serves it. */
const char hook_sql_rewind[] =
    "update webhook x set cursor_epoch = $3::int4, cursor_xid = $4::xid8,"
    " cursor_case_id = $5::uuid, cursor_seq = $6::int8, lease_number = x.lease_number + 1,"
    " generation = x.generation + 1, paused_until = null, failures = 0,"
    " leased_until = case when x.leased_until is not null then " NEVER
    " end where" THIS("x") " returning " LASTING;

/* How many are disabled, and how many have not been told everything since $1. */
const char hook_sql_late[] =
    "select count(*) filter (where x.state = " SQL_WEBHOOK_STATE_DISABLED "),"
    " count(*) filter (where x.state = " SQL_WEBHOOK_STATE_ACTIVE
    " and x.current_at < $1::timestamptz) from webhook x";

/* -- serving ----------------------------------------------------------------------------------- */

/* The webhook as long as the lease holds: $3 replica, $4 number. */
#define MINE(x) THIS(x) " and " x ".holder = $3::text and " x ".lease_number = $4::int8"

/* $5 to $8 the place, $9 current, $10 paused until, $11 failures, $12 more delivered, $13 last
 * answer, $14 its status, $15 its text, $16 state, $17 reason. */
const char hook_sql_move[] =
    "update webhook x set cursor_epoch = $5::int4, cursor_xid = $6::xid8,"
    " cursor_case_id = $7::uuid, cursor_seq = $8::int8, current_at = $9::timestamptz,"
    " paused_until = $10::timestamptz, failures = $11::int4, delivered = x.delivered + $12::int8,"
    " last_at = $13::timestamptz, last_status = $14::int4, last_error = $15::text,"
    " state = $16::int4, reason = $17::text,"
    " leased_until = case when $16::int4 = " SQL_WEBHOOK_STATE_ACTIVE " then x.leased_until end"
    " where" MINE("x") " returning x.generation";

/* Events that failed or wait: $5 receiver, $6 ids, $7 cases, $8 sequences, $9 states, $10 attempts,
 * $11 now, $12 next, $13 finished, $14 statuses, $15 errors. One that was sent again by hand is
 * there already. */
const char hook_sql_fail[] =
    "insert into delivery as d (tenant_id, delivery_id, kind, receiver, case_id, seq, state,"
    " attempts, created_at, next_at, finished_at, status, error)"
    " select $1::int8, k.id, " SQL_DELIVERY_KIND_EVENT_WEBHOOK ", $5::text, k.case_id, k.seq,"
    " k.state, k.attempts, $11::timestamptz, k.next_at, k.finished_at, k.status, k.error"
    " from unnest($6::uuid[], $7::uuid[], $8::int8[], $9::int2[], $10::int4[], $12::timestamptz[],"
    " $13::timestamptz[], $14::int4[], $15::text[]) as k(id, case_id, seq, state, attempts,"
    " next_at, finished_at, status, error)"
    " where exists (select 1 from webhook x where" MINE(
        "x") ")"
             " on conflict (tenant_id, delivery_id) do update set state = excluded.state,"
             " attempts = excluded.attempts, created_at = excluded.created_at, next_at = "
             "excluded.next_at,"
             " finished_at = excluded.finished_at, status = excluded.status, error = "
             "excluded.error";

/* $5 receiver, $6 now, $7 limit, $8 now by the shared clock, $9 the lease of the rows ends: until
 * their end is written they are not taken again. With each row its event's place in the feed, or
 * its notification and how the case of that is called. */
const char hook_sql_take[] =
    "with due as materialized (select x.tenant_id, x.delivery_id from delivery x"
    " where x.tenant_id = $1::int8"
    " and x.receiver = $5::text and x.next_at is not null and x.next_at <= $6::timestamptz"
    " and (x.holder <> $3::text or x.leased_until is null or x.leased_until <= $8::timestamptz)"
    " and exists (select 1 from webhook w where" MINE(
        "w") ")"
             " order by x.next_at, x.delivery_id limit $7::int4),"
             " took as (update delivery u set holder = $3::text, leased_until = $9::timestamptz,"
             " attempts = u.attempts + 1, out_of_order = u.out_of_order"
             " or (u.kind = " SQL_DELIVERY_KIND_EVENT_WEBHOOK
             " and u.created_at <= $6::timestamptz - interval '5 minutes')"
             " from due where u.tenant_id = any (array[due.tenant_id])"
             " and u.delivery_id = due.delivery_id and u.state = " SQL_DELIVERY_STATE_WAITING
             " returning u.*)"
             " select " DELIVERY_COLUMNS("t") ", e.epoch, e.xid, coalesce(c.reference, "
                                              "''), " NOTIFICATION_COLUMNS(
                                                  "n") " from took t left join lateral"
                                                       " (select y.epoch, y.xid from case_event y "
                                                       "where y.tenant_id = t.tenant_id"
                                                       " and y.case_id = t.case_id and y.seq = "
                                                       "t.seq offset 0) e on true left join lateral"
                                                       " (select y.* from notification y where "
                                                       "y.tenant_id = t.tenant_id and y.case_id = "
                                                       "t.case_id"
                                                       " and y.notification_id = t.notification_id "
                                                       "offset 0) n on true left join lateral"
                                                       " (select y.reference from recovery_case y "
                                                       "where y.tenant_id = n.tenant_id"
                                                       " and y.case_id = n.case_id offset 0) c on "
                                                       "true"
                                                       " order by t.next_at, t.seq, t.delivery_id";

/* $2 receiver, $3 limit: cases of which something waits. */
const char hook_sql_held[] =
    "select k.case_id, count(*), max(k.created_at), min(k.seq),"
    " (array_agg(k.attempts order by k.seq))[1] = 0"
    " from (select x.case_id, x.created_at, x.seq, x.attempts, x.kind" WAITING_FOR_IT IN_ITS_ORDER
    ") k where k.kind = " SQL_DELIVERY_KIND_EVENT_WEBHOOK " group by k.case_id limit $3::int4";

/* $2 receiver, $3 case, $4 now, $5 the latest that one waits for another: what waited behind an
 * event that has ended now, in order. */
const char hook_sql_wake[] =
    "with k as materialized (select o.tenant_id, o.delivery_id, row_number() over (order by o.seq)"
    " as n from (select x.tenant_id, x.delivery_id, x.seq, x.case_id, x.attempts" WAITING_FOR_IT
    " and x.next_at > $4::timestamptz and x.next_at <= $5::timestamptz" IN_ITS_ORDER ") o"
    " where o.case_id = $3::uuid and o.attempts = 0)"
    " update delivery u set next_at = $4::timestamptz + k.n * interval '1 microsecond' from k"
    " where u.tenant_id = any (array[k.tenant_id]) and u.delivery_id = k.delivery_id"
    " and u.attempts = 0 and u.state = " SQL_DELIVERY_STATE_WAITING;

/* A notification for the webhook that policy names, $5, and for those that want all, as far as they
 * are active: $2 its id, $3 case, $4 now. The ids follow from both, so that it may run twice.
 * Returns how many there are. */
const char hook_sql_fan_out[] =
    "with w as materialized (select x.webhook_id from webhook x where x.tenant_id = $1::int8"
    " and x.state = " SQL_WEBHOOK_STATE_ACTIVE " and (x.webhook_id = $5::text or x.notifications)),"
    " i as (insert into delivery (tenant_id, delivery_id, kind, receiver, case_id, notification_id,"
    " state, created_at, next_at) select $1::int8, md5($2::uuid || '/' || w.webhook_id)::uuid,"
    " " SQL_DELIVERY_KIND_NOTIFICATION_WEBHOOK ", '" DELIVERY_HOOK_RECEIVER "' || w.webhook_id,"
    " $3::uuid, $2::uuid, " SQL_DELIVERY_STATE_WAITING ", $4::timestamptz, $4::timestamptz from w"
    " on conflict (tenant_id, delivery_id) do nothing)"
    " select count(*) from w";

/* -- deliveries -------------------------------------------------------------------------------- */

/* $2 receiver, $3 states, $4 from, $5 and $6 the place to go on behind, $7 limit: newest first. */
const char hook_sql_deliveries[] = "select " DELIVERY_COLUMNS(
    "d") " from unnest($3::int2[]) as k(state) cross join lateral"
         " (select x.* from delivery x where x.tenant_id = $1::int8 and x.receiver = $2::text"
         " and x.state = k.state and x.created_at >= $4::timestamptz"
         " and (x.created_at, x.delivery_id) < ($5::timestamptz, $6::uuid)"
         " order by x.created_at desc, x.delivery_id desc limit $7::int4) d"
         " order by d.created_at desc, d.delivery_id desc limit $7::int4";

/* Each a moment behind the one before, so that the index has their order. */
#define AGAIN                                                                                      \
    "update delivery u set state = " SQL_DELIVERY_STATE_WAITING ", attempts = 0,"                  \
    " next_at = $3::timestamptz - k.n * interval '1 microsecond', finished_at = null,"             \
    " out_of_order = u.kind = " SQL_DELIVERY_KIND_EVENT_WEBHOOK
#define NUMBERED "row_number() over (order by x.seq desc, x.delivery_id desc) as n"

/* $2 receiver, $3 now, $4 ids: but for those that are under way. */
const char hook_sql_again[] =
    AGAIN " from (select x.tenant_id, x.delivery_id, " NUMBERED " from unnest($4::uuid[]) as i(id)"
          " cross join lateral (select y.* from delivery y where y.tenant_id = $1::int8"
          " and y.delivery_id = i.id and y.receiver = $2::text and y.holder = '' offset 0) x) k"
          " where u.tenant_id = any (array[k.tenant_id]) and u.delivery_id = k.delivery_id and "
          "u.holder = ''";

/* $4 from, $5 until, $6 limit */
const char hook_sql_again_dead[] =
    AGAIN " from (select x.tenant_id, x.delivery_id, " NUMBERED
          " from (select y.tenant_id, y.delivery_id, y.seq"
          " from delivery y where y.tenant_id = $1::int8"
          " and y.receiver = $2::text and y.state = " SQL_DELIVERY_STATE_DEAD
          " and y.created_at >= $4::timestamptz and y.created_at < $5::timestamptz"
          " order by y.created_at, y.delivery_id limit $6::int4) x) k"
          " where u.tenant_id = any (array[k.tenant_id]) and u.delivery_id = k.delivery_id";
