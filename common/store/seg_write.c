/* SPDX-License-Identifier: Apache-2.0 */

/* Trip 2 of a segment: one statement a table over all that its commands changed. */

#include <string.h>

#include "base/assert.h"
#include "store/impl.h"

/* The changed rows of one table, those of one command next to each other. */
struct gather {
    const struct table *table;
    const void **rows;
    size_t n, cap;
    size_t first; /* of the command at hand */
    bool changed; /* some rows are there already */
    struct arena *arena;
};

static void gather_init(struct gather *g, enum table_id table, struct arena *arena)
{
    *g = (struct gather){.table = &tables[table], .arena = arena};
}

static void gather_grow(struct gather *g)
{
    size_t cap = g->cap ? 2 * g->cap : 64;
    const void **rows = ARENA_ARRAY(g->arena, const void *, cap);
    if (g->n)
        memcpy(rows, g->rows, g->n * sizeof(*rows));
    g->rows = rows;
    g->cap = cap;
}

/* PostgreSQL refuses an upsert that names a row twice. Rows of different commands cannot collide:
 * their cases and agents are locked by one command each. */
static void gather_add(struct gather *g, const void *row)
{
    for (size_t i = g->first; i < g->n; i++)
        AM_ASSERT(!table_same_key(g->table, g->rows[i], row));
    if (g->n == g->cap)
        gather_grow(g);
    g->rows[g->n++] = row;
}

static void gather_row(struct gather *g, const void *row)
{
    enum row_change change = ((const struct row *)row)->change;
    if (change == ROW_SAME || change == ROW_GONE)
        return;
    g->changed = g->changed || change == ROW_CHANGED;
    gather_add(g, row);
}

static void gather_rows(struct gather *g, const struct rows *rows)
{
    for (size_t i = 0; i < rows->n; i++)
        gather_row(g, (const uint8_t *)rows->items + i * g->table->row_size);
}

/* The new and changed agents; the row the command named may be changed in place too. */
static void gather_agents(struct gather *g, const struct decision *d)
{
    gather_rows(g, &d->agents_out);
    if (!d->agent)
        return;
    for (size_t i = g->first; i < g->n; i++)
        if (table_same_key(g->table, g->rows[i], d->agent))
            return;
    gather_row(g, d->agent);
}

static void gather_part(struct gather *g, enum table_id table, struct seg_part *p)
{
    g->first = g->n;
    if (table == TABLE_AGENT)
        gather_agents(g, &p->d);
    else if (table == TABLE_DEDUP)
        gather_row(g, &p->d.dedup_out);
    else if (p->c && table == TABLE_CASE)
        gather_row(g, &p->c->row);
    else if (p->c)
        gather_rows(g, case_rows_of(p->c, table));
}

static void write_table(struct seg *seg, enum table_id table)
{
    struct gather g;
    struct pg_args args;
    gather_init(&g, table, seg->arena);
    for (size_t i = 0; i < seg->n; i++)
        gather_part(&g, table, seg_part_of(seg->user, seg->cmds[i]));
    if (g.n == 0)
        return;
    AM_ASSERT(!g.changed || table < TABLES_UPSERT);
    pg_args_init(&args, seg->arena);
    table_encode(g.table, &args, g.rows, g.n, g.table->n_cols);
    seg_send(seg, (g.changed ? STMT_UPSERT : STMT_INSERT) + table, &args);
}

/* A queue item that goes and comes in one decision is written only. */
static const struct queue_row *queue_gone(const struct case_state *c)
{
    const struct queue_row *gone = NULL;
    ROWS_EACH (q, struct queue_row, &c->queue) {
        if (q->row.change != ROW_GONE)
            return NULL;
        gone = q;
    }
    return gone;
}

/* Only queue items go; all else stays as evidence. */
static void assert_only_queue_goes(struct case_state *c)
{
    for (unsigned t = TABLE_FIRST_CHILD; t <= TABLE_LAST_CHILD; t++) {
        const struct rows *rows = case_rows_of(c, t);
        for (size_t i = 0; i < rows->n && t != TABLE_QUEUE; i++) {
            const void *row = (const uint8_t *)rows->items + i * tables[t].row_size;
            AM_ASSERT(((const struct row *)row)->change != ROW_GONE);
        }
    }
}

static void delete_queue_items(struct seg *seg)
{
    struct gather g;
    struct pg_args args;
    gather_init(&g, TABLE_QUEUE, seg->arena);
    for (size_t i = 0; i < seg->n; i++) {
        struct seg_part *p = seg_part_of(seg->user, seg->cmds[i]);
        if (!p->c)
            continue;
        assert_only_queue_goes(p->c);
        const struct queue_row *gone = queue_gone(p->c);
        g.first = g.n;
        if (gone)
            gather_add(&g, gone);
    }
    if (g.n == 0)
        return;
    pg_args_init(&args, seg->arena);
    table_encode(g.table, &args, g.rows, g.n, g.table->n_keys);
    seg_send(seg, STMT_QUEUE_DELETE, &args);
}

void store_seg_write(void *ctx, struct seg *seg)
{
    (void)ctx;
    for (unsigned t = 0; t < TABLES; t++)
        write_table(seg, t);
    delete_queue_items(seg);
}
