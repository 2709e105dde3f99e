/* SPDX-License-Identifier: Apache-2.0 */

/* Rows of cases and their children into snapshots, for segments and plain reads. */

#include <string.h>

#include "base/assert.h"
#include "case/work.h"
#include "store/impl.h"

struct rows *case_rows_of(struct case_state *c, enum table_id table)
{
    switch (table) {
    case TABLE_SIGNAL:
        return &c->signals;
    case TABLE_CLOCK:
        return &c->clocks;
    case TABLE_CONTACT:
        return &c->contacts;
    case TABLE_ACT:
        return &c->acts;
    case TABLE_REMEDY:
        return &c->remedies;
    case TABLE_PROMISE:
        return &c->promises;
    case TABLE_OFFER:
        return &c->offers;
    case TABLE_EVENT:
        return &c->events;
    case TABLE_EVENT_PRIVATE:
        return &c->privates;
    case TABLE_ESCALATION:
        return &c->escalations;
    case TABLE_NOTIFICATION:
        return &c->notifications;
    case TABLE_DELIVERY:
        return &c->deliveries;
    default:
        return NULL;
    }
}

/* Column 0 of a read by keys: the place of the key, from 1. */
static size_t place(const struct pg_rows *rows, int row, size_t n)
{
    int64_t ord = pg_int(rows, row, 0);
    AM_ASSERT(ord >= 1 && (size_t)ord <= n);
    return (size_t)ord - 1;
}

/* Its columns follow those of the case. */
static int load_work(struct case_state *c, const struct pg_rows *rows, int row, struct arena *arena)
{
    const int first_col = 1 + (int)tables[TABLE_CASE].n_cols;
    if (pg_is_null(rows, row, first_col))
        return AM_OK;
    int rc = table_decode(&tables[TABLE_WORK], true, rows, row, first_col, &c->work, arena);
    if (rc == AM_OK)
        case_work_queue(&c->work, c, arena);
    return rc;
}

static int load_case_rows(struct case_state *cases, size_t n_cases, const struct pg_rows *rows,
                          struct arena *arena)
{
    for (int i = 0; i < pg_rows_count(rows); i++) {
        struct case_state *c = &cases[place(rows, i, n_cases)];
        int rc = table_decode(&tables[TABLE_CASE], true, rows, i, 1, &c->row, arena);
        if (rc == AM_OK)
            rc = load_work(c, rows, i, arena);
        if (rc)
            return rc;
        c->exists = true;
    }
    return AM_OK;
}

/* Room for more rows, and for one more than these. A page that follows others doubles it. */
static int grow(struct rows *r, size_t more, size_t row_size, struct arena *arena)
{
    const size_t need = r->n + more + 1;
    if (need <= r->cap)
        return AM_OK;
    const size_t cap = r->n > 0 && 2 * r->cap > need ? 2 * r->cap : need;
    void *items = arena_alloc(arena, cap * row_size);
    if (!items)
        return AM_ENOMEM;
    if (r->n > 0)
        memcpy(items, r->items, r->n * row_size);
    r->items = items;
    r->cap = cap;
    return AM_OK;
}

/* Room for as many rows as the result has for each case. */
static int make_room(struct case_state *cases, size_t n_cases, enum table_id table,
                     const struct pg_rows *rows, struct arena *arena)
{
    int rc = AM_OK;
    size_t *more = arena_alloc(arena, n_cases * sizeof(*more));
    if (!more)
        return AM_ENOMEM;
    for (int i = 0; i < pg_rows_count(rows); i++)
        more[place(rows, i, n_cases)]++;
    for (size_t i = 0; i < n_cases && rc == AM_OK; i++)
        if (more[i] > 0)
            rc = grow(case_rows_of(&cases[i], table), more[i], tables[table].row_size, arena);
    return rc;
}

static int load_children(struct case_state *cases, size_t n_cases, enum table_id table, bool words,
                         const struct pg_rows *rows, struct arena *arena)
{
    const struct table *t = &tables[table];
    int rc = make_room(cases, n_cases, table, rows, arena);
    for (int i = 0; i < pg_rows_count(rows) && rc == 0; i++) {
        struct rows *r = case_rows_of(&cases[place(rows, i, n_cases)], table);
        uint8_t *to = (uint8_t *)r->items + r->n++ * t->row_size;
        rc = table_decode(t, words, rows, i, 1, to, arena);
    }
    for (size_t i = 0; i < n_cases && rc == 0; i++) {
        struct rows *r = case_rows_of(&cases[i], table);
        table_sort(t, r->items, r->n);
    }
    return rc;
}

int case_load(struct case_state *cases, size_t n_cases, unsigned stmt, const struct pg_rows *rows,
              struct arena *arena)
{
    if (stmt == STMT_READ + TABLE_CASE)
        return load_case_rows(cases, n_cases, rows, arena);
    if (stmt == STMT_READ_STEPS)
        return load_children(cases, n_cases, TABLE_ESCALATION, true, rows, arena);
    if (stmt >= STMT_READ_FEW + TABLE_FIRST_CHILD)
        return load_children(cases, n_cases, stmt - STMT_READ_FEW, false, rows, arena);
    if (stmt >= STMT_LIST_WORDS + TABLE_FIRST_WORDS)
        return load_children(cases, n_cases, stmt - STMT_LIST_WORDS, true, rows, arena);
    if (stmt >= STMT_READ_WORDS + TABLE_FIRST_WORDS)
        return load_children(cases, n_cases, stmt - STMT_READ_WORDS, true, rows, arena);
    return load_children(cases, n_cases, stmt - STMT_READ, false, rows, arena);
}
