/* SPDX-License-Identifier: Apache-2.0 */
/* Windows across the transitions of zones that have them, and of one that has none. */
#include "times.h"

/* What a window of that date becomes, whatever the weekly hours are. */
struct example {
    const char *zone;
    int year, month, day;
    int32_t from_s, until_s;
    int64_t begin_us, length_us;
};

static void assert_example(const struct example *x)
{
    int32_t date = calendar_date(x->year, x->month, x->day);
    const struct calendar_day days[] = {{date - 1, 0, 0},
                                        {date, x->from_s, x->until_s},
                                        {date + 1, 0, 0},
                                        {date + 2, 0, 0},
                                        {date + 3, 0, 0}};
    static const struct calendar_window WINDOWS[] = {{0, 0, 60}, {3, 0, 60}};
    struct calendar *c =
        make(x->zone, &(struct calendar_spec){SPEC_WINDOWS(WINDOWS), SPEC_DAYS(days)});
    int64_t before = (date - 1) * 86400LL * US, after = (date + 3) * 86400LL * US;
    assert_int_equal(calendar_between(c, before, after), x->length_us);
    if (x->length_us) {
        assert_int_equal(calendar_add(c, before, 1) - 1, x->begin_us);
        assert_int_equal(calendar_add(c, before, x->length_us), x->begin_us + x->length_us);
        assert_int_equal(calendar_subtract(c, after, x->length_us), x->begin_us);
    }
    calendar_free(c);
}

static void assert_examples(const struct example *examples, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_example(&examples[i]);
}

#define LONDON_SPRING "Europe/London", 2026, 3, 29  /* 01:00 to 02:00 at 01:00Z */
#define LONDON_AUTUMN "Europe/London", 2026, 10, 25 /* 02:00 to 01:00 at 01:00Z */

static void test_london(void **state)
{
    (void)state;
    const struct example examples[] = {
        /* over the transition, or beside it */
        {LONDON_SPRING, AT(0, 0), AT(4, 0), utc(2026, 3, 29, 0, 0), HOURS(3)},
        {LONDON_SPRING, AT(9, 0), AT(17, 0), utc(2026, 3, 29, 8, 0), HOURS(8)},
        {LONDON_SPRING, AT(0, 0), AT(24, 0), utc(2026, 3, 29, 0, 0), HOURS(23)},
        {LONDON_AUTUMN, AT(0, 0), AT(4, 0), utc(2026, 10, 24, 23, 0), HOURS(5)},
        {LONDON_AUTUMN, AT(0, 0), AT(24, 0), utc(2026, 10, 24, 23, 0), HOURS(25)},
        {LONDON_AUTUMN, AT(9, 0), AT(17, 0), utc(2026, 10, 25, 9, 0), HOURS(8)},
        /* ends in the gap */
        {LONDON_SPRING, AT(0, 0), AT(1, 0), utc(2026, 3, 29, 0, 0), HOURS(1)},
        {LONDON_SPRING, AT(0, 0), AT(1, 30), utc(2026, 3, 29, 0, 0), HOURS(1.5)},
        {LONDON_SPRING, AT(0, 0), AT(2, 0), utc(2026, 3, 29, 0, 0), HOURS(1)},
        /* begins in it */
        {LONDON_SPRING, AT(1, 30), AT(4, 0), utc(2026, 3, 29, 1, 30), HOURS(1.5)},
        {LONDON_SPRING, AT(1, 0), AT(4, 0), utc(2026, 3, 29, 1, 0), HOURS(2)},
        {LONDON_SPRING, AT(2, 0), AT(4, 0), utc(2026, 3, 29, 1, 0), HOURS(2)},
        /* both; and moved behind its end */
        {LONDON_SPRING, AT(1, 15), AT(1, 45), utc(2026, 3, 29, 1, 15), HOURS(0.5)},
        {LONDON_SPRING, AT(1, 30), AT(2, 15), 0, 0},
        {LONDON_SPRING, AT(1, 0), AT(2, 0), 0, 0},
        /* ends in the overlap: the second time */
        {LONDON_AUTUMN, AT(0, 0), AT(1, 30), utc(2026, 10, 24, 23, 0), HOURS(2.5)},
        {LONDON_AUTUMN, AT(0, 0), AT(1, 0), utc(2026, 10, 24, 23, 0), HOURS(2)},
        {LONDON_AUTUMN, AT(0, 0), AT(2, 0), utc(2026, 10, 24, 23, 0), HOURS(3)},
        /* begins in it: the first time */
        {LONDON_AUTUMN, AT(1, 30), AT(3, 0), utc(2026, 10, 25, 0, 30), HOURS(2.5)},
        {LONDON_AUTUMN, AT(1, 0), AT(3, 0), utc(2026, 10, 25, 0, 0), HOURS(3)},
        {LONDON_AUTUMN, AT(2, 0), AT(3, 0), utc(2026, 10, 25, 2, 0), HOURS(1)},
        {LONDON_AUTUMN, AT(1, 15), AT(1, 45), utc(2026, 10, 25, 0, 15), HOURS(1.5)},
        /* a night that began the day before */
        {"Europe/London", 2026, 3, 28, AT(22, 0), AT(30, 0), utc(2026, 3, 28, 22, 0), HOURS(7)},
        {"Europe/London", 2026, 10, 24, AT(22, 0), AT(30, 0), utc(2026, 10, 24, 21, 0), HOURS(9)},
        {"Europe/London", 2026, 3, 28, AT(22, 0), AT(25, 30), utc(2026, 3, 28, 22, 0), HOURS(3.5)},
    };
    assert_examples(examples, COUNT(examples));
}

static void test_new_york(void **state)
{
    (void)state;
    const struct example examples[] = {
        {"America/New_York", 2026, 3, 8, AT(1, 0), AT(4, 0), utc(2026, 3, 8, 6, 0), HOURS(2)},
        {"America/New_York", 2026, 3, 8, AT(2, 30), AT(4, 0), utc(2026, 3, 8, 7, 30), HOURS(0.5)},
        {"America/New_York", 2026, 11, 1, AT(1, 0), AT(4, 0), utc(2026, 11, 1, 5, 0), HOURS(4)},
        {"America/New_York", 2026, 11, 1, AT(0, 0), AT(1, 30), utc(2026, 11, 1, 4, 0), HOURS(2.5)},
        {"America/New_York", 2098, 7, 1, AT(9, 0), AT(17, 0), utc(2098, 7, 1, 13, 0), HOURS(8)},
    };
    assert_examples(examples, COUNT(examples));
}

static void test_half_an_hour_on_lord_howe(void **state)
{
    (void)state;
    const char *zone = "Australia/Lord_Howe";
    const struct example examples[] = {
        {zone, 2026, 10, 4, AT(0, 0), AT(4, 0), utc(2026, 10, 3, 13, 30), HOURS(3.5)},
        {zone, 2026, 10, 4, AT(0, 0), AT(2, 15), utc(2026, 10, 3, 13, 30), HOURS(2.25)},
        {zone, 2026, 4, 5, AT(0, 0), AT(4, 0), utc(2026, 4, 4, 13, 0), HOURS(4.5)},
        {zone, 2026, 4, 5, AT(1, 45), AT(3, 0), utc(2026, 4, 4, 14, 45), HOURS(1.75)},
        {zone, 2026, 4, 5, AT(0, 0), AT(1, 45), utc(2026, 4, 4, 13, 0), HOURS(2.25)},
    };
    assert_examples(examples, COUNT(examples));
}

/* One hour back for Ramadan and forward after it, on dates that a rule cannot give. */
static void test_ramadan_in_casablanca(void **state)
{
    (void)state;
    const char *zone = "Africa/Casablanca";
    const struct example examples[] = {
        {zone, 2026, 2, 15, AT(0, 0), AT(6, 0), utc(2026, 2, 14, 23, 0), HOURS(7)},
        {zone, 2026, 3, 1, AT(9, 0), AT(17, 0), utc(2026, 3, 1, 9, 0), HOURS(8)},
        {zone, 2026, 3, 22, AT(0, 0), AT(6, 0), utc(2026, 3, 22, 0, 0), HOURS(5)},
        {zone, 2026, 4, 1, AT(9, 0), AT(17, 0), utc(2026, 4, 1, 8, 0), HOURS(8)},
    };
    assert_examples(examples, COUNT(examples));
}

static void test_no_transition_in_kolkata(void **state)
{
    (void)state;
    const struct example example = {"Asia/Kolkata",           2026,     3, 29, AT(0, 0), AT(24, 0),
                                    utc(2026, 3, 28, 18, 30), HOURS(24)};
    assert_example(&example);
}

/* Windows on Friday 30 December 2011, a day that did not exist in Apia. Moved forward by a day they
 * would be windows of Saturday. A night of Thursday goes on after the date line. */
static void test_a_day_skipped_in_apia(void **state)
{
    (void)state;
    const char *zone = "Pacific/Apia";
    const struct example examples[] = {
        {zone, 2011, 12, 30, AT(9, 0), AT(17, 0), 0, 0},
        {zone, 2011, 12, 30, AT(22, 0), AT(30, 0), 0, 0},
        {zone, 2011, 12, 29, AT(9, 0), AT(17, 0), utc(2011, 12, 29, 19, 0), HOURS(8)},
        {zone, 2011, 12, 31, AT(9, 0), AT(17, 0), utc(2011, 12, 30, 19, 0), HOURS(8)},
        {zone, 2011, 12, 29, AT(0, 0), AT(24, 0), utc(2011, 12, 29, 10, 0), HOURS(24)},
        {zone, 2011, 12, 29, AT(22, 0), AT(30, 0), utc(2011, 12, 30, 8, 0), HOURS(8)},
    };
    assert_examples(examples, COUNT(examples));
    static const struct calendar_window FRIDAYS[] = {{4, AT(9, 0), AT(17, 0)}};
    struct calendar *c = make(zone, &(struct calendar_spec){SPEC_WINDOWS(FRIDAYS)});
    int64_t from = on_wall(zone, 2011, 12, 23, 0, 0), until = on_wall(zone, 2012, 1, 7, 0, 0);
    assert_int_equal(calendar_between(c, from, until), HOURS(16)); /* of three Fridays, two */
    calendar_free(c);
}

static void test_a_holiday_that_was_skipped_takes_nothing(void **state)
{
    (void)state;
    static const struct calendar_window NIGHTS[] = {{3, AT(22, 0), AT(30, 0)}};
    const struct calendar_holiday friday[] = {
        {calendar_date(2011, 12, 30), 0, CALENDAR_DAY_S, false, "Nobody's day"}};
    struct calendar *c =
        make("Pacific/Apia", &(struct calendar_spec){SPEC_WINDOWS(NIGHTS), SPEC_HOLIDAYS(friday)});
    assert_int_equal(calendar_between(c, utc(2011, 12, 29, 0, 0), utc(2012, 1, 2, 0, 0)), HOURS(8));
    calendar_free(c);
}

/* Havana's clocks go from 01:00 back to 00:00: the day before ends at the first of both midnights.
 * Beirut's go from 00:00 to 01:00: its day ends there. */
static void test_a_holiday_ends_where_the_next_day_begins(void **state)
{
    (void)state;
    static const struct calendar_window ALWAYS[] = {
        {0, 0, AT(24, 0)}, {1, 0, AT(24, 0)}, {2, 0, AT(24, 0)}, {3, 0, AT(24, 0)},
        {4, 0, AT(24, 0)}, {5, 0, AT(24, 0)}, {6, 0, AT(24, 0)}};
    const struct {
        const char *zone;
        int year, month, day;
        int64_t first, end;
    } days[] = {
        {"America/Havana", 2026, 10, 31, utc(2026, 10, 31, 4, 0), utc(2026, 11, 1, 4, 0)},
        {"America/Havana", 2026, 11, 1, utc(2026, 11, 1, 4, 0), utc(2026, 11, 2, 5, 0)},
        {"Asia/Beirut", 2026, 3, 28, utc(2026, 3, 27, 22, 0), utc(2026, 3, 28, 22, 0)},
        {"Asia/Beirut", 2026, 3, 29, utc(2026, 3, 28, 22, 0), utc(2026, 3, 29, 21, 0)},
        {"Europe/London", 2026, 10, 25, utc(2026, 10, 24, 23, 0), utc(2026, 10, 26, 0, 0)},
    };
    for (size_t i = 0; i < COUNT(days); i++) {
        const struct calendar_holiday holiday[] = {
            {calendar_date(days[i].year, days[i].month, days[i].day), 0, CALENDAR_DAY_S, false,
             "Closed"}};
        struct calendar *c = make(
            days[i].zone, &(struct calendar_spec){SPEC_WINDOWS(ALWAYS), SPEC_HOLIDAYS(holiday)});
        assert_true(calendar_works_at(c, days[i].first - 1));
        assert_false(calendar_works_at(c, days[i].first));
        assert_false(calendar_works_at(c, days[i].end - 1));
        assert_true(calendar_works_at(c, days[i].end));
        calendar_free(c);
    }
}

/* Eight hours from Friday noon, with the clocks moved on the Sunday between. */
static void test_a_deadline_over_a_transition(void **state)
{
    (void)state;
    static const struct calendar_window WEEK[] = {{0, AT(9, 0), AT(17, 0)},
                                                  {1, AT(9, 0), AT(17, 0)},
                                                  {2, AT(9, 0), AT(17, 0)},
                                                  {3, AT(9, 0), AT(17, 0)},
                                                  {4, AT(9, 0), AT(17, 0)}};
    struct calendar *c = make("Europe/London", &(struct calendar_spec){SPEC_WINDOWS(WEEK)});
    int64_t spring = on_wall("Europe/London", 2026, 3, 27, 12, 0);
    int64_t autumn = on_wall("Europe/London", 2026, 10, 23, 12, 0);
    assert_int_equal(calendar_add(c, spring, HOURS(8)),
                     on_wall("Europe/London", 2026, 3, 30, 12, 0));
    assert_int_equal(calendar_add(c, spring, HOURS(8)) - spring, HOURS(71));
    assert_int_equal(calendar_add(c, autumn, HOURS(8)) - autumn, HOURS(73));
    calendar_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_london),
        cmocka_unit_test(test_new_york),
        cmocka_unit_test(test_half_an_hour_on_lord_howe),
        cmocka_unit_test(test_ramadan_in_casablanca),
        cmocka_unit_test(test_no_transition_in_kolkata),
        cmocka_unit_test(test_a_day_skipped_in_apia),
        cmocka_unit_test(test_a_holiday_that_was_skipped_takes_nothing),
        cmocka_unit_test(test_a_holiday_ends_where_the_next_day_begins),
        cmocka_unit_test(test_a_deadline_over_a_transition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
