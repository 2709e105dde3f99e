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
#include <hiredis/hiredis.h>

#include "redis/url.h"

static void whole_urls(void **state)
{
    (void)state;
    struct redis_target t;
    const char *why = "";
    assert_int_equal(redis_url_parse("redis://127.0.0.1:6390/3", &t, &why), AM_OK);
    assert_string_equal(t.host, "127.0.0.1");
    assert_string_equal(t.port, "6390");
    assert_int_equal(t.db, 3);
    assert_int_equal(redis_url_parse("redis://cache", &t, &why), AM_OK);
    assert_string_equal(t.host, "cache");
    assert_string_equal(t.port, "6379");
    assert_int_equal(redis_url_parse("redis://ann:p%40ss@[::1]:7/", &t, &why), AM_OK);
    assert_string_equal(t.user, "ann");
    assert_string_equal(t.password, "p@ss");
    assert_string_equal(t.host, "::1");
    assert_int_equal(redis_url_parse("redis://:word@host", &t, &why), AM_OK);
    assert_string_equal(t.user, "");
    assert_string_equal(t.password, "word");
}

static void bad_urls(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "http://host",
        "redis://",
        "redis://:1",
        "redis://host:0",
        "redis://host:70000",
        "redis://host:x",
        "redis://host/x",
        "redis://host/1/2",
        "redis://[::1",
        "redis://[::1]x",
        "redis://a:%zz@host",
        "redis://a:%00@host",
        "redisss://host",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct redis_target t;
        const char *why = NULL;
        if (redis_url_parse(bad[i], &t, &why) != AM_EINVAL)
            fail_msg("accepted: %s", bad[i]);
        assert_non_null(why);
    }
}

/* hiredis knows TLS from 1.0 on. */
static void tls_is_taken_or_refused_with_its_reason(void **state)
{
    struct redis_target t;
    const char *why = NULL;
    (void)state;
#if HIREDIS_MAJOR >= 1
    assert_int_equal(redis_url_parse("rediss://host", &t, &why), AM_OK);
    assert_true(t.tls);
    assert_string_equal(t.host, "host");
    assert_int_equal(redis_url_parse("redis://host", &t, &why), AM_OK);
    assert_false(t.tls);
#else
    assert_int_equal(redis_url_parse("rediss://host", &t, &why), AM_EINVAL);
    assert_ptr_equal(strstr(why, "rediss"), why);
#endif
}

static void password_file(void **state)
{
    (void)state;
    char path[] = "/tmp/amends-test-XXXXXX";
    struct redis_target t = {.password = "old"};
    const char *why = NULL;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "secret\n", 7), 7);
    assert_int_equal(redis_password_read(path, &t, &why), AM_OK);
    assert_string_equal(t.password, "secret");
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(redis_password_read(path, &t, &why), AM_EINVAL);
    (void)close(fd);
    (void)unlink(path);
    assert_int_equal(redis_password_read(path, &t, &why), AM_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_urls),
        cmocka_unit_test(bad_urls),
        cmocka_unit_test(tls_is_taken_or_refused_with_its_reason),
        cmocka_unit_test(password_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
