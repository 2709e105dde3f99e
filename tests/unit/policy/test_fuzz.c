/* SPDX-License-Identifier: Apache-2.0 */

/* Any text that is given as a bundle either compiles or has problems that can be shown; nothing
 * else happens. The bundles that ship are changed at random, by bytes, by lines and by their words.
 * AMENDS_FUZZ_ROUNDS asks for more than the few rounds of every run. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "policy/compile/bundle.h"
#include "policy/describe/diff.h"

#define ARENA_BYTES (4u << 20)
#define TEXT_MAX (BUNDLE_BYTES_MAX + 4096)
#define ROUNDS 400
#define NAMES 4

static const char *const names[NAMES] = {"default", "bank", "telecom", "hotel"};
static char *bundles[NAMES];

/* -- the check --------------------------------------------------------------------------------- */

static void check_problem(const struct bundle_problem *p, int lines)
{
    assert_non_null(p->path);
    assert_non_null(p->text);
    assert_true(utf8_valid(p->path, strlen(p->path)));
    assert_true(utf8_valid(p->text, strlen(p->text)));
    assert_true(p->text[0] != '\0');
    assert_in_range(p->line, 0, lines + 1);
    assert_in_range(p->column, p->line > 0 ? 1 : 0, BUNDLE_BYTES_MAX);
}

static int count_lines(const char *text)
{
    int n = 1;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

/* True when it compiled. */
static bool compile(const char *text)
{
    struct arena arena;
    struct bundle_problems problems;
    arena_init(&arena, ARENA_BYTES);
    bundle_problems_init(&problems, &arena);
    struct policy *p = bundle_compile(1, text, &problems);
    size_t errors = 0;
    int lines = count_lines(text);
    for (size_t i = 0; i < problems.n; i++) {
        check_problem(&problems.items[i], lines);
        errors += !problems.items[i].warning;
        if (i > 0 && problems.items[i].line > 0)
            assert_true(problems.items[i - 1].line <= problems.items[i].line);
    }
    assert_true(errors <= problems.n_errors);
    assert_int_equal(p == NULL, problems.n_errors > 0);
    if (problems.n_left_out == 0)
        assert_int_equal(errors, problems.n_errors);
    bool good = p != NULL;
    if (p) {
        const char **changes;
        size_t n;
        struct policy *ships = policy_default(1);
        bundle_diff(ships, p, &arena, &changes, &n);
        policy_free(ships);
    }
    policy_free(p);
    arena_free(&arena);
    return good;
}

/* -- changes ----------------------------------------------------------------------------------- */

static size_t below(size_t n)
{
    return n > 0 ? (size_t)rand() % n : 0;
}

/* Puts `more` in place of `gone` bytes at `at`. */
static void splice(char *text, size_t at, size_t gone, const char *more, size_t n)
{
    size_t len = strlen(text);
    if (at + gone > len || len - gone + n >= TEXT_MAX)
        return;
    memmove(text + at + n, text + at + gone, len - at - gone + 1);
    memcpy(text + at, more, n);
}

static void change_byte(char *text)
{
    static const char bytes[] = ":,{}[]&*!|>%@`'\"#-?~<= \n\t\x01\x7f\xc3\xff"
                                "0129azAZ.";
    size_t at = below(strlen(text));
    text[at] = bytes[below(sizeof(bytes) - 1)];
}

static size_t line_from(const char *text, size_t at)
{
    while (at > 0 && text[at - 1] != '\n')
        at--;
    return at;
}

/* Leaves a line out, doubles it, or moves it to another place. */
static void change_line(char *text)
{
    char line[512];
    size_t at = line_from(text, below(strlen(text)));
    size_t len = strcspn(text + at, "\n") + 1;
    if (len > sizeof(line) || at + len > strlen(text))
        return;
    memcpy(line, text + at, len);
    int how = rand() % 3;
    if (how != 1)
        splice(text, at, len, "", 0);
    if (how != 0)
        splice(text, line_from(text, below(strlen(text))), 0, line, len);
}

static size_t word_at(const char *text, size_t at, size_t *len)
{
    static const char ends[] = " \n,{}[]\":";
    while (at > 0 && !strchr(ends, text[at - 1]))
        at--;
    *len = strcspn(text + at, ends);
    return at;
}

/* Puts a word in place of another: one of the same bundle, or of a list of nasty ones. */
static void change_word(char *text)
{
    static const char *const nasty[] = {"",       "~",         "null",
                                        "-1",     "1e9",       "never",
                                        "always", "unlimited", "999999999999999999",
                                        "0",      "0s",        "live",
                                        "3+",     "1-5",       "100%",
                                        "[]",     "{}",        "&a",
                                        "*a",     "<<",        "!!str x",
                                        "closed", "2w",        "3652d",
                                        "1s",     "{not: 5}",  "\xc3\xa9"};
    char word[64];
    size_t len, other_len;
    size_t at = word_at(text, below(strlen(text)), &len);
    size_t from = word_at(text, below(strlen(text)), &other_len);
    if (rand() % 3 == 0) {
        const char *w = nasty[below(sizeof(nasty) / sizeof(nasty[0]))];
        splice(text, at, len, w, strlen(w));
    } else if (other_len < sizeof(word)) {
        memcpy(word, text + from, other_len);
        splice(text, at, len, word, other_len);
    }
}

static void cut(char *text)
{
    text[below(strlen(text))] = '\0';
}

static void change(char *text)
{
    int n = 1 + rand() % 6;
    for (int i = 0; i < n && text[0]; i++) {
        int how = rand() % 16;
        if (how < 4)
            change_byte(text);
        else if (how < 9)
            change_line(text);
        else if (how < 15)
            change_word(text);
        else if (rand() % 4 == 0)
            cut(text);
    }
}

/* -- tests ------------------------------------------------------------------------------------- */

static void changed_bundles_compile_or_say_why(void **state)
{
    (void)state;
    const char *more = getenv("AMENDS_FUZZ_ROUNDS");
    const char *seed = getenv("AMENDS_FUZZ_SEED");
    long rounds = more ? strtol(more, NULL, 10) : ROUNDS, good = 0;
    char *text = malloc(TEXT_MAX);
    assert_non_null(text);
    srand(seed ? (unsigned)strtol(seed, NULL, 10) : 20261122);
    for (long i = 0; i < rounds; i++) {
        (void)snprintf(text, TEXT_MAX, "%s", bundles[i % NAMES]);
        change(text);
        good += compile(text);
    }
    /* Some changes do no harm, most do. */
    assert_true(good > rounds / 100 && good < rounds / 2);
    free(text);
}

/* `part` with its place for an '@', if it has one. */
static size_t put_part(char *to, const char *part, size_t place)
{
    const char *mark = strchr(part, '@');
    size_t before = mark ? (size_t)(mark - part) : strlen(part);
    memcpy(to, part, before);
    size_t n = before;
    if (mark)
        n += (size_t)sprintf(to + n, "%zu%s", place, mark + 1);
    to[n] = '\0';
    return n;
}

/* `n` times `part` after `head`, at most the bytes that are read. */
static void repeated(const char *head, const char *part, size_t n)
{
    char *text = malloc(TEXT_MAX);
    assert_non_null(text);
    size_t at = put_part(text, head, 0);
    for (size_t i = 0; i < n && at + 64 < BUNDLE_BYTES_MAX; i++)
        at += put_part(text + at, part, i);
    assert_false(compile(text));
    free(text);
}

static void large_and_deep_ones_are_refused(void **state)
{
    (void)state;
    repeated("amends: 1\nclocks: ", "[", 500000);
    repeated("amends: 1\nclocks: ", "{a@: ", 500000);
    repeated("", "- ", 500000);
    repeated("", "? ", 500000);
    repeated("amends: 1\n", "k@: v\n", 200000);
    repeated("amends: 1\nclocks:\n x:\n  kind: resolution\n  start:\n   failure:\n",
             "   - staff_conductor.discriminations.of.customers.and.others@\n", 200000);
    repeated("amends: 1\nclocks:\n x:\n  kind: resolution\n  start:\n   tier:\n", "   - g@\n",
             200000);
    repeated("amends: 1\nladder:\n", "- {nam: a}\n", 200000);
    repeated("amends: 1\nladder:\n", "- {}\n", 200000);
    repeated("amends: 1\nclocks:\n", " c@: {kind: resolution}\n", 200000);
    repeated("amends: 1\nclocks:\n", " c@: [a]\n", 200000);
    repeated("amends: 1\ncalendars:\n", " c@: {weekly: {}}\n", 200000);
    repeated("amends: 1\nfailures:\n", " c@: 1\n", 200000);
    repeated("amends: 1\ntiers: [", "t@,", 200000);
    repeated("amends: 1\nclocks:\n x:\n  kind: resolution\n  targets:\n",
             "  - {severity: 1, target: @s}\n", 200000);
    repeated("amends: 1\ncalendars:\n c:\n  weekly: {mon: \"09:00-10:00\"}\n  holidays:\n",
             "  - {date: 2027-01-01, name: @}\n", 200000);
    repeated("a: ", "x", 600000);
    repeated("a: \"", "\\L", 600000);
    repeated("\"", "x", 600000);
    repeated("a: |\n", " x\n", 600000);
    repeated("x: ", "&a@ ", 100000);
    repeated("", "\xef\xbb\xbf", 1000);
    repeated("amends: 1\ncurrency: ", "\xc3\xa9", 300000);
}

static void everything_too_large_has_one_problem(void **state)
{
    (void)state;
    struct arena arena;
    struct bundle_problems problems;
    arena_init(&arena, ARENA_BYTES);
    bundle_problems_init(&problems, &arena);
    char *text = calloc(1, BUNDLE_BYTES_MAX + 2);
    assert_non_null(text);
    memset(text, '#', BUNDLE_BYTES_MAX + 1);
    assert_null(bundle_compile(1, text, &problems));
    assert_int_equal(problems.n, 1);
    free(text);
    arena_free(&arena);
}

static int setup(void **state)
{
    (void)state;
    for (int i = 0; i < NAMES; i++) {
        char path[512];
        (void)snprintf(path, sizeof(path), "%s/%s.yaml", BUNDLES, names[i]);
        FILE *f = fopen(path, "r");
        bundles[i] = calloc(1, BUNDLE_BYTES_MAX);
        if (!f || !bundles[i] || fread(bundles[i], 1, BUNDLE_BYTES_MAX - 1, f) == 0)
            return -1;
        (void)fclose(f);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < NAMES; i++)
        free(bundles[i]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changed_bundles_compile_or_say_why),
        cmocka_unit_test(large_and_deep_ones_are_refused),
        cmocka_unit_test(everything_too_large_has_one_problem),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
