/* SPDX-License-Identifier: Apache-2.0 */

/* Reads and writes of store/private.h. */

#include "store/private.h"

#include "store/impl.h"

/* -- rows -------------------------------------------------------------------------------------- */

/* `n` zeroed rows; NULL when the arena is full. */
static void *make_rows(struct rows *out, size_t size, int n, struct arena *arena)
{
    *out = (struct rows){
        .items = arena_alloc(arena, ((size_t)n + 1) * size), .n = (size_t)n, .cap = (size_t)n + 1};
    if (!out->items)
        out->n = 0;
    return out->items;
}

static int load_cases(struct store_read *r, const struct pg_rows *rows)
{
    const int n = pg_rows_count(rows);
    struct private_case *c = make_rows(&r->found, sizeof(*c), n, r->arena);
    for (int i = 0; c && i < n; i++)
        c[i] = (struct private_case){.opened_at = pg_time_us(rows, i, 0),
                                     .case_id = pg_uuid(rows, i, 1),
                                     .status = (int16_t)pg_int(rows, i, 2),
                                     .unerased = !pg_is_null(rows, i, 3) && pg_bool(rows, i, 3),
                                     .erased_seq = pg_int(rows, i, 4)};
    return c ? AM_OK : AM_ENOMEM;
}

static int load_tenants(struct store_read *r, const struct pg_rows *rows)
{
    const int n = pg_rows_count(rows);
    struct private_tenant *t = make_rows(&r->found, sizeof(*t), n, r->arena);
    for (int i = 0; t && i < n; i++)
        t[i] = (struct private_tenant){pg_int(rows, i, 0), pg_bool(rows, i, 1)};
    return t ? AM_OK : AM_ENOMEM;
}

/* Copies what a result holds; remembers that the arena was full. */
struct copying {
    const struct pg_rows *rows;
    int row;
    struct arena *arena;
    bool full;
};

static const char *copy_text(struct copying *c, int col)
{
    const char *text = arena_strdup(c->arena, pg_text(c->rows, c->row, col));
    c->full = c->full || !text;
    return text ? text : "";
}

static struct slice copy_bytes(struct copying *c, int col)
{
    const struct slice bytes = pg_bytes(c->rows, c->row, col);
    const void *copy = bytes.len ? arena_dup(c->arena, bytes.data, bytes.len) : "";
    c->full = c->full || !copy;
    return slice_of(copy ? copy : "", copy ? bytes.len : 0);
}

static void load_erasure(struct copying *c, struct erasure_row *out)
{
    *out = (struct erasure_row){.tenant_id = pg_int(c->rows, c->row, 0),
                                .erasure_id = pg_uuid(c->rows, c->row, 1),
                                .request_id = pg_uuid(c->rows, c->row, 2),
                                .body_hash = copy_bytes(c, 3),
                                .customer_id = copy_text(c, 4),
                                .reason = copy_text(c, 5),
                                .actor = copy_text(c, 6),
                                .via = copy_text(c, 7),
                                .open_too = pg_bool(c->rows, c->row, 8),
                                .begun_at = pg_time_us(c->rows, c->row, 9),
                                .ended_at = pg_time_us(c->rows, c->row, 10),
                                .certificate = copy_bytes(c, 11),
                                .key_until = pg_time_us(c->rows, c->row, 12)};
}

static int load_erasures(struct store_read *r, const struct pg_rows *rows)
{
    const int n = pg_rows_count(rows);
    struct erasure_row *e = make_rows(&r->found, sizeof(*e), n, r->arena);
    struct copying c = {.rows = rows, .arena = r->arena};
    for (; e && c.row < n; c.row++)
        load_erasure(&c, &e[c.row]);
    return e && !c.full ? AM_OK : AM_ENOMEM;
}

static void load_access(struct copying *c, struct access_row *out)
{
    *out = (struct access_row){.tenant_id = pg_int(c->rows, c->row, 0),
                               .at = pg_time_us(c->rows, c->row, 1),
                               .writer = pg_uuid(c->rows, c->row, 2),
                               .number = pg_int(c->rows, c->row, 3),
                               .principal = copy_text(c, 4),
                               .via = copy_text(c, 5),
                               .method = copy_text(c, 6),
                               .case_id = pg_uuid(c->rows, c->row, 7),
                               .customer_id = copy_text(c, 8),
                               .fields = (int32_t)pg_int(c->rows, c->row, 9),
                               .reads = (int32_t)pg_int(c->rows, c->row, 10)};
}

static int load_accesses(struct store_read *r, const struct pg_rows *rows)
{
    const int n = pg_rows_count(rows);
    struct access_row *a = make_rows(&r->found, sizeof(*a), n, r->arena);
    struct copying c = {.rows = rows, .arena = r->arena};
    for (; a && c.row < n; c.row++)
        load_access(&c, &a[c.row]);
    return a && !c.full ? AM_OK : AM_ENOMEM;
}

static int load_gaps(struct store_read *r, const struct pg_rows *rows)
{
    const int n = pg_rows_count(rows);
    struct access_writer *w = make_rows(&r->gaps, sizeof(*w), n, r->arena);
    for (int i = 0; w && i < n; i++)
        w[i] = (struct access_writer){.writer = pg_uuid(rows, i, 0),
                                      .begun_at = pg_time_us(rows, i, 1),
                                      .written_at = pg_time_us(rows, i, 2),
                                      .number = pg_int(rows, i, 3),
                                      .ended_at = pg_time_us(rows, i, 4)};
    return w ? AM_OK : AM_ENOMEM;
}

static int load_at_work(struct store_read *r, const struct pg_rows *rows)
{
    const int n = pg_rows_count(rows);
    struct private_at_work *t = make_rows(&r->found, sizeof(*t), n, r->arena);
    struct copying c = {.rows = rows, .arena = r->arena};
    for (; t && c.row < n; c.row++)
        t[c.row] = (struct private_at_work){copy_text(&c, 0), pg_bool(rows, c.row, 1)};
    return t && !c.full ? AM_OK : AM_ENOMEM;
}

int private_load(struct store_read *r, unsigned stmt, const struct pg_rows *rows)
{
    switch (stmt) {
    case STMT_CUSTOMER_CASES:
    case STMT_RETAINED_CASES:
        return load_cases(r, rows);
    case STMT_TENANTS:
        return load_tenants(r, rows);
    case STMT_ERASURE:
    case STMT_ERASURES_UNFINISHED:
        return load_erasures(r, rows);
    case STMT_AT_WORK:
        return load_at_work(r, rows);
    case STMT_ACCESS_LIST:
    case STMT_ACCESS_CUSTOMER:
    case STMT_ACCESS_CASE:
        return load_accesses(r, rows);
    case STMT_ACCESS_GAPS:
        return load_gaps(r, rows);
    case STMT_ACCESS_PURGE:
        r->deleted = pg_rows_affected(rows);
        return AM_OK;
    default:
        return AM_OK; /* it writes */
    }
}

/* -- cases ------------------------------------------------------------------------------------- */

void store_read_customer(struct store *s, struct store_read *r, const char *customer_id,
                         const struct private_case *after, int64_t until_us, int limit)
{
    store_read_begin(r);
    struct pg_args *args = store_read_add(r, STMT_CUSTOMER_CASES);
    pg_arg_int8(args, r->tenant_id);
    pg_arg_text(args, customer_id);
    pg_arg_time(args, after->opened_at);
    pg_arg_uuid(args, &after->case_id);
    pg_arg_time(args, until_us);
    pg_arg_int4(args, limit);
    store_read_send(s, r);
}

void store_read_retained(struct store *s, struct store_read *r, const struct private_case *after,
                         int64_t closed_before_us, int limit)
{
    store_read_begin(r);
    struct pg_args *args = store_read_add(r, STMT_RETAINED_CASES);
    pg_arg_int8(args, r->tenant_id);
    pg_arg_time(args, after->opened_at);
    pg_arg_uuid(args, &after->case_id);
    pg_arg_time(args, closed_before_us);
    pg_arg_int4(args, limit);
    store_read_send(s, r);
}

void store_read_tenants(struct store *s, struct store_read *r, int64_t after, int limit)
{
    store_read_begin(r);
    struct pg_args *args = store_read_add(r, STMT_TENANTS);
    pg_arg_int8(args, after);
    pg_arg_int4(args, limit);
    store_read_send(s, r);
}

/* -- erasures ---------------------------------------------------------------------------------- */

static void add_erasure(struct store_read *r, const struct uuid *erasure_id)
{
    struct pg_args *args = store_read_add(r, STMT_ERASURE);
    pg_arg_int8(args, r->tenant_id);
    pg_arg_uuid(args, erasure_id);
}

void store_read_erasure(struct store *s, struct store_read *r, const struct uuid *erasure_id)
{
    store_read_begin(r);
    add_erasure(r, erasure_id);
    store_read_send(s, r);
}

void store_begin_erasure(struct store *s, struct store_read *r, const struct erasure_row *row)
{
    store_read_begin(r);
    r->pg.lasting = true;
    struct pg_args *args = store_read_add(r, STMT_ERASURE_BEGIN);
    pg_arg_int8(args, r->tenant_id);
    pg_arg_uuid(args, &row->erasure_id);
    pg_arg_uuid(args, &row->request_id);
    pg_arg_bytea(args, row->body_hash);
    pg_arg_text(args, row->customer_id);
    pg_arg_text(args, row->reason);
    pg_arg_text(args, row->actor);
    pg_arg_text(args, row->via);
    pg_arg_bool(args, row->open_too);
    pg_arg_time(args, row->begun_at);
    add_erasure(r, &row->erasure_id);
    store_read_send(s, r);
}

void store_end_erasure(struct store *s, struct store_read *r, const struct erasure_row *row)
{
    store_read_begin(r);
    r->pg.lasting = true;
    struct pg_args *args = store_read_add(r, STMT_ERASURE_END);
    pg_arg_int8(args, r->tenant_id);
    pg_arg_uuid(args, &row->erasure_id);
    pg_arg_time(args, row->ended_at);
    pg_arg_bytea(args, row->certificate);
    add_erasure(r, &row->erasure_id);
    store_read_send(s, r);
}

void store_move_erasure(struct store *s, struct store_read *r, const struct erasure_row *row)
{
    store_read_begin(r);
    r->pg.lasting = true;
    struct pg_args *args = store_read_add(r, STMT_ERASURE_MOVE);
    pg_arg_int8(args, r->tenant_id);
    pg_arg_uuid(args, &row->erasure_id);
    pg_arg_time(args, row->begun_at);
    pg_arg_time(args, row->key_until);
    store_read_send(s, r);
}

static void arg_transactions(struct pg_args *args, const struct rows *among)
{
    struct pg_array a;
    pg_array_init(&a, args->arena, PG_TEXT, among->n);
    ROWS_EACH (t, const struct private_at_work, among)
        pg_array_text(&a, t->transaction);
    pg_arg_array(args, &a);
}

void store_read_at_work(struct store *s, struct store_read *r, const struct rows *among)
{
    store_read_begin(r);
    struct pg_args *args = store_read_add(r, STMT_AT_WORK);
    if (among)
        arg_transactions(args, among);
    else
        pg_arg_null(args);
    store_read_send(s, r);
}

void store_read_unfinished(struct store *s, struct store_read *r, int64_t after_us,
                           int64_t before_us, int limit)
{
    store_read_begin(r);
    struct pg_args *args = store_read_add(r, STMT_ERASURES_UNFINISHED);
    pg_arg_time(args, after_us);
    pg_arg_time(args, before_us);
    pg_arg_int4(args, limit);
    store_read_send(s, r);
}

/* -- access records ---------------------------------------------------------------------------- */

#define ARG_NUMBERS(args, rows, n, type, member)                                                   \
    do {                                                                                           \
        struct pg_array a;                                                                         \
        pg_array_init(&a, (args)->arena, type, n);                                                 \
        for (size_t i = 0; i < (n); i++)                                                           \
            pg_array_int(&a, (rows)[i].member);                                                    \
        pg_arg_array(args, &a);                                                                    \
    } while (0)
#define ARG_TEXTS(args, rows, n, member)                                                           \
    do {                                                                                           \
        struct pg_array a;                                                                         \
        pg_array_init(&a, (args)->arena, PG_TEXT, n);                                              \
        for (size_t i = 0; i < (n); i++)                                                           \
            pg_array_text(&a, (rows)[i].member);                                                   \
        pg_arg_array(args, &a);                                                                    \
    } while (0)
#define ARG_UUIDS(args, rows, n, member)                                                           \
    do {                                                                                           \
        struct pg_array a;                                                                         \
        pg_array_init(&a, (args)->arena, PG_UUID, n);                                              \
        for (size_t i = 0; i < (n); i++)                                                           \
            pg_array_uuid(&a, &(rows)[i].member);                                                  \
        pg_arg_array(args, &a);                                                                    \
    } while (0)

static void arg_times(struct pg_args *args, const struct access_row *rows, size_t n)
{
    struct pg_array a;
    pg_array_init(&a, args->arena, PG_TIMESTAMPTZ, n);
    for (size_t i = 0; i < n; i++)
        pg_array_time(&a, rows[i].at);
    pg_arg_array(args, &a);
}

/* In the order of the statement's parameters. */
/* NOLINTNEXTLINE(readability-function-size): one line a column; the loops are in the macros. */
static void arg_access(struct pg_args *args, const struct access_row *rows, size_t n)
{
    ARG_NUMBERS(args, rows, n, PG_INT8, tenant_id);
    arg_times(args, rows, n);
    ARG_UUIDS(args, rows, n, writer);
    ARG_NUMBERS(args, rows, n, PG_INT8, number);
    ARG_TEXTS(args, rows, n, principal);
    ARG_TEXTS(args, rows, n, via);
    ARG_TEXTS(args, rows, n, method);
    ARG_UUIDS(args, rows, n, case_id);
    ARG_TEXTS(args, rows, n, customer_id);
    ARG_NUMBERS(args, rows, n, PG_INT4, fields);
    ARG_NUMBERS(args, rows, n, PG_INT4, reads);
}

void store_write_access(struct store *s, struct store_read *r, const struct access_writer *writer,
                        const struct access_row *rows, size_t n, bool lasting)
{
    store_read_begin(r);
    r->pg.lasting = lasting;
    if (n > 0)
        arg_access(store_read_add(r, lasting ? STMT_ACCESS_WRITE_LASTING : STMT_ACCESS_WRITE), rows,
                   n);
    struct pg_args *args = store_read_add(r, STMT_ACCESS_WRITER);
    pg_arg_uuid(args, &writer->writer);
    pg_arg_time(args, writer->begun_at);
    pg_arg_time(args, writer->written_at);
    pg_arg_int8(args, writer->number);
    if (writer->ended_at)
        pg_arg_time(args, writer->ended_at);
    else
        pg_arg_null(args);
    store_read_send(s, r);
}

static const char *given(const char *text)
{
    return text && text[0] ? text : NULL;
}

static unsigned list_stmt(const struct access_filter *f)
{
    if (!uuid_is_zero(&f->case_id))
        return STMT_ACCESS_CASE;
    return given(f->customer_id) ? STMT_ACCESS_CUSTOMER : STMT_ACCESS_LIST;
}

void store_list_access(struct store *s, struct store_read *r, const struct access_filter *f,
                       int64_t silent_us)
{
    store_read_begin(r);
    struct pg_args *args = store_read_add(r, list_stmt(f));
    pg_arg_int8(args, r->tenant_id);
    pg_arg_text(args, given(f->customer_id));
    if (uuid_is_zero(&f->case_id))
        pg_arg_null(args);
    else
        pg_arg_uuid(args, &f->case_id);
    pg_arg_text(args, given(f->principal));
    pg_arg_time(args, f->from_us);
    pg_arg_time(args, f->before_at);
    pg_arg_uuid(args, &f->before_writer);
    pg_arg_int8(args, f->before_number);
    pg_arg_int4(args, f->limit);
    if (silent_us)
        pg_arg_time(store_read_add(r, STMT_ACCESS_GAPS), silent_us);
    store_read_send(s, r);
}

void store_purge_access(struct store *s, struct store_read *r, int64_t before_us)
{
    store_read_begin(r);
    struct pg_args *args = store_read_add(r, STMT_ACCESS_PURGE);
    pg_arg_int8(args, r->tenant_id);
    pg_arg_time(args, before_us);
    store_read_send(s, r);
}

void store_purge_writers(struct store *s, struct store_read *r, int64_t before_us)
{
    store_read_begin(r);
    pg_arg_time(store_read_add(r, STMT_WRITERS_PURGE), before_us);
    store_read_send(s, r);
}
