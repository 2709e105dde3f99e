/* SPDX-License-Identifier: Apache-2.0 */

/* Clocks that could not be fired: the pauses grow, and the table stays bounded. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "assignment/timers/retries.h"

static struct retries *table;

static int setup(void **state)
{
    (void)state;
    table = calloc(1, sizeof(*table));
    assert_non_null(table);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(table);
    return 0;
}

static struct timer_member member(uint32_t number, int64_t generation)
{
    struct timer_member m = {.tenant_id = 1, .generation = generation};
    memcpy(m.clock_id.b, &number, sizeof(number));
    memcpy(m.clock_id.b + sizeof(m.clock_id.b) - 2, &number, 2);
    return m;
}

static void test_the_pause_doubles_up_to_five_minutes(void **state)
{
    (void)state;
    const struct timer_member m = member(1, 7);
    const int64_t want_s[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300};
    for (size_t i = 0; i < sizeof(want_s) / sizeof(want_s[0]); i++)
        assert_int_equal(retries_failed(table, &m, 1, 0)->not_before_us, want_s[i] * US_PER_S);
    assert_int_equal(table->n, 1);
    retries_done(table, &m);
    assert_int_equal(table->n, 0);
    assert_null(retries_find(table, &m));
}

static void test_a_clock_that_moved_begins_anew(void **state)
{
    (void)state;
    const struct timer_member was = member(1, 7), is = member(1, 8);
    (void)retries_failed(table, &was, 1, 0);
    (void)retries_failed(table, &was, 1, 0);
    assert_null(retries_find(table, &is));
    assert_non_null(retries_of_clock(table, &is.clock_id));
    assert_int_equal(retries_failed(table, &is, 2, 0)->not_before_us, US_PER_S);
    assert_null(retries_find(table, &was));
    assert_int_equal(table->n, 1);
}

static void test_the_table_is_bounded(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 20000; i++) {
        const struct timer_member m = member(i, 1);
        (void)retries_failed(table, &m, 1, 0);
        assert_non_null(retries_find(table, &m));
    }
    assert_true(table->n <= (size_t)RETRIES_BUCKETS * RETRIES_OF_BUCKET);
    retries_expire(table, RETRIES_KEPT_US);
    assert_true(table->n > 0);
    retries_expire(table, RETRIES_KEPT_US + RETRIES_MOST_US);
    assert_int_equal(table->n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_pause_doubles_up_to_five_minutes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_clock_that_moved_begins_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_table_is_bounded, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
