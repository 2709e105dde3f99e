/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Statements, their binary parameters and their results. Every statement is named, prepared on each
 * connection when it connects, and takes binary parameters whose types are written as casts in its
 * SQL ($1::int8[]).
 *
 * Threading: a set of parameters belongs to one thread; results are seen on the io loop's.
 * Ownership: parameters are copied into the arena of their pg_args, which must live until the
 * statement was sent (pg_seg_send: during that call; pg_read: until done). Results, and what
 * pg_text() and pg_bytes() give, are borrowed during the callback.
 *
 * The callers bound the sizes: a full arena, too many parameters or a value that does not fit its
 * type is a bug and ends the process.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "base/uuid.h"

/* One prepared statement. Constant; `name` is unique in the process and does not start with
 * "amends_". The type of every parameter must be known from the text. */
struct pg_stmt {
    const char *name;
    const char *sql;
};

#define PG_PARAMS_MAX 80

enum pg_type {
    PG_BOOL,
    PG_INT2,
    PG_INT4,
    PG_INT8,
    PG_TEXT,
    PG_BYTEA,
    PG_UUID,
    PG_TIMESTAMPTZ,
    PG_XID8,
    PG_TYPES
};

/* "int4", "text" ... as written in SQL. */
const char *pg_type_name(enum pg_type type);

/* The parameters of one execution, all binary. A copy is of no use once one more is added. */
struct pg_args {
    struct arena *arena;
    int n, room;         /* how many there are, and how many the lists have place for */
    const char **values; /* these lists lie in the arena: most statements have few parameters */
    int *lengths;
};

/* Begins an empty list of parameters, whose values are copied into `arena`. Each pg_arg_ function
 * adds the next parameter, $1 first. Its type must be exactly the one in the SQL: nothing is
 * converted, so an int4 for an int8 is an error. */
void pg_args_init(struct pg_args *a, struct arena *arena);
void pg_arg_null(struct pg_args *a);
void pg_arg_bool(struct pg_args *a, bool v);
void pg_arg_int4(struct pg_args *a, int32_t v);
void pg_arg_int8(struct pg_args *a, int64_t v);
void pg_arg_text(struct pg_args *a, const char *v); /* NULL pointer = SQL NULL */
void pg_arg_bytea(struct pg_args *a, struct slice v);
void pg_arg_uuid(struct pg_args *a, const struct uuid *v);
void pg_arg_time(struct pg_args *a, int64_t unix_us); /* timestamptz from microseconds since 1970 */

/* A one-dimensional array parameter, built item by item. */
struct pg_array {
    struct arena *arena;
    enum pg_type type;
    int32_t n, nulls;
    uint8_t *buf;
    size_t len, cap;
};

/* Begins an array. `expect_items` only sizes the first reservation. Each pg_array_ function adds an
 * item; the item must be of the array's type. */
void pg_array_init(struct pg_array *a, struct arena *arena, enum pg_type type, size_t expect_items);
void pg_array_null(struct pg_array *a);
void pg_array_bool(struct pg_array *a, bool v);
void pg_array_int(struct pg_array *a, int64_t v);      /* INT2, INT4, INT8 and XID8 arrays */
void pg_array_text(struct pg_array *a, const char *v); /* NULL pointer = SQL NULL */
void pg_array_bytes(struct pg_array *a, struct slice v);
void pg_array_uuid(struct pg_array *a, const struct uuid *v);
void pg_array_time(struct pg_array *a, int64_t unix_us);
/* Ends the array and adds it as the next parameter. */
void pg_arg_array(struct pg_args *args, struct pg_array *a);

/* -- results --------------------------------------------------------------------------------- */

struct pg_rows; /* one statement's result, binary */

int pg_rows_count(const struct pg_rows *r);
int pg_rows_columns(const struct pg_rows *r);
bool pg_is_null(const struct pg_rows *r, int row, int col);
bool pg_bool(const struct pg_rows *r, int row, int col);
/* An int2, int4, int8 or xid8, as the column's length says; SQL NULL gives 0. */
int64_t pg_int(const struct pg_rows *r, int row, int col);
/* A text, borrowed, with a NUL at its end; SQL NULL gives "". */
const char *pg_text(const struct pg_rows *r, int row, int col);
struct slice pg_bytes(const struct pg_rows *r, int row, int col); /* borrowed */
struct uuid pg_uuid(const struct pg_rows *r, int row, int col);   /* SQL NULL gives zero */
/* A timestamptz in microseconds since 1970; SQL NULL gives 0. */
int64_t pg_time_us(const struct pg_rows *r, int row, int col);
/* How many rows an insert, update or delete touched. */
int64_t pg_rows_affected(const struct pg_rows *r);
