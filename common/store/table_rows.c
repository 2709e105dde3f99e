/* SPDX-License-Identifier: Apache-2.0 */

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "store/table.h"

static const void *field(const void *row, const struct column *c)
{
    return (const uint8_t *)row + c->offset;
}

static int64_t field_int(const void *row, const struct column *c)
{
    switch (c->type) {
    case PG_INT2:
        return *(const int16_t *)field(row, c);
    case PG_INT4:
        return *(const int32_t *)field(row, c);
    default:
        return *(const int64_t *)field(row, c);
    }
}

/* -- rows to parameters ----------------------------------------------------------------------- */

static void encode_time(struct pg_array *a, int64_t us, bool nullable)
{
    if (us == 0 && nullable)
        pg_array_null(a);
    else
        pg_array_time(a, us);
}

static void encode_uuid(struct pg_array *a, const struct uuid *id, bool nullable)
{
    if (nullable && uuid_is_zero(id))
        pg_array_null(a);
    else
        pg_array_uuid(a, id);
}

static void encode_field(struct pg_array *a, const struct column *c, const void *row)
{
    switch (c->type) {
    case PG_BOOL:
        pg_array_bool(a, *(const bool *)field(row, c));
        break;
    case PG_TEXT: {
        const char *text = *(const char *const *)field(row, c);
        pg_array_text(a, text ? text : "");
        break;
    }
    case PG_BYTEA:
        pg_array_bytes(a, *(const struct slice *)field(row, c));
        break;
    case PG_UUID:
        encode_uuid(a, field(row, c), c->nullable);
        break;
    case PG_TIMESTAMPTZ:
        encode_time(a, *(const int64_t *)field(row, c), c->nullable);
        break;
    default:
        pg_array_int(a, field_int(row, c));
        break;
    }
}

void table_encode(const struct table *t, struct pg_args *args, const void *const *rows, size_t n,
                  size_t n_cols)
{
    AM_ASSERT(n_cols <= t->n_cols);
    for (size_t i = 0; i < n_cols; i++) {
        struct pg_array a;
        pg_array_init(&a, args->arena, t->cols[i].type, n);
        for (size_t r = 0; r < n; r++)
            encode_field(&a, &t->cols[i], rows[r]);
        pg_arg_array(args, &a);
    }
}

/* -- results to rows -------------------------------------------------------------------------- */

static int decode_text(const char *text, const char **out, struct arena *arena)
{
    *out = text[0] ? arena_strdup(arena, text) : "";
    return *out ? AM_OK : AM_ENOMEM;
}

static int decode_bytes(struct slice bytes, struct slice *out, struct arena *arena)
{
    const void *copy = bytes.len ? arena_dup(arena, bytes.data, bytes.len) : "";
    *out = slice_of(copy, bytes.len);
    return copy ? AM_OK : AM_ENOMEM;
}

static void decode_int(int64_t v, enum pg_type type, void *out)
{
    if (type == PG_INT2)
        *(int16_t *)out = (int16_t)v;
    else if (type == PG_INT4)
        *(int32_t *)out = (int32_t)v;
    else
        *(int64_t *)out = v;
}

static int decode_field(const struct column *c, const struct pg_rows *r, int row, int col,
                        void *out, struct arena *arena)
{
    switch (c->type) {
    case PG_BOOL:
        *(bool *)out = pg_bool(r, row, col);
        return AM_OK;
    case PG_TEXT:
        return decode_text(pg_text(r, row, col), out, arena);
    case PG_BYTEA:
        return decode_bytes(pg_bytes(r, row, col), out, arena);
    case PG_UUID:
        *(struct uuid *)out = pg_uuid(r, row, col);
        return AM_OK;
    case PG_TIMESTAMPTZ:
        *(int64_t *)out = pg_time_us(r, row, col);
        return AM_OK;
    default:
        decode_int(pg_int(r, row, col), c->type, out);
        return AM_OK;
    }
}

int table_decode(const struct table *t, bool words, const struct pg_rows *r, int row, int first_col,
                 void *out, struct arena *arena)
{
    int rc = AM_OK, col = first_col;
    for (size_t i = 0; i < t->n_cols && rc == AM_OK; i++) {
        const struct column *c = &t->cols[i];
        void *to = (uint8_t *)out + c->offset;
        if (c->words && (!words || pg_is_null(r, row, col))) {
            *(const char **)to = words_unread;
            col += words;
        } else {
            rc = decode_field(c, r, row, col++, to, arena);
        }
    }
    return rc;
}

/* -- keys and order --------------------------------------------------------------------------- */

static int cmp_int(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int cmp_field(const struct column *c, const void *a, const void *b)
{
    if (c->type == PG_TEXT)
        return strcmp(*(const char *const *)field(a, c), *(const char *const *)field(b, c));
    if (c->type == PG_UUID)
        return uuid_cmp(field(a, c), field(b, c));
    return cmp_int(field_int(a, c), field_int(b, c));
}

static int cmp_key(const struct table *t, const void *a, const void *b)
{
    int d = 0;
    for (size_t i = 0; i < t->n_keys && d == 0; i++)
        d = cmp_field(&t->cols[i], a, b);
    return d;
}

bool table_same_key(const struct table *t, const void *a, const void *b)
{
    return cmp_key(t, a, b) == 0;
}

bool table_same_row(const struct table *t, const void *a, const void *b)
{
    for (size_t i = 0; i < t->n_cols; i++)
        if (cmp_field(&t->cols[i], a, b) != 0)
            return false;
    return true;
}

struct order {
    const struct table *table;
};

static int cmp_order(const void *a, const void *b, void *order)
{
    const struct table *t = ((const struct order *)order)->table;
    int d = 0;
    if (t->order_offset)
        d = cmp_int(*(const int64_t *)((const uint8_t *)a + t->order_offset),
                    *(const int64_t *)((const uint8_t *)b + t->order_offset));
    return d ? d : cmp_key(t, a, b);
}

void table_sort(const struct table *t, void *rows, size_t n)
{
    struct order order = {t};
    if (n > 1)
        qsort_r(rows, n, t->row_size, cmp_order, &order);
}
