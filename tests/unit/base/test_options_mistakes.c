/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"
#include "capture.h"

static const char *listen_at = "";
static int64_t max_queue = 10;
static bool insecure;
static const struct option_spec specs[] = {
    {.name = "listen", .type = OPTION_STRING, .target = &listen_at, .help = "address"},
    {.name = "max-queue",
     .type = OPTION_INT,
     .target = &max_queue,
     .min = 1,
     .max = 4096,
     .help = "places"},
    {.name = "insecure", .type = OPTION_BOOL, .target = &insecure, .help = "trust"},
};

/* Parses the words and returns what was written to standard error; it must have failed. */
static char *refused(const char *one, const char *two)
{
    const char *const words[] = {one, two};
    char copies[2][64];
    char *argv[] = {(char[]){"amends"}, NULL, NULL, NULL};
    int argc = 1;
    for (int i = 0; i < 2; i++) {
        (void)snprintf(copies[i], sizeof(copies[i]), "%s", words[i] ? words[i] : "");
        if (words[i])
            argv[argc++] = copies[i];
    }
    size_t found = 0;
    capture_begin();
    int err = options_parse(specs, 3, argc, argv, "doc", NULL, 0, &found);
    char *text = capture_end();
    assert_int_equal(err, AM_EINVAL);
    return text;
}

static void assert_refused(const char *one, const char *two, const char *part)
{
    char *text = refused(one, two);
    if (!strstr(text, part))
        fail_msg("\"%s\" is missing in: %s", part, text);
    free(text);
}

static void test_numbers(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "0", "4097", "-1", "abc", "12x", "1.5", " 3", "", "99999999999999999999"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char flag[64];
        (void)snprintf(flag, sizeof(flag), "--max-queue=%s", bad[i]);
        assert_refused(flag, NULL, "--max-queue: \"");
    }
    assert_refused("--max-queue=0", NULL, "not a whole number from 1 to 4096");
    assert_int_equal(max_queue, 10);
}

static void test_switch(void **state)
{
    (void)state;
    assert_refused("--insecure=maybe", NULL, "--insecure: \"maybe\" is neither true nor false");
}

static void test_unknown_flag_and_missing_value(void **state)
{
    (void)state;
    assert_refused("--no-such", NULL, "--no-such");
    assert_refused("--listen", NULL, "--listen");
}

static void test_word_too_many(void **state)
{
    (void)state;
    assert_refused("serve", NULL, "\"serve\" is one word too many");
}

static void test_variable_is_named(void **state)
{
    (void)state;
    setenv("AMENDS_MAX_QUEUE", "many", 1);
    assert_refused(NULL, NULL, "AMENDS_MAX_QUEUE: \"many\"");
    unsetenv("AMENDS_MAX_QUEUE");
}

static void test_all_mistakes_are_told_at_once(void **state)
{
    (void)state;
    char *text = refused("--max-queue=x", "--insecure=y");
    assert_non_null(strstr(text, "--max-queue:"));
    assert_non_null(strstr(text, "--insecure:"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_switch),
        cmocka_unit_test(test_unknown_flag_and_missing_value),
        cmocka_unit_test(test_word_too_many),
        cmocka_unit_test(test_variable_is_named),
        cmocka_unit_test(test_all_mistakes_are_told_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
