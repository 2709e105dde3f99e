/* SPDX-License-Identifier: Apache-2.0 */
/* Each rule of a calendar by an example. */
#include "times.h"

static const struct calendar_window OFFICE[] = {
    {0, AT(9, 0), AT(17, 0)}, {1, AT(9, 0), AT(17, 0)}, {2, AT(9, 0), AT(17, 0)},
    {3, AT(9, 0), AT(17, 0)}, {4, AT(9, 0), AT(17, 0)},
};
static const struct calendar_spec OFFICE_SPEC = {SPEC_WINDOWS(OFFICE)};

/* 2026-06-01 is a Monday. */
static int64_t june(int day, int hour, int minute)
{
    return utc(2026, 6, day, hour, minute);
}

static void test_adding_skips_closed_time(void **state)
{
    (void)state;
    struct calendar *c = make("UTC", &OFFICE_SPEC);
    assert_int_equal(calendar_add(c, june(1, 9, 0), HOURS(8)), june(1, 17, 0));
    assert_int_equal(calendar_add(c, june(1, 9, 0), HOURS(8) + 1), june(2, 9, 0) + 1);
    assert_int_equal(calendar_add(c, june(1, 16, 0), HOURS(2)), june(2, 10, 0));
    assert_int_equal(calendar_add(c, june(5, 16, 0), HOURS(2)), june(8, 10, 0));
    assert_int_equal(calendar_add(c, june(6, 12, 0), HOURS(1)), june(8, 10, 0));
    assert_int_equal(calendar_add(c, june(1, 9, 0), HOURS(40)), june(5, 17, 0));
    assert_int_equal(calendar_add(c, june(6, 12, 34) + 5, 0), june(6, 12, 34) + 5);
    calendar_free(c);
}

static void test_microseconds_are_kept(void **state)
{
    (void)state;
    struct calendar *c = make("UTC", &OFFICE_SPEC);
    int64_t from = june(1, 16, 59) + 59 * US + 999999;
    assert_int_equal(calendar_add(c, from, 1), june(1, 17, 0));
    assert_int_equal(calendar_add(c, from, 2), june(2, 9, 0) + 1);
    assert_int_equal(calendar_between(c, from, june(2, 9, 0) + 7), 8);
    assert_int_equal(calendar_subtract(c, june(2, 9, 0) + 7, 8), from);
    calendar_free(c);
}

static void test_subtracting_mirrors_adding(void **state)
{
    (void)state;
    struct calendar *c = make("UTC", &OFFICE_SPEC);
    assert_int_equal(calendar_subtract(c, june(1, 17, 0), HOURS(8)), june(1, 9, 0));
    assert_int_equal(calendar_subtract(c, june(2, 10, 0), HOURS(2)), june(1, 16, 0));
    assert_int_equal(calendar_subtract(c, june(2, 10, 0), HOURS(1)), june(2, 9, 0));
    assert_int_equal(calendar_subtract(c, june(7, 3, 0), HOURS(1)), june(5, 16, 0));
    assert_int_equal(calendar_subtract(c, june(7, 3, 0), 0), june(7, 3, 0));
    calendar_free(c);
}

static void test_time_between_is_working_time_only(void **state)
{
    (void)state;
    struct calendar *c = make("UTC", &OFFICE_SPEC);
    assert_int_equal(calendar_between(c, june(1, 0, 0), june(8, 0, 0)), HOURS(40));
    assert_int_equal(calendar_between(c, june(1, 16, 30), june(2, 9, 30)), HOURS(1));
    assert_int_equal(calendar_between(c, june(6, 0, 0), june(8, 9, 0)), 0);
    assert_int_equal(calendar_between(c, june(2, 0, 0), june(1, 0, 0)), 0);
    assert_true(calendar_works_at(c, june(1, 9, 0)));
    assert_true(calendar_works_at(c, june(1, 17, 0) - 1));
    assert_false(calendar_works_at(c, june(1, 17, 0)));
    assert_false(calendar_works_at(c, june(1, 9, 0) - 1));
    calendar_free(c);
}

static void test_the_last_open_instant(void **state)
{
    (void)state;
    struct calendar *c = make("UTC", &OFFICE_SPEC);
    assert_int_equal(calendar_last_open(c, june(1, 12, 0) + 3), june(1, 12, 0) + 3);
    assert_int_equal(calendar_last_open(c, june(1, 17, 0)), june(1, 17, 0));
    assert_int_equal(calendar_last_open(c, june(1, 17, 0) + 1), june(1, 17, 0));
    assert_int_equal(calendar_last_open(c, june(7, 12, 0)), june(5, 17, 0));
    assert_int_equal(calendar_last_open(c, june(8, 9, 0)), june(8, 9, 0));
    assert_true(calendar_last_open(c, utc(1999, 12, 1, 0, 0)) == INT64_MIN);
    assert_true(calendar_last_open(c, INT64_MIN) == INT64_MIN);
    assert_int_equal(calendar_last_open(c, INT64_MAX), utc(2099, 12, 31, 17, 0));
    calendar_free(c);
}

static void test_arithmetic_saturates_at_the_ends(void **state)
{
    (void)state;
    const int64_t first = CALENDAR_FROM_S * US, last = CALENDAR_UNTIL_S * US;
    struct calendar *c = make("UTC", &OFFICE_SPEC);
    const struct calendar *each[] = {c, NULL};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(calendar_add(each[i], june(1, 0, 0), INT64_MAX), last);
        assert_int_equal(calendar_add(each[i], last + 5, HOURS(1)), last + 5);
        assert_int_equal(calendar_add(each[i], INT64_MAX, INT64_MAX), INT64_MAX);
        assert_int_equal(calendar_subtract(each[i], june(1, 0, 0), INT64_MAX), first);
        assert_int_equal(calendar_subtract(each[i], first - 5, HOURS(1)), first - 5);
        assert_true(calendar_subtract(each[i], INT64_MIN, INT64_MAX) == INT64_MIN);
    }
    assert_int_equal(calendar_add(c, INT64_MIN, HOURS(1)), utc(2000, 1, 3, 10, 0));
    assert_int_equal(calendar_subtract(c, INT64_MAX, HOURS(1)), utc(2099, 12, 31, 16, 0));
    assert_int_equal(calendar_between(c, INT64_MIN, INT64_MAX), calendar_between(c, first, last));
    assert_true(calendar_between(NULL, INT64_MIN, INT64_MAX) == INT64_MAX);
    calendar_free(c);
}

static void test_no_calendar_always_works(void **state)
{
    (void)state;
    assert_int_equal(calendar_add(NULL, june(6, 1, 2) + 3, HOURS(100)), june(10, 5, 2) + 3);
    assert_int_equal(calendar_subtract(NULL, june(10, 5, 2) + 3, HOURS(100)), june(6, 1, 2) + 3);
    assert_int_equal(calendar_between(NULL, june(6, 0, 0), june(8, 0, 0)), HOURS(48));
    assert_int_equal(calendar_between(NULL, june(8, 0, 0), june(6, 0, 0)), 0);
    assert_true(calendar_works_at(NULL, 0));
    assert_int_equal(calendar_last_open(NULL, 77), 77);
}

static void test_several_windows_a_day_and_those_that_overlap(void **state)
{
    (void)state;
    static const struct calendar_window WINDOWS[] = {
        {0, AT(13, 0), AT(17, 0)},  {0, AT(9, 0), AT(12, 0)},   {1, AT(9, 0), AT(12, 0)},
        {1, AT(12, 0), AT(13, 0)},  {1, AT(10, 0), AT(11, 0)},  {2, AT(9, 0), AT(12, 0)},
        {2, AT(11, 0), AT(14, 30)}, {2, AT(11, 30), AT(12, 0)},
    };
    struct calendar *c = make("UTC", &(struct calendar_spec){SPEC_WINDOWS(WINDOWS)});
    assert_int_equal(calendar_between(c, june(1, 0, 0), june(2, 0, 0)), HOURS(7));
    assert_int_equal(calendar_add(c, june(1, 11, 0), HOURS(2)), june(1, 14, 0));
    assert_int_equal(calendar_between(c, june(2, 0, 0), june(3, 0, 0)), HOURS(4));
    assert_true(calendar_works_at(c, june(2, 12, 0)));
    assert_int_equal(calendar_between(c, june(3, 0, 0), june(4, 0, 0)), HOURS(5.5));
    calendar_free(c);
}

/* Friday night until Saturday noon, because a window of Saturday overlaps the end of the night. */
static void test_a_window_over_midnight_ends_on_the_next_day(void **state)
{
    (void)state;
    static const struct calendar_window WINDOWS[] = {
        {4, AT(22, 0), AT(36, 0)}, {5, AT(10, 0), AT(14, 0)}, {6, AT(0, 0), AT(48, 0)}};
    struct calendar *c = make("UTC", &(struct calendar_spec){SPEC_WINDOWS(WINDOWS)});
    assert_int_equal(calendar_between(c, june(5, 0, 0), june(6, 0, 0)), HOURS(2));
    assert_int_equal(calendar_between(c, june(6, 0, 0), june(7, 0, 0)), HOURS(14));
    assert_int_equal(calendar_add(c, june(5, 22, 0), HOURS(16)), june(6, 14, 0));
    assert_int_equal(calendar_add(c, june(7, 0, 0), HOURS(48)), june(9, 0, 0));
    assert_false(calendar_works_at(c, june(9, 0, 0)));
    calendar_free(c);
}

static void test_dates_have_hours_of_their_own(void **state)
{
    (void)state;
    const int32_t tuesday = calendar_date(2026, 6, 2), saturday = calendar_date(2026, 6, 6);
    const struct calendar_day days[] = {{saturday, AT(14, 0), AT(16, 0)},
                                        {saturday, AT(10, 0), AT(12, 0)},
                                        {tuesday, 0, 0},
                                        {tuesday + 1, AT(20, 0), AT(30, 0)}};
    struct calendar *c =
        make("UTC", &(struct calendar_spec){SPEC_WINDOWS(OFFICE), SPEC_DAYS(days)});
    assert_int_equal(calendar_between(c, june(2, 0, 0), june(3, 0, 0)), 0);
    assert_int_equal(calendar_between(c, june(3, 0, 0), june(4, 0, 0)), HOURS(4));
    assert_int_equal(calendar_between(c, june(4, 0, 0), june(5, 0, 0)), HOURS(14));
    assert_int_equal(calendar_between(c, june(6, 0, 0), june(7, 0, 0)), HOURS(4));
    assert_int_equal(calendar_between(c, june(8, 0, 0), june(15, 0, 0)), HOURS(40));
    calendar_free(c);
}

static void test_holidays_take_time_away(void **state)
{
    (void)state;
    static const struct calendar_window NIGHTS[] = {
        {0, AT(22, 0), AT(30, 0)}, {1, AT(22, 0), AT(30, 0)}, {2, AT(22, 0), AT(30, 0)}};
    const int32_t tuesday = calendar_date(2026, 6, 2);
    const struct calendar_holiday whole[] = {{tuesday, 0, CALENDAR_DAY_S, false, "Whole"}};
    const struct calendar_holiday part[] = {{tuesday, AT(12, 0), AT(14, 0), false, "Part"},
                                            {tuesday, AT(13, 0), AT(23, 0), false, "Longer"}};
    struct calendar *c =
        make("UTC", &(struct calendar_spec){SPEC_WINDOWS(NIGHTS), SPEC_HOLIDAYS(whole)});
    /* Monday's night ends at midnight; Tuesday's begins there. */
    assert_int_equal(calendar_between(c, june(1, 12, 0), june(2, 12, 0)), HOURS(2));
    assert_int_equal(calendar_between(c, june(2, 12, 0), june(3, 12, 0)), HOURS(6));
    calendar_free(c);
    c = make("UTC", &(struct calendar_spec){SPEC_WINDOWS(NIGHTS), SPEC_HOLIDAYS(part)});
    assert_int_equal(calendar_between(c, june(1, 12, 0), june(2, 12, 0)), HOURS(8));
    assert_int_equal(calendar_between(c, june(2, 12, 0), june(3, 12, 0)), HOURS(7));
    calendar_free(c);
    c = make("UTC", &(struct calendar_spec){SPEC_WINDOWS(OFFICE), SPEC_HOLIDAYS(part)});
    assert_int_equal(calendar_between(c, june(2, 0, 0), june(3, 0, 0)), HOURS(3));
    calendar_free(c);
}

static void test_yearly_holidays_come_back(void **state)
{
    (void)state;
    const struct calendar_holiday yearly[] = {
        {calendar_date(2020, 12, 25), 0, CALENDAR_DAY_S, true, "Christmas"},
        {calendar_date(2024, 2, 29), 0, CALENDAR_DAY_S, true, "Leap day"},
        {calendar_date(1970, 1, 1), 0, CALENDAR_DAY_S, true, "New Year"}};
    static const struct calendar_window ALWAYS[] = {
        {0, 0, AT(24, 0)}, {1, 0, AT(24, 0)}, {2, 0, AT(24, 0)}, {3, 0, AT(24, 0)},
        {4, 0, AT(24, 0)}, {5, 0, AT(24, 0)}, {6, 0, AT(24, 0)}};
    struct calendar *c =
        make("UTC", &(struct calendar_spec){SPEC_WINDOWS(ALWAYS), SPEC_HOLIDAYS(yearly)});
    for (int year = 2000; year < 2100; year++) {
        bool leap = year % 4 == 0;
        assert_int_equal(calendar_works_at(c, utc(year, 12, 25, 12, 0)), year < 2020);
        assert_true(calendar_works_at(c, utc(year, 12, 26, 0, 0)));
        assert_true(calendar_works_at(c, utc(year, 2, 28, 23, 59)));
        assert_true(calendar_works_at(c, utc(year, 3, 1, 0, 0)));
        assert_int_equal(calendar_works_at(c, utc(year, 2, 29, 0, 0)), !leap || year < 2024);
        assert_false(calendar_works_at(c, utc(year, 1, 1, 12, 0)));
    }
    calendar_free(c);
}

static void test_a_year_without_working_time_is_refused(void **state)
{
    (void)state;
    int year = -1;
    const struct zone *utc_zone = zone_get("UTC");
    assert_null(calendar_new(&(struct calendar_spec){0}, utc_zone, &year));
    assert_int_equal(year, 2000);
    struct calendar_holiday holidays[366];
    for (int i = 0; i < 366; i++)
        holidays[i] = (struct calendar_holiday){calendar_date(2044, 1, 1) + i, 0, CALENDAR_DAY_S,
                                                false, "Closed"};
    struct calendar_spec spec = {SPEC_WINDOWS(OFFICE), SPEC_HOLIDAYS(holidays)};
    assert_null(calendar_new(&spec, utc_zone, &year));
    assert_int_equal(year, 2044);
    holidays[100].until_s = AT(16, 59); /* a Sunday */
    assert_null(calendar_new(&spec, utc_zone, &year));
    holidays[101].until_s = AT(16, 59); /* one minute */
    struct calendar *c = calendar_new(&spec, utc_zone, &year);
    assert_non_null(c);
    assert_int_equal(year, 0);
    assert_ptr_equal(calendar_zone(c), utc_zone);
    calendar_free(c);
    calendar_free(NULL);
}

static void assert_refused(struct calendar_spec spec)
{
    int year = -1;
    assert_null(calendar_new(&spec, zone_get("UTC"), &year));
    assert_int_equal(year, 0);
}

static void test_a_spec_out_of_bounds_is_refused(void **state)
{
    (void)state;
    static const struct calendar_window WINDOWS[] = {
        {7, 0, 60},  {-1, 0, 60},           {0, -1, 60},
        {0, 60, 60}, {0, 0, AT(48, 0) + 1}, {0, AT(24, 0), AT(25, 0)},
    };
    for (size_t i = 0; i < COUNT(WINDOWS); i++)
        assert_refused((struct calendar_spec){.n_windows = 1, .windows = &WINDOWS[i]});
    static const struct calendar_holiday HOLIDAYS[] = {
        {0, 0, AT(24, 0) + 1, false, ""},
        {0, 5, 5, false, ""},
        {0, -5, 5, true, ""},
        {0, 0, 5, true, NULL},
    };
    for (size_t i = 0; i < COUNT(HOLIDAYS); i++)
        assert_refused((struct calendar_spec){SPEC_WINDOWS(OFFICE), .n_holidays = 1,
                                              .holidays = &HOLIDAYS[i]});
    static const struct calendar_day DAY = {0, 60, 50};
    assert_refused((struct calendar_spec){SPEC_WINDOWS(OFFICE), .n_days = 1, .days = &DAY});
    assert_refused((struct calendar_spec){.n_windows = CALENDAR_WINDOWS_MAX + 1});
    assert_refused((struct calendar_spec){.n_days = CALENDAR_DATES_MAX + 1});
    assert_refused((struct calendar_spec){.n_holidays = CALENDAR_HOLIDAYS_MAX + 1});
}

static void test_a_working_week_takes_little_memory(void **state)
{
    (void)state;
    struct calendar *c = make("Europe/London", &OFFICE_SPEC);
    assert_in_range(calendar_bytes(c), 26000 * 8, 220000);
    calendar_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adding_skips_closed_time),
        cmocka_unit_test(test_microseconds_are_kept),
        cmocka_unit_test(test_subtracting_mirrors_adding),
        cmocka_unit_test(test_time_between_is_working_time_only),
        cmocka_unit_test(test_the_last_open_instant),
        cmocka_unit_test(test_arithmetic_saturates_at_the_ends),
        cmocka_unit_test(test_no_calendar_always_works),
        cmocka_unit_test(test_several_windows_a_day_and_those_that_overlap),
        cmocka_unit_test(test_a_window_over_midnight_ends_on_the_next_day),
        cmocka_unit_test(test_dates_have_hours_of_their_own),
        cmocka_unit_test(test_holidays_take_time_away),
        cmocka_unit_test(test_yearly_holidays_come_back),
        cmocka_unit_test(test_a_year_without_working_time_is_refused),
        cmocka_unit_test(test_a_spec_out_of_bounds_is_refused),
        cmocka_unit_test(test_a_working_week_takes_little_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
