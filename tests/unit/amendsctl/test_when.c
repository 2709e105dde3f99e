/* SPDX-License-Identifier: Apache-2.0 */

/* Instants in the reader's zone; the test's is Asia/Kolkata. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "amendsctl/when.h"

#define NOW 1795341600 /* 2026-11-22T10:00:00Z */

static struct arena arena;

static const char *shortest(int64_t ahead, bool relative)
{
    static Google__Protobuf__Timestamp t;
    const struct view view = {.now_s = NOW, .relative = relative};
    t = (Google__Protobuf__Timestamp)GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    t.seconds = NOW + ahead;
    return when_short(&t, &view, &arena);
}

static void test_the_readers_zone(void **state)
{
    Google__Protobuf__Timestamp t = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    (void)state;
    t.seconds = NOW;
    t.nanos = 91000000;
    assert_string_equal(when_text(&t, false, &arena), "2026-11-22T15:30:00+05:30");
    assert_string_equal(when_text(&t, true, &arena), "2026-11-22T15:30:00.091+05:30");
    assert_string_equal(when_text(NULL, true, &arena), "");
}

static void test_near_times_are_distances(void **state)
{
    (void)state;
    assert_string_equal(shortest(250, true), "in 4m10s");
    assert_string_equal(shortest(-12, true), "12s ago");
    assert_string_equal(shortest(0, true), "0s ago");
    assert_string_equal(shortest(3 * 3600 + 300, true), "in 3h05m");
    assert_string_equal(shortest(-86399, true), "23h59m ago");
    assert_string_equal(shortest(86400, true), "2026-11-23T15:30:00+05:30");
    assert_string_equal(shortest(250, false), "2026-11-22T15:34:10+05:30");
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1u << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_readers_zone),
        cmocka_unit_test(test_near_times_are_distances),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
