/* SPDX-License-Identifier: Apache-2.0 */
/* What a stretch of time is explained as. */
#include "times.h"

#include <stdio.h>
#include <string.h>

static const struct calendar_window OFFICE[] = {
    {0, AT(9, 0), AT(17, 0)}, {1, AT(9, 0), AT(17, 0)}, {2, AT(9, 0), AT(17, 0)},
    {3, AT(9, 0), AT(17, 0)}, {4, AT(9, 0), AT(17, 0)},
};
static const struct calendar_window ALWAYS[] = {
    {0, 0, AT(24, 0)}, {1, 0, AT(24, 0)}, {2, 0, AT(24, 0)}, {3, 0, AT(24, 0)},
    {4, 0, AT(24, 0)}, {5, 0, AT(24, 0)}, {6, 0, AT(24, 0)},
};

/* The parts from one instant to another: "closed 0d09:00, working
 * 0d08:00, holiday 1d00:00 Name". */
static void assert_parts(const struct calendar *c, int64_t from, int64_t until,
                         const char *expected)
{
    static const char *const KINDS[] = {"working", "closed", "holiday"};
    char text[1024] = "";
    size_t len = 0;
    while (from < until && len < sizeof(text) - 200) {
        struct calendar_part p = calendar_part_at(c, from, until);
        assert_int_equal(p.from_us, from);
        int minutes = (int)((p.until_us - from) / US / 60);
        len += (size_t)sprintf(text + len, "%s%s %dd%02d:%02d", len ? ", " : "", KINDS[p.kind],
                               minutes / 1440, minutes / 60 % 24, minutes % 60);
        len += (size_t)sprintf(text + len, "%s%s", *p.holiday ? " " : "", p.holiday);
        if (p.offset_until_s != p.offset_from_s)
            len += (size_t)sprintf(text + len, " %+d", (p.offset_until_s - p.offset_from_s) / 60);
        from = p.until_us;
    }
    assert_string_equal(text, expected);
}

static void test_working_and_closed_time(void **state)
{
    (void)state;
    struct calendar *c = make("UTC", &(struct calendar_spec){SPEC_WINDOWS(OFFICE)});
    assert_parts(c, utc(2026, 6, 5, 0, 0), utc(2026, 6, 8, 10, 30),
                 "closed 0d09:00, working 0d08:00, closed 2d16:00, working 0d01:30");
    assert_parts(c, utc(2026, 6, 5, 12, 0), utc(2026, 6, 5, 13, 0), "working 0d01:00");
    assert_parts(c, utc(2026, 6, 6, 12, 0), utc(2026, 6, 6, 13, 0), "closed 0d01:00");
    struct calendar_part p = calendar_part_at(c, utc(2026, 6, 5, 16, 59) + 1, INT64_MAX);
    assert_int_equal(p.until_us, utc(2026, 6, 5, 17, 0));
    p = calendar_part_at(c, utc(2026, 6, 5, 9, 0) - 1, INT64_MAX);
    assert_int_equal(p.kind, CALENDAR_CLOSED);
    assert_int_equal(p.until_us, utc(2026, 6, 5, 9, 0));
    p = calendar_part_at(c, utc(2026, 6, 5, 9, 0) - 5, utc(2026, 6, 5, 9, 0) - 2);
    assert_int_equal(p.until_us, utc(2026, 6, 5, 9, 0) - 2);
    calendar_free(c);
}

static void test_a_holiday_is_what_it_took_away(void **state)
{
    (void)state;
    const struct calendar_holiday holidays[] = {
        {calendar_date(2026, 6, 4), 0, CALENDAR_DAY_S, false, "Corpus Christi"},
        {calendar_date(2026, 6, 5), AT(12, 0), AT(20, 0), false, "Outing"},
        {calendar_date(2026, 6, 6), 0, CALENDAR_DAY_S, false, "Saturday"},
    };
    struct calendar *c =
        make("UTC", &(struct calendar_spec){SPEC_WINDOWS(OFFICE), SPEC_HOLIDAYS(holidays)});
    assert_parts(c, utc(2026, 6, 3, 16, 0), utc(2026, 6, 8, 10, 0),
                 "working 0d01:00, closed 0d16:00, holiday 0d08:00 Corpus Christi, closed 0d16:00, "
                 "working 0d03:00, holiday 0d05:00 Outing, closed 2d16:00, working 0d01:00");
    calendar_free(c);
}

static void test_holidays_side_by_side_and_on_top_of_each_other(void **state)
{
    (void)state;
    const struct calendar_holiday holidays[] = {
        {calendar_date(2026, 12, 25), 0, CALENDAR_DAY_S, true, "Christmas"},
        {calendar_date(2026, 12, 26), AT(6, 0), AT(12, 0), false, "Sale"},
        {calendar_date(2026, 12, 26), 0, CALENDAR_DAY_S, true, "Boxing Day"},
        {calendar_date(2026, 12, 27), 0, AT(1, 0), false, "Sale"},
    };
    struct calendar *c =
        make("UTC", &(struct calendar_spec){SPEC_WINDOWS(ALWAYS), SPEC_HOLIDAYS(holidays)});
    assert_parts(c, utc(2026, 12, 24, 0, 0), utc(2026, 12, 28, 0, 0),
                 "working 1d00:00, holiday 1d00:00 Christmas, holiday 0d06:00 Boxing Day, "
                 "holiday 0d06:00 Sale, holiday 0d12:00 Boxing Day, holiday 0d01:00 Sale, "
                 "working 0d23:00");
    calendar_free(c);
}

static void test_a_long_time_without_windows(void **state)
{
    (void)state;
    struct calendar_day days[300];
    for (int i = 0; i < 300; i++)
        days[i] = (struct calendar_day){calendar_date(2026, 2, 1) + i, 0, 0};
    struct calendar *c =
        make("UTC", &(struct calendar_spec){SPEC_WINDOWS(ALWAYS), SPEC_DAYS(days)});
    assert_parts(c, utc(2026, 1, 31, 0, 0), utc(2027, 1, 1, 0, 0),
                 "working 1d00:00, closed 300d00:00, working 34d00:00");
    calendar_free(c);
}

static void test_offsets_show_where_the_clocks_moved(void **state)
{
    (void)state;
    static const struct calendar_window SUNDAYS[] = {{6, 0, AT(6, 0)}};
    struct calendar *c = make("Europe/London", &(struct calendar_spec){SPEC_WINDOWS(SUNDAYS)});
    assert_parts(c, utc(2026, 3, 28, 0, 0), utc(2026, 3, 30, 0, 0),
                 "closed 1d00:00, working 0d05:00 +60, closed 0d19:00");
    assert_parts(c, utc(2026, 10, 25, 0, 0), utc(2026, 10, 26, 0, 0),
                 "working 0d06:00 -60, closed 0d18:00");
    /* Not within a part that ends just before. */
    assert_parts(c, utc(2026, 10, 25, 0, 0), utc(2026, 10, 25, 1, 0) - US, "working 0d00:59");
    calendar_free(c);
    c = make("Pacific/Apia", &(struct calendar_spec){SPEC_WINDOWS(ALWAYS)});
    assert_parts(c, utc(2011, 12, 29, 0, 0), utc(2012, 1, 1, 0, 0), "working 3d00:00 +1440");
    calendar_free(c);
}

/* Thursday is off: of Wednesday's night shift all but two hours is lost, of Thursday's the first
 * two. It is one part with the time between the shifts. */
static void test_a_date_that_is_off_is_closed(void **state)
{
    (void)state;
    static const struct calendar_window NIGHTS[] = {{2, AT(22, 0), AT(30, 0)},
                                                    {3, AT(22, 0), AT(30, 0)}};
    const struct calendar_day off[] = {{calendar_date(2026, 3, 5), CALENDAR_DAY_S, CALENDAR_DAY_S}};
    const struct calendar_day none[] = {{calendar_date(2026, 3, 5), 0, 0}};
    struct calendar *c = make("UTC", &(struct calendar_spec){SPEC_WINDOWS(NIGHTS), SPEC_DAYS(off)});
    assert_parts(
        c, utc(2026, 3, 4, 12, 0), utc(2026, 3, 7, 0, 0),
        "closed 0d10:00, working 0d02:00, closed 1d00:00, working 0d06:00, closed 0d18:00");
    calendar_free(c);
    c = make("UTC", &(struct calendar_spec){SPEC_WINDOWS(NIGHTS), SPEC_DAYS(none)});
    assert_parts(c, utc(2026, 3, 4, 12, 0), utc(2026, 3, 7, 0, 0),
                 "closed 0d10:00, working 0d08:00, closed 1d18:00");
    calendar_free(c);
}

static void test_outside_the_years_it_is_closed(void **state)
{
    (void)state;
    const struct calendar_holiday holidays[] = {
        {calendar_date(2000, 1, 1), 0, CALENDAR_DAY_S, false, "Millennium"},
        {calendar_date(2099, 12, 31), 0, CALENDAR_DAY_S, false, "Last"}};
    struct calendar *c =
        make("UTC", &(struct calendar_spec){SPEC_WINDOWS(ALWAYS), SPEC_HOLIDAYS(holidays)});
    assert_parts(c, utc(1999, 12, 30, 0, 0), utc(2000, 1, 3, 0, 0),
                 "closed 2d00:00, holiday 1d00:00 Millennium, working 1d00:00");
    assert_parts(c, utc(2099, 12, 30, 0, 0), utc(2100, 1, 8, 0, 0),
                 "working 1d00:00, holiday 1d00:00 Last, closed 7d00:00");
    struct calendar_part p = calendar_part_at(c, INT64_MIN, INT64_MAX);
    assert_int_equal(p.kind, CALENDAR_CLOSED);
    assert_int_equal(p.until_us, utc(2000, 1, 1, 0, 0));
    p = calendar_part_at(c, INT64_MAX - 1, INT64_MAX);
    assert_int_equal(p.kind, CALENDAR_CLOSED);
    assert_true(p.until_us == INT64_MAX);
    calendar_free(c);
}

static void test_no_calendar_is_one_part(void **state)
{
    (void)state;
    struct calendar_part p = calendar_part_at(NULL, 5, INT64_MAX);
    assert_int_equal(p.kind, CALENDAR_WORKING);
    assert_int_equal(p.from_us, 5);
    assert_true(p.until_us == INT64_MAX);
    assert_string_equal(p.holiday, "");
    assert_int_equal(p.offset_from_s, 0);
    assert_int_equal(p.offset_until_s, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_working_and_closed_time),
        cmocka_unit_test(test_a_holiday_is_what_it_took_away),
        cmocka_unit_test(test_holidays_side_by_side_and_on_top_of_each_other),
        cmocka_unit_test(test_a_long_time_without_windows),
        cmocka_unit_test(test_offsets_show_where_the_clocks_moved),
        cmocka_unit_test(test_a_date_that_is_off_is_closed),
        cmocka_unit_test(test_outside_the_years_it_is_closed),
        cmocka_unit_test(test_no_calendar_is_one_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
