/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The manual of bundles (common/policy/bundles/README.md) lists the keys that there are, and no
 * others. With AMENDS_WRITE_MANUAL set, the tables of keys are written anew.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/settings.h"
#include "policy/words.h"

#define MANUAL_BYTES_MAX (256u << 10)
#define END "<!-- end -->"

static struct arena arena;
static const char *manual;

static const char *const scopes[SETTING_SCOPES] = {
    [SCOPE_NOTIFY] = "notify",       [SCOPE_CHANNEL] = "channel",   [SCOPE_SECTION] = "section",
    [SCOPE_CALENDAR] = "calendar",   [SCOPE_HOLIDAY] = "holiday",   [SCOPE_ICAL] = "ical",
    [SCOPE_LEVEL] = "level",         [SCOPE_FAILURE] = "failure",   [SCOPE_CLOCK] = "clock",
    [SCOPE_TIMING] = "timing",       [SCOPE_WATCH] = "watch",       [SCOPE_DAYS] = "days",
    [SCOPE_THRESHOLD] = "threshold", [SCOPE_SETTINGS] = "settings",
};

/* A printed text that lies in the arena. */
#define TEXT(...) must(arena_printf(&arena, __VA_ARGS__))

static const char *must(const char *text)
{
    assert_non_null(text);
    return text;
}

/* -- what a row says --------------------------------------------------------------------------- */

static const char *duration_text(const struct setting_range *r)
{
    const char *most = r->max == POLICY_DURATION_MAX_MS
                           ? ""
                           : TEXT(", at most %d days", (int)(r->max / POLICY_DAY_MS));
    return TEXT("duration%s%s", r->min > 0 ? ", not `0s`" : "", most);
}

/* "`inform`, `co_own`". */
static const char *words_text(const struct setting_range *r)
{
    const char *list = "";
    for (unsigned i = 1; i < r->words->n_values; i++) {
        char name[WORD_MAX];
        word_enum_name(r->words, r->words->values[i].value, name);
        list = TEXT("%s%s`%s`", list, i > 1 ? ", " : "", name);
    }
    return list;
}

static const char *range_text(const struct setting *s)
{
    static const char *const types[SETTING_TYPES] = {
        [SETTING_PRINCIPAL] = "principal",
        [SETTING_CURRENCY] = "ISO 4217",
        [SETTING_SKILL] = "code",
        [SETTING_BY_SEVERITY] = "durations by severity",
        [SETTING_AMOUNT] = "amount",
        [SETTING_YES_NO] = "yes or no",
        [SETTING_YEARS] = "`1y` to `100y`, or `forever`",
        [SETTING_CALENDAR] = "calendar, or `always`",
        [SETTING_ZONE] = "name of the tz database",
        [SETTING_CUSTOMER] = "`company` or `customer`",
        [SETTING_CONDITION] = "condition",
    };
    const struct setting_range *r = &s->range;
    if (s->type == SETTING_GROUP)
        return "mapping";
    if (r->needs || types[s->type])
        return r->needs ? r->needs : types[s->type];
    switch (s->type) {
    case SETTING_TEXT:
        return TEXT("text, at most %d bytes", (int)r->max);
    case SETTING_DURATION:
        return duration_text(r);
    case SETTING_WHOLE:
        return TEXT("%d to %d", (int)r->min, (int)r->max);
    default:
        return words_text(r);
    }
}

static const char *fallback_text(const struct setting *s)
{
    if (!s->fallback.set)
        return "required";
    return s->fallback.value ? TEXT("`%s`", s->fallback.value) : s->fallback.says;
}

static const char *row_text(const struct setting *s)
{
    return TEXT("| `%s` | %s | %s | %s%s |\n", s->path, fallback_text(s), range_text(s),
                s->description, s->fallback.unused ? " (not used yet)" : "");
}

static const char *table_text(enum setting_scope scope)
{
    const char *table = "| key | default | is | |\n|---|---|---|---|\n";
    for (const struct setting *s = setting_first(scope); s; s = setting_next(s))
        if (s->description)
            table = TEXT("%s%s", table, row_text(s));
    return table;
}

/* -- the file ---------------------------------------------------------------------------------- */

static const char *read_manual(void)
{
    FILE *f = fopen(BUNDLES "/README.md", "r");
    char *text = calloc(1, MANUAL_BYTES_MAX);
    assert_non_null(f);
    assert_non_null(text);
    assert_true(fread(text, 1, MANUAL_BYTES_MAX - 1, f) > 0);
    assert_int_equal(fclose(f), 0);
    return text;
}

static void write_manual(const char *text)
{
    FILE *f = fopen(BUNDLES "/README.md", "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

struct span {
    const char *text;
    size_t len;
};

/* What lies between a mark and its end. */
static struct span marked(const char *mark)
{
    const char *from = strstr(manual, mark);
    if (!from) {
        fail_msg("the manual has no %s", mark);
        return (struct span){.text = "", .len = 0};
    }
    from += strlen(mark);
    const char *until = strstr(from, END);
    assert_non_null(until);
    return (struct span){.text = from, .len = (size_t)(until - from)};
}

static void write_table(enum setting_scope scope)
{
    struct span old = marked(TEXT("<!-- keys: %s -->\n", scopes[scope]));
    const char *text =
        TEXT("%.*s%s%s", (int)(old.text - manual), manual, table_text(scope), old.text + old.len);
    free((void *)(uintptr_t)manual);
    manual = strdup(text);
    assert_non_null(manual);
    write_manual(manual);
}

static void every_key_is_in_the_manual_and_no_other(void **state)
{
    (void)state;
    for (int scope = 0; scope < SETTING_SCOPES; scope++) {
        if (getenv("AMENDS_WRITE_MANUAL"))
            write_table((enum setting_scope)scope);
        struct span there = marked(TEXT("<!-- keys: %s -->\n", scopes[scope]));
        const char *text = TEXT("%.*s", (int)there.len, there.text);
        assert_string_equal(text, table_text((enum setting_scope)scope));
    }
}

/* The words in the first column of a table: "| `status`, `level` | ...", in their order. */
static size_t first_column(struct span table, const char *words[], size_t max)
{
    size_t n = 0;
    char *line, *rest = (char *)(uintptr_t)TEXT("%.*s", (int)table.len, table.text);
    while ((line = strsep(&rest, "\n")) != NULL) {
        char *column = strncmp(line, "| `", 3) == 0 ? line + 2 : NULL;
        char *end = column ? strstr(column, " |") : NULL;
        if (!end)
            continue;
        *end = '\0';
        for (char *word = strtok(column, "`, "); word; word = strtok(NULL, "`, ")) {
            assert_true(n < max);
            words[n++] = word;
        }
    }
    return n;
}

static bool has(const char *const *words, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

static void every_fact_is_in_the_manual_and_no_other(void **state)
{
    (void)state;
    const char *words[2 * FACTS];
    size_t n = first_column(marked("<!-- facts -->\n"), words, 2 * FACTS);
    for (int f = 0; f < FACTS; f++)
        if (!has(words, n, fact_name((enum fact)f)))
            fail_msg("the manual does not have the fact %s", fact_name((enum fact)f));
    assert_true(has(words, n, "failure"));
    assert_int_equal(n, FACTS + 1);
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 16u << 20);
    manual = read_manual();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free((void *)(uintptr_t)manual);
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_in_the_manual_and_no_other),
        cmocka_unit_test(every_fact_is_in_the_manual_and_no_other),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
