/* SPDX-License-Identifier: Apache-2.0 */
#include "pg/query.h"

#include <endian.h>
#include <limits.h>
#include <string.h>

#include "base/assert.h"
#include "pg/epoch.h"

struct type_info {
    const char *name;
    uint32_t oid;  /* fixed in PostgreSQL's catalogue */
    size_t expect; /* bytes of one item, for the first reservation */
};

static const struct type_info types[PG_TYPES] = {
    [PG_BOOL] = {"bool", 16, 1},
    [PG_INT2] = {"int2", 21, 2},
    [PG_INT4] = {"int4", 23, 4},
    [PG_INT8] = {"int8", 20, 8},
    [PG_TEXT] = {"text", 25, 24},
    [PG_BYTEA] = {"bytea", 17, 32},
    [PG_UUID] = {"uuid", 2950, 16},
    [PG_XID8] = {"xid8", 5069, 8},
    [PG_TIMESTAMPTZ] = {"timestamptz", 1184, 8},
};

#define PARAMS_FIRST 12

/* ndim, flags, element type, then for the one dimension its length and lower bound. */
#define ARRAY_HEADER 20
#define ARRAY_HEADER_EMPTY 12

const char *pg_type_name(enum pg_type type)
{
    AM_ASSERT((unsigned)type < PG_TYPES);
    return types[type].name;
}

static void put16(uint8_t *at, uint16_t v)
{
    v = htobe16(v);
    memcpy(at, &v, sizeof(v));
}

static void put32(uint8_t *at, uint32_t v)
{
    v = htobe32(v);
    memcpy(at, &v, sizeof(v));
}

static void put64(uint8_t *at, uint64_t v)
{
    v = htobe64(v);
    memcpy(at, &v, sizeof(v));
}

static void copy(uint8_t *at, const void *data, size_t len)
{
    if (len)
        memcpy(at, data, len);
}

/* -- single values ----------------------------------------------------------------------------- */

void pg_args_init(struct pg_args *a, struct arena *arena)
{
    *a = (struct pg_args){.arena = arena};
}

static void make_room(struct pg_args *a)
{
    const size_t n = (size_t)a->n, room = n > 0 ? 2 * n : PARAMS_FIRST;
    const char **values = ARENA_ARRAY(a->arena, const char *, room);
    int *lengths = ARENA_ARRAY(a->arena, int, room);
    if (n > 0) {
        memcpy(values, a->values, n * sizeof(*values));
        memcpy(lengths, a->lengths, n * sizeof(*lengths));
    }
    a->values = values;
    a->lengths = lengths;
    a->room = (int)room;
}

static void add_value(struct pg_args *a, const void *value, size_t len)
{
    AM_ASSERT(a->n < PG_PARAMS_MAX && len <= INT_MAX);
    if (a->n == a->room)
        make_room(a);
    a->values[a->n] = value;
    a->lengths[a->n] = (int)len;
    a->n++;
}

static uint8_t *next_space(struct pg_args *a, size_t len)
{
    uint8_t *space = arena_must(a->arena, len ? len : 1);
    add_value(a, space, len);
    return space;
}

void pg_arg_null(struct pg_args *a)
{
    add_value(a, NULL, 0);
}

void pg_arg_bool(struct pg_args *a, bool v)
{
    *next_space(a, 1) = v;
}

void pg_arg_int4(struct pg_args *a, int32_t v)
{
    put32(next_space(a, 4), (uint32_t)v);
}

void pg_arg_int8(struct pg_args *a, int64_t v)
{
    put64(next_space(a, 8), (uint64_t)v);
}

void pg_arg_text(struct pg_args *a, const char *v)
{
    if (v)
        pg_arg_bytea(a, slice_str(v));
    else
        pg_arg_null(a);
}

void pg_arg_bytea(struct pg_args *a, struct slice v)
{
    copy(next_space(a, v.len), v.data, v.len);
}

void pg_arg_uuid(struct pg_args *a, const struct uuid *v)
{
    copy(next_space(a, sizeof(v->b)), v->b, sizeof(v->b));
}

void pg_arg_time(struct pg_args *a, int64_t unix_us)
{
    pg_arg_int8(a, unix_us - PG_EPOCH_US);
}

/* -- arrays ------------------------------------------------------------------------------------ */

void pg_array_init(struct pg_array *a, struct arena *arena, enum pg_type type, size_t expect_items)
{
    AM_ASSERT((unsigned)type < PG_TYPES);
    memset(a, 0, sizeof(*a));
    a->arena = arena;
    a->type = type;
    a->cap = ARRAY_HEADER + expect_items * (4 + types[type].expect);
    a->buf = arena_must(arena, a->cap);
    a->len = ARRAY_HEADER;
}

static void grow_array(struct pg_array *a, size_t need)
{
    size_t cap = a->cap;
    while (cap < need)
        cap *= 2;
    uint8_t *bigger = arena_must(a->arena, cap);
    memcpy(bigger, a->buf, a->len);
    a->buf = bigger;
    a->cap = cap;
}

/* Room for one item of `len` bytes, its length written. */
static uint8_t *add_item(struct pg_array *a, size_t len)
{
    AM_ASSERT(len <= INT_MAX && a->n < INT32_MAX);
    if (a->len + 4 + len > a->cap)
        grow_array(a, a->len + 4 + len);
    uint8_t *at = a->buf + a->len;
    put32(at, (uint32_t)len);
    a->len += 4 + len;
    a->n++;
    return at + 4;
}

void pg_array_null(struct pg_array *a)
{
    put32(add_item(a, 0) - 4, UINT32_MAX);
    a->nulls++;
}

void pg_array_bool(struct pg_array *a, bool v)
{
    AM_ASSERT(a->type == PG_BOOL);
    *add_item(a, 1) = v;
}

void pg_array_int(struct pg_array *a, int64_t v)
{
    switch (a->type) {
    case PG_INT2:
        AM_ASSERT(v >= INT16_MIN && v <= INT16_MAX);
        put16(add_item(a, 2), (uint16_t)v);
        break;
    case PG_INT4:
        AM_ASSERT(v >= INT32_MIN && v <= INT32_MAX);
        put32(add_item(a, 4), (uint32_t)v);
        break;
    default:
        AM_ASSERT(a->type == PG_INT8 || a->type == PG_XID8);
        put64(add_item(a, 8), (uint64_t)v);
    }
}

void pg_array_text(struct pg_array *a, const char *v)
{
    AM_ASSERT(a->type == PG_TEXT);
    if (v)
        pg_array_bytes(a, slice_str(v));
    else
        pg_array_null(a);
}

void pg_array_bytes(struct pg_array *a, struct slice v)
{
    AM_ASSERT(a->type == PG_TEXT || a->type == PG_BYTEA);
    copy(add_item(a, v.len), v.data, v.len);
}

void pg_array_uuid(struct pg_array *a, const struct uuid *v)
{
    AM_ASSERT(a->type == PG_UUID);
    copy(add_item(a, sizeof(v->b)), v->b, sizeof(v->b));
}

void pg_array_time(struct pg_array *a, int64_t unix_us)
{
    AM_ASSERT(a->type == PG_TIMESTAMPTZ);
    put64(add_item(a, 8), (uint64_t)(unix_us - PG_EPOCH_US));
}

void pg_arg_array(struct pg_args *args, struct pg_array *a)
{
    put32(a->buf, a->n ? 1 : 0);
    put32(a->buf + 4, a->nulls ? 1 : 0);
    put32(a->buf + 8, types[a->type].oid);
    put32(a->buf + 12, (uint32_t)a->n);
    put32(a->buf + 16, 1);
    add_value(args, a->buf, a->n ? a->len : ARRAY_HEADER_EMPTY);
}
