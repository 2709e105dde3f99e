/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "loop_fixture.h"

static char numeric_seen[64];
static char why_seen[128];
static int answers;

static void on_answer(void *ctx, const char *numeric, const char *why)
{
    (void)ctx;
    answers++;
    (void)snprintf(numeric_seen, sizeof(numeric_seen), "%s", numeric ? numeric : "");
    (void)snprintf(why_seen, sizeof(why_seen), "%s", why ? why : "");
    loop_stop(loop);
}

static void look_up(const char *host)
{
    answers = 0;
    loop_resolve(loop, host, "5432", on_answer, NULL);
    assert_int_equal(answers, 0);
    loop_run(loop);
    assert_int_equal(answers, 1);
}

static void test_numeric_address(void **state)
{
    (void)state;
    look_up("127.0.0.1");
    assert_string_equal(numeric_seen, "127.0.0.1");
    assert_string_equal(why_seen, "");
}

static void test_name(void **state)
{
    (void)state;
    look_up("localhost");
    assert_true(strcmp(numeric_seen, "127.0.0.1") == 0 || strcmp(numeric_seen, "::1") == 0);
}

/* Refused by libuv before any look-up, and still answered later, not inside the call. */
static void test_impossible_name(void **state)
{
    (void)state;
    char host[600];
    memset(host, 'a', sizeof(host) - 1);
    host[sizeof(host) - 1] = '\0';
    look_up(host);
    assert_string_equal(numeric_seen, "");
    assert_string_not_equal(why_seen, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(test_numeric_address),
        LOOP_TEST(test_name),
        LOOP_TEST(test_impossible_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
