/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The tables of the case as data: for each column its name, type and place in the row's struct
 * (case/model/rows.h). Statements, parameters and decoding follow from it, so that a column is
 * named in one place besides its migration.
 *
 * Threading: constants and pure functions. Ownership: SQL texts belong to the caller (free()), rows
 * and parameters to the arenas given.
 */

#include "case/model/rows.h"
#include "pg/query.h"

/* Also the order of writing: parents before children. Those whose rows change come first, those
 * that are read by key arrays before the others; within them the children of a case. */
enum table_id {
    TABLE_WORK, /* read with its case, not by itself */
    TABLE_CASE,
    TABLE_AGENT,
    TABLE_REMEDY,
    TABLE_PROMISE,
    TABLE_OFFER,
    TABLE_CLOCK,
    TABLE_CONTACT,
    TABLE_SIGNAL,
    TABLE_ACT,
    TABLE_DEDUP,
    TABLE_EVENT,
    TABLE_EVENT_PRIVATE,
    TABLE_ESCALATION,
    TABLE_NOTIFICATION,
    TABLE_DELIVERY,
    TABLE_CLAIM,
    TABLE_ENDED,
    TABLE_REFERENCE,
    TABLES
};
#define TABLES_UPSERT TABLE_SIGNAL
#define TABLE_FIRST_READ TABLE_CASE
#define TABLES_READ TABLE_EVENT
#define TABLE_FIRST_CHILD TABLE_REMEDY
#define TABLE_LAST_CHILD TABLE_ACT
/* Those that can also be read with their words. */
#define TABLE_FIRST_WORDS TABLE_CONTACT
#define TABLE_LAST_WORDS TABLE_ACT

struct column {
    const char *name;
    enum pg_type type;
    uint16_t offset;
    bool nullable; /* time 0 and the zero uuid are SQL null */
    /* A long text for people, on which nothing is decided. It is written once. Rows are read
     * without it, unless it is asked for; then the text is words_unread, and writing such a row
     * again keeps what is stored. */
    bool words;
    /* It tells of the customer, or the customer wrote it: emptied when the customer's data is
     * erased. */
    bool personal;
};

struct table {
    const char *name;
    const struct column *cols; /* the primary key first, tenant_id first of all */
    size_t n_cols, n_keys;
    size_t row_size;
    /* Offset of the time by which a case's rows are put in order (ties by key); 0 = by key. */
    uint16_t order_offset;
};

extern const struct table tables[TABLES];

/* "select k.ord, t.<columns> ... from unnest(<the first n_keys columns>) .. cross join lateral ..":
 * one row for every row found, k.ord = place of its key in the arrays, from 1. Without the columns
 * of words; table_decode() must be told the same. */
char *table_sql_read(const struct table *t, size_t n_keys);

/* A page of the rows of one case ($1 tenant, $2 case) with a key above $3, in the order of keys, at
 * most $4 rows, without the columns of words. Column 0 is 1. */
char *table_sql_page(const struct table *t);

/* The newest rows of one case ($1 tenant, $2 case) before a place ($3, and $4 where an order by
 * time needs the key, too), newest first: at most as many as the last parameter says. Words are
 * given until those of newer rows pass the bytes of the parameter before it; the others are SQL
 * null. Column 0 is 1. */
char *table_sql_words_page(const struct table *t);

/* The same, but it ends where words are null, so that it has one row at least. */
char *table_sql_words(const struct table *t);

/* "insert .. select from unnest(..)": all columns as arrays; with `upsert` existing rows of the
 * same primary key are overwritten, but for words that are stored already. */
char *table_sql_write(const struct table *t, bool upsert);

/* The insert with one column more, which `lookup`, a select over the new row `k`, has; null when it
 * finds nothing. */
char *table_sql_insert_with(const struct table *t, const char *column, const char *lookup);

/* Empties the personal columns of all rows of the cases in the arrays ($1 tenants, $2 cases). Rows
 * that hold nothing else but their key are deleted. NULL when the table has no such column. */
char *table_sql_erase(const struct table *t);

/* Deletes by primary key arrays. */
char *table_sql_delete(const struct table *t);

/* "t.tenant_id, t.case_id, ..." with the alias given, for statements written by hand. All columns;
 * for tables without words. */
char *table_sql_columns(const struct table *t, const char *alias);

/* Adds the first `n_cols` columns of `n` rows as array parameters. A full arena ends the process:
 * the number of rows is bounded by the segment. */
void table_encode(const struct table *t, struct pg_args *args, const void *const *rows, size_t n,
                  size_t n_cols);

/* One result row into the zeroed struct `out`; the table's columns start at `first_col`. Texts and
 * bytes are copied into `arena`; without `words` those texts are empty. AM_ENOMEM when it is
 * full. */
int table_decode(const struct table *t, bool words, const struct pg_rows *r, int row, int first_col,
                 void *out, struct arena *arena) AM_MUSTCHECK;

/* True when both rows have the same primary key. */
bool table_same_key(const struct table *t, const void *a, const void *b);
/* True when all columns are the same. */
bool table_same_row(const struct table *t, const void *a, const void *b);

/* Puts the rows of one case in order (see order_offset). */
void table_sort(const struct table *t, void *rows, size_t n);
