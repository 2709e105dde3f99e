/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "store/table.h"

/* A statement under construction: a memory stream, ended by text_end(). */
struct text {
    FILE *out;
    char *buf;
    size_t len;
};

static void text_begin(struct text *t)
{
    t->out = open_memstream(&t->buf, &t->len);
    AM_ASSERT(t->out != NULL);
}

static char *text_end(struct text *t)
{
    AM_ASSERT(fclose(t->out) == 0);
    return t->buf;
}

/* "<prefix>a, <prefix>b" */
static void put_columns(FILE *out, const struct table *t, size_t n, const char *prefix)
{
    for (size_t i = 0; i < n; i++)
        fprintf(out, "%s%s%s", i ? ", " : "", prefix, t->cols[i].name);
}

/* The columns that a read gives, each behind a comma. */
static void put_read_columns(FILE *out, const struct table *t, bool words)
{
    for (size_t i = 0; i < t->n_cols; i++)
        if (words || !t->cols[i].words)
            fprintf(out, ", t.%s", t->cols[i].name);
}

/* "x = excluded.x". Words that are stored stay: the row was read without them. */
static void put_overwrite(FILE *out, const struct column *c)
{
    if (c->words)
        fprintf(out, "%s = case when x.%s = '' then excluded.%s else x.%s end", c->name, c->name,
                c->name, c->name);
    else
        fprintf(out, "%s = excluded.%s", c->name, c->name);
}

/* "unnest($1::int4[], $2::uuid[])" */
static void put_unnest(FILE *out, const struct table *t, size_t n)
{
    fputs("unnest(", out);
    for (size_t i = 0; i < n; i++)
        fprintf(out, "%s$%zu::%s[]", i ? ", " : "", i + 1, pg_type_name(t->cols[i].type));
    fputs(")", out);
}

/* "x.tenant_id = k.tenant_id and x.case_id = k.case_id" */
static void put_key_match(FILE *out, const struct table *t, size_t n_keys)
{
    for (size_t i = 0; i < n_keys; i++)
        fprintf(out, "%sx.%s = k.%s", i ? " and " : "", t->cols[i].name, t->cols[i].name);
}

/* "x.tenant_id = any (array[k.tenant_id]) and x.case_id = k.case_id": the first column's equality
 * can neither be merged nor hashed, so that no order of the table is of use, and with sequential
 * scans off only a nested loop by key is left, whatever the statistics. */
static void put_key_join(FILE *out, const struct table *t)
{
    fprintf(out, "x.%s = any (array[k.%s])", t->cols[0].name, t->cols[0].name);
    for (size_t i = 1; i < t->n_keys; i++)
        fprintf(out, " and x.%s = k.%s", t->cols[i].name, t->cols[i].name);
}

/* "unnest(..) with ordinality as k(tenant_id, case_id, ord)": planned as a function scan, and with
 * the look-up behind `offset 0` only a nested loop by key is possible, whatever the statistics. */
static void put_keys(FILE *out, const struct table *t, size_t n_keys)
{
    put_unnest(out, t, n_keys);
    fputs(" with ordinality as k(", out);
    put_columns(out, t, n_keys, "");
    fputs(", ord)", out);
}

char *table_sql_columns(const struct table *t, const char *alias)
{
    struct text s;
    char prefix[32];
    snprintf(prefix, sizeof(prefix), "%s.", alias);
    text_begin(&s);
    put_columns(s.out, t, t->n_cols, prefix);
    return text_end(&s);
}

char *table_sql_read(const struct table *t, size_t n_keys, bool words)
{
    struct text s;
    text_begin(&s);
    fputs("select k.ord", s.out);
    put_read_columns(s.out, t, words);
    fputs(" from ", s.out);
    put_keys(s.out, t, n_keys);
    fprintf(s.out, " cross join lateral (select x.* from %s x where ", t->name);
    put_key_match(s.out, t, n_keys);
    fputs(" offset 0) t", s.out);
    return text_end(&s);
}

char *table_sql_write(const struct table *t, bool upsert)
{
    struct text s;
    text_begin(&s);
    fprintf(s.out, "insert into %s as x (", t->name);
    put_columns(s.out, t, t->n_cols, "");
    fputs(") select * from ", s.out);
    put_unnest(s.out, t, t->n_cols);
    if (upsert) {
        fputs(" on conflict (", s.out);
        put_columns(s.out, t, t->n_keys, "");
        fputs(") do update set ", s.out);
        for (size_t i = t->n_keys; i < t->n_cols; i++) {
            fputs(i > t->n_keys ? ", " : "", s.out);
            put_overwrite(s.out, &t->cols[i]);
        }
    }
    return text_end(&s);
}

char *table_sql_insert_with(const struct table *t, const char *column, const char *lookup)
{
    struct text s;
    text_begin(&s);
    fprintf(s.out, "insert into %s (", t->name);
    put_columns(s.out, t, t->n_cols, "");
    fprintf(s.out, ", %s) select k.*, l.%s from ", column, column);
    put_unnest(s.out, t, t->n_cols);
    fputs(" as k(", s.out);
    put_columns(s.out, t, t->n_cols, "");
    fprintf(s.out, ") left join lateral (%s offset 0) l on true", lookup);
    return text_end(&s);
}

char *table_sql_delete(const struct table *t)
{
    struct text s;
    text_begin(&s);
    fprintf(s.out, "delete from %s x using ", t->name);
    put_unnest(s.out, t, t->n_keys);
    fputs(" as k(", s.out);
    put_columns(s.out, t, t->n_keys, "");
    fputs(") where ", s.out);
    put_key_join(s.out, t);
    return text_end(&s);
}
