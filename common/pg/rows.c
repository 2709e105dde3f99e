/* SPDX-License-Identifier: Apache-2.0 */
#include "pg/query.h"

#include <endian.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "pg/epoch.h"

/* `struct pg_rows` is libpq's PGresult under a name that needs no libpq header. */
static const PGresult *result(const struct pg_rows *r)
{
    return (const PGresult *)(const void *)r;
}

static const char *cell(const struct pg_rows *r, int row, int col)
{
    AM_ASSERT(row >= 0 && row < PQntuples(result(r)) && col >= 0 && col < PQnfields(result(r)));
    return PQgetvalue(result(r), row, col);
}

static size_t cell_len(const struct pg_rows *r, int row, int col)
{
    return (size_t)PQgetlength(result(r), row, col);
}

int pg_rows_count(const struct pg_rows *r)
{
    return PQntuples(result(r));
}

int pg_rows_columns(const struct pg_rows *r)
{
    return PQnfields(result(r));
}

bool pg_is_null(const struct pg_rows *r, int row, int col)
{
    (void)cell(r, row, col);
    return PQgetisnull(result(r), row, col) != 0;
}

bool pg_bool(const struct pg_rows *r, int row, int col)
{
    const char *v = cell(r, row, col);
    if (pg_is_null(r, row, col))
        return false;
    AM_ASSERT(cell_len(r, row, col) == 1);
    return *v != 0;
}

int64_t pg_int(const struct pg_rows *r, int row, int col)
{
    const char *v = cell(r, row, col);
    uint16_t v2;
    uint32_t v4;
    uint64_t v8;
    if (pg_is_null(r, row, col))
        return 0;
    switch (cell_len(r, row, col)) {
    case sizeof(v2):
        memcpy(&v2, v, sizeof(v2));
        return (int16_t)be16toh(v2);
    case sizeof(v4):
        memcpy(&v4, v, sizeof(v4));
        return (int32_t)be32toh(v4);
    default:
        AM_ASSERT(cell_len(r, row, col) == sizeof(v8));
        memcpy(&v8, v, sizeof(v8));
        return (int64_t)be64toh(v8);
    }
}

const char *pg_text(const struct pg_rows *r, int row, int col)
{
    return cell(r, row, col);
}

struct slice pg_bytes(const struct pg_rows *r, int row, int col)
{
    return slice_of(cell(r, row, col), cell_len(r, row, col));
}

struct uuid pg_uuid(const struct pg_rows *r, int row, int col)
{
    struct uuid id = {{0}};
    const char *v = cell(r, row, col);
    if (pg_is_null(r, row, col))
        return id;
    AM_ASSERT(cell_len(r, row, col) == sizeof(id.b));
    memcpy(id.b, v, sizeof(id.b));
    return id;
}

int64_t pg_time_us(const struct pg_rows *r, int row, int col)
{
    if (pg_is_null(r, row, col))
        return 0;
    return pg_int(r, row, col) + PG_EPOCH_US;
}

int64_t pg_rows_affected(const struct pg_rows *r)
{
    /* libpq's function asks for a writable result, but only reads it. */
    union {
        const PGresult *in;
        PGresult *out;
    } alias = {.in = result(r)};
    return strtoll(PQcmdTuples(alias.out), NULL, 10);
}
