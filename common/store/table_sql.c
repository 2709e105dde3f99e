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

/* The column of words; NULL = the table has none. */
static const struct column *words_column(const struct table *t)
{
    for (size_t i = 0; i < t->n_cols; i++)
        if (t->cols[i].words)
            return &t->cols[i];
    return NULL;
}

/* The column by which the rows of a case are put in order, before their key; NULL = by key. */
static const struct column *order_column(const struct table *t)
{
    for (size_t i = 0; i < t->n_cols && t->order_offset; i++)
        if (t->cols[i].offset == t->order_offset)
            return &t->cols[i];
    return NULL;
}

/* "t.at desc, t.act_id desc": newest first. */
static void put_newest_first(FILE *out, const struct table *t, const char *alias)
{
    const struct column *by = order_column(t);
    if (by)
        fprintf(out, "%s.%s desc, ", alias, by->name);
    fprintf(out, "%s.%s desc", alias, t->cols[t->n_keys - 1].name);
}

/* "select x.*, <how many bytes of words newer rows have> as words_before from act x". The length of
 * a text is known without unpacking it. */
static void put_words_before(FILE *out, const struct table *t)
{
    const char *words = words_column(t)->name;
    fprintf(out, "select x.*, sum(octet_length(x.%s)) over (order by ", words);
    put_newest_first(out, t, "x");
    fprintf(out, ") - octet_length(x.%s) as words_before from %s x", words, t->name);
}

/* The columns that a read gives, each behind a comma. Words are given while newer ones have less
 * than the bytes of the parameter of that number. */
static void put_read_columns(FILE *out, const struct table *t, bool words, size_t bytes_param)
{
    for (size_t i = 0; i < t->n_cols; i++) {
        const struct column *c = &t->cols[i];
        if (!c->words)
            fprintf(out, ", t.%s", c->name);
        else if (words)
            fprintf(out, ", case when t.words_before < $%zu::int8 then t.%s end", bytes_param,
                    c->name);
    }
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

char *table_sql_read(const struct table *t, size_t n_keys)
{
    struct text s;
    text_begin(&s);
    fputs("select k.ord", s.out);
    put_read_columns(s.out, t, false, 0);
    fputs(" from ", s.out);
    put_keys(s.out, t, n_keys);
    fprintf(s.out, " cross join lateral (select x.* from %s x where ", t->name);
    put_key_match(s.out, t, n_keys);
    fputs(" offset 0) t", s.out);
    return text_end(&s);
}

char *table_sql_page(const struct table *t)
{
    struct text s;
    const struct column *key = &t->cols[t->n_keys - 1];
    text_begin(&s);
    fputs("select 1::int8", s.out);
    put_read_columns(s.out, t, false, 0);
    fprintf(s.out, " from %s t where t.tenant_id = $1::int8 and t.case_id = $2::uuid and ",
            t->name);
    fprintf(s.out, "t.%s > $3::%s order by t.%s limit $4::int4", key->name, pg_type_name(key->type),
            key->name);
    return text_end(&s);
}

/* "from (select x.*, <words_before> from act x where <before a place>) t" */
static void put_words_page(FILE *out, const struct table *t)
{
    const struct column *by = order_column(t), *key = &t->cols[t->n_keys - 1];
    fputs(" from (", out);
    put_words_before(out, t);
    fputs(" where x.tenant_id = $1::int8 and x.case_id = $2::uuid and ", out);
    if (by)
        fprintf(out, "(x.%s, x.%s) < ($3::%s, $4::%s)", by->name, key->name, pg_type_name(by->type),
                pg_type_name(key->type));
    else
        fprintf(out, "x.%s < $3::%s", key->name, pg_type_name(key->type));
    fputs(") t", out);
}

/* The number of the parameter behind the place. */
static size_t bytes_param_of(const struct table *t)
{
    return order_column(t) ? 5 : 4;
}

char *table_sql_words_page(const struct table *t)
{
    struct text s;
    const size_t bytes_param = bytes_param_of(t);
    text_begin(&s);
    fputs("select 1::int8", s.out);
    put_read_columns(s.out, t, true, bytes_param);
    put_words_page(s.out, t);
    fputs(" order by ", s.out);
    put_newest_first(s.out, t, "t");
    fprintf(s.out, " limit $%zu::int4", bytes_param + 1);
    return text_end(&s);
}

char *table_sql_words(const struct table *t)
{
    struct text s;
    const size_t bytes_param = bytes_param_of(t);
    text_begin(&s);
    fputs("select 1::int8", s.out);
    put_read_columns(s.out, t, true, bytes_param);
    put_words_page(s.out, t);
    fprintf(s.out, " where t.words_before < $%zu::int8 order by ", bytes_param);
    put_newest_first(s.out, t, "t");
    fprintf(s.out, " limit $%zu::int4", bytes_param + 1);
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

/* -- erasing ---------------------------------------------------------------------------------- */

static size_t count_personal(const struct table *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n_cols; i++)
        n += t->cols[i].personal;
    return n;
}

/* "x.note <> '' or x.body <> ''", or "note = '', body = ''" */
static void put_personal(FILE *out, const struct table *t, const char *prefix, const char *compare,
                         const char *between)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n_cols; i++)
        if (t->cols[i].personal)
            fprintf(out, "%s%s%s %s ''", n++ ? between : "", prefix, t->cols[i].name, compare);
}

/* A row that has nothing to be emptied is not written again. */
char *table_sql_erase(const struct table *t)
{
    struct text s;
    const size_t n = count_personal(t);
    const bool whole = n == t->n_cols - t->n_keys;
    if (n == 0)
        return NULL;
    text_begin(&s);
    fprintf(s.out, whole ? "delete from %s x using " : "update %s x set ", t->name);
    if (!whole) {
        put_personal(s.out, t, "", "=", ", ");
        fputs(" from ", s.out);
    }
    put_unnest(s.out, t, 2);
    fputs(" as k(tenant_id, case_id) where x.tenant_id = any (array[k.tenant_id])"
          " and x.case_id = k.case_id",
          s.out);
    if (!whole) {
        fputs(" and (", s.out);
        put_personal(s.out, t, "x.", "<>", " or ");
        fputs(")", s.out);
    }
    return text_end(&s);
}
