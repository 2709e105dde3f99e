/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <time.h>

#include "base/time.h"

#define YEAR_2000_US (INT64_C(946684800) * US_PER_S)

static struct time_source *source;

static int setup(void **state)
{
    (void)state;
    source = time_source_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    time_source_free(source);
    return 0;
}

/* The offset from the monotonic clock. The shortest of many looks: the process may be set aside
 * between the two readings. */
static int64_t offset_us(void)
{
    int64_t least_us = INT64_MAX;
    for (int i = 0; i < 100; i++) {
        int64_t mono_us = time_mono_us();
        int64_t look_us = time_shared_us(source) - mono_us;
        if (look_us < least_us)
            least_us = look_us;
    }
    return least_us;
}

static void assert_offset(int64_t expected_us)
{
    assert_in_range(offset_us() - expected_us, 0, 20);
}

static void test_before_the_first_sample_it_is_the_local_clock(void **state)
{
    (void)state;
    assert_true(llabs(time_shared_us(source) - (int64_t)time(NULL) * US_PER_S) < 3 * US_PER_S);
    assert_true(time_error_us(source) == INT64_MAX);
}

static void test_sample_is_taken_at_the_middle_and_half_wide(void **state)
{
    (void)state;
    int64_t mono_us = time_mono_us();
    time_sample(source, mono_us - 2000, mono_us + 2000, YEAR_2000_US);
    assert_offset(YEAR_2000_US - mono_us);
    assert_in_range(time_error_us(source), 1999, 2100);
}

static void test_coarser_sample_that_agrees_is_ignored(void **state)
{
    (void)state;
    int64_t mono_us = time_mono_us();
    time_sample(source, mono_us, mono_us + 1000, YEAR_2000_US);
    time_sample(source, mono_us, mono_us + 9000, YEAR_2000_US + 5000);
    assert_offset(YEAR_2000_US - mono_us - 500);
    assert_in_range(time_error_us(source), 499, 600);
}

static void test_finer_sample_replaces(void **state)
{
    (void)state;
    int64_t mono_us = time_mono_us();
    time_sample(source, mono_us, mono_us + 9000, YEAR_2000_US);
    time_sample(source, mono_us, mono_us + 100, YEAR_2000_US + 1000);
    assert_offset(YEAR_2000_US + 1000 - mono_us - 50);
    assert_in_range(time_error_us(source), 49, 100);
}

/* An estimate taken 1,000 s ago has grown by 50 ms: a sample of 40 ms,
 * useless then, is better now. */
static void test_error_grows_with_age(void **state)
{
    (void)state;
    int64_t now_us = time_mono_us();
    int64_t long_ago_us = now_us - 1000 * US_PER_S;
    time_sample(source, long_ago_us - 100, long_ago_us + 100, YEAR_2000_US - 1000 * US_PER_S);
    assert_in_range(time_error_us(source), 50000, 51000);
    time_sample(source, now_us - 40000, now_us + 40000, YEAR_2000_US);
    assert_in_range(time_error_us(source), 39900, 41000);
}

/* Another host after a failover: its clock cannot be the one that was sampled. */
static void test_sample_that_contradicts_replaces_however_coarse(void **state)
{
    (void)state;
    int64_t mono_us = time_mono_us();
    time_sample(source, mono_us, mono_us + 100, YEAR_2000_US);
    time_sample(source, mono_us, mono_us + 20000, YEAR_2000_US + 60 * US_PER_S);
    assert_offset(YEAR_2000_US + 60 * US_PER_S - mono_us - 10000);
    assert_in_range(time_error_us(source), 9990, 11000);
}

static void test_test_offset_moves_domain_time_only(void **state)
{
    (void)state;
    assert_int_equal(time_test_generation(source), 0);
    time_set_test(source, 3600 * US_PER_S, 7);
    assert_in_range(time_now_us(source) - time_shared_us(source), 3599 * US_PER_S, 3600 * US_PER_S);
    assert_int_equal(time_test_generation(source), 7);
    time_set_test(source, 0, 8);
    assert_true(llabs(time_now_us(source) - time_shared_us(source)) < US_PER_S);
}

#define TIME_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TIME_TEST(test_before_the_first_sample_it_is_the_local_clock),
        TIME_TEST(test_sample_is_taken_at_the_middle_and_half_wide),
        TIME_TEST(test_coarser_sample_that_agrees_is_ignored),
        TIME_TEST(test_finer_sample_replaces),
        TIME_TEST(test_error_grows_with_age),
        TIME_TEST(test_sample_that_contradicts_replaces_however_coarse),
        TIME_TEST(test_test_offset_moves_domain_time_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
