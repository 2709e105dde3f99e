/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <time.h>

#include "calendar/calendar.h"

static void test_dates_are_those_of_the_c_library(void **state)
{
    (void)state;
    for (int32_t date = -800000; date < 800000; date += 17) {
        time_t at = (time_t)date * 86400;
        struct tm parts;
        assert_non_null(gmtime_r(&at, &parts));
        int year, month, day;
        calendar_date_parts(date, &year, &month, &day);
        assert_int_equal(year, parts.tm_year + 1900);
        assert_int_equal(month, parts.tm_mon + 1);
        assert_int_equal(day, parts.tm_mday);
        assert_int_equal(calendar_date(year, month, day), date);
    }
}

static void test_every_day_of_the_years_is_read(void **state)
{
    (void)state;
    for (int32_t date = calendar_date(2000, 1, 1); date <= calendar_date(2099, 12, 31); date++) {
        int year, month, day;
        char text[32];
        calendar_date_parts(date, &year, &month, &day);
        (void)snprintf(text, sizeof(text), "%04d-%02d-%02d", year, month, day);
        int32_t found = 0;
        assert_int_equal(calendar_date_parse(text, &found), 0);
        assert_int_equal(found, date);
    }
}

static void test_what_is_no_date_is_refused(void **state)
{
    (void)state;
    static const char *const WRONG[] = {
        "",           "2026",       "2026-1-01",   "2026-01-1",   "2026-01-01 ", " 2026-01-01",
        "2026-13-01", "2026-00-01", "2026-01-00",  "2026-01-32",  "2026-02-29",  "2026-04-31",
        "1999-12-31", "2100-01-01", "2026/01/01",  "20260101",    "2026-01-0x",  "+026-01-01",
        "-026-01-01", "2026-01--1", "2026-01-011", "12026-01-01",
    };
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        int32_t date = 7;
        assert_int_equal(calendar_date_parse(WRONG[i], &date), AM_EINVAL);
        assert_int_equal(date, 7);
    }
    int32_t date;
    assert_int_equal(calendar_date_parse("2024-02-29", &date), 0);
    assert_int_equal(date, calendar_date(2024, 2, 29));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates_are_those_of_the_c_library),
        cmocka_unit_test(test_every_day_of_the_years_is_read),
        cmocka_unit_test(test_what_is_no_date_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
