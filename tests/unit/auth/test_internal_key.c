/* SPDX-License-Identifier: Apache-2.0 */

/* The services' own key: what a file may hold, who is let in, and how it is changed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "auth/internal_key.h"
#include "auth/role_set.h"
#include "contract/words.h"

#define OLD "Zm9yIHRlc3RzIG9ubHksIG5vYm9keSBndWVzc2VzIHRoaXM="
#define NEW "6f6e6c7920666f7220746573747321212121212121212121212121212121212121"
#define SHORT "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static char path[] = "internal-key-XXXXXX";
static struct internal_key *key;
static char why[INTERNAL_KEY_WHY_BYTES];

static void write_file(const char *text)
{
    FILE *out = fopen(path, "we");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static int setup(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "internal-key-XXXXXX");
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    key = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    internal_key_free(key);
    (void)unlink(path);
    return 0;
}

static void start(const char *text)
{
    write_file(text);
    assert_int_equal(internal_key_new(path, &key, why), AM_OK);
}

/* Whether the text is let in; as a whole credential. */
static bool enters(const char *text)
{
    const struct auth_checker *c = internal_key_checker(key);
    struct auth_identity who = {0};
    const char *reason = NULL;
    if (!c->takes(c->ctx, text, strlen(text)))
        return false;
    const enum auth_verdict verdict = c->check(c->ctx, text, strlen(text), 0, NULL, &who, &reason);
    if (verdict == AUTH_OK) {
        assert_string_equal(who.principal, "amends");
        assert_string_equal(who.tenant, "");
        assert_int_equal(who.roles, ROLE_BIT(ROLE_INTERNAL));
    }
    return verdict == AUTH_OK;
}

static void test_who_has_the_key_enters(void **state)
{
    (void)state;
    start(OLD "\n");
    assert_string_equal(internal_key_text(key), "amends-internal:" OLD);
    assert_true(enters(internal_key_text(key)));
    assert_false(enters("amends-internal:" NEW));
    assert_false(enters("amends-internal:" OLD "x"));
    assert_false(enters("amends-internal:"));
    assert_false(enters(OLD));
    assert_false(enters(""));
}

/* The new key second everywhere, then first everywhere, then alone. */
static void test_the_key_is_changed_while_services_run(void **state)
{
    (void)state;
    start(OLD "\n");
    write_file(OLD "\n" NEW "\n");
    internal_key_look(key);
    assert_string_equal(internal_key_text(key), "amends-internal:" OLD);
    assert_true(enters("amends-internal:" NEW));
    assert_true(enters("amends-internal:" OLD));
    write_file(NEW "\r\n\r\n" OLD);
    internal_key_look(key);
    assert_string_equal(internal_key_text(key), "amends-internal:" NEW);
    assert_true(enters("amends-internal:" OLD));
    write_file(NEW);
    internal_key_look(key);
    assert_false(enters("amends-internal:" OLD));
    assert_true(enters("amends-internal:" NEW));
}

static void test_a_file_that_is_spoilt_changes_nothing(void **state)
{
    (void)state;
    start(OLD "\n");
    write_file("too short\n");
    internal_key_look(key);
    assert_true(enters("amends-internal:" OLD));
    assert_int_equal(unlink(path), 0);
    internal_key_look(key);
    assert_true(enters("amends-internal:" OLD));
    write_file(NEW "\n");
    internal_key_look(key);
    assert_true(enters("amends-internal:" NEW));
}

static void test_a_bad_file_says_what_to_do_and_not_what_it_holds(void **state)
{
    static const char *const bad[] = {
        "", "\n\n", SHORT "\n", OLD "\n" NEW "\n" OLD "\n", "two words and " OLD "\n", OLD "\x01\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_file(bad[i]);
        assert_int_equal(internal_key_new(path, &key, why), AM_EINVAL);
        assert_null(key);
        assert_non_null(strstr(why, "openssl rand -base64 32"));
        assert_null(strstr(why, SHORT));
        assert_null(strstr(why, OLD));
    }
    assert_int_equal(internal_key_new("/nowhere/at/all", &key, why), AM_EINVAL);
    assert_non_null(strstr(why, "/nowhere/at/all"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_who_has_the_key_enters),
        TEST(test_the_key_is_changed_while_services_run),
        TEST(test_a_file_that_is_spoilt_changes_nothing),
        TEST(test_a_bad_file_says_what_to_do_and_not_what_it_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
