/* SPDX-License-Identifier: Apache-2.0 */

/* The table of settings: each row of it is read, kept, checked and described. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/compile/bundle.h"
#include "policy/describe/diff.h"
#include "policy/settings.h"

#define ARENA_BYTES (8u << 20)

static struct arena arena;

/* "amends: 2" and one setting: "assignment: {offer_timeout: 7h}". */
static const char *bundle_of(const char *path, const char *value)
{
    const char *text = "", *end = "";
    for (const char *dot = strchr(path, '.'); dot; dot = strchr(path, '.')) {
        text = arena_printf(&arena, "%s%.*s: {", text, (int)(dot - path), path);
        end = arena_printf(&arena, "%s}", end);
        path = dot + 1;
    }
    text =
        arena_printf(&arena, "amends: 2\ncalendars: {desk: {weekly: {mon: all day}}}\n%s%s: %s%s\n",
                     text, path, value, end);
    assert_non_null(text);
    return text;
}

static struct policy *compile(const char *source, struct bundle_problems *problems)
{
    bundle_problems_init(problems, &arena);
    struct policy *p = bundle_compile(1, source, problems);
    for (size_t i = 0; i < problems->n; i++)
        print_message("%s%s: %s\n", problems->items[i].warning ? "warning: " : "",
                      problems->items[i].path, problems->items[i].text);
    return p;
}

/* A value that is right and not the fallback. */
static const char *another(const struct setting *s)
{
    switch (s->type) {
    case SETTING_DURATION:
        return "7h";
    case SETTING_WHOLE:
        return arena_printf(&arena, "%ld", strtol(s->fallback.value, NULL, 10) + 1);
    case SETTING_BY_SEVERITY:
        return "{5: 7h}";
    case SETTING_CALENDAR:
        return "desk";
    case SETTING_CUSTOMER:
        return strcmp(s->fallback.value, "company") == 0 ? "customer" : "company";
    case SETTING_YES_NO:
        return strcmp(s->fallback.value, "yes") == 0 ? "no" : "yes";
    case SETTING_WORDS:
        return "[thanks]";
    case SETTING_YEARS:
        return "6y";
    default:
        fail_msg("%s has a type that this test does not know", s->path);
        return "";
    }
}

/* How many of the lines are of the path, or of one within it. */
static size_t count_of(const char *path, const char **lines, size_t n)
{
    size_t count = 0, len = strlen(path);
    for (size_t i = 0; i < n; i++)
        count += strncmp(lines[i], path, len) == 0 && strchr(":.", lines[i][len]) != NULL;
    return count;
}

static bool is_group(const struct setting *s)
{
    return s->type == SETTING_GROUP || s->type == SETTING_FORM;
}

static void each_setting_is_read_and_described(void **state)
{
    (void)state;
    struct policy *ships = policy_default(1);
    for (const struct setting *s = setting_first(SCOPE_SETTINGS); s; s = setting_next(s)) {
        struct bundle_problems problems;
        const char **lines;
        size_t n, others = 3; /* the format, the calendar's zone and hours */
        if (is_group(s))
            continue;
        struct policy *p = compile(bundle_of(s->path, another(s)), &problems);
        assert_non_null(p);
        bundle_diff(ships, p, &arena, &lines, &n);
        assert_int_equal(count_of(s->path, lines, n), 1);
        assert_int_equal(n, 1 + others);
        policy_free(p);
    }
    policy_free(ships);
}

static void the_fallback_of_each_is_what_ships(void **state)
{
    (void)state;
    struct policy *ships = policy_default(1);
    for (const struct setting *s = setting_first(SCOPE_SETTINGS); s; s = setting_next(s)) {
        struct bundle_problems problems;
        const char **lines;
        size_t n;
        if (is_group(s))
            continue;
        struct policy *p = compile(bundle_of(s->path, s->fallback.value), &problems);
        assert_non_null(p);
        bundle_diff(ships, p, &arena, &lines, &n);
        assert_int_equal(count_of(s->path, lines, n), 0);
        policy_free(p);
    }
    policy_free(ships);
}

static void less_than_the_range_is_refused(void **state)
{
    (void)state;
    size_t n_refused = 0;
    for (const struct setting *s = setting_first(SCOPE_SETTINGS); s; s = setting_next(s)) {
        struct bundle_problems problems;
        if (is_group(s) || s->range.min != 1)
            continue;
        const char *value = s->type == SETTING_DURATION ? "0s" : "0";
        if (s->type == SETTING_YEARS)
            value = "0y";
        assert_null(compile(bundle_of(s->path, value), &problems));
        assert_int_equal(problems.n_errors, 1);
        assert_string_equal(problems.items[0].path, s->path);
        n_refused++;
    }
    assert_true(n_refused > 3);
}

static void more_than_the_range_is_refused_with_the_reason(void **state)
{
    (void)state;
    struct bundle_problems problems;
    assert_null(compile(bundle_of("priority.max", "31d"), &problems));
    assert_int_equal(problems.n_errors, 1);
    assert_string_equal(problems.items[0].path, "priority.max");
    assert_string_equal(problems.items[0].text,
                        "is not 0 to 30 days: it bounds how long others wait");
}

static void who_sets_what_nothing_uses_is_warned(void **state)
{
    (void)state;
    struct bundle_problems problems;
    struct policy *p = compile(bundle_of("assignment.transfer_limit", "3"), &problems);
    assert_non_null(p);
    assert_int_equal(problems.n_errors, 0);
    assert_int_equal(problems.n, 1);
    assert_true(problems.items[0].warning);
    assert_int_equal(problems.items[0].line, 3);
    assert_string_equal(problems.items[0].path, "assignment.transfer_limit");
    assert_string_equal(problems.items[0].text, "is not used yet: it changes nothing");
    policy_free(p);
    p = compile("amends: 1\nassignment: {offer_timeout: 1m}\n", &problems);
    assert_non_null(p);
    assert_int_equal(problems.n, 0);
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
        cmocka_unit_test_setup_teardown(each_setting_is_read_and_described, setup, teardown),
        cmocka_unit_test_setup_teardown(the_fallback_of_each_is_what_ships, setup, teardown),
        cmocka_unit_test_setup_teardown(less_than_the_range_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(more_than_the_range_is_refused_with_the_reason, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(who_sets_what_nothing_uses_is_warned, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
