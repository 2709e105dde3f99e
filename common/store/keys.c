/* SPDX-License-Identifier: Apache-2.0 */

/* API keys as rows: what AccessService reads and writes. */

#include "store/keys.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "store/impl.h"

#define EARLIEST_US 0

int64_t key_row_ends(const struct key_row *row)
{
    const int64_t ends[] = {row->expires_at, row->valid_until, row->revoked_at};
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (ends[i] && ends[i] < first)
            first = ends[i];
    return first;
}

/* -- results ----------------------------------------------------------------------------------- */

static const char *copied(struct arena *arena, const struct pg_rows *rows, int row, int col,
                          bool *full)
{
    const char *text = arena_strdup(arena, pg_text(rows, row, col));
    *full = *full || !text;
    return text;
}

/* The columns are those of keys_get_sql. */
static int load_key(struct key_row *k, const struct pg_rows *rows, int row, struct arena *arena)
{
    bool full = false;
    const struct slice hash = pg_bytes(rows, row, 1), request = pg_bytes(rows, row, 13);
    AM_ASSERT(hash.len == DIGEST_LEN);
    (void)snprintf(k->mark.id.text, sizeof k->mark.id.text, "%s", pg_text(rows, row, 0));
    memcpy(k->mark.hash, hash.data, DIGEST_LEN);
    k->principal = copied(arena, rows, row, 2, &full);
    k->description = copied(arena, rows, row, 3, &full);
    k->roles = (uint32_t)pg_int(rows, row, 4);
    k->created_at = pg_time_us(rows, row, 5);
    k->expires_at = pg_time_us(rows, row, 6);
    k->last_used_at = pg_time_us(rows, row, 7);
    k->created_by = copied(arena, rows, row, 8, &full);
    k->valid_until = pg_time_us(rows, row, 9);
    k->replaced_by = copied(arena, rows, row, 10, &full);
    k->revoked_at = pg_time_us(rows, row, 11);
    k->revoked_by = copied(arena, rows, row, 12, &full);
    k->request_hash = slice_of(arena_dup(arena, request.data, request.len), request.len);
    return full || (request.len && !k->request_hash.data) ? AM_ENOMEM : AM_OK;
}

static int load_keys(struct store_read *r, const struct pg_rows *rows)
{
    const int n = pg_rows_count(rows);
    int rc = AM_OK;
    /* A rotation reads two keys by two statements. */
    if (!r->keys.items) {
        r->keys.cap = (size_t)n + 2;
        r->keys.items = arena_alloc(r->arena, r->keys.cap * sizeof(struct key_row));
    }
    if (!r->keys.items)
        return AM_ENOMEM;
    for (int row = 0; row < n && rc == AM_OK; row++) {
        AM_ASSERT(r->keys.n < r->keys.cap);
        rc = load_key(ROW_AT(&r->keys, struct key_row, r->keys.n++), rows, row, r->arena);
    }
    return rc;
}

int keys_load(struct store_read *r, unsigned stmt, const struct pg_rows *rows)
{
    switch (stmt) {
    case STMT_KEYS_GET:
    case STMT_KEYS_LIST:
        return load_keys(r, rows);
    case STMT_KEYS_COUNT:
        r->n_keys_all = pg_int(rows, 0, 0);
        r->n_keys_working = pg_int(rows, 0, 1);
        r->n_keys_admin = pg_int(rows, 0, 2);
        return AM_OK;
    default:
        return AM_OK; /* a write: what it did is read after it */
    }
}

/* -- reads ------------------------------------------------------------------------------------- */

static void arg_time_or_null(struct pg_args *args, int64_t at_us)
{
    if (at_us)
        pg_arg_time(args, at_us);
    else
        pg_arg_null(args);
}

static void add_get(struct store_read *r, const struct api_key_id *id)
{
    struct pg_args *args = store_read_add(r, STMT_KEYS_GET);
    pg_arg_int8(args, r->tenant_id);
    pg_arg_text(args, id->text);
}

void store_read_key(struct store *s, struct store_read *r, const struct api_key_id *id)
{
    store_read_begin(r);
    add_get(r, id);
    store_read_send(s, r);
}

void store_list_keys(struct store *s, struct store_read *r, const struct key_filter *f)
{
    store_read_begin(r);
    struct pg_args *args = store_read_add(r, STMT_KEYS_LIST);
    pg_arg_int8(args, r->tenant_id);
    arg_time_or_null(args, f->working_at);
    pg_arg_time(args, f->before_created_at ? f->before_created_at : STORE_END_OF_TIME_US);
    pg_arg_text(args, f->before_created_at ? f->before_id.text : "");
    pg_arg_text(args, f->principal && *f->principal ? f->principal : NULL);
    pg_arg_int4(args, f->limit);
    store_read_send(s, r);
}

/* -- writes ------------------------------------------------------------------------------------ */

static void add_forget(struct store_read *r, int64_t now_us)
{
    struct pg_args *args = store_read_add(r, STMT_KEYS_FORGET);
    pg_arg_int8(args, r->tenant_id);
    pg_arg_time(args, now_us > KEYS_KEPT_US ? now_us - KEYS_KEPT_US : EARLIEST_US);
}

static void add_count(struct store_read *r, int64_t now_us)
{
    struct pg_args *args = store_read_add(r, STMT_KEYS_COUNT);
    pg_arg_int8(args, r->tenant_id);
    pg_arg_time(args, now_us);
}

/* What both ways to make a key begin with. */
static struct pg_args *add_new(struct store_read *r, unsigned stmt, const struct key_new *key)
{
    struct pg_args *args = store_read_add(r, stmt);
    pg_arg_int8(args, r->tenant_id);
    pg_arg_time(args, key->now_us);
    pg_arg_text(args, key->mark.id.text);
    pg_arg_bytea(args, slice_of(key->mark.hash, DIGEST_LEN));
    pg_arg_text(args, key->creator);
    pg_arg_bytea(args, key->request_hash);
    return args;
}

void store_create_key(struct store *s, struct store_read *r, const struct key_new *key)
{
    store_read_begin(r);
    r->pg.lasting = true;
    add_forget(r, key->now_us);
    struct pg_args *args = add_new(r, STMT_KEYS_CREATE, key);
    pg_arg_text(args, key->principal);
    pg_arg_text(args, key->description);
    pg_arg_int4(args, (int32_t)key->roles);
    arg_time_or_null(args, key->expires_at);
    pg_arg_int8(args, KEYS_MAX);
    pg_arg_int8(args, KEYS_WORKING_MAX);
    add_get(r, &key->mark.id);
    add_count(r, key->now_us);
    store_read_send(s, r);
}

void store_rotate_key(struct store *s, struct store_read *r, const struct api_key_id *old,
                      const struct key_new *key)
{
    store_read_begin(r);
    r->pg.lasting = true;
    add_forget(r, key->now_us);
    struct pg_args *args = add_new(r, STMT_KEYS_ROTATE, key);
    pg_arg_text(args, old->text);
    pg_arg_time(args, key->now_us + KEYS_OVERLAP_US);
    arg_time_or_null(args, key->expires_at);
    pg_arg_int8(args, KEYS_MAX);
    add_get(r, old);
    add_get(r, &key->mark.id);
    add_count(r, key->now_us);
    store_read_send(s, r);
}

void store_revoke_key(struct store *s, struct store_read *r, const struct api_key_id *id,
                      const char *revoker, int64_t now_us)
{
    store_read_begin(r);
    r->pg.lasting = true;
    struct pg_args *args = store_read_add(r, STMT_KEYS_REVOKE);
    pg_arg_int8(args, r->tenant_id);
    pg_arg_text(args, id->text);
    pg_arg_text(args, revoker);
    pg_arg_time(args, now_us);
    add_get(r, id);
    add_count(r, now_us);
    store_read_send(s, r);
}
