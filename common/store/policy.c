/* SPDX-License-Identifier: Apache-2.0 */

/* Policy versions as rows, and the cases that are to move to one. */

#include "store/impl.h"

static void *add_row(struct rows *out, size_t size, int n, struct arena *arena)
{
    if (!out->items) {
        out->items = arena_alloc(arena, (size_t)n * size);
        out->cap = (size_t)n;
    }
    return out->items ? (uint8_t *)out->items + out->n++ * size : NULL;
}

static int load_policy(struct rows *out, const struct pg_rows *rows, int row, struct arena *arena)
{
    struct policy_row *p = add_row(out, sizeof(*p), pg_rows_count(rows), arena);
    if (!p)
        return AM_ENOMEM;
    p->version = (int32_t)pg_int(rows, row, 0);
    p->previous = (int32_t)pg_int(rows, row, 1);
    p->created_at = pg_time_us(rows, row, 2);
    p->created_by = arena_strdup(arena, pg_text(rows, row, 3));
    p->source = arena_strdup(arena, pg_text(rows, row, 4));
    p->current = pg_bool(rows, row, 5);
    return p->created_by && p->source ? AM_OK : AM_ENOMEM;
}

static int load_migrating(struct rows *out, const struct pg_rows *rows, int row,
                          struct arena *arena)
{
    struct migrating_row *m = add_row(out, sizeof(*m), pg_rows_count(rows), arena);
    if (!m)
        return AM_ENOMEM;
    m->opened_at = pg_time_us(rows, row, 0);
    m->case_id = pg_uuid(rows, row, 1);
    m->wanted = pg_bool(rows, row, 2);
    return AM_OK;
}

int policies_load(struct store_read *r, unsigned stmt, const struct pg_rows *rows)
{
    int rc = AM_OK;
    for (int row = 0; row < pg_rows_count(rows) && rc == AM_OK; row++)
        rc = stmt == STMT_MIGRATING ? load_migrating(&r->migrating, rows, row, r->arena)
                                    : load_policy(&r->policies, rows, row, r->arena);
    return rc;
}

void store_read_policy(struct store *s, struct store_read *r, int32_t version,
                       const char *const *agent_ids, size_t n)
{
    store_read_begin(r);
    struct pg_args *args = store_read_add(r, STMT_POLICY_GET);
    pg_arg_int8(args, r->tenant_id);
    pg_arg_int4(args, version);
    if (n > 0)
        store_read_add_agents(r, agent_ids, n);
    store_read_send(s, r);
}

void store_list_policies(struct store *s, struct store_read *r, int32_t before, int limit)
{
    store_read_begin(r);
    struct pg_args *args = store_read_add(r, STMT_POLICY_LIST);
    pg_arg_int8(args, r->tenant_id);
    pg_arg_int4(args, before ? before : INT32_MAX);
    pg_arg_int4(args, limit);
    store_read_send(s, r);
}

void store_apply_policy(struct store *s, struct store_read *r, int32_t expected, const char *source,
                        const char *creator, int64_t now_us)
{
    store_read_begin(r);
    struct pg_args *args = store_read_add(r, STMT_POLICY_APPLY);
    r->pg.lasting = true;
    pg_arg_int8(args, r->tenant_id);
    pg_arg_int4(args, expected);
    pg_arg_text(args, source);
    pg_arg_text(args, creator);
    pg_arg_time(args, now_us);
    store_read_send(s, r);
}

void store_read_migrating(struct store *s, struct store_read *r, const struct migrating_row *after,
                          int32_t from, int32_t to, int limit)
{
    store_read_begin(r);
    struct pg_args *args = store_read_add(r, STMT_MIGRATING);
    pg_arg_int8(args, r->tenant_id);
    pg_arg_time(args, after->opened_at);
    pg_arg_uuid(args, &after->case_id);
    pg_arg_int4(args, from);
    pg_arg_int4(args, to);
    pg_arg_int4(args, limit);
    store_read_send(s, r);
}
