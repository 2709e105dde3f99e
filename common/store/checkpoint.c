/* SPDX-License-Identifier: Apache-2.0 */
#include "store/checkpoint.h"

#include <string.h>

#include "store/impl.h"

/* $1 tenant, $2 after, $3 limit */
const char checkpoint_sql_list[] =
    "select c.number, c.at, c.draft, c.slices, c.heads, c.heads_hash, c.through_epoch,"
    " c.through_xid, c.through_case_id, c.through_seq, c.prev_hash, c.hash, c.public_key,"
    " c.signature from checkpoint c where c.tenant_id = $1::int8 and c.number > $2::int8"
    " order by c.number limit $3::int4";
/* $1 tenant, $2 number, $3 draft, $4 slice */
const char checkpoint_sql_slice[] =
    "select c.heads from checkpoint_slice c where c.tenant_id = $1::int8 and c.number = $2::int8"
    " and c.draft = $3::uuid and c.slice = $4::int4";
/* $1 tenant, $2 cases, $3 sequence numbers */
const char checkpoint_sql_heads[] =
    "select k.ord, e.hash, c.case_id from unnest($2::uuid[], $3::int8[]) with ordinality"
    " as k(case_id, seq, ord)"
    " left join lateral (select x.hash from case_event x where x.tenant_id = $1::int8"
    " and x.case_id = k.case_id and x.seq = k.seq offset 0) e on true"
    " left join lateral (select x.case_id from recovery_case x where x.tenant_id = $1::int8"
    " and x.case_id = k.case_id offset 0) c on true";
/* $1 tenant, $2 after, $3 limit */
const char checkpoint_sql_ids[] =
    "select x.case_id from recovery_case x where x.tenant_id = $1::int8 and x.case_id > $2::uuid"
    " order by x.case_id limit $3::int4";
/* $1 tenant */
const char checkpoint_sql_ends[] =
    "(select x.case_id from recovery_case x where x.tenant_id = $1::int8"
    " order by x.case_id limit 1) union all"
    " (select x.case_id from recovery_case x where x.tenant_id = $1::int8"
    " order by x.case_id desc limit 1)";

/* -- results ----------------------------------------------------------------------------------- */

/* What has another length was never written so: it is zeros, which are no hash. */
static void copy_bytes(uint8_t *out, size_t len, struct slice bytes)
{
    if (bytes.len == len)
        memcpy(out, bytes.data, len);
}

static void decode(struct checkpoint_row *row, const struct pg_rows *rows, int i)
{
    struct checkpoint *c = &row->c;
    c->number = pg_int(rows, i, 0);
    c->at = pg_time_us(rows, i, 1);
    row->draft = pg_uuid(rows, i, 2);
    row->slices = (int32_t)pg_int(rows, i, 3);
    c->heads = pg_int(rows, i, 4);
    copy_bytes(c->heads_hash, sizeof(c->heads_hash), pg_bytes(rows, i, 5));
    c->through_epoch = pg_int(rows, i, 6);
    c->through_xid = pg_int(rows, i, 7);
    c->through_case_id = pg_uuid(rows, i, 8);
    c->through_seq = pg_int(rows, i, 9);
    copy_bytes(c->prev_hash, sizeof(c->prev_hash), pg_bytes(rows, i, 10));
    copy_bytes(c->hash, sizeof(c->hash), pg_bytes(rows, i, 11));
    copy_bytes(c->public_key, sizeof(c->public_key), pg_bytes(rows, i, 12));
    copy_bytes(c->signature, sizeof(c->signature), pg_bytes(rows, i, 13));
}

static int make_rows(struct rows *out, size_t size, int n, struct arena *arena)
{
    out->items = arena_alloc(arena, ((size_t)n + 1) * size);
    out->n = out->items ? (size_t)n : 0;
    out->cap = out->n;
    return out->items ? AM_OK : AM_ENOMEM;
}

static int load_checkpoints(struct store_read *r, const struct pg_rows *rows)
{
    int rc =
        make_rows(&r->checkpoints, sizeof(struct checkpoint_row), pg_rows_count(rows), r->arena);
    for (size_t i = 0; i < r->checkpoints.n; i++)
        decode(ROW_AT(&r->checkpoints, struct checkpoint_row, i), rows, (int)i);
    return rc;
}

static int load_heads_now(struct store_read *r, const struct pg_rows *rows)
{
    int rc = make_rows(&r->heads_now, sizeof(struct head_now_row), pg_rows_count(rows), r->arena);
    for (size_t i = 0; i < r->heads_now.n; i++) {
        const size_t at = (size_t)pg_int(rows, (int)i, 0) - 1;
        if (at >= r->heads_now.n)
            continue;
        struct head_now_row *row = ROW_AT(&r->heads_now, struct head_now_row, at);
        row->found = !pg_is_null(rows, (int)i, 1);
        row->case_exists = !pg_is_null(rows, (int)i, 2);
        copy_bytes(row->hash, sizeof(row->hash), pg_bytes(rows, (int)i, 1));
    }
    return rc;
}

static int load_case_ids(struct store_read *r, const struct pg_rows *rows)
{
    int rc = make_rows(&r->case_ids, sizeof(struct uuid), pg_rows_count(rows), r->arena);
    for (size_t i = 0; i < r->case_ids.n; i++)
        *ROW_AT(&r->case_ids, struct uuid, i) = pg_uuid(rows, (int)i, 0);
    return rc;
}

static int load_slice(struct store_read *r, const struct pg_rows *rows)
{
    if (pg_rows_count(rows) == 0)
        return AM_OK;
    const struct slice bytes = pg_bytes(rows, 0, 0);
    void *copy = arena_dup(r->arena, bytes.data, bytes.len);
    r->heads = slice_of(copy, copy ? bytes.len : 0);
    return copy ? AM_OK : AM_ENOMEM;
}

int checkpoints_load(struct store_read *r, unsigned stmt, const struct pg_rows *rows)
{
    switch (stmt) {
    case STMT_CHECKPOINTS:
        return load_checkpoints(r, rows);
    case STMT_CHECKPOINT_SLICE:
        return load_slice(r, rows);
    case STMT_HEADS_NOW:
        return load_heads_now(r, rows);
    default:
        return load_case_ids(r, rows);
    }
}

/* -- reads ------------------------------------------------------------------------------------- */

static struct pg_args *begin(struct store_read *r, unsigned stmt)
{
    store_read_begin(r);
    struct pg_args *args = store_read_add(r, stmt);
    pg_arg_int8(args, r->tenant_id);
    return args;
}

void store_list_checkpoints(struct store *s, struct store_read *r, int64_t after, int limit)
{
    struct pg_args *args = begin(r, STMT_CHECKPOINTS);
    pg_arg_int8(args, after);
    pg_arg_int4(args, limit);
    store_read_send(s, r);
}

void store_read_heads(struct store *s, struct store_read *r, const struct checkpoint_row *of,
                      int32_t slice)
{
    struct pg_args *args = begin(r, STMT_CHECKPOINT_SLICE);
    pg_arg_int8(args, of->c.number);
    pg_arg_uuid(args, &of->draft);
    pg_arg_int4(args, slice);
    store_read_send(s, r);
}

void store_read_heads_now(struct store *s, struct store_read *r, struct slice heads)
{
    struct pg_args *args = begin(r, STMT_HEADS_NOW);
    const size_t n = heads.len / CHECKPOINT_HEAD_BYTES;
    struct pg_array ids, seqs;
    pg_array_init(&ids, r->arena, PG_UUID, n);
    pg_array_init(&seqs, r->arena, PG_INT8, n);
    for (size_t i = 0; i < n; i++) {
        struct checkpoint_head head;
        checkpoint_head_read(heads.data + i * CHECKPOINT_HEAD_BYTES, &head);
        pg_array_uuid(&ids, &head.case_id);
        pg_array_int(&seqs, head.seq);
    }
    pg_arg_array(args, &ids);
    pg_arg_array(args, &seqs);
    store_read_send(s, r);
}

void store_list_case_ids(struct store *s, struct store_read *r, const struct uuid *after, int limit)
{
    struct pg_args *args = begin(r, STMT_CASE_IDS);
    pg_arg_uuid(args, after);
    pg_arg_int4(args, limit);
    store_read_send(s, r);
}

void store_read_case_ends(struct store *s, struct store_read *r)
{
    (void)begin(r, STMT_CASE_ENDS);
    store_read_send(s, r);
}
