/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A case with its parts. Each part is read in pages, and a slice is one page of each part that has
 * more: in one slice the fullest case would be megabytes, behind which everybody's reads wait. Most
 * cases are one slice.
 *
 * A slice sees one snapshot, but several do not see the same. Every change of a case has an event,
 * so its last number tells whether the slices belong together.
 */

#include <limits.h>
#include <string.h>

#include "base/assert.h"
#include "contract/reasons.h"
#include "store/impl.h"

/* The largest rows, clocks with many pauses, have 3 KB. */
#define PAGE_ROWS 50

struct case_slices {
    enum case_depth depth;
    struct arena_mark mark;            /* where the rows begin in the arena */
    int rows;                          /* of a page */
    uint32_t open;                     /* the tables, a bit each, that have more rows */
    bool changed;                      /* since the first slice */
    size_t bytes;                      /* of the slices so far */
    struct words_place places[TABLES]; /* where the last pages ended */
    size_t words[TABLES];              /* bytes of words that may still be given */
};

/* -- a slice ----------------------------------------------------------------------------------- */

static bool with_words(const struct case_slices *x, unsigned table)
{
    return x->depth >= CASE_WORDS && table >= TABLE_FIRST_WORDS && table <= TABLE_LAST_WORDS;
}

static unsigned stmt_of(const struct case_slices *x, unsigned table)
{
    return table + (with_words(x, table) ? STMT_READ_WORDS : STMT_READ);
}

static void arg_after(struct pg_args *args, unsigned table, const struct words_place *after)
{
    if (table == TABLE_SIGNAL)
        pg_arg_int4(args, after->number);
    else
        pg_arg_uuid(args, &after->id);
}

static void add_page(struct store_read *r, unsigned table)
{
    const struct case_slices *x = r->slices;
    struct pg_args *args = store_read_add(r, stmt_of(x, table));
    pg_arg_int8(args, r->tenant_id);
    pg_arg_uuid(args, &r->cases[0].row.case_id);
    if (with_words(x, table)) {
        store_arg_place(args, table == TABLE_SIGNAL, &x->places[table]);
        pg_arg_int8(args, (int64_t)x->words[table]);
    } else {
        arg_after(args, table, &x->places[table]);
    }
    pg_arg_int4(args, x->rows);
}

static void slice_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows);
static void slice_done(struct pg_read *pg, const struct fault *fault);

/* Empties the request of the slice before; what was read stays. */
static void begin_slice(struct store_read *r)
{
    const struct case_slices *x = r->slices;
    r->pg = (struct pg_read){.rows = slice_rows, .done = slice_done, .deadline_us = r->deadline_us};
    r->pg.item.tenant = (uint64_t)r->tenant_id;
    if (r->bytes_most)
        r->pg.bytes_most = r->bytes_most > x->bytes ? r->bytes_most - x->bytes : 1;
}

static void send_slice(struct store_read *r)
{
    for (unsigned t = TABLE_FIRST_CHILD; t <= TABLE_LAST_CHILD; t++)
        if (r->slices->open & 1u << t)
            add_page(r, t);
    store_read_send(r->store, r);
}

static void first_slice(struct store_read *r, int rows)
{
    struct case_slices *x = r->slices;
    *x = (struct case_slices){.depth = x->depth, .mark = x->mark, .rows = rows};
    for (unsigned t = TABLE_FIRST_CHILD; t <= TABLE_LAST_CHILD; t++) {
        x->open |= 1u << t;
        x->words[t] = STORE_WORDS_BYTES;
    }
    begin_slice(r);
    store_arg_cases(r, store_read_add(r, STMT_READ + TABLE_CASE));
    if (x->depth == CASE_PROOF)
        store_arg_cases(r, store_read_add(r, STMT_READ_STEPS));
    send_slice(r);
}

static void next_slice(struct store_read *r)
{
    begin_slice(r);
    struct pg_args *args = store_read_add(r, STMT_CASE_SEQ);
    pg_arg_int8(args, r->tenant_id);
    pg_arg_uuid(args, &r->cases[0].row.case_id);
    send_slice(r);
}

/* -- its results ------------------------------------------------------------------------------- */

/* The result's column with this column of the table: 0 is the place of the key. */
static int column_at(const struct table *t, size_t column, bool words)
{
    int at = 1;
    for (size_t i = 0; i < column; i++)
        at += words || !t->cols[i].words;
    return at;
}

static struct words_place place_at(unsigned table, bool words, const struct pg_rows *rows, int row)
{
    const struct table *t = &tables[table];
    const int key = column_at(t, t->n_keys - 1, words);
    if (table == TABLE_SIGNAL)
        return (struct words_place){.number = (int32_t)pg_int(rows, row, key)};
    struct words_place place = {.id = pg_uuid(rows, row, key)};
    for (size_t i = 0; words && i < t->n_cols; i++)
        if (t->cols[i].offset == t->order_offset)
            place.at = pg_time_us(rows, row, column_at(t, i, words));
    return place;
}

/* How many bytes of words the next page may give: none, once one was left out. */
static size_t words_left(const struct table *t, const struct pg_rows *rows, size_t left)
{
    size_t column = 0;
    while (!t->cols[column].words)
        column++;
    for (int i = 0; i < pg_rows_count(rows); i++) {
        const int at = column_at(t, column, true);
        const size_t bytes = pg_is_null(rows, i, at) ? left : strlen(pg_text(rows, i, at));
        left -= bytes < left ? bytes : left;
    }
    return left;
}

static void note_page(struct case_slices *x, unsigned table, const struct pg_rows *rows)
{
    const bool words = with_words(x, table);
    const int n = pg_rows_count(rows);
    if (n < x->rows) {
        x->open &= ~(1u << table);
        return;
    }
    x->places[table] = place_at(table, words, rows, n - 1);
    if (words)
        x->words[table] = words_left(&tables[table], rows, x->words[table]);
}

static void slice_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct store_read *r = CONTAINER_OF(pg, struct store_read, pg);
    struct case_slices *x = r->slices;
    const unsigned stmt = pg->q[i].stmt;
    if (x->changed || fault_is_set(&r->fault))
        return;
    if (stmt == STMT_CASE_SEQ) {
        x->changed = pg_rows_count(rows) == 0 || pg_int(rows, 0, 0) != r->cases[0].row.last_seq;
        return;
    }
    if (case_load(r->cases, 1, stmt, rows, r->arena) != AM_OK)
        fault_set(&r->fault, FAULT_RESOURCE_EXHAUSTED, ERROR_REASON_TOO_LARGE,
                  "the response needs more memory than a call may use; ask for less");
    else if (stmt != STMT_READ + TABLE_CASE && stmt != STMT_READ_STEPS)
        note_page(
            x, stmt - (stmt >= STMT_READ_WORDS + TABLE_FIRST_WORDS ? STMT_READ_WORDS : STMT_READ),
            rows);
}

static void end_slices(struct store_read *r, const struct fault *fault)
{
    r->pg.bytes = r->slices->bytes; /* of all */
    store_read_ended(r, fault);
}

/* Once, and in one slice, which cannot change. Only the case points at what was read before; given
 * back, it leaves to a large case the room that it has when nobody writes. */
static void read_again(struct store_read *r)
{
    const struct uuid id = r->cases[0].row.case_id;
    arena_rewind(r->arena, &r->slices->mark);
    case_state_init(&r->cases[0], r->tenant_id, &id);
    first_slice(r, INT_MAX);
}

static void slice_done(struct pg_read *pg, const struct fault *fault)
{
    struct store_read *r = CONTAINER_OF(pg, struct store_read, pg);
    struct case_slices *x = r->slices;
    x->bytes += pg->bytes;
    if (fault || fault_is_set(&r->fault) || !store_read_room(r) || (!x->changed && x->open == 0)) {
        end_slices(r, fault);
    } else if (r->gone && r->gone(r)) {
        fault_set(&r->fault, FAULT_DEADLINE_EXCEEDED, ERROR_REASON_DEADLINE,
                  "nobody waits for the answer any more");
        end_slices(r, NULL);
    } else if (x->changed) {
        read_again(r);
    } else {
        next_slice(r);
    }
}

void store_read_cases(struct store *s, struct store_read *r, const struct uuid *ids, size_t n,
                      enum case_depth depth)
{
    AM_ASSERT(depth == CASE_ROW || n == 1);
    store_read_begin(r);
    store_read_init_cases(r, ids, n);
    r->store = s;
    if (depth == CASE_ROW) {
        store_arg_cases(r, store_read_add(r, STMT_READ + TABLE_CASE));
        store_read_send(s, r);
        return;
    }
    r->slices = ARENA_NEW(r->arena, struct case_slices);
    r->slices->depth = depth;
    r->slices->mark = arena_mark(r->arena);
    first_slice(r, PAGE_ROWS);
}
