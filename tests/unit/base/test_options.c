/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/options.h"

static const char *listen_at;
static int64_t max_queue;
static bool insecure;
static const struct option_spec specs[] = {
    {.name = "listen",
     .type = OPTION_STRING,
     .target = &listen_at,
     .value = "ADDR:PORT",
     .help = "gRPC address"},
    {.name = "max-queue",
     .type = OPTION_INT,
     .target = &max_queue,
     .min = 1,
     .max = 4096,
     .help = "queue places"},
    {.name = "insecure-principals",
     .type = OPTION_BOOL,
     .target = &insecure,
     .help = "trust headers"},
};
#define N_SPECS (sizeof(specs) / sizeof(specs[0]))

static int setup(void **state)
{
    (void)state;
    listen_at = "127.0.0.1:7401";
    max_queue = 1024;
    insecure = false;
    unsetenv("AMENDS_LISTEN");
    unsetenv("AMENDS_MAX_QUEUE");
    unsetenv("AMENDS_INSECURE_PRINCIPALS");
    return 0;
}

static void parse(const char *const *args, int n)
{
    char *argv[16] = {(char[]){"amends"}};
    char copies[15][64];
    for (int i = 0; i < n; i++) {
        (void)snprintf(copies[i], sizeof(copies[i]), "%s", args[i]);
        argv[i + 1] = copies[i];
    }
    assert_int_equal(options_parse(specs, N_SPECS, n + 1, argv, "doc", NULL, 0, NULL), AM_OK);
}

static void test_defaults_stay(void **state)
{
    (void)state;
    parse(NULL, 0);
    assert_string_equal(listen_at, "127.0.0.1:7401");
    assert_int_equal(max_queue, 1024);
    assert_false(insecure);
}

static void test_flags_in_both_forms(void **state)
{
    (void)state;
    static int64_t kept;
    static const struct option_spec one = {
        .name = "n", .type = OPTION_INT, .target = &kept, .min = -5, .max = 5};
    char *argv[] = {(char[]){"amends"}, (char[]){"--n"}, (char[]){"-5"}, NULL};
    assert_int_equal(options_parse(&one, 1, 3, argv, "doc", NULL, 0, NULL), AM_OK);
    assert_int_equal(kept, -5);
    const char *const args[] = {"--max-queue=7", "--insecure-principals"};
    parse(args, 2);
    assert_int_equal(max_queue, 7);
    assert_true(insecure);
}

static void test_environment(void **state)
{
    (void)state;
    setenv("AMENDS_LISTEN", "", 1);
    setenv("AMENDS_MAX_QUEUE", "99", 1);
    setenv("AMENDS_INSECURE_PRINCIPALS", "yes", 1);
    parse(NULL, 0);
    assert_string_equal(listen_at, "");
    assert_int_equal(max_queue, 99);
    assert_true(insecure);
}

static void test_empty_number_in_environment_is_the_default(void **state)
{
    (void)state;
    setenv("AMENDS_MAX_QUEUE", "", 1);
    parse(NULL, 0);
    assert_int_equal(max_queue, 1024);
}

static void test_flag_wins_over_environment(void **state)
{
    (void)state;
    setenv("AMENDS_MAX_QUEUE", "99", 1);
    setenv("AMENDS_INSECURE_PRINCIPALS", "1", 1);
    const char *const args[] = {"--max-queue", "5", "--insecure-principals=false"};
    parse(args, 3);
    assert_int_equal(max_queue, 5);
    assert_false(insecure);
}

static void test_words(void **state)
{
    (void)state;
    const char *words[2] = {NULL, NULL};
    size_t found = 0;
    char *argv[] = {(char[]){"amends"}, (char[]){"migrate"}, (char[]){"--max-queue=3"},
                    (char[]){"now"}, NULL};
    assert_int_equal(options_parse(specs, N_SPECS, 4, argv, "doc", words, 2, &found), AM_OK);
    assert_int_equal(found, 2);
    assert_string_equal(words[0], "migrate");
    assert_string_equal(words[1], "now");
    assert_int_equal(max_queue, 3);
}

/* What `flag` prints on standard output; the process must exit with 0. */
static void run_flag(const char *flag, char *text, size_t size)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        char copy[16];
        char *argv[] = {(char[]){"amends"}, copy, NULL};
        (void)snprintf(copy, sizeof(copy), "%s", flag);
        (void)dup2(ends[1], STDOUT_FILENO);
        int err = options_parse(specs, N_SPECS, 2, argv, "Opens cases.", NULL, 0, NULL);
        _exit(err ? 3 : 4);
    }
    (void)close(ends[1]);
    size_t len = 0;
    ssize_t n;
    while ((n = read(ends[0], text + len, size - 1 - len)) > 0)
        len += (size_t)n;
    text[len] = '\0';
    (void)close(ends[0]);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_help_names_flag_default_and_variable(void **state)
{
    (void)state;
    char text[4096];
    run_flag("--help", text, sizeof(text));
    assert_non_null(strstr(text, "--listen=ADDR:PORT"));
    assert_non_null(strstr(text, "AMENDS_MAX_QUEUE"));
    assert_non_null(strstr(text, "1024"));
    assert_non_null(strstr(text, "Opens cases."));
}

static void test_version(void **state)
{
    (void)state;
    char text[4096];
    run_flag("--version", text, sizeof(text));
    assert_true(text[0] >= '0' && text[0] <= '9');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_defaults_stay, setup),
        cmocka_unit_test_setup(test_flags_in_both_forms, setup),
        cmocka_unit_test_setup(test_environment, setup),
        cmocka_unit_test_setup(test_empty_number_in_environment_is_the_default, setup),
        cmocka_unit_test_setup(test_flag_wins_over_environment, setup),
        cmocka_unit_test_setup(test_words, setup),
        cmocka_unit_test_setup(test_help_names_flag_default_and_variable, setup),
        cmocka_unit_test_setup(test_version, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
