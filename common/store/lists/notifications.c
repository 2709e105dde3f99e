/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lists/notifications.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "store/impl.h"

#define NOTIFICATIONS tables[TABLE_NOTIFICATION]

/* -- statements -------------------------------------------------------------------------------- */

#define OF_AGENT                                                                                   \
    "coalesce((select true from agent a where a.tenant_id = x.tenant_id"                           \
    " and a.agent_id = x.recipient limit 1), false)"

/* $2 recipient; $3 state; $4 created at, $5 id: before these; $6 limit. */
#define OF_RECIPIENT                                                                               \
    " from notification x where x.tenant_id = $1::int8 and x.recipient = $2::text"                 \
    " and x.recipient > '' and x.state = $3::int4"                                                 \
    " and (x.created_at, x.notification_id) < ($4::timestamptz, $5::uuid)"                         \
    " order by x.created_at desc, x.notification_id desc limit $6::int4"

/* $2 case; $3 state, 0 = any; $4 state, $5 created at, $6 id: behind these; $7 limit. */
#define OF_CASE                                                                                    \
    " from notification x where x.tenant_id = $1::int8 and x.case_id = $2::uuid"                   \
    " and ($3::int4 = 0 or x.state = $3::int4) and (x.state > $4::int4 or (x.state = $4::int4"     \
    " and (x.created_at, x.notification_id) < ($5::timestamptz, $6::uuid)))"                       \
    " order by x.state, x.created_at desc, x.notification_id desc limit $7::int4"

/* $1 tenants, $2 cases, $3 notifications. */
#define OF_NAMES                                                                                   \
    " from unnest($1::int8[], $2::uuid[], $3::uuid[]) as k(tenant_id, case_id, notification_id)"   \
    " cross join lateral (select y.* from notification y where y.tenant_id = k.tenant_id"          \
    " and y.case_id = k.case_id and y.notification_id = k.notification_id offset 0) x"

/* $4 when, $5 who, $6 state before, $7 after. The tenant is neither merged nor hashed, and the rows
 * are taken in the order of the arrays: see keys_use_sql. */
static const char ack[] =
    "update notification x set state = $7::int4, acknowledged_at = $4::timestamptz,"
    " acknowledged_by = $5::text"
    " from unnest($1::int8[], $2::uuid[], $3::uuid[]) as k(tenant_id, case_id, notification_id)"
    " where x.tenant_id = any (array[k.tenant_id]) and x.case_id = k.case_id"
    " and x.notification_id = k.notification_id and x.state = $6::int4 returning 1";

/* $1 tenant, $2 recipient: behind this one; $3 before; $4 recipients; $5 and $6 the states, $7 most
 * of each state of each recipient. The recipients are found one by one, because a tenant has few of
 * them and many notifications. What a delivery still names is looked for as the first one from
 * there on, because only the right index has that order. */
#define RECIPIENTS                                                                                 \
    "select x.recipient from notification x where x.tenant_id = $1::int8 and x.recipient > ''"
#define FIRST " order by x.recipient limit 1"
#define DELIVERED                                                                                  \
    "(select z.notification_id from delivery z where z.tenant_id = y.tenant_id"                    \
    " and z.notification_id >= y.notification_id and z.notification_id is not null"                \
    " order by z.notification_id limit 1)"
static const char purge[] =
    "with recursive r(recipient, n) as (select y.recipient, 1 from"
    " (" RECIPIENTS " and x.recipient > $2::text" FIRST ") y union all select"
    " (" RECIPIENTS " and x.recipient > r.recipient" FIRST "), r.n + 1 from r"
    " where r.recipient is not null and r.n < $4::int4),"
    " k as (select y.tenant_id, y.case_id, y.notification_id from r"
    " cross join unnest(array[$5::int4, $6::int4]) as s(state) cross join lateral"
    " (select y.tenant_id, y.case_id, y.notification_id from notification y"
    " where y.tenant_id = $1::int8 and y.recipient = r.recipient and y.recipient > ''"
    " and y.state = s.state and y.created_at < $3::timestamptz"
    " and " DELIVERED " is distinct from y.notification_id"
    " order by y.created_at limit $7::int4) y),"
    " d as (delete from notification x using k where x.tenant_id = any (array[k.tenant_id])"
    " and x.case_id = k.case_id and x.notification_id = k.notification_id returning 1)"
    " select (select count(*) from d), coalesce((select max(r.recipient) from r), '')";

char *notifications_sql(unsigned stmt)
{
    static const char *const from[] = {OF_RECIPIENT, OF_CASE, OF_NAMES};
    char *sql = NULL;
    if (stmt == STMT_NOTIFICATIONS_ACK)
        return strdup(ack);
    if (stmt == STMT_NOTIFICATIONS_PURGE)
        return strdup(purge);
    char *columns = table_sql_columns(&NOTIFICATIONS, "x");
    int n = asprintf(&sql, "select %s, " OF_AGENT "%s", columns, from[stmt - STMT_NOTIFICATIONS]);
    AM_ASSERT(columns != NULL && n > 0);
    free(columns);
    return sql;
}

/* -- results ----------------------------------------------------------------------------------- */

/* A list may have two parts, one after the other. */
static int load_seen(struct store_read *r, const struct pg_rows *rows)
{
    int err = AM_OK;
    for (int row = 0; row < pg_rows_count(rows) && !err; row++) {
        struct notification_seen *seen = ROWS_ADD(&r->found, struct notification_seen, r->arena);
        err = table_decode(&NOTIFICATIONS, true, rows, row, 0, &seen->row, r->arena);
        seen->of_agent = pg_bool(rows, row, (int)NOTIFICATIONS.n_cols);
        seen->row.row.change = ROW_SAME;
    }
    return err;
}

static int load_sweep(struct store_read *r, const struct pg_rows *rows)
{
    struct notification_sweep *sweep = ROWS_ADD(&r->found, struct notification_sweep, r->arena);
    r->deleted = pg_int(rows, 0, 0);
    sweep->last = arena_strdup(r->arena, pg_text(rows, 0, 1));
    return sweep->last ? AM_OK : AM_ENOMEM;
}

int notifications_load(struct store_read *r, unsigned stmt, const struct pg_rows *rows)
{
    switch (stmt) {
    case STMT_NOTIFICATIONS_ACK:
        return AM_OK;
    case STMT_NOTIFICATIONS_PURGE:
        return load_sweep(r, rows);
    default:
        return load_seen(r, rows);
    }
}

/* -- reads ------------------------------------------------------------------------------------- */

static void arg_before(struct pg_args *args, const struct notification_place *place, bool at_first)
{
    struct uuid last;
    memset(&last, 0xff, sizeof last);
    pg_arg_time(args, at_first ? STORE_END_OF_TIME_US : place->created_at);
    pg_arg_uuid(args, at_first ? &last : &place->id);
}

static void add_of_recipient(struct store_read *r, const struct notification_filter *f, int state)
{
    if ((f->state != 0 && f->state != state) || f->after.state > state)
        return;
    struct pg_args *args = store_read_add(r, STMT_NOTIFICATIONS);
    pg_arg_int8(args, r->tenant_id);
    pg_arg_text(args, f->recipient);
    pg_arg_int4(args, state);
    arg_before(args, &f->after, f->after.state != state);
    pg_arg_int4(args, f->limit);
}

static void add_of_case(struct store_read *r, const struct notification_filter *f)
{
    struct pg_args *args = store_read_add(r, STMT_NOTIFICATIONS_CASE);
    pg_arg_int8(args, r->tenant_id);
    pg_arg_uuid(args, &f->case_id);
    pg_arg_int4(args, f->state);
    pg_arg_int4(args, f->after.state);
    arg_before(args, &f->after, f->after.state == 0);
    pg_arg_int4(args, f->limit);
}

void store_list_notifications(struct store *s, struct store_read *r,
                              const struct notification_filter *f)
{
    store_read_begin(r);
    if (f->recipient) {
        add_of_recipient(r, f, NOTIFICATION_PENDING);
        add_of_recipient(r, f, NOTIFICATION_ACKNOWLEDGED);
    } else {
        add_of_case(r, f);
    }
    store_read_send(s, r);
}

static void arg_names(struct store_read *r, struct pg_args *args,
                      const struct notification_name *names, size_t n)
{
    struct pg_array tenant, case_id, id;
    pg_array_init(&tenant, r->arena, PG_INT8, n);
    pg_array_init(&case_id, r->arena, PG_UUID, n);
    pg_array_init(&id, r->arena, PG_UUID, n);
    for (size_t i = 0; i < n; i++) {
        pg_array_int(&tenant, r->tenant_id);
        pg_array_uuid(&case_id, &names[i].case_id);
        pg_array_uuid(&id, &names[i].notification_id);
    }
    pg_arg_array(args, &tenant);
    pg_arg_array(args, &case_id);
    pg_arg_array(args, &id);
}

void store_read_notifications(struct store *s, struct store_read *r,
                              const struct notification_name *names, size_t n, const char *agent)
{
    store_read_begin(r);
    arg_names(r, store_read_add(r, STMT_NOTIFICATIONS_GET), names, n);
    store_read_add_agents(r, &agent, 1);
    store_read_send(s, r);
}

void store_acknowledge_notifications(struct store *s, struct store_read *r,
                                     const struct notification_name *names, size_t n,
                                     const char *who, int64_t now_us)
{
    store_read_begin(r);
    struct pg_args *args = store_read_add(r, STMT_NOTIFICATIONS_ACK);
    arg_names(r, args, names, n);
    pg_arg_time(args, now_us);
    pg_arg_text(args, who);
    pg_arg_int4(args, NOTIFICATION_PENDING);
    pg_arg_int4(args, NOTIFICATION_ACKNOWLEDGED);
    arg_names(r, store_read_add(r, STMT_NOTIFICATIONS_GET), names, n);
    store_read_send(s, r);
}

/* At most PURGED_RECIPIENTS * 2 * PURGED_EACH rows a statement. */
#define PURGED_RECIPIENTS 50
#define PURGED_EACH 20

void store_purge_notifications(struct store *s, struct store_read *r, const char *after,
                               int64_t before_us)
{
    store_read_begin(r);
    struct pg_args *args = store_read_add(r, STMT_NOTIFICATIONS_PURGE);
    pg_arg_int8(args, r->tenant_id);
    pg_arg_text(args, after);
    pg_arg_time(args, before_us);
    pg_arg_int4(args, PURGED_RECIPIENTS);
    pg_arg_int4(args, NOTIFICATION_PENDING);
    pg_arg_int4(args, NOTIFICATION_ACKNOWLEDGED);
    pg_arg_int4(args, PURGED_EACH);
    store_read_send(s, r);
}
