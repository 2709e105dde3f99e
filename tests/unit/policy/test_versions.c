/* SPDX-License-Identifier: Apache-2.0 */

/* What a bundle that leaves things out means, what differs between two of them, and how a policy's
 * calendars are laid out. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "policy/build.h"
#include "policy/compile/bundle.h"
#include "policy/describe/diff.h"

#define ARENA_BYTES (8u << 20)
#define MINUTES_MS 60000LL
#define HOURS_MS (60 * MINUTES_MS)
#define DESK                                                                                       \
    "amends: 1\n"                                                                                  \
    "time_zone: Europe/London\n"                                                                   \
    "calendars:\n"                                                                                 \
    "  desk: {weekly: {mon-fri: \"09:00-17:00\"}}\n"                                               \
    "  abroad: {time_zone: Asia/Tokyo, weekly: {mon-fri: \"09:00-17:00\"}}\n"

static struct arena arena;

static struct policy *compile(const char *source)
{
    struct bundle_problems problems;
    bundle_problems_init(&problems, &arena);
    struct policy *p = bundle_compile(1, source, &problems);
    for (size_t i = 0; i < problems.n; i++)
        print_message("%d:%d %s: %s\n", problems.items[i].line, problems.items[i].column,
                      problems.items[i].path, problems.items[i].text);
    assert_non_null(p);
    assert_int_equal(problems.n_errors, 0);
    return p;
}

static void assert_lines(const char *const *lines, size_t n, const char *const *expected,
                         size_t n_expected)
{
    assert_int_equal(n, n_expected);
    for (size_t i = 0; i < n_expected; i++)
        assert_string_equal(lines[i], expected[i]);
}

/* -- what is left out -------------------------------------------------------------------------- */

static void nothing_but_the_format_is_the_default(void **state)
{
    (void)state;
    struct policy *p = compile("amends: 1\n"), *ships = policy_default(1);
    const char **lines;
    size_t n;
    bundle_diff(ships, p, &arena, &lines, &n);
    assert_int_equal(n, 0);
    policy_free(p);
    policy_free(ships);
}

static void single_settings_are_taken_over_and_sections_are_whole(void **state)
{
    (void)state;
    struct policy *p = compile("amends: 1\n"
                               "assignment: {offer_timeout: 5m}\n"
                               "close_gate: {unreachable: {attempts: 9}}\n"
                               "failures:\n"
                               "  late: {name: Late, severity: 2, remedy: credit, skill: none}\n");
    assert_int_equal(p->offer_timeout_ms, 5 * MINUTES_MS);
    assert_int_equal(p->decline_cooldown_ms, 5 * MINUTES_MS);
    assert_int_equal(p->transfer_limit, 3);
    assert_int_equal(p->unreachable_attempts, 9);
    assert_int_equal(p->unreachable_channels, 2);
    assert_int_equal(p->n_failures, 1);
    assert_string_equal(p->failures[0].skill, "");
    assert_int_equal(p->n_levels, 4);
    policy_free(p);
}

static void files_of_other_systems_are_read(void **state)
{
    (void)state;
    struct policy *p = compile("\xef\xbb\xbf"
                               "amends: 1\r\nassignment:\r\n  offer_timeout: 3m\r\n");
    assert_int_equal(p->offer_timeout_ms, 3 * MINUTES_MS);
    policy_free(p);
}

static void acts_may_be_none(void **state)
{
    (void)state;
    struct policy *p = compile("amends: 1\nclose_gate: {acts_any_of: []}\n");
    assert_int_equal(p->acts_any_of, 0);
    policy_free(p);
}

static void words_are_taken_in_either_case(void **state)
{
    (void)state;
    struct policy *p =
        compile("amends: 1\n"
                "clocks:\n"
                "  x:\n"
                "    kind: RESOLUTION\n"
                "    stop: {status: [RESOLVED, Closed]}\n"
                "    target: 1h30m\n"
                "    thresholds: [{at: 100%, do: [CLIMB, co_own], notify: Owner}]\n");
    const struct policy_clock *c = policy_clock_find(p, "x");
    assert_int_equal(c->stop.boxes[0].allowed[FACT_STATUS], 1u << 6 | 1u << 7);
    assert_int_equal(c->targets[0].ms, 90 * MINUTES_MS);
    assert_int_equal(c->thresholds[0].actions, 1u << 1 | 1u << 3 | 1u << 5);
    policy_free(p);
}

/* -- what differs ------------------------------------------------------------------------------ */

static void differences_are_told_line_for_line(void **state)
{
    static const char *const expected[] = {
        "tiers[0]: none -> gold",
        "calendars.desk.time_zone: none -> the company's",
        "calendars.desk.weekly.mon: none -> 09:00-12:00, 22:00-06:00",
        "calendars.desk.dates.2026-12-24: none -> 09:00-12:00",
        "calendars.desk.dates.2026-12-31: none -> closed",
        "calendars.desk.holidays.2026-12-25: none -> Christmas (all day, yearly)",
        "clocks.x.calendar: always -> desk",
        "clocks.x.start: status: live -> status: live; tier: gold or severity: 4, 5",
        "clocks.x.targets[0] (severity: 5): 1h -> 30m",
        "clocks.x.targets[1]: 8h -> 3 business days",
        "clocks.x.thresholds.75%: none -> raise_priority 30m, notify owner",
        "clocks.x.thresholds.150%: none -> climb",
        "priority.max: 8h -> 4h30m",
    };
    (void)state;
    struct policy *from = compile("amends: 1\nclocks:\n  x:\n    kind: resolution\n"
                                  "    targets: [{severity: 5, target: 1h}, {target: 8h}]\n"
                                  "  y: {kind: resolution, target: 1d}\n");
    struct policy *to = compile(
        "amends: 1\ntiers: [gold]\ncalendars:\n  desk:\n"
        "    weekly: {mon: [\"09:00-12:00\", \"22:00-06:00\"]}\n"
        "    dates: {2026-12-24: \"09:00-12:00\", 2026-12-31: closed}\n"
        "    holidays: [{date: 2026-12-25, name: Christmas, yearly: yes}]\n"
        "clocks:\n  x:\n    kind: resolution\n    calendar: desk\n"
        "    start: [{status: live, tier: gold}, {severity: 4+}]\n"
        "    cancel: never\n"
        "    targets: [{severity: 5, target: 30m}, {target: {business_days: 3}}]\n"
        "    thresholds: [{at: 75%, notify: owner, raise_priority: 30m}, {at: 100%, do: climb, "
        "notify: [owner, steward]}, {at: 150%, do: climb}]\n"
        "  y: {kind: resolution, target: 1d}\n"
        "priority: {max: 4h30m}\n");
    const char **lines;
    size_t n;
    bundle_diff(from, to, &arena, &lines, &n);
    assert_lines(lines, n, expected, sizeof(expected) / sizeof(expected[0]));
    policy_free(from);
    policy_free(to);
}

static void times_before_the_deadline_are_told(void **state)
{
    static const char *const expected[] = {
        "amends: none -> 2",
        "clocks.x.thresholds.-1h30m: none -> notify owner",
        "clocks.x.thresholds.50%: climb -> none",
    };
    (void)state;
    struct policy *from = compile(
        "amends: 1\nclocks:\n  x: {kind: resolution, target: 8h, thresholds: [{at: 50%, do: "
        "climb}, {at: 100%, do: climb}]}\n");
    struct policy *to =
        compile("amends: 2\nclocks:\n  x: {kind: resolution, target: 8h, thresholds: "
                "[{at: -90m, notify: owner}, {at: 100%, do: climb}]}\n");
    const char **lines = NULL;
    size_t n;
    assert_int_equal(policy_threshold_id(&policy_clock_find(to, "x")->thresholds[0]), -5400);
    bundle_diff(from, to, &arena, &lines, &n);
    assert_lines(lines, n, expected, sizeof(expected) / sizeof(expected[0]));
    policy_free(from);
    policy_free(to);
}

/* From the eve until the morning after: midnight to midnight in the second format; in the first no
 * shift begins on the date. */
static void a_closed_date_is_a_day_off_since_the_second_format(void **state)
{
    static const char rest[] = "calendars:\n  desk:\n    weekly: {mon-sun: \"22:00-06:00\"}\n"
                               "    dates: {2026-12-25: closed}\n    holidays:\n"
                               "      - {date: 2026-12-29, name: Off}\n";
    const int64_t hour_us = 3600000000LL,
                  noon_us = calendar_date(2026, 12, 24) * 24 * hour_us + 12 * hour_us;
    (void)state;
    for (int format = 1; format <= 2; format++) {
        struct policy *p = compile(arena_printf(&arena, "amends: %d\n%s", format, rest));
        const struct calendar *c = policy_calendar_in(p, 0, zone_get("UTC"));
        int64_t until_us = noon_us + 48 * hour_us, off_us = noon_us + 4 * 24 * hour_us;
        assert_int_equal(calendar_between(c, noon_us, until_us), 8 * hour_us);
        assert_int_equal(calendar_works_at(c, noon_us + 13 * hour_us), format == 1);
        assert_int_equal(calendar_works_at(c, noon_us + 37 * hour_us), format == 2);
        assert_false(calendar_works_at(c, off_us + 13 * hour_us));
        assert_true(calendar_works_at(c, off_us + 37 * hour_us));
        policy_free(p);
    }
}

static void what_went_away_is_told_too(void **state)
{
    (void)state;
    struct policy *from = compile("amends: 1\nclocks:\n  x: {kind: resolution, target: 1d}\n"
                                  "  y: {kind: promise}\n");
    struct policy *to = compile("amends: 1\nclocks:\n  x: {kind: resolution, target: 1d}\n");
    const char **lines;
    size_t n;
    bundle_diff(from, to, &arena, &lines, &n);
    assert_true(n > 3);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(strncmp(lines[i], "clocks.y.", 9), 0);
        assert_non_null(strstr(lines[i], "-> none"));
    }
    bundle_diff(NULL, to, &arena, &lines, &n);
    assert_string_equal(lines[0], "currency: none -> USD");
    assert_true(n > 100);
    policy_free(from);
    policy_free(to);
}

static void very_many_differences_are_counted(void **state)
{
    (void)state;
    static char source[200000];
    size_t at = (size_t)snprintf(source, sizeof(source), "%s    holidays:\n",
                                 "amends: 1\ncalendars:\n  desk:\n    weekly: {mon: all day}\n");
    for (int year = 2000; year < 2099; year++)
        for (int month = 1; month <= 12; month++)
            at += (size_t)snprintf(source + at, sizeof(source) - at,
                                   "      - {date: %d-%02d-01, name: h}\n", year, month);
    struct policy *p = compile(source), *ships = policy_default(1);
    const char **lines;
    size_t n;
    bundle_diff(ships, p, &arena, &lines, &n);
    assert_int_equal(n, BUNDLE_CHANGES_MAX);
    assert_non_null(strstr(lines[n - 1], "and 1"));
    policy_free(p);
    policy_free(ships);
}

/* -- zones and layouts ------------------------------------------------------------------------- */

static void the_zone_is_the_customers_the_calendars_or_the_companys(void **state)
{
    (void)state;
    struct policy *p = compile(DESK);
    int desk = policy_calendar_find(p, "desk"), abroad = policy_calendar_find(p, "abroad");
    assert_string_equal(zone_name(policy_zone(p, desk, false, "Asia/Kolkata")), "Europe/London");
    assert_string_equal(zone_name(policy_zone(p, desk, true, "Asia/Kolkata")), "Asia/Kolkata");
    assert_string_equal(zone_name(policy_zone(p, desk, true, "")), "Europe/London");
    assert_string_equal(zone_name(policy_zone(p, desk, true, NULL)), "Europe/London");
    assert_string_equal(zone_name(policy_zone(p, abroad, true, "No/Where")), "Asia/Tokyo");
    assert_string_equal(zone_name(policy_zone(p, -1, false, NULL)), "Europe/London");
    assert_int_equal(policy_calendar_find(p, "nowhere"), -1);
    policy_free(p);
}

static void a_calendar_is_laid_out_once_for_each_zone(void **state)
{
    (void)state;
    struct policy *p = compile(DESK);
    const struct zone *london = zone_get("Europe/London"), *tokyo = zone_get("Asia/Tokyo");
    const struct calendar *a = policy_calendar_in(p, 0, london);
    assert_non_null(a);
    assert_ptr_equal(calendar_zone(a), london);
    const struct calendar *b = policy_calendar_in(p, 0, tokyo);
    assert_ptr_not_equal(a, b);
    assert_ptr_equal(policy_calendar_in(p, 0, london), a);
    assert_ptr_equal(policy_calendar_in(p, 0, tokyo), b);
    assert_ptr_not_equal(policy_calendar_in(p, 1, tokyo), b);
    assert_null(policy_calendar_in(p, -1, london));
    assert_null(policy_calendar_in(p, 2, london));
    policy_free(p);
}

#define MANY_ZONES 66 /* see tests/zones */

static void the_layout_used_longest_ago_makes_room(void **state)
{
    (void)state;
    struct policy *p = compile(DESK);
    const struct zone *london = zone_get("Europe/London");
    const struct calendar *kept = policy_calendar_in(p, 0, london);
    for (int i = 1; i <= MANY_ZONES; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "Many/Zone%02d", i);
        const struct zone *zone = zone_get(name);
        assert_non_null(zone);
        const struct calendar *c = policy_calendar_in(p, 0, zone);
        assert_ptr_equal(calendar_zone(c), zone);
        assert_ptr_equal(policy_calendar_in(p, 0, london), kept);
    }
    policy_free(p);
}

/* -- added by hand ----------------------------------------------------------------------------- */

static void what_is_added_is_copied(void **state)
{
    (void)state;
    struct policy *p = policy_new(1);
    char name[] = "x", tier[] = "gold", holiday[] = "Day";
    struct condition_box box = condition_any();
    struct policy_target target = {.when = {1, &box}, .ms = HOURS_MS};
    struct policy_threshold threshold = {.percent = 100, .actions = 8};
    struct policy_clock clock = {.name = name,
                                 .start = {1, &box},
                                 .n_targets = 1,
                                 .targets = &target,
                                 .n_thresholds = 1,
                                 .thresholds = &threshold};
    struct calendar_window window = {0, 0, 3600};
    struct calendar_holiday day = {.until_s = 3600, .name = holiday};
    struct policy_calendar calendar = {
        .name = name,
        .spec = {.n_windows = 1, .windows = &window, .n_holidays = 1, .holidays = &day}};
    assert_int_equal(policy_add_clock(p, &clock), AM_OK);
    assert_int_equal(policy_add_calendar(p, &calendar), AM_OK);
    assert_int_equal(policy_add_tier(p, tier), AM_OK);
    name[0] = tier[0] = holiday[0] = '!';
    memset(&box, 0, sizeof(box));
    target.ms = threshold.percent = window.until_s = 1;
    const struct policy_clock *c = policy_clock_find(p, "x");
    assert_non_null(c);
    assert_int_equal(c->targets[0].ms, HOURS_MS);
    assert_int_equal(c->targets[0].when.boxes[0].allowed[0], UINT32_MAX);
    assert_int_equal(c->start.boxes[0].allowed[0], UINT32_MAX);
    assert_int_equal(c->thresholds[0].percent, 100);
    assert_int_equal(policy_calendar_find(p, "x"), 0);
    assert_int_equal(p->calendars[0].spec.windows[0].until_s, 3600);
    assert_string_equal(p->calendars[0].spec.holidays[0].name, "Day");
    assert_int_equal(policy_tier(p, "gold"), 1);
    assert_int_equal(policy_tier(p, ""), 0);
    assert_int_equal(policy_tier(p, "silver"), 0);
    policy_free(p);
}

static void more_than_the_most_is_refused(void **state)
{
    (void)state;
    struct policy *p = policy_new(1);
    const struct policy_clock clock = {.name = "x"};
    const struct policy_calendar calendar = {.name = "x"};
    for (int i = 0; i < POLICY_CLOCKS_MAX; i++)
        assert_int_equal(policy_add_clock(p, &clock), AM_OK);
    assert_int_equal(policy_add_clock(p, &clock), AM_ENOMEM);
    for (int i = 0; i < POLICY_CALENDARS_MAX; i++)
        assert_int_equal(policy_add_calendar(p, &calendar), AM_OK);
    assert_int_equal(policy_add_calendar(p, &calendar), AM_ENOMEM);
    for (int i = 0; i < POLICY_TIERS_MAX; i++)
        assert_int_equal(policy_add_tier(p, "x"), AM_OK);
    assert_int_equal(policy_add_tier(p, "x"), AM_ENOMEM);
    policy_free(p);
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_but_the_format_is_the_default),
        cmocka_unit_test(single_settings_are_taken_over_and_sections_are_whole),
        cmocka_unit_test(files_of_other_systems_are_read),
        cmocka_unit_test(acts_may_be_none),
        cmocka_unit_test(words_are_taken_in_either_case),
        cmocka_unit_test(differences_are_told_line_for_line),
        cmocka_unit_test(times_before_the_deadline_are_told),
        cmocka_unit_test(a_closed_date_is_a_day_off_since_the_second_format),
        cmocka_unit_test(what_went_away_is_told_too),
        cmocka_unit_test(very_many_differences_are_counted),
        cmocka_unit_test(the_zone_is_the_customers_the_calendars_or_the_companys),
        cmocka_unit_test(a_calendar_is_laid_out_once_for_each_zone),
        cmocka_unit_test(the_layout_used_longest_ago_makes_room),
        cmocka_unit_test(what_is_added_is_copied),
        cmocka_unit_test(more_than_the_most_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
