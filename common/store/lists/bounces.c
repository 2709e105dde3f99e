/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lists/bounces.h"

#include <stdio.h>

#include "contract/words.h"
#include "store/impl.h"

#define WINDOW_US (30LL * 24 * 3600 * US_PER_S)
#define HARD "bounced hard: "
#define SOFT "bounced: "
#define ERROR_BYTES 600

/* $1 tenant, $2 ids, $3 code, $4 error, $5 now, $6 since when hard ones count, $7 how many at most.
 * The tenant is neither merged nor hashed: see keys_use_sql; the order leads along delivery_listed.
 * A mail whose server did not answer in time is tried again, and may come back meanwhile. */
const char bounces_sql[] =
    "with hit as materialized (select x.* from unnest($2::uuid[]) as k(id) cross join lateral"
    " (select y.tenant_id, y.delivery_id, y.receiver, y.kind from delivery y"
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
    " and x.error like '" HARD "%' order by x.created_at limit $7::int4) n) from hit h limit 1";

int bounces_load(struct store_read *r, const struct pg_rows *rows)
{
    for (int row = 0; row < pg_rows_count(rows); row++) {
        struct bounce_seen *seen = ROWS_ADD(&r->found, struct bounce_seen, r->arena);
        seen->receiver = arena_strdup(r->arena, pg_text(rows, row, 0));
        if (!seen->receiver)
            return AM_ENOMEM;
        seen->repeated = pg_bool(rows, row, 1);
        seen->hard_before = pg_int(rows, row, 2);
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
