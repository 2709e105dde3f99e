/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lists/bounces.h"

#include <stdio.h>

#include "contract/words.h"
#include "store/impl.h"

#define WINDOW_US (30LL * 24 * 3600 * US_PER_S)
#define HARD "bounced hard: "
#define SOFT "bounced: "
#define ERROR_BYTES 600

/* A mail with several notifications names no case: that of the newest one is taken, first of those
 * that nobody acknowledged. Each state by itself, because only then the index has the order. */
#define NEWEST(state)                                                                              \
    "(select n.case_id from notification n where n.tenant_id = $1::int8"                           \
    " and n.recipient = h.receiver and n.recipient > '' and n.state = " #state                     \
    " order by n.created_at desc, n.notification_id desc limit 1)"

/* $1 tenant, $2 ids, $3 code, $4 error, $5 now, $6 since when hard ones count, $7 how many at most.
 * The tenant is neither merged nor hashed: see keys_use_sql; the order leads along delivery_listed.
 * A mail whose server did not answer in time is tried again, and may come back meanwhile. */
const char bounces_sql[] =
    "with hit as materialized (select x.* from unnest($2::uuid[]) as k(id) cross join lateral"
    " (select y.tenant_id, y.delivery_id, y.receiver, y.kind, y.case_id from delivery y"
    " where y.tenant_id = $1::int8 and y.delivery_id = k.id offset 0) x"
    " where x.kind in (" SQL_DELIVERY_KIND_NOTIFICATION_MAIL ", " SQL_DELIVERY_KIND_DIGEST_MAIL
    ")),"
    " dead as (update delivery u set state = " SQL_DELIVERY_STATE_DEAD
    ", status = $3::int4, error = $4::text, finished_at = $5::timestamptz, next_at = null,"
    " holder = '', leased_until = null from hit"
    " where u.tenant_id = any (array[hit.tenant_id]) and u.delivery_id = hit.delivery_id"
    " and u.state in (" SQL_DELIVERY_STATE_WAITING ", " SQL_DELIVERY_STATE_DELIVERED
    ") returning u.delivery_id)"
    " select h.receiver, not exists (select from dead), (select count(*) from"
    " (select from delivery x where x.tenant_id = $1::int8 and x.receiver = h.receiver"
    " and x.state = " SQL_DELIVERY_STATE_DEAD " and x.created_at > $6::timestamptz"
    " and x.error like '" HARD "%' order by x.created_at limit $7::int4) n), c.case_id, c.level,"
    " c.last_seq from hit h left join lateral (select x.case_id, x.level, x.last_seq"
    " from recovery_case x where x.tenant_id = $1::int8 and x.case_id ="
    " coalesce(h.case_id, " NEWEST(1) ", " NEWEST(2) ") offset 0) c on true limit 1";
_Static_assert(NOTIFICATION_PENDING == 1 && NOTIFICATION_ACKNOWLEDGED == 2,
               "the numbers in the text");

/* $1 tenant, $2 case, $3 notification, $4 recipient, $5 about, $6 now, $7 level, $8 event; of its
 * deliveries $9 ids, $10 kinds, $11 receivers, $12 when. One that is there already stays. */
const char bounces_tell_sql[] =
    "with n as (insert into notification (tenant_id, case_id, notification_id, recipient, kind,"
    " template, state, attempts, created_at, seq, level, cause, ask, urgent, about)"
    " values ($1::int8, $2::uuid, $3::uuid, $4::text, " SQL_NOTIFICATION_KIND_ADDRESS_FAILS
    ", 'bounced', 1, 0, $6::timestamptz, $8::int8, $7::int4, " SQL_NOTIFICATION_CAUSE_BOUNCED
    ", " SQL_NOTIFICATION_ASK_CORRECT_ADDRESS
    ", false, $5::text) on conflict do nothing returning 1)"
    " insert into delivery (tenant_id, delivery_id, kind, receiver, case_id, seq, notification_id,"
    " state, created_at, next_at) select $1::int8, k.id, k.kind, k.receiver, $2::uuid, $8::int8,"
    " $3::uuid, " SQL_DELIVERY_STATE_WAITING ", $6::timestamptz, k.at"
    " from unnest($9::uuid[], $10::int2[], $11::text[], $12::timestamptz[])"
    " as k(id, kind, receiver, at) where exists (select from n) on conflict do nothing";

int bounces_load(struct store_read *r, const struct pg_rows *rows)
{
    for (int row = 0; row < pg_rows_count(rows); row++) {
        struct bounce_seen *seen = ROWS_ADD(&r->found, struct bounce_seen, r->arena);
        seen->receiver = arena_strdup(r->arena, pg_text(rows, row, 0));
        if (!seen->receiver)
            return AM_ENOMEM;
        seen->repeated = pg_bool(rows, row, 1);
        seen->hard_before = pg_int(rows, row, 2);
        seen->has_case = !pg_is_null(rows, row, 3);
        if (!seen->has_case)
            continue;
        seen->case_id = pg_uuid(rows, row, 3);
        seen->level = (int16_t)pg_int(rows, row, 4);
        seen->last_seq = pg_int(rows, row, 5);
    }
    return AM_OK;
}

void store_report_bounce(struct store *s, struct store_read *r, const struct bounce *b)
{
    char error[ERROR_BYTES];
    store_read_begin(r);
    (void)snprintf(error, sizeof error, "%s%s", b->hard ? HARD : SOFT, b->text);
    const struct uuid delivery = uuid_derive(&b->id, NOTIFICATION_CHANNEL_EMAIL);
    struct pg_array ids;
    pg_array_init(&ids, r->arena, PG_UUID, 2);
    pg_array_uuid(&ids, &b->id);
    pg_array_uuid(&ids, &delivery);
    struct pg_args *args = store_read_add(r, STMT_BOUNCE);
    pg_arg_int8(args, r->tenant_id);
    pg_arg_array(args, &ids);
    pg_arg_int4(args, b->code);
    pg_arg_text(args, error);
    pg_arg_time(args, b->now_us);
    pg_arg_time(args, b->now_us - WINDOW_US);
    pg_arg_int4(args, BOUNCES_COUNTED);
    store_read_send(s, r);
}

static void arg_deliveries(struct store_read *r, struct pg_args *args,
                           const struct delivery_row *rows, size_t n)
{
    struct pg_array id, kind, receiver, at;
    pg_array_init(&id, r->arena, PG_UUID, n);
    pg_array_init(&kind, r->arena, PG_INT2, n);
    pg_array_init(&receiver, r->arena, PG_TEXT, n);
    pg_array_init(&at, r->arena, PG_TIMESTAMPTZ, n);
    for (size_t i = 0; i < n; i++) {
        pg_array_uuid(&id, &rows[i].delivery_id);
        pg_array_int(&kind, rows[i].kind);
        pg_array_text(&receiver, rows[i].receiver);
        pg_array_time(&at, rows[i].next_at);
    }
    pg_arg_array(args, &id);
    pg_arg_array(args, &kind);
    pg_arg_array(args, &receiver);
    pg_arg_array(args, &at);
}

void store_tell_bounce(struct store *s, struct store_read *r, const struct notification_row *n,
                       const struct delivery_row *deliveries, size_t n_deliveries)
{
    store_read_begin(r);
    struct pg_args *args = store_read_add(r, STMT_BOUNCE_TELL);
    pg_arg_int8(args, r->tenant_id);
    pg_arg_uuid(args, &n->case_id);
    pg_arg_uuid(args, &n->notification_id);
    pg_arg_text(args, n->recipient);
    pg_arg_text(args, n->about);
    pg_arg_time(args, n->created_at);
    pg_arg_int4(args, n->level);
    pg_arg_int8(args, n->seq);
    arg_deliveries(r, args, deliveries, n_deliveries);
    store_read_send(s, r);
}
