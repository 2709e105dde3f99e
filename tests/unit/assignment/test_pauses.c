/* SPDX-License-Identifier: Apache-2.0 */

/* What failed: the pauses grow, and the table stays bounded. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "assignment/engine/pauses.h"

#define MOST_US (300 * US_PER_S)

static struct pauses *table;

static int setup(void **state)
{
    (void)state;
    table = calloc(1, sizeof(*table));
    assert_non_null(table);
    table->most_us = MOST_US;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(table);
    return 0;
}

static struct paused_item item(uint32_t number, int64_t generation)
{
    struct paused_item one = {.generation = generation};
    memcpy(one.id.b, &number, sizeof(number));
    memcpy(one.id.b + sizeof(one.id.b) - 2, &number, 2);
    return one;
}

static void test_the_pause_doubles_up_to_the_longest(void **state)
{
    (void)state;
    const struct paused_item one = item(1, 7);
    const int64_t want_s[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300};
    for (size_t i = 0; i < sizeof(want_s) / sizeof(want_s[0]); i++)
        assert_int_equal(pauses_failed(table, &one, 1, 0)->until_us, want_s[i] * US_PER_S);
    assert_int_equal(table->n, 1);
    pauses_done(table, &one);
    assert_int_equal(table->n, 0);
    assert_null(pauses_find(table, &one));
    pauses_done(table, &one);
    assert_int_equal(table->n, 0);
    assert_int_equal(pauses_failed(table, &one, 1, 0)->until_us, US_PER_S);
}

static void test_what_moved_begins_anew(void **state)
{
    (void)state;
    const struct paused_item was = item(1, 7), is = item(1, 8);
    (void)pauses_failed(table, &was, 1, 0);
    (void)pauses_failed(table, &was, 1, 0);
    assert_null(pauses_find(table, &is));
    assert_non_null(pauses_of(table, &is.id, 0));
    assert_int_equal(pauses_failed(table, &is, 2, 0)->until_us, US_PER_S);
    assert_null(pauses_find(table, &was));
    assert_int_equal(table->n, 1);
}

static void test_whom_it_concerns_is_another_item(void **state)
{
    (void)state;
    struct paused_item ann = item(1, 7), bob = item(1, 7);
    ann.with = 5;
    bob.with = 6;
    (void)pauses_failed(table, &ann, 1, 0);
    assert_null(pauses_find(table, &bob));
    assert_int_equal(pauses_failed(table, &bob, 1, 0)->until_us, US_PER_S);
    assert_int_equal(pauses_failed(table, &ann, 1, 0)->until_us, 2 * US_PER_S);
    assert_int_equal(table->n, 2);
}

static void test_the_table_is_bounded_and_gives_places_free(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 20000; i++) {
        const struct paused_item one = item(i, 1);
        (void)pauses_failed(table, &one, 1, 0);
        assert_non_null(pauses_find(table, &one));
    }
    assert_true(table->n <= (size_t)PAUSES_BUCKETS * PAUSES_OF_BUCKET);
    pauses_expire(table, 2 * MOST_US);
    assert_true(table->n > 0);
    pauses_expire(table, 2 * MOST_US + US_PER_S);
    assert_int_equal(table->n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_pause_doubles_up_to_the_longest, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_moved_begins_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(test_whom_it_concerns_is_another_item, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_table_is_bounded_and_gives_places_free, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
