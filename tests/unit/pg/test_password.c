/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "pg/password.h"

/* pg_password_file() of a file with these bytes. */
static int password_of(const void *bytes, size_t n)
{
    char path[] = "/tmp/amends-password-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), (ssize_t)n);
    assert_int_equal(close(fd), 0);
    assert_int_equal(setenv("PGPASSWORD", "before", 1), 0);
    int err = pg_password_file(path);
    assert_int_equal(unlink(path), 0);
    return err;
}

static int password_of_text(const char *text)
{
    return password_of(text, strlen(text));
}

static void one_line_end_is_not_part_of_it(void **state)
{
    (void)state;
    static const char *const ends[] = {"", "\n", "\r\n"};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        char text[64];
        (void)snprintf(text, sizeof(text), " a@:/%%#? 'b\\\n%s", i == 0 ? "x" : ends[i]);
        assert_int_equal(password_of_text(text), AM_OK);
        assert_string_equal(getenv("PGPASSWORD"), i == 0 ? " a@:/%#? 'b\\\nx" : " a@:/%#? 'b\\\n");
    }
}

static void longest_is_taken_and_one_more_is_not(void **state)
{
    (void)state;
    char text[PG_PASSWORD_MAX_BYTES + 2];
    memset(text, 'p', sizeof(text));
    text[PG_PASSWORD_MAX_BYTES] = '\n';
    assert_int_equal(password_of(text, PG_PASSWORD_MAX_BYTES + 1), AM_OK);
    const char *password = getenv("PGPASSWORD");
    assert_int_equal(password ? strlen(password) : 0, PG_PASSWORD_MAX_BYTES);
    text[PG_PASSWORD_MAX_BYTES] = 'p';
    assert_int_equal(password_of(text, PG_PASSWORD_MAX_BYTES + 1), AM_EINVAL);
    assert_string_equal(getenv("PGPASSWORD"), "before");
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    assert_int_equal(password_of_text(""), AM_EINVAL);
    assert_int_equal(password_of_text("\n"), AM_EINVAL);
    assert_int_equal(password_of("a\0b", 3), AM_EINVAL);
    assert_string_equal(getenv("PGPASSWORD"), "before");
}

static void missing_file_is_an_io_error(void **state)
{
    (void)state;
    assert_int_equal(pg_password_file("/nonexistent/password"), AM_EIO);
    assert_int_equal(pg_password_file("/"), AM_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_line_end_is_not_part_of_it),
        cmocka_unit_test(longest_is_taken_and_one_more_is_not),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(missing_file_is_an_io_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
