/* SPDX-License-Identifier: Apache-2.0 */
#include "store/notifications.h"

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

/* $4 when, $5 who, $6 state before, $7 after. The tenant is neither merged nor hashed, and the rows are taken in the order of
 * the arrays: see keys_use_sql. */
static const char ack[] =
    "update notification x set state = $7::int4, acknowledged_at = $4::timestamptz,"
    " acknowledged_by = $5::text"
    " from unnest($1::int8[], $2::uuid[], $3::uuid[]) as k(tenant_id, case_id, notification_id)"
    " where x.tenant_id = any (array[k.tenant_id]) and x.case_id = k.case_id"
    " and x.notification_id = k.notification_id and x.state = $6::int4 returning 1";

char *notifications_sql(unsigned stmt)
{
    static const char *const from[] = {OF_RECIPIENT, OF_CASE, OF_NAMES};
    char *sql = NULL;
    if (stmt == STMT_NOTIFICATIONS_ACK)
        return strdup(ack);
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

int notifications_load(struct store_read *r, unsigned stmt, const struct pg_rows *rows)
{
    return stmt == STMT_NOTIFICATIONS_ACK ? AM_OK : load_seen(r, rows);
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
