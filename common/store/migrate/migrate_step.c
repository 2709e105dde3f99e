/* SPDX-License-Identifier: Apache-2.0 */
#include "store/migrate/migrate_step.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

#define KIND_LINE "-- kind: "
#define KIND_MAX 96

static int refuse(char why[STEP_WHY_MAX], const char *fmt, ...) AM_PRINTF(2, 3);
static int refuse(char why[STEP_WHY_MAX], const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(why, STEP_WHY_MAX, fmt, args);
    va_end(args);
    return AM_EINVAL;
}

/* -- the kind --------------------------------------------------------------------------------- */

/* The rest of the first line that names a kind; false when none does. */
static bool kind_line(const char *sql, char out[KIND_MAX])
{
    for (const char *line = sql; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, KIND_LINE, strlen(KIND_LINE)) != 0)
            continue;
        (void)snprintf(out, KIND_MAX, "%s", line + strlen(KIND_LINE));
        out[strcspn(out, "\n")] = '\0';
        return true;
    }
    return false;
}

static int read_kind(const char *sql, bool first, struct step *s, char why[STEP_WHY_MAX])
{
    char kind[KIND_MAX];
    char end = '\0';
    s->kind = first ? STEP_INITIAL : STEP_ALTER;
    if (!kind_line(sql, kind))
        return AM_OK;
    if (strcmp(kind, "alter") == 0)
        s->kind = STEP_ALTER;
    else if (strcmp(kind, "index concurrently") == 0)
        s->kind = STEP_INDEX;
    else if (sscanf(kind, "slices of %63[a-z0-9_]%c", s->table, &end) == 1)
        s->kind = STEP_SLICES;
    else
        return refuse(why, "its kind \"%s\" is none of alter, slices of TABLE, index concurrently",
                      kind);
    return AM_OK;
}

/* -- the statements --------------------------------------------------------------------------- */

/* Behind a comment that begins here, or behind a quoted text; else behind one character. */
static const char *skip(const char *p)
{
    if (p[0] == '-' && p[1] == '-')
        return p + strcspn(p, "\n");
    if (*p != '\'' && *p != '"')
        return p + 1;
    const char *end = strchr(p + 1, *p);
    return end ? end + 1 : p + strlen(p);
}

/* Copies up to the next semicolon, without comments; gives where that is, or the end. */
static const char *copy_statement(const char *p, char *out)
{
    while (*p && *p != ';') {
        const char *next = skip(p);
        bool comment = p[0] == '-' && p[1] == '-';
        for (; p < next; p++)
            if (!comment)
                *out++ = *p;
    }
    *out = '\0';
    return p;
}

static void trim(char *text)
{
    size_t start = strspn(text, " \t\r\n"), len = strlen(text);
    while (len > start && isspace((unsigned char)text[len - 1]))
        len--;
    memmove(text, text + start, len - start);
    text[len - start] = '\0';
}

static int split(const char *sql, struct step *s, char why[STEP_WHY_MAX])
{
    for (const char *p = sql; *p; p += *p == ';') {
        char *one = malloc(strlen(p) + 1);
        AM_ASSERT(one != NULL);
        p = copy_statement(p, one);
        trim(one);
        if (!*one || s->n == STEP_STATEMENTS_MAX) {
            bool full = *one != '\0';
            free(one);
            if (full)
                return refuse(why, "more than %d statements", STEP_STATEMENTS_MAX);
            continue;
        }
        s->statements[s->n++] = one;
    }
    return s->n > 0 ? AM_OK : refuse(why, "no statement");
}

static int check_slices(const struct step *s, char why[STEP_WHY_MAX])
{
    const char *slice = s->n == 1 ? strstr(s->statements[0], STEP_SLICE) : NULL;
    if (!slice || strstr(slice + 1, STEP_SLICE))
        return refuse(why, "a step of slices is one statement that has " STEP_SLICE " once");
    return AM_OK;
}

static int check_index(struct step *s, char why[STEP_WHY_MAX])
{
    int end = 0;
    if (s->n == 1)
        (void)sscanf(s->statements[0], "create index concurrently %63[a-z0-9_] on %n", s->index,
                     &end);
    return end > 0 ? AM_OK
                   : refuse(why, "a step of an index is one \"create index concurrently NAME on"
                                 " TABLE ...\"");
}

static int read_statements(const char *sql, struct step *s, char why[STEP_WHY_MAX])
{
    if (s->kind == STEP_INITIAL)
        return AM_OK;
    if (strchr(sql, '$'))
        return refuse(why, "a step has no function body and no $");
    int rc = split(sql, s, why);
    if (!rc && s->kind == STEP_SLICES)
        rc = check_slices(s, why);
    if (!rc && s->kind == STEP_INDEX)
        rc = check_index(s, why);
    return rc;
}

int step_read(const struct migration *m, bool first, struct step *out, char why[STEP_WHY_MAX])
{
    *out = (struct step){.kind = STEP_INITIAL};
    int rc = read_kind(m->sql, first, out, why);
    if (!rc)
        rc = read_statements(m->sql, out, why);
    if (rc)
        step_free(out);
    return rc;
}

void step_free(struct step *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->statements[i]);
    s->n = 0;
}
