/* SPDX-License-Identifier: Apache-2.0 */
#include "store/migrate/migrate_slices.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/time.h"
#include "store/migrate/migrate_step.h"

#define GOAL_US (50 * US_PER_MS)
/* Few rows take as long as many while the disk is slow to commit: there is a least number. */
#define ROWS_MIN 500
#define ROWS_MAX 5000
#define PAUSE_MAX_US (100 * US_PER_MS)

void migrate_pause_us(int64_t us)
{
    struct timespec pause = {.tv_sec = us / US_PER_S, .tv_nsec = us % US_PER_S * 1000};
    (void)nanosleep(&pause, NULL);
}

/* The columns of the primary key, each by `format` of its table, name and type. */
static int key_by(struct slices *s, const char *format, char *out, size_t cap)
{
    const char *params[] = {s->table, format};
    int rc = pg_admin_value(s->a,
                            "select string_agg(format($2, $1::text, a.attname,"
                            " format_type(a.atttypid, null)), ', ' order by k.ord)"
                            " from pg_index i"
                            " cross join unnest(i.indkey) with ordinality as k(col, ord)"
                            " join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.col"
                            " where i.indrelid = to_regclass($1) and i.indisprimary",
                            params, 2, out, cap);
    if (rc || out[0])
        return rc;
    log_error("store", "no_key", LOG_STR("table", s->table));
    return AM_ENOENT;
}

/* The position of the last row in the order of the key; "" = the table is empty. */
static int find_end(struct slices *s)
{
    char *sql = NULL;
    AM_ASSERT(asprintf(&sql, "select concat_ws(', ', %s) from %s order by %s limit 1", s->position,
                       s->table, s->downwards) > 0);
    int rc = pg_admin_value(s->a, sql, NULL, 0, s->end, sizeof(s->end));
    free(sql);
    return rc;
}

int slices_begin(struct slices *s, struct pg_admin *a, const char *table)
{
    *s = (struct slices){.a = a, .table = table, .rows = ROWS_MIN};
    int rc = key_by(s, "%1$I.%2$I", s->key, sizeof(s->key));
    if (!rc)
        rc = key_by(s, "format('%%L::%3$s', %1$I.%2$I)", s->position, sizeof(s->position));
    if (!rc)
        rc = key_by(s, "%1$I.%2$I desc", s->downwards, sizeof(s->downwards));
    return rc ? rc : find_end(s);
}

int slices_next(struct slices *s)
{
    char *behind = NULL, *sql = NULL;
    s->to[0] = '\0';
    if (!s->end[0])
        return AM_OK;
    AM_ASSERT(asprintf(&behind, "(%s) > (%s) and", s->key, s->from) > 0);
    AM_ASSERT(asprintf(&sql,
                       "select concat_ws(', ', %s) from (select * from %s where %s (%s) <= (%s)"
                       " order by %s limit %" PRId64 ") %s order by %s limit 1",
                       s->position, s->table, s->from[0] ? behind : "", s->key, s->end, s->key,
                       s->rows, s->table, s->downwards) > 0);
    int rc = pg_admin_value(s->a, sql, NULL, 0, s->to, sizeof(s->to));
    free(sql);
    free(behind);
    return rc;
}

void slices_done(struct slices *s, int64_t took_us)
{
    memcpy(s->from, s->to, sizeof(s->from));
    if (took_us > GOAL_US)
        s->rows /= 2;
    else if (took_us < GOAL_US / 2)
        s->rows *= 2;
    s->rows = s->rows < ROWS_MIN ? ROWS_MIN : s->rows > ROWS_MAX ? ROWS_MAX : s->rows;
    migrate_pause_us(took_us < PAUSE_MAX_US ? took_us : PAUSE_MAX_US);
}

char *slices_statement(const struct slices *s, const char *statement)
{
    const char *at = strstr(statement, STEP_SLICE);
    char *out = NULL;
    AM_ASSERT(at != NULL);
    int before = (int)(at - statement);
    const char *after = at + strlen(STEP_SLICE);
    if (s->from[0])
        AM_ASSERT(asprintf(&out, "%.*s((%s) > (%s) and (%s) <= (%s))%s", before, statement, s->key,
                           s->from, s->key, s->to, after) > 0);
    else
        AM_ASSERT(asprintf(&out, "%.*s((%s) <= (%s))%s", before, statement, s->key, s->to, after) >
                  0);
    return out;
}

char *slices_quote(const char *text)
{
    char *out = malloc(2 * strlen(text) + 3), *to = out;
    AM_ASSERT(out != NULL);
    *to++ = '\'';
    for (; *text; text++) {
        if (*text == '\'')
            *to++ = '\'';
        *to++ = *text;
    }
    *to++ = '\'';
    *to = '\0';
    return out;
}
