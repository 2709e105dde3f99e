/* SPDX-License-Identifier: Apache-2.0 */

/* Every table: what is written is read again, column by column, each with a value of its own. */

#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/impl.h"

#define ROWS 3

/* The tables that nobody reads by key arrays, and the parts of a case with their words, get a
 * statement here. */
static struct pg_stmt extra[TABLES];
static char *extra_sql[TABLES];

static unsigned read_stmt(unsigned table, bool words)
{
    const bool child = table >= TABLE_FIRST_CHILD && table <= TABLE_LAST_CHILD;
    const bool by_key = table >= TABLE_FIRST_READ && table < TABLES_READ;
    if (child && !words)
        return STMT_READ_FEW + table;
    return by_key && !child ? STMT_READ + table : (unsigned)store_n_stmts + table;
}

static struct rig *rig;
static void *written[TABLES][ROWS];
static bool upserting;

/* -- values ----------------------------------------------------------------------------------- */

/* Distinct for every (table, row, column, round); the tenant stays, so that keys are distinct. */
static int64_t number(unsigned table, unsigned row, size_t col, bool second)
{
    return (int64_t)(table * 1000 + row * 100 + col) + (second ? 15000 : 1);
}

static void fill_uuid(struct uuid *id, int64_t n)
{
    memset(id, 0xa5, sizeof(*id));
    memcpy(id->b, &n, sizeof(n));
}

static void fill(const struct column *c, void *to, int64_t n)
{
    char text[64];
    int len = snprintf(text, sizeof(text), "%s %lld \xc3\xa4", c->name, (long long)n);
    switch (c->type) {
    case PG_BOOL:
        *(bool *)to = n % 2;
        break;
    case PG_INT2:
        *(int16_t *)to = (int16_t)n;
        break;
    case PG_INT4:
        *(int32_t *)to = (int32_t)(n + 100000);
        break;
    case PG_TEXT:
        *(const char **)to = arena_strdup(&rig->arena, text);
        break;
    case PG_BYTEA:
        *(struct slice *)to =
            slice_of(arena_dup(&rig->arena, text, (size_t)len + 1), (size_t)len + 1);
        break;
    case PG_UUID:
        fill_uuid(to, n);
        break;
    case PG_TIMESTAMPTZ:
        *(int64_t *)to = 1700000000000000LL + n * 1000001;
        break;
    default:
        *(int64_t *)to = n + (1LL << 40);
    }
}

static void *make_row(unsigned table, unsigned row, bool second)
{
    const struct table *t = &tables[table];
    uint8_t *r = arena_must(&rig->arena, t->row_size);
    for (size_t i = 0; i < t->n_cols; i++) {
        const bool changes = i >= t->n_keys && !t->cols[i].words;
        fill(&t->cols[i], r + t->cols[i].offset, number(table, row, i, second && changes));
    }
    *(int64_t *)(void *)(r + t->cols[0].offset) = INT64_MAX;
    return r;
}

/* The last row has nothing where nothing is allowed. */
static void clear_nullable(unsigned table, uint8_t *row)
{
    const struct table *t = &tables[table];
    for (size_t i = 0; i < t->n_cols; i++)
        if (t->cols[i].nullable)
            memset(row + t->cols[i].offset, 0, t->cols[i].type == PG_UUID ? 16 : 8);
}

/* As a segment holds a row that it has read: without the words. */
static void clear_words(unsigned table, uint8_t *row)
{
    const struct table *t = &tables[table];
    for (size_t i = 0; i < t->n_cols; i++)
        if (t->cols[i].words)
            *(const char **)(void *)(row + t->cols[i].offset) = "";
}

static void make_all(bool second)
{
    for (unsigned t = 0; t < TABLES; t++) {
        if (second && t >= TABLES_UPSERT)
            continue;
        for (unsigned i = 0; i < ROWS; i++)
            written[t][i] = make_row(t, i, second);
        clear_nullable(t, written[t][ROWS - 1]);
    }
}

static bool field_eq(const struct column *c, const void *a, const void *b)
{
    switch (c->type) {
    case PG_BOOL:
        return *(const bool *)a == *(const bool *)b;
    case PG_INT2:
        return memcmp(a, b, 2) == 0;
    case PG_INT4:
        return memcmp(a, b, 4) == 0;
    case PG_TEXT:
        return strcmp(*(const char *const *)a, *(const char *const *)b) == 0;
    case PG_BYTEA:
        return slice_eq(*(const struct slice *)a, *(const struct slice *)b);
    case PG_UUID:
        return memcmp(a, b, 16) == 0;
    default:
        return memcmp(a, b, 8) == 0;
    }
}

static void assert_row(unsigned table, bool words, const uint8_t *got, const uint8_t *want)
{
    const struct table *t = &tables[table];
    static const char *const none = "";
    for (size_t i = 0; i < t->n_cols; i++) {
        const struct column *c = &t->cols[i];
        const void *is = c->words && !words ? (const void *)&none : want + c->offset;
        if (!field_eq(c, got + c->offset, is))
            fail_msg("%s.%s is not what was written", t->name, c->name);
    }
}

/* -- writing by a segment of one command ------------------------------------------------------ */

static void ops_read(void *ctx, struct pg_seg *seg)
{
    (void)ctx;
    (void)seg;
}

static enum pg_seg_verdict ops_decide(void *ctx, struct pg_seg *seg, struct pg_seg_cmd *cmd)
{
    (void)ctx;
    (void)seg;
    (void)cmd;
    return PG_SEG_WRITE;
}

static void ops_write(void *ctx, struct pg_seg *seg)
{
    (void)ctx;
    for (unsigned t = 0; t < TABLES; t++) {
        struct pg_args args;
        if (upserting && t >= TABLES_UPSERT)
            continue;
        pg_args_init(&args, seg->arena);
        table_encode(&tables[t], &args, (const void *const *)written[t], ROWS, tables[t].n_cols);
        pg_seg_send(seg, (upserting ? STMT_UPSERT : STMT_INSERT) + t, &args);
    }
}

struct toy {
    struct pg_seg_cmd cmd;
    bool done;
};

static void toy_done(struct pg_seg_cmd *cmd, const struct fault *fault)
{
    assert_null(fault);
    CONTAINER_OF(cmd, struct toy, cmd)->done = true;
}

static void write_all(void)
{
    struct toy toy = {.cmd = {.deadline_us = time_mono_us() + 5 * US_PER_S,
                              .n_keys = 1,
                              .keys = {1},
                              .idempotent = true,
                              .method = "toy",
                              .done = toy_done}};
    pg_seg_submit(rig->pg, &toy.cmd);
    rig_run(rig, &toy.done);
}

/* -- reading again ---------------------------------------------------------------------------- */

struct reading {
    struct pg_read pg;
    unsigned table;
    bool words;
    bool seen[ROWS], done;
};

static void reading_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct reading *r = CONTAINER_OF(pg, struct reading, pg);
    (void)i;
    for (int row = 0; row < pg_rows_count(rows); row++) {
        uint8_t *got = arena_must(&rig->arena, tables[r->table].row_size);
        int64_t ord = pg_int(rows, row, 0);
        assert_in_range(ord, 1, ROWS);
        assert_int_equal(table_decode(&tables[r->table], r->words, rows, row, 1, got, &rig->arena),
                         AM_OK);
        /* Children are read by case: each row has a case of its own here. */
        assert_row(r->table, r->words, got, written[r->table][ord - 1]);
        assert_false(r->seen[ord - 1]);
        r->seen[ord - 1] = true;
    }
}

static void reading_done(struct pg_read *pg, const struct fault *fault)
{
    assert_null(fault);
    CONTAINER_OF(pg, struct reading, pg)->done = true;
}

static void read_table(unsigned table, bool words)
{
    struct reading r = {
        .table = table, .words = words, .pg = {.n = 1, .rows = reading_rows, .done = reading_done}};
    bool child = table >= TABLE_FIRST_CHILD && table <= TABLE_LAST_CHILD;
    r.pg.deadline_us = time_mono_us() + 5 * US_PER_S;
    r.pg.q[0].stmt = read_stmt(table, words);
    pg_args_init(&r.pg.q[0].args, &rig->arena);
    table_encode(&tables[table], &r.pg.q[0].args, (const void *const *)written[table], ROWS,
                 child ? 2 : tables[table].n_keys);
    pg_read(rig->pg, &r.pg);
    rig_run(rig, &r.done);
    for (unsigned i = 0; i < ROWS; i++)
        if (!r.seen[i])
            fail_msg("row %u of %s is missing", i, tables[table].name);
}

static void read_all(void)
{
    for (unsigned t = 0; t < TABLES; t++)
        read_table(t, true);
    for (unsigned t = TABLE_FIRST_CHILD; t <= TABLE_LAST_CHILD; t++)
        read_table(t, false);
}

/* -- tests ------------------------------------------------------------------------------------ */

static void test_round_trip(void **state)
{
    (void)state;
    make_all(false);
    upserting = false;
    write_all();
    read_all();
    make_all(true);
    upserting = true;
    for (unsigned t = 0; t < TABLES_UPSERT; t++)
        for (unsigned i = 0; i < ROWS; i++)
            clear_words(t, written[t][i]);
    write_all();
    make_all(true); /* with the words of the first time */
    read_all();
    for (unsigned t = 0; t < TABLES; t++)
        assert_int_equal(rig_int(rig, "select count(*) from %s", tables[t].name), ROWS);
    assert_int_equal(rig_int(rig, "select count(*) from case_event where epoch = 3"), ROWS);
}

/* A column that a migration adds and the table descriptions do not know
 * would be lost by writing. */
static void test_all_columns_are_described(void **state)
{
    (void)state;
    for (unsigned t = 0; t < TABLES; t++) {
        int64_t n = rig_int(rig,
                            "select count(*) from information_schema.columns"
                            " where table_schema = 'public' and table_name = '%s'"
                            " and column_name not in ('xid', 'epoch')",
                            tables[t].name);
        if (n != (int64_t)tables[t].n_cols)
            fail_msg("%s has %d columns, %d are described", tables[t].name, (int)n,
                     (int)tables[t].n_cols);
    }
}

/* The primary key leads the description: look-ups and upserts go by it. */
static void test_keys_lead(void **state)
{
    (void)state;
    for (unsigned t = 0; t < TABLES; t++) {
        char want[256];
        size_t len = 0;
        for (size_t i = 0; i < tables[t].n_keys; i++)
            len += (size_t)snprintf(want + len, sizeof(want) - len, "%s%s", i ? "," : "",
                                    tables[t].cols[i].name);
        const char *is =
            rig_value(rig,
                      "select string_agg(a.attname, ',' order by k.ord) from pg_index i"
                      " cross join unnest(i.indkey) with ordinality as k(col, ord)"
                      " join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.col"
                      " where i.indrelid = '%s'::regclass and i.indisprimary",
                      tables[t].name);
        assert_string_equal(is, want);
    }
}

static void test_rows_are_put_in_order(void **state)
{
    (void)state;
    struct act_row acts[] = {
        {.act_id = {{3}}, .at = 20}, {.act_id = {{2}}, .at = 10}, {.act_id = {{1}}, .at = 20}};
    table_sort(&tables[TABLE_ACT], acts, 3);
    assert_int_equal(acts[0].act_id.b[0], 2);
    assert_int_equal(acts[1].act_id.b[0], 1);
    assert_int_equal(acts[2].act_id.b[0], 3);
    struct signal_row signals[] = {{.number = 2}, {.number = 1}};
    table_sort(&tables[TABLE_SIGNAL], signals, 2);
    assert_int_equal(signals[0].number, 1);
    assert_true(table_same_key(&tables[TABLE_SIGNAL], &signals[0], &signals[0]));
    assert_false(table_same_key(&tables[TABLE_SIGNAL], &signals[0], &signals[1]));
}

static char *extra_statement(unsigned table)
{
    const struct table *t = &tables[table];
    if (table < TABLE_FIRST_CHILD || table > TABLE_LAST_CHILD)
        return table_sql_read(t, t->n_keys);
    char *sql = NULL, *columns = table_sql_columns(t, "x");
    assert_true(asprintf(&sql,
                         "select k.ord, %s from unnest($1::int8[], $2::uuid[]) with ordinality"
                         " as k(tenant_id, case_id, ord) join %s x using (tenant_id, case_id)",
                         columns, t->name) > 0);
    free(columns);
    return sql;
}

static int setup(void **state)
{
    static const struct pg_seg_ops ops = {
        .read = ops_read, .decide = ops_decide, .write = ops_write};
    (void)state;
    for (unsigned t = 0; t < TABLES; t++) {
        extra[t].name = tables[t].name;
        extra_sql[t] = extra_statement(t);
        extra[t].sql = extra_sql[t];
    }
    rig = rig_new("tables", extra, TABLES);
    rig_exec(rig, "insert into tenant values (9223372036854775807, 'last', 1, '2026-01-01', 3)");
    rig_connect(rig, &ops);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_free(rig);
    for (unsigned t = 0; t < TABLES; t++)
        free(extra_sql[t]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_all_columns_are_described),
        cmocka_unit_test(test_keys_lead),
        cmocka_unit_test(test_rows_are_put_in_order),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
