/* SPDX-License-Identifier: Apache-2.0 */

/* Years of the calendar: nothing goes a day too early. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <time.h>

#include "assignment/retention/retention.h"

static int64_t at(int year, int month, int day)
{
    struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = 13};
    return (int64_t)timegm(&tm) * US_PER_S + 17;
}

static void years_are_those_of_the_calendar(void **state)
{
    (void)state;
    assert_int_equal(retention_cutoff_us(at(2032, 3, 1), 6), at(2026, 3, 1));
    assert_int_equal(retention_cutoff_us(at(2032, 2, 29), 4), at(2028, 2, 29));
    assert_int_equal(retention_cutoff_us(at(2032, 2, 29), 6), at(2026, 2, 28));
    assert_int_equal(retention_cutoff_us(at(2030, 12, 31), 1), at(2029, 12, 31));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(years_are_those_of_the_calendar)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
