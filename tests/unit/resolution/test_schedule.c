/* SPDX-License-Identifier: Apache-2.0 */

/* When a delivery that failed is tried again. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/time.h"
#include "resolution/delivery/schedule.h"

#define HOUR_US (3600 * US_PER_S)
#define HALF UINT32_C(0x80000000) /* dice that change nothing */

static void ten_attempts_take_three_days(void **state)
{
    int64_t all_us = 0;
    (void)state;
    for (int n = 1; n < SCHEDULE_ATTEMPTS; n++) {
        const int64_t us = schedule_wait_us(n, HALF, 0);
        assert_true(us > 0 && us <= 24 * HOUR_US);
        all_us += us;
    }
    assert_in_range(all_us, 65 * HOUR_US, 75 * HOUR_US);
    assert_int_equal(schedule_wait_us(SCHEDULE_ATTEMPTS, HALF, 0), -1);
    assert_int_equal(schedule_wait_us(SCHEDULE_ATTEMPTS + 1, HALF, HOUR_US), -1);
}

static void the_dice_move_it_by_a_tenth(void **state)
{
    (void)state;
    for (int n = 1; n < SCHEDULE_ATTEMPTS; n++) {
        const int64_t usual = schedule_wait_us(n, HALF, 0);
        assert_int_equal(schedule_wait_us(n, 0, 0), usual - usual / 10);
        assert_in_range(schedule_wait_us(n, UINT32_MAX, 0), usual, usual + usual / 10);
    }
}

static void what_the_receiver_asks_for_is_kept_up_to_a_day(void **state)
{
    (void)state;
    assert_int_equal(schedule_wait_us(1, HALF, 2 * HOUR_US), 2 * HOUR_US);
    assert_int_equal(schedule_wait_us(1, HALF, 1), schedule_wait_us(1, HALF, 0));
    assert_int_equal(schedule_wait_us(1, HALF, 100 * HOUR_US), 24 * HOUR_US);
    assert_int_equal(schedule_pause_us(1, HALF, HOUR_US), HOUR_US);
}

static void pauses_grow_to_ten_minutes(void **state)
{
    (void)state;
    assert_int_equal(schedule_pause_us(1, HALF, 0), 5 * US_PER_S);
    for (int n = 1; n < 10; n++)
        assert_true(schedule_pause_us(n, HALF, 0) <= schedule_pause_us(n + 1, HALF, 0));
    assert_int_equal(schedule_pause_us(1000, HALF, 0), 600 * US_PER_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_attempts_take_three_days),
        cmocka_unit_test(the_dice_move_it_by_a_tenth),
        cmocka_unit_test(what_the_receiver_asks_for_is_kept_up_to_a_day),
        cmocka_unit_test(pauses_grow_to_ten_minutes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
