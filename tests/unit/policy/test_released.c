/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What earlier releases accepted compiles for ever, and means the same. `released/<release>` has
 * bundles of each release, and beside each a text of what it meant: the policy in words, and the
 * working time of every day of its calendars as one number a year. Every line of that text must
 * still be there. New keys add lines; their default is what was done before there was a key.
 *
 * When a release is made: add a folder with its bundles, and run the test with
 * AMENDS_WRITE_RELEASED=1, which writes the texts that are missing and never one that is there.
 */

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "policy/compile/bundle.h"
#include "policy/describe/describe.h"

#define ARENA_BYTES (64u << 20)
#define YEAR_FIRST 2026
#define YEAR_LAST 2032

static struct arena arena;

static char *read_all(const char *path)
{
    FILE *f = fopen(path, "r");
    if (!f)
        return NULL;
    char *text = arena_alloc(&arena, BUNDLE_BYTES_MAX);
    assert_non_null(text);
    text[fread(text, 1, BUNDLE_BYTES_MAX - 1, f)] = '\0';
    assert_int_equal(fclose(f), 0);
    return text;
}

/* -- what a policy means ----------------------------------------------------------------------- */

/* The working seconds of each day of a year, as one number (FNV-1a). */
static uint64_t days_of(const struct calendar *c, int year)
{
    uint64_t hash = 14695981039346656037u;
    const struct zone *z = calendar_zone(c);
    int32_t end = calendar_date(year + 1, 1, 1);
    for (int32_t day = calendar_date(year, 1, 1); day < end; day++) {
        int64_t from = zone_instant_s(z, (int64_t)day * CALENDAR_DAY_S, ZONE_FIRST);
        int64_t until = zone_instant_s(z, (int64_t)(day + 1) * CALENDAR_DAY_S, ZONE_FIRST);
        uint64_t worked = (uint64_t)calendar_between(c, from * 1000000, until * 1000000);
        for (int i = 0; i < 8; i++)
            hash = (hash ^ (worked >> (8 * i) & 0xff)) * 1099511628211u;
    }
    return hash;
}

static void describe_days(const struct policy *p, struct description *d)
{
    for (int i = 0; i < (int)p->n_calendars; i++)
        for (int year = YEAR_FIRST; year <= YEAR_LAST; year++)
            describe_line(
                d,
                arena_printf(&arena, "%016llx",
                             (unsigned long long)days_of(
                                 policy_calendar_in(p, i, policy_zone(p, i, false, NULL)), year)),
                "calendars.%s worked in %d", p->calendars[i].name, year);
}

static char *meaning(const char *source)
{
    struct fault fault;
    fault_init(&fault, &arena);
    struct policy *p = policy_compile(1, source, &fault);
    for (size_t i = 0; i < fault.n_violations; i++)
        print_error("%s: %s\n", fault.violations[i].key, fault.violations[i].text);
    assert_non_null(p);
    struct description d = {.arena = &arena};
    policy_describe(p, &d);
    describe_days(p, &d);
    assert_false(d.full);
    size_t room = 1, at = 0;
    for (size_t i = 0; i < d.n; i++)
        room += strlen(d.lines[i].path) + strlen(d.lines[i].value) + 3;
    char *text = arena_alloc(&arena, room);
    assert_non_null(text);
    for (size_t i = 0; i < d.n; i++)
        at += (size_t)snprintf(text + at, room - at, "%s: %s\n", d.lines[i].path, d.lines[i].value);
    policy_free(p);
    return text;
}

/* -- comparing --------------------------------------------------------------------------------- */

static bool has_line(const char *text, const char *line, size_t len)
{
    for (const char *at = text; *at; at += strcspn(at, "\n") + 1)
        if (strncmp(at, line, len) == 0 && at[len] == '\n')
            return true;
    return false;
}

/* How many lines of what it meant are not there any more; each is told. */
static int lost_lines(const char *name, const char *before, const char *now)
{
    int lost = 0;
    for (const char *line = before; *line;) {
        size_t len = strcspn(line, "\n");
        if (!has_line(now, line, len)) {
            print_error("%s does not say any more:\n  %.*s\n", name, (int)len, line);
            lost++;
        }
        line += len + (line[len] == '\n');
    }
    return lost;
}

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "wx");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static int check_bundle(const char *folder, const char *name)
{
    char *source = read_all(arena_printf(&arena, "%s/%s", folder, name));
    assert_non_null(source);
    const char *now = meaning(source);
    const char *path = arena_printf(&arena, "%s/%.*s.txt", folder, (int)strlen(name) - 5, name);
    if (getenv("AMENDS_WRITE_RELEASED") && access(path, F_OK) != 0)
        write_text(path, now);
    const char *before = read_all(path);
    assert_non_null(before);
    return lost_lines(path, before, now);
}

static void check_release(const char *release)
{
    const char *folder = arena_printf(&arena, "%s/%s", RELEASED, release);
    int n = 0, lost = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
        const char *ending = strrchr(e->d_name, '.');
        if (!ending || strcmp(ending, ".yaml") != 0)
            continue;
        lost += check_bundle(folder, e->d_name);
        n++;
    }
    assert_int_equal(closedir(dir), 0);
    assert_true(n > 0);
    assert_int_equal(lost, 0);
}

static void every_bundle_of_release_1_means_the_same(void **state)
{
    (void)state;
    check_release("1");
}

/* A bundle has what it leaves out from the one that ships, so that one never changes either. */
static void the_default_is_that_of_the_release(void **state)
{
    (void)state;
    char *source = read_all(RELEASED "/1/default.yaml");
    assert_non_null(source);
    assert_string_equal(meaning("amends: 1\n"), meaning(source));
    assert_string_equal(meaning("default"), meaning(source));
}

/* -- refusals ---------------------------------------------------------------------------------- */

static void a_refusal_counts_among_the_errors_and_is_told_with_them(void **state)
{
    (void)state;
    struct bundle_problems problems;
    struct fault fault;
    fault_init(&fault, &arena);
    bundle_problems_init(&problems, &arena);
    problem_warning(&problems, "a", "is odd");
    problem_refusal(&problems, "clocks.b", "is %s", "unsafe");
    assert_int_equal(problems.n, 2);
    assert_int_equal(problems.n_errors, 1);
    assert_int_equal(problems.n_refusals, 1);
    bundle_problems_fault(&problems, &fault);
    assert_int_equal(fault.n_violations, 1);
    assert_string_equal(fault.violations[0].key, "clocks.b");
    assert_string_equal(fault.violations[0].text, "is unsafe");
}

static void an_error_still_stops_a_stored_version(void **state)
{
    (void)state;
    struct bundle_problems problems;
    bundle_problems_init(&problems, &arena);
    assert_null(bundle_compile_stored(1, "amends: 1\nclocks: 3\n", &problems));
    assert_int_equal(problems.n_refusals, 0);
    bundle_problems_init(&problems, &arena);
    struct policy *p = bundle_compile_stored(1, "amends: 1\n", &problems);
    assert_non_null(p);
    assert_int_equal(p->n_refusals, 0);
    assert_string_equal(p->refusal, "");
    assert_string_equal(p->refusal_path, "");
    policy_free(p);
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bundle_of_release_1_means_the_same),
        cmocka_unit_test(the_default_is_that_of_the_release),
        cmocka_unit_test(a_refusal_counts_among_the_errors_and_is_told_with_them),
        cmocka_unit_test(an_error_still_stops_a_stored_version),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
