/* SPDX-License-Identifier: Apache-2.0 */

/* Deadlines by example: shares, pauses, targets in days, the text of pauses, parts. */

#include "../calendar/times.h"

#include <stdio.h>
#include <string.h>

#include "case/clocks/deadline.h"
#include "contract/words.h"

#define DAY (24 * 3600 * US)
/* Thursday. */
#define START utc(2026, 1, 1, 9, 0)

static const struct calendar_window office[] = {
    {0, AT(9, 0), AT(17, 0)}, {1, AT(9, 0), AT(17, 0)}, {2, AT(9, 0), AT(17, 0)},
    {3, AT(9, 0), AT(17, 0)}, {4, AT(9, 0), AT(17, 0)},
};
static const struct calendar_spec office_spec = {SPEC_WINDOWS(office)};

static struct deadline hours(int64_t start_us, int64_t n)
{
    return (struct deadline){.start_us = start_us, .target_ms = n * 3600 * 1000};
}

static struct deadline days(const char *zone, enum policy_unit unit, int64_t start_us, int32_t n)
{
    struct deadline k = {
        .zone = zone_get(zone), .start_us = start_us, .unit = unit, .target_days = n};
    return k;
}

static void paused(struct deadline *k, int64_t from_us, int64_t until_us)
{
    k->pauses[k->n_pauses++] = (struct pause){from_us, until_us, PAUSE_REASON_CUSTOMER_ASKED};
}

static void a_share_is_exact(void **state)
{
    (void)state;
    struct deadline k = {.start_us = START + 7, .target_ms = 1001};
    assert_int_equal(deadline_at(&k, 100), START + 7 + 1001000);
    assert_int_equal(deadline_at(&k, 33), START + 7 + 330330);
    assert_int_equal(deadline_at(&k, 1), START + 7 + 10010);
    assert_int_equal(deadline_at(&k, 1000), START + 7 + 10010000);
}

static void ten_years_a_thousand_per_cent_are_no_overflow(void **state)
{
    (void)state;
    struct deadline k = {.start_us = START, .target_ms = POLICY_DURATION_MAX_MS};
    assert_int_equal(deadline_at(&k, 100), START + 3653 * DAY);
    /* Calendars end with the century. */
    const int64_t last = CALENDAR_UNTIL_S * US;
    assert_int_equal(deadline_at(&k, POLICY_PERCENT_MAX), last);
    k.target_ms = INT64_MAX;
    assert_int_equal(deadline_at(&k, 100), last);
    struct calendar *c = make("UTC", &office_spec);
    k.calendar = c;
    assert_int_equal(deadline_at(&k, 100), last);
    k.target_ms = POLICY_DURATION_MAX_MS;
    assert_int_equal(deadline_at(&k, POLICY_PERCENT_MAX), last);
    calendar_free(c);
}

static void a_pause_moves_what_comes_after_it(void **state)
{
    (void)state;
    struct deadline k = hours(START, 8);
    paused(&k, START + HOURS(2), START + HOURS(5));
    assert_int_equal(deadline_at(&k, 100), START + HOURS(11));
    assert_int_equal(deadline_at(&k, 50), START + HOURS(7));
    /* What was used up when it began is not moved. */
    assert_int_equal(deadline_at(&k, 25), START + HOURS(2));
    assert_int_equal(deadline_at(&k, 24), START + HOURS(8) * 24 / 100);
    paused(&k, START + HOURS(6), START + HOURS(7));
    assert_int_equal(deadline_at(&k, 100), START + HOURS(12));
    assert_int_equal(deadline_used_us(&k, START + HOURS(12)), HOURS(8));
    assert_int_equal(deadline_used_us(&k, START + HOURS(4)), HOURS(2));
    assert_int_equal(deadline_used_us(&k, START - 1), 0);
}

static void a_pause_from_before_the_start_counts_from_it(void **state)
{
    (void)state;
    struct deadline k = hours(START, 8);
    paused(&k, START - HOURS(5), START + HOURS(1));
    assert_int_equal(deadline_at(&k, 100), START + HOURS(9));
    k.n_pauses = 0;
    paused(&k, START - HOURS(5), START - HOURS(1));
    assert_int_equal(deadline_at(&k, 100), START + HOURS(8));
}

static void working_hours_are_what_counts(void **state)
{
    (void)state;
    struct calendar *c = make("UTC", &office_spec);
    struct deadline k = hours(START, 20);
    k.calendar = c;
    /* Thursday and Friday, then Monday until 13:00. */
    assert_int_equal(deadline_at(&k, 100), utc(2026, 1, 5, 13, 0));
    /* Friday 17:00, not Monday 09:00. */
    assert_int_equal(deadline_at(&k, 80), utc(2026, 1, 2, 17, 0));
    paused(&k, utc(2026, 1, 2, 17, 0), utc(2026, 1, 5, 9, 0));
    assert_int_equal(deadline_at(&k, 100), utc(2026, 1, 5, 13, 0));
    calendar_free(c);
}

static void days_keep_the_time_on_the_wall(void **state)
{
    (void)state;
    /* The clocks go forward on 29 March 2026 in London, back on 25 October. */
    struct deadline k =
        days("Europe/London", POLICY_UNIT_DAYS, utc(2026, 3, 28, 12, 30) + 250000, 2);
    assert_int_equal(deadline_at(&k, 100), utc(2026, 3, 30, 11, 30) + 250000);
    k = days("Europe/London", POLICY_UNIT_DAYS, utc(2026, 10, 24, 11, 30), 56);
    assert_int_equal(deadline_at(&k, 100), utc(2026, 12, 19, 12, 30));
    /* A wall time that does not exist moves forward; of one that comes twice it is the first. */
    k = days("Europe/London", POLICY_UNIT_DAYS, utc(2026, 3, 28, 1, 30), 1);
    assert_int_equal(deadline_at(&k, 100), utc(2026, 3, 29, 1, 30));
    k = days("Europe/London", POLICY_UNIT_DAYS, utc(2026, 10, 24, 0, 30), 1);
    assert_int_equal(deadline_at(&k, 100), utc(2026, 10, 25, 0, 30));
}

static void a_share_of_days_is_a_share_of_the_time_between(void **state)
{
    (void)state;
    struct deadline k = days("UTC", POLICY_UNIT_DAYS, START + 1, 10);
    assert_int_equal(deadline_at(&k, 75), START + 1 + 7 * DAY + HOURS(12));
    assert_int_equal(deadline_at(&k, 150), START + 1 + 15 * DAY);
    /* They do not pause. */
    paused(&k, START + DAY, START + 3 * DAY);
    assert_int_equal(deadline_at(&k, 100), START + 1 + 10 * DAY);
    assert_int_equal(deadline_used_us(&k, START + 1 + 4 * DAY), 4 * DAY);
}

static void business_days_end_with_the_hours_of_the_day(void **state)
{
    (void)state;
    static const struct calendar_holiday holidays[] = {
        {20459, 0, 86400, false, "Epiphany"}, /* Tuesday, 6 January 2026 */
    };
    const struct calendar_spec spec = {SPEC_WINDOWS(office), SPEC_HOLIDAYS(holidays)};
    struct calendar *c = make("America/New_York", &spec);
    /* 23:30 on Thursday in New York is Friday in UTC. */
    struct deadline k = days("America/New_York", POLICY_UNIT_BUSINESS_DAYS,
                             on_wall("America/New_York", 2026, 1, 1, 23, 30), 3);
    k.calendar = c;
    /* Friday, Monday, Wednesday. */
    assert_int_equal(deadline_at(&k, 100), on_wall("America/New_York", 2026, 1, 7, 17, 0));
    k.target_days = 1;
    assert_int_equal(deadline_at(&k, 100), on_wall("America/New_York", 2026, 1, 2, 17, 0));
    /* From a Saturday the first working day is Monday. */
    k.start_us = on_wall("America/New_York", 2026, 1, 3, 12, 0);
    assert_int_equal(deadline_at(&k, 100), on_wall("America/New_York", 2026, 1, 5, 17, 0));
    calendar_free(c);
}

/* -- a time before the end --------------------------------------------------------------------- */

static void an_hour_before_is_an_hour_of_the_calendar(void **state)
{
    (void)state;
    struct calendar *c = make("Europe/London", &office_spec);
    /* Sixteen hours from Thursday 10:00 end on Monday 10:00: an hour of work before is Friday. */
    struct deadline k = hours(on_wall("Europe/London", 2026, 3, 26, 10, 0), 16);
    k.calendar = c;
    assert_int_equal(deadline_at(&k, 100), on_wall("Europe/London", 2026, 3, 30, 10, 0));
    assert_int_equal(deadline_at(&k, -1800), on_wall("Europe/London", 2026, 3, 30, 9, 30));
    /* The hour before it ends with Friday's hours, though British summer time began on Sunday. */
    assert_int_equal(deadline_at(&k, -3600), on_wall("Europe/London", 2026, 3, 27, 17, 0));
    assert_int_equal(deadline_at(&k, -5400), on_wall("Europe/London", 2026, 3, 27, 16, 30));
    /* Paused in Friday's last hour: what is before the end lies behind the pause. */
    paused(&k, on_wall("Europe/London", 2026, 3, 27, 16, 0),
           on_wall("Europe/London", 2026, 3, 30, 12, 0));
    assert_int_equal(deadline_at(&k, -3600), on_wall("Europe/London", 2026, 3, 30, 13, 0));
    /* All of it and more: the start. */
    assert_int_equal(deadline_at(&k, -16 * 3600), k.start_us);
    assert_int_equal(deadline_at(&k, INT32_MIN), k.start_us);
    calendar_free(c);
}

static void an_hour_before_days_are_over(void **state)
{
    (void)state;
    static const struct calendar_holiday holidays[] = {
        {20459, 43200, 86400, false, "Eve"}, /* Tuesday, 6 January 2026, from noon */
    };
    const struct calendar_spec spec = {SPEC_WINDOWS(office), SPEC_HOLIDAYS(holidays)};
    struct calendar *c = make("America/New_York", &spec);
    struct deadline k = days("America/New_York", POLICY_UNIT_BUSINESS_DAYS,
                             on_wall("America/New_York", 2026, 1, 2, 15, 0), 2);
    k.calendar = c;
    assert_int_equal(deadline_at(&k, 100), on_wall("America/New_York", 2026, 1, 6, 12, 0));
    assert_int_equal(deadline_at(&k, -3600), on_wall("America/New_York", 2026, 1, 6, 11, 0));
    assert_int_equal(deadline_at(&k, -4 * 3600), on_wall("America/New_York", 2026, 1, 5, 16, 0));
    assert_int_equal(deadline_at(&k, -24 * 3600), k.start_us);
    /* Days of the wall, over the night in which summer time began: an hour is an hour. */
    k = days("America/New_York", POLICY_UNIT_DAYS, on_wall("America/New_York", 2026, 3, 7, 3, 30),
             1);
    assert_int_equal(deadline_at(&k, 100), on_wall("America/New_York", 2026, 3, 8, 3, 30));
    assert_int_equal(deadline_at(&k, -7200), on_wall("America/New_York", 2026, 3, 8, 0, 30));
    /* With a calendar, an hour of work: the deadline is on a Sunday. */
    k.calendar = c;
    assert_int_equal(deadline_at(&k, -3600), k.start_us);
    k.start_us = on_wall("America/New_York", 2026, 3, 6, 12, 0);
    k.target_days = 2;
    assert_int_equal(deadline_at(&k, -3600), on_wall("America/New_York", 2026, 3, 6, 16, 0));
    calendar_free(c);
}

static void hours_that_begin_at_midnight_are_of_the_next_day(void **state)
{
    (void)state;
    static const struct calendar_window windows[] = {{3, 32400, 61200}, {4, 0, 21600}};
    const struct calendar_spec spec = {SPEC_WINDOWS(windows)};
    struct calendar *c = make("Europe/London", &spec);
    /* Wednesday; Thursday is over at 17:00, not when Friday begins. */
    struct deadline k = days("Europe/London", POLICY_UNIT_BUSINESS_DAYS,
                             on_wall("Europe/London", 2026, 1, 7, 12, 0), 1);
    k.calendar = c;
    assert_int_equal(deadline_at(&k, 100), on_wall("Europe/London", 2026, 1, 8, 17, 0));
    k.target_days = 2;
    assert_int_equal(deadline_at(&k, 100), on_wall("Europe/London", 2026, 1, 9, 6, 0));
    calendar_free(c);
}

static void business_days_over_a_change_of_the_clocks(void **state)
{
    (void)state;
    static const struct calendar_window always[] = {
        {0, 0, 86400}, {1, 0, 86400}, {2, 0, 86400}, {3, 0, 86400},
        {4, 0, 86400}, {5, 0, 86400}, {6, 0, 86400},
    };
    const struct calendar_spec spec = {SPEC_WINDOWS(always)};
    static const char *const zones[] = {"Europe/London", "America/New_York", "Australia/Lord_Howe",
                                        "Africa/Casablanca", "Asia/Kolkata"};
    for (size_t i = 0; i < COUNT(zones); i++) {
        struct calendar *c = make(zones[i], &spec);
        for (int day = 0; day < 365; day++) {
            struct deadline k = days(zones[i], POLICY_UNIT_BUSINESS_DAYS,
                                     on_wall(zones[i], 2026, 1, 1, 15, 0) + day * DAY, 3);
            k.calendar = c;
            int32_t date = (int32_t)(zone_wall_s(k.zone, k.start_us / US) / 86400);
            int64_t midnight = zone_instant_s(k.zone, (date + 4LL) * 86400, ZONE_SECOND) * US;
            assert_int_equal(deadline_at(&k, 100), midnight);
            k.calendar = NULL; /* every day is a working day, until it is over */
            assert_int_equal(deadline_at(&k, 100), midnight);
        }
        calendar_free(c);
    }
}

static void a_day_that_a_zone_skipped_is_none(void **state)
{
    (void)state;
    static const struct calendar_window always[] = {
        {0, 0, 86400}, {1, 0, 86400}, {2, 0, 86400}, {3, 0, 86400},
        {4, 0, 86400}, {5, 0, 86400}, {6, 0, 86400},
    };
    const struct calendar_spec spec = {SPEC_WINDOWS(always)};
    struct calendar *c = make("Pacific/Apia", &spec);
    /* There was no 30 December 2011. */
    struct deadline k = days("Pacific/Apia", POLICY_UNIT_BUSINESS_DAYS,
                             on_wall("Pacific/Apia", 2011, 12, 28, 12, 0), 2);
    k.calendar = c;
    assert_int_equal(deadline_at(&k, 100), on_wall("Pacific/Apia", 2012, 1, 1, 0, 0));
    calendar_free(c);
}

static void a_target_in_days_says_how_long_it_is(void **state)
{
    (void)state;
    struct calendar *c = make("UTC", &office_spec);
    struct deadline k = {.calendar = c, .zone = zone_get("UTC"), .start_us = START};
    const struct policy_target third = {.unit = POLICY_UNIT_BUSINESS_DAYS, .days = 3};
    deadline_target(&k, &third);
    assert_int_equal(k.unit, POLICY_UNIT_BUSINESS_DAYS);
    assert_int_equal(k.target_days, 3);
    assert_int_equal(k.target_ms, (utc(2026, 1, 6, 17, 0) - START) / 1000);
    const struct policy_target stretch = {.unit = POLICY_UNIT_TIME, .ms = 5000};
    deadline_target(&k, &stretch);
    assert_int_equal(k.target_ms, 5000);
    assert_int_equal(k.target_days, 0);
    calendar_free(c);
}

/* -- texts ------------------------------------------------------------------------------------- */

static void pauses_are_read_as_they_were_written(void **state)
{
    (void)state;
    struct arena arena;
    struct pause in[PAUSES_MAX];
    struct pause out[PAUSES_MAX];
    size_t n = 0;
    arena_init(&arena, 1 << 20);
    for (int i = 0; i < PAUSES_MAX; i++)
        in[i] = (struct pause){START + i * 10, START + i * 10 + 10, (int16_t)(i % 7)};
    for (size_t take = 0; take <= PAUSES_MAX; take++) {
        const char *text = pauses_text(in, take, &arena);
        assert_int_equal(pauses_parse(text, out, &n), AM_OK);
        assert_int_equal(n, take);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(out[i].from_us, in[i].from_us);
            assert_int_equal(out[i].until_us, in[i].until_us);
            assert_int_equal(out[i].reason, in[i].reason);
        }
    }
    assert_string_equal(pauses_text(in, 0, &arena), "");
    arena_free(&arena);
}

static void what_is_no_text_of_pauses_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "1",        "1-",        "1-2",         "1-2:",   "1-2:x",  "2-1:1",
        "1-3:1 ,",  "1-3:1 2-4", "1-3:1 2-4:1", "-1-2:1", " 1-2:1", "1-99999999999999999999:1",
        "1-2:99999"};
    struct pause out[PAUSES_MAX];
    size_t n = 0;
    for (size_t i = 0; i < COUNT(bad); i++)
        if (pauses_parse(bad[i], out, &n) != AM_EINVAL)
            fail_msg("'%s' was taken", bad[i]);
    char many[PAUSES_MAX * 16 + 32] = "";
    for (int i = 0; i <= PAUSES_MAX; i++)
        (void)snprintf(many + strlen(many), sizeof(many) - strlen(many), "%s%d-%d:1",
                       i > 0 ? " " : "", i, i);
    assert_int_equal(pauses_parse(many, out, &n), AM_EINVAL);
}

/* -- parts ------------------------------------------------------------------------------------- */

static void parts_say_what_each_stretch_is(void **state)
{
    (void)state;
    static const struct calendar_holiday holidays[] = {{20455, 0, 86400, false, "Bridge"}};
    const struct calendar_spec spec = {SPEC_WINDOWS(office), SPEC_HOLIDAYS(holidays)};
    struct calendar *c = make("Europe/London", &spec);
    struct deadline k = hours(utc(2026, 3, 27, 15, 0), 4); /* a Friday */
    k.calendar = c;
    k.zone = calendar_zone(c);
    paused(&k, utc(2026, 3, 30, 8, 30), utc(2026, 3, 30, 9, 0));
    int64_t end = deadline_at(&k, 100);
    assert_int_equal(end, utc(2026, 3, 30, 10, 30));
    static const struct {
        enum deadline_part_kind kind;
        int day, hour, minute;
        int32_t shift_s;
        const char *label;
    } parts[] = {{DEADLINE_WORKING, 27, 17, 0, 0, ""},
                 {DEADLINE_CLOSED, 30, 8, 0, 3600, ""},
                 {DEADLINE_WORKING, 30, 8, 30, 0, ""},
                 {DEADLINE_PAUSED, 30, 9, 0, 0, "CUSTOMER_ASKED"},
                 {DEADLINE_WORKING, 30, 10, 30, 0, ""}};
    int64_t at = k.start_us;
    for (size_t i = 0; i < COUNT(parts); i++) {
        struct deadline_part part = deadline_part_at(&k, at, end);
        assert_int_equal(part.kind, parts[i].kind);
        assert_int_equal(part.from_us, at);
        assert_int_equal(part.until_us, utc(2026, 3, parts[i].day, parts[i].hour, parts[i].minute));
        assert_int_equal(part.shift_s, parts[i].shift_s);
        assert_string_equal(part.label, parts[i].label);
        at = part.until_us;
    }
    assert_int_equal(at, end);
    k.start_us = utc(2026, 1, 2, 12, 0);
    k.n_pauses = 0;
    assert_string_equal(deadline_part_at(&k, k.start_us, deadline_at(&k, 100)).label, "Bridge");
    calendar_free(c);
}

/* Three business days from Thursday noon, over Good Friday, a weekend and Easter Monday. */
static void every_day_of_business_days_is_shown(void **state)
{
    (void)state;
    struct calendar_window windows[5];
    for (int8_t day = 0; day < 5; day++)
        windows[day] = (struct calendar_window){day, 9 * 3600, 17 * 3600};
    struct calendar_holiday holidays[] = {
        {.date = calendar_date(2026, 4, 3), .until_s = CALENDAR_DAY_S, .name = "Good Friday"},
        {.date = calendar_date(2026, 4, 6), .until_s = CALENDAR_DAY_S, .name = "Easter Monday"}};
    const struct calendar_spec spec = {
        .n_windows = 5, .windows = windows, .n_holidays = 2, .holidays = holidays};
    int no_work_year;
    struct calendar *c = calendar_new(&spec, zone_get("Europe/London"), &no_work_year);
    assert_non_null(c);
    struct deadline k = days("Europe/London", POLICY_UNIT_BUSINESS_DAYS, utc(2026, 4, 2, 11, 0), 2);
    k.calendar = c;
    int64_t end = deadline_at(&k, 100);
    assert_int_equal(end, utc(2026, 4, 8, 16, 0));
    static const struct {
        enum deadline_part_kind kind;
        const char *label;
    } parts[] = {
        {DEADLINE_WORKING, ""}, {DEADLINE_HOLIDAY, "Good Friday"},   {DEADLINE_CLOSED, ""},
        {DEADLINE_CLOSED, ""},  {DEADLINE_HOLIDAY, "Easter Monday"}, {DEADLINE_WORKING, ""},
        {DEADLINE_WORKING, ""}};
    int64_t at = k.start_us;
    for (size_t i = 0; i < COUNT(parts); i++) {
        struct deadline_part part = deadline_part_at(&k, at, end);
        assert_int_equal(part.kind, parts[i].kind);
        assert_string_equal(part.label, parts[i].label);
        assert_true(part.counts);
        at = part.until_us;
        assert_int_equal(at, i + 1 < COUNT(parts) ? utc(2026, 4, 2 + (int)i, 23, 0) : end);
    }
    calendar_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_share_is_exact),
        cmocka_unit_test(ten_years_a_thousand_per_cent_are_no_overflow),
        cmocka_unit_test(a_pause_moves_what_comes_after_it),
        cmocka_unit_test(a_pause_from_before_the_start_counts_from_it),
        cmocka_unit_test(working_hours_are_what_counts),
        cmocka_unit_test(days_keep_the_time_on_the_wall),
        cmocka_unit_test(a_share_of_days_is_a_share_of_the_time_between),
        cmocka_unit_test(business_days_end_with_the_hours_of_the_day),
        cmocka_unit_test(an_hour_before_is_an_hour_of_the_calendar),
        cmocka_unit_test(an_hour_before_days_are_over),
        cmocka_unit_test(hours_that_begin_at_midnight_are_of_the_next_day),
        cmocka_unit_test(business_days_over_a_change_of_the_clocks),
        cmocka_unit_test(a_day_that_a_zone_skipped_is_none),
        cmocka_unit_test(a_target_in_days_says_how_long_it_is),
        cmocka_unit_test(pauses_are_read_as_they_were_written),
        cmocka_unit_test(what_is_no_text_of_pauses_is_refused),
        cmocka_unit_test(parts_say_what_each_stretch_is),
        cmocka_unit_test(every_day_of_business_days_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
