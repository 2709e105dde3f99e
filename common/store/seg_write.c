/* SPDX-License-Identifier: Apache-2.0 */

/* Trip 2 of a segment: one statement a table over all that its commands changed. */

#include <string.h>

#include "base/assert.h"
#include "case/work.h"
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

/* -- what the lists keep ----------------------------------------------------------------------- */

static enum row_change change_of(bool was, bool is, bool same)
{
    if (!is)
        return was ? ROW_GONE : ROW_SAME;
    if (!was)
        return ROW_NEW;
    return same ? ROW_SAME : ROW_CHANGED;
}

static void derive_work(struct seg_part *p)
{
    const struct work_row *read = &p->c->work;
    const bool was = read->tenant_id != 0, is = case_work_of(p->c, p->d.policy, &p->work);
    const bool same = was && is && table_same_row(&tables[TABLE_WORK], read, &p->work);
    if (!is)
        p->work = *read;
    p->work.row.change = change_of(was, is, same);
}

/* The natural key of a case never changes. */
static void derive_claim(struct seg_part *p)
{
    const bool was = p->was_claim.tenant_id != 0, is = case_claim_of(p->c, &p->claim);
    if (!is)
        p->claim = p->was_claim;
    p->claim.row.change = change_of(was, is, true);
}

/* Whoever owns a case that ends has ended it; reopened, another may own it. */
static void derive_ended(struct seg_part *p)
{
    const bool was = p->was_ended.tenant_id != 0, is = case_ended_of(p->c, &p->ended);
    if (was && is)
        AM_ASSERT(table_same_key(&tables[TABLE_ENDED], &p->was_ended, &p->ended));
    if (!is)
        p->ended = p->was_ended;
    p->ended.row.change = change_of(was, is, true);
}

/* A case gets one once and keeps it. */
static void derive_reference(struct seg_part *p)
{
    const struct case_row *row = &p->c->row;
    const bool is = p->c->exists && row->reference[0] != '\0';
    p->reference = (struct reference_row){
        .tenant_id = row->tenant_id, .reference = row->reference, .case_id = row->case_id};
    AM_ASSERT(is || !p->had_reference);
    p->reference.row.change = is && !p->had_reference ? ROW_NEW : ROW_SAME;
}

static void derive(struct seg_part *p)
{
    if (!p->c)
        return;
    derive_work(p);
    derive_claim(p);
    derive_ended(p);
    derive_reference(p);
}

static const void *list_row(const struct seg_part *p, enum table_id table)
{
    switch (table) {
    case TABLE_WORK:
        return &p->work;
    case TABLE_CLAIM:
        return &p->claim;
    case TABLE_ENDED:
        return &p->ended;
    case TABLE_REFERENCE:
        return &p->reference;
    default:
        return NULL;
    }
}

static void delete_rows(struct pg_seg *seg, enum table_id table, unsigned stmt)
{
    struct gather g;
    struct pg_args args;
    gather_init(&g, table, seg->arena);
    for (size_t i = 0; i < seg->n; i++) {
        const struct seg_part *p = seg_part_of(seg->user, seg->cmds[i]);
        const void *row = list_row(p, table);
        g.first = g.n;
        if (p->c && ((const struct row *)row)->change == ROW_GONE)
            gather_add(&g, row);
    }
    if (g.n == 0)
        return;
    pg_args_init(&args, seg->arena);
    table_encode(g.table, &args, g.rows, g.n, g.table->n_keys);
    pg_seg_send(seg, stmt, &args);
}

/* -- all --------------------------------------------------------------------------------------- */

static void gather_part(struct gather *g, enum table_id table, struct seg_part *p)
{
    g->first = g->n;
    if (table == TABLE_AGENT)
        gather_agents(g, &p->d);
    else if (table == TABLE_DEDUP)
        gather_row(g, &p->d.dedup_out);
    else if (p->c && table == TABLE_CASE)
        gather_row(g, &p->c->row);
    else if (p->c && list_row(p, table))
        gather_row(g, list_row(p, table));
    else if (p->c)
        gather_rows(g, case_rows_of(p->c, table));
}

static void write_table(struct pg_seg *seg, enum table_id table)
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
    pg_seg_send(seg, (g.changed ? STMT_UPSERT : STMT_INSERT) + table, &args);
}

/* -- erasing ---------------------------------------------------------------------------------- */

static size_t count_erased(const struct pg_seg *seg)
{
    size_t n = 0;
    for (size_t i = 0; i < seg->n; i++)
        n += seg_part_of(seg->user, seg->cmds[i])->d.erases;
    return n;
}

static void arg_erased(struct pg_seg *seg, struct pg_args *args, size_t n)
{
    struct pg_array tenant, id;
    pg_array_init(&tenant, seg->arena, PG_INT8, n);
    pg_array_init(&id, seg->arena, PG_UUID, n);
    for (size_t i = 0; i < seg->n; i++) {
        const struct seg_part *p = seg_part_of(seg->user, seg->cmds[i]);
        if (!p->d.erases)
            continue;
        pg_array_int(&tenant, p->c->row.tenant_id);
        pg_array_uuid(&id, &p->c->row.case_id);
    }
    pg_args_init(args, seg->arena);
    pg_arg_array(args, &tenant);
    pg_arg_array(args, &id);
}

/* The one place where personal data goes, behind all that the commands wrote. */
static void erase_personal(struct pg_seg *seg)
{
    struct pg_args args;
    const size_t n = count_erased(seg);
    if (n == 0)
        return;
    arg_erased(seg, &args, n);
    for (unsigned i = 0; i < ERASABLE_TABLES; i++)
        pg_seg_send(seg, STMT_ERASE + i, &args);
}

/* -- the trip --------------------------------------------------------------------------------- */

/* What belongs to a case stays as evidence. */
static void assert_nothing_goes(struct case_state *c)
{
    for (unsigned t = TABLE_FIRST_CHILD; t <= TABLE_LAST_CHILD; t++) {
        const struct rows *rows = case_rows_of(c, t);
        for (size_t i = 0; i < rows->n; i++) {
            const void *row = (const uint8_t *)rows->items + i * tables[t].row_size;
            AM_ASSERT(((const struct row *)row)->change != ROW_GONE);
        }
    }
}

static void prepare(struct pg_seg *seg)
{
    for (size_t i = 0; i < seg->n; i++) {
        struct seg_part *p = seg_part_of(seg->user, seg->cmds[i]);
        if (p->c)
            assert_nothing_goes(p->c);
        derive(p);
    }
}

void store_seg_write(void *ctx, struct pg_seg *seg)
{
    (void)ctx;
    prepare(seg);
    for (unsigned t = 0; t < TABLES; t++)
        write_table(seg, t);
    delete_rows(seg, TABLE_WORK, STMT_WORK_DELETE);
    delete_rows(seg, TABLE_CLAIM, STMT_CLAIM_DELETE);
    delete_rows(seg, TABLE_ENDED, STMT_ENDED_DELETE);
    erase_personal(seg);
}
