/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>

#include "calendar/calendar.h"

#define HOUR 3600

static const struct zone *zone(const char *name)
{
    const struct zone *z = zone_get(name);
    assert_non_null(z);
    assert_string_equal(zone_name(z), name);
    return z;
}

/* Seconds of a date and time, on a wall or in UTC. */
static int64_t at(int year, int month, int day, int hour, int minute)
{
    return calendar_date(year, month, day) * 86400LL + hour * HOUR + minute * 60;
}

static void test_names_of_the_tz_database_are_zones(void **state)
{
    (void)state;
    static const char *const RIGHT[] = {
        "UTC",
        "Europe/London",
        "America/New_York",
        "America/Argentina/Ushuaia",
        "Etc/GMT+5",
        "GMT0",
        "EST5EDT",
        "America/Port-au-Prince",
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
    };
    for (size_t i = 0; i < sizeof(RIGHT) / sizeof(RIGHT[0]); i++)
        assert_ptr_equal(zone(RIGHT[i]), zone_get(RIGHT[i]));
}

static void test_everything_else_is_no_zone(void **state)
{
    (void)state;
    static const char *const WRONG[] = {
        "",
        "Z",
        "+02:00",
        "-0500",
        "UTC+1",
        "MST8",
        "<+02>-2",
        "EST5EDT,M3.2.0,M11.1.0",
        "CET-1CEST",
        "Europe",
        "Europe/",
        "/Europe/London",
        "Europe//London",
        "Europe/../Europe/London",
        "Europe/./London",
        "../zoneinfo/UTC",
        "..",
        "/usr/share/zoneinfo/UTC",
        "/etc/localtime",
        ":UTC",
        " UTC",
        "UTC ",
        "UTC\n",
        "europe/london",
        "Europe/london",
        "EUROPE/LONDON",
        "Europe/Atlantis",
        "posix/Europe/London",
        "right/Europe/London",
        "localtime",
        "posixrules",
        "leapseconds",
        "tzdata.zi",
        "zone.tab",
        "Europe/London\xc3\xa9",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    };
    for (int turn = 0; turn < 2; turn++)
        for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++)
            if (zone_get(WRONG[i]))
                fail_msg("'%s' was taken for a zone", WRONG[i]);
}

static void test_utc_has_no_transitions(void **state)
{
    (void)state;
    const struct zone *utc = zone("UTC");
    assert_int_equal(zone_offset_s(utc, 0), 0);
    assert_true(zone_next_transition_s(utc, INT64_MIN) == INT64_MAX);
    assert_int_equal(zone_instant_s(utc, 12345, ZONE_FIRST), 12345);
    assert_int_equal(zone_wall_s(utc, 12345), 12345);
}

static void test_offsets_change_at_transitions(void **state)
{
    (void)state;
    const struct zone *london = zone("Europe/London");
    int64_t spring = at(2026, 3, 29, 1, 0), autumn = at(2026, 10, 25, 1, 0);
    assert_int_equal(zone_offset_s(london, spring - 1), 0);
    assert_int_equal(zone_offset_s(london, spring), HOUR);
    assert_int_equal(zone_offset_s(london, autumn - 1), HOUR);
    assert_int_equal(zone_offset_s(london, autumn), 0);
    assert_int_equal(zone_next_transition_s(london, spring - 1), spring);
    assert_int_equal(zone_next_transition_s(london, spring), autumn);
    /* By the rule of the last line of the tz file too, past the years it lists one by one. */
    assert_int_equal(zone_next_transition_s(london, at(2099, 1, 1, 0, 0)), at(2099, 3, 29, 1, 0));
    assert_int_equal(zone_offset_s(london, at(2099, 7, 1, 0, 0)), HOUR);
    assert_true(zone_next_transition_s(london, at(2099, 12, 1, 0, 0)) == INT64_MAX);
    assert_int_equal(zone_offset_s(london, INT64_MIN), 0);
    assert_int_equal(zone_offset_s(london, INT64_MAX), 0);
}

/* A rule of its own until 1996 and another name since: same offset, no transition. */
static void test_a_new_name_is_no_transition(void **state)
{
    (void)state;
    const struct zone *kolkata = zone("Asia/Kolkata");
    assert_true(zone_next_transition_s(kolkata, INT64_MIN) == INT64_MAX);
    const struct zone *khartoum = zone("Africa/Khartoum");
    for (int64_t t = zone_next_transition_s(khartoum, INT64_MIN); t != INT64_MAX;
         t = zone_next_transition_s(khartoum, t))
        assert_int_not_equal(zone_offset_s(khartoum, t - 1), zone_offset_s(khartoum, t));
}

static void test_a_wall_time_in_a_gap_moves_forward(void **state)
{
    (void)state;
    const struct zone *london = zone("Europe/London");
    int64_t gap = at(2026, 3, 29, 1, 0); /* the wall goes from 01:00 to 02:00 */
    for (int occurrence = ZONE_FIRST; occurrence <= ZONE_SECOND; occurrence++) {
        assert_int_equal(zone_instant_s(london, gap - 1, occurrence), gap - 1);
        assert_int_equal(zone_instant_s(london, gap, occurrence), gap);
        assert_int_equal(zone_instant_s(london, gap + 1800, occurrence), gap + 1800);
        assert_int_equal(zone_instant_s(london, gap + HOUR - 1, occurrence), gap + HOUR - 1);
        assert_int_equal(zone_instant_s(london, gap + HOUR, occurrence), gap);
    }
}

static void test_an_ambiguous_wall_time_has_two_instants(void **state)
{
    (void)state;
    const struct zone *york = zone("America/New_York");
    int64_t two = at(2026, 11, 1, 2, 0), one = two - HOUR; /* the wall goes from 02:00 to 01:00 */
    int64_t change = two + 4 * HOUR;
    assert_int_equal(zone_instant_s(york, one - 1, ZONE_SECOND), change - HOUR - 1);
    assert_int_equal(zone_instant_s(york, one, ZONE_FIRST), change - HOUR);
    assert_int_equal(zone_instant_s(york, one, ZONE_SECOND), change);
    assert_int_equal(zone_instant_s(york, two - 1, ZONE_FIRST), change - 1);
    assert_int_equal(zone_instant_s(york, two - 1, ZONE_SECOND), change + HOUR - 1);
    assert_int_equal(zone_instant_s(york, two, ZONE_FIRST), change + HOUR);
}

static void test_half_hours_and_days_are_gaps_too(void **state)
{
    (void)state;
    const struct zone *howe = zone("Australia/Lord_Howe");
    int64_t spring = zone_next_transition_s(howe, at(2026, 6, 1, 0, 0));
    assert_int_equal(spring, at(2026, 10, 3, 15, 30)); /* 02:00 to 02:30 at +10:30 */
    assert_int_equal(zone_instant_s(howe, at(2026, 10, 4, 2, 15), ZONE_FIRST), spring + 900);
    const struct zone *apia = zone("Pacific/Apia");
    int64_t skip = at(2011, 12, 30, 10, 0);
    assert_int_equal(zone_next_transition_s(apia, skip - 1), skip);
    assert_int_equal(zone_wall_s(apia, skip - 1), at(2011, 12, 30, 0, 0) - 1);
    assert_int_equal(zone_wall_s(apia, skip), at(2011, 12, 31, 0, 0));
    assert_int_equal(zone_instant_s(apia, at(2011, 12, 30, 9, 0), ZONE_FIRST), skip + 9 * HOUR);
}

/* Every instant near a transition is one of the two of its wall time, and walls far from them have
 * one instant only. */
static void test_walls_and_instants_are_each_others_inverse(void **state)
{
    (void)state;
    static const char *const NAMES[] = {
        "Europe/London", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca",
        "Pacific/Apia",  "America/Havana",   "Africa/Cairo",        "Antarctica/Troll"};
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        const struct zone *z = zone(NAMES[i]);
        for (int64_t t = zone_next_transition_s(z, INT64_MIN); t != INT64_MAX;
             t = zone_next_transition_s(z, t)) {
            for (int64_t s = t - 3 * HOUR; s < t + 3 * HOUR; s += 450) {
                int64_t first = zone_instant_s(z, zone_wall_s(z, s), ZONE_FIRST);
                int64_t second = zone_instant_s(z, zone_wall_s(z, s), ZONE_SECOND);
                assert_true(s == first || s == second);
                assert_true(first <= second);
                assert_int_equal(zone_wall_s(z, first), zone_wall_s(z, second));
            }
        }
    }
}

static void *get_many(void *arg)
{
    const struct zone **found = arg;
    static const char *const NAMES[] = {"Asia/Tokyo", "Europe/Paris", "Europe/Nowhere"};
    for (size_t turn = 0; turn < 300; turn++)
        found[turn % 3] = zone_get(NAMES[turn % 3]);
    return NULL;
}

static void test_threads_get_the_same_zones(void **state)
{
    (void)state;
    pthread_t threads[4];
    const struct zone *found[4][3];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, get_many, found[i]), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (size_t i = 0; i < 4; i++) {
        assert_non_null(found[i][0]);
        assert_ptr_equal(found[i][0], found[0][0]);
        assert_ptr_equal(found[i][1], found[0][1]);
        assert_null(found[i][2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_of_the_tz_database_are_zones),
        cmocka_unit_test(test_everything_else_is_no_zone),
        cmocka_unit_test(test_utc_has_no_transitions),
        cmocka_unit_test(test_offsets_change_at_transitions),
        cmocka_unit_test(test_a_new_name_is_no_transition),
        cmocka_unit_test(test_a_wall_time_in_a_gap_moves_forward),
        cmocka_unit_test(test_an_ambiguous_wall_time_has_two_instants),
        cmocka_unit_test(test_half_hours_and_days_are_gaps_too),
        cmocka_unit_test(test_walls_and_instants_are_each_others_inverse),
        cmocka_unit_test(test_threads_get_the_same_zones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
