/* SPDX-License-Identifier: Apache-2.0 */

/* Errors in the text are told with their place and with what would be right, all of them in one
 * run. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "policy/compile/bundle.h"

#define ARENA_BYTES (4u << 20)
#define HEAD "amends: 1\n"
#define DESK HEAD "calendars:\n  desk:\n"
#define GATE HEAD "close_gate:\n"
#define OFFERS HEAD "assignment:\n"

struct mistake {
    const char *name, *source;
    int line, column;
    const char *path, *text; /* a part of the text */
};

static const struct mistake mistakes[] = {
    /* -- YAML -- */
    {"empty", "", 1, 1, "", "the bundle is empty"},
    {"only_comments", "# nothing\n", 1, 1, "", "the bundle is empty"},
    {"a_list", "- amends: 1\n", 1, 1, "", "is a list; needs a mapping"},
    {"a_text", "amends\n", 1, 1, "", "is a text; needs a mapping"},
    {"no_format", "currency: USD\n", 1, 1, "amends", "is missing: the format"},
    {"other_format", "amends: 3\n", 1, 9, "amends",
     "`3` is a format this program does not know: 1 or 2"},
    {"tab", HEAD "assignment:\n\toffer_timeout: 2m\n", 3, 1, "assignment", "a tab?"},
    {"unclosed_list", HEAD "tiers: [gold\n", 3, 1, "tiers", "not YAML"},
    {"unclosed_text", HEAD "currency: \"USD\n", 3, 1, "currency", "not YAML"},
    {"wrong_indent", HEAD "promises:\n    zone: customer\n  ahead: 3d\n", 4, 3, "", "not YAML"},
    {"not_utf8", HEAD "currency: \xff\n", 2, 11, "", "a byte that is no UTF-8: 0xff"},
    {"utf16",
     "\xff\xfe"
     "a",
     1, 1, "", "a byte that is no UTF-8"},
    {"control_character", HEAD "currency: \x07\n", 2, 11, "", "a control character: 0x07"},
    {"two_documents", HEAD "---\n" HEAD, 2, 1, "", "a second document"},
    {"alias", HEAD "tiers: [gold]\ncurrency: *c\n", 3, 11, "currency", "an alias"},
    {"anchor", HEAD "tiers: &t [gold]\n", 2, 8, "tiers", "an anchor"},
    {"merge", HEAD "promises:\n  <<: {zone: customer}\n", 3, 3, "promises.<<", "a merge"},
    {"tag", HEAD "currency: !!str USD\n", 2, 11, "currency", "a tag"},
    {"key_twice", HEAD "currency: USD\ntiers: [a]\ncurrency: EUR\n", 4, 1, "currency",
     "is there twice: first in line 2"},
    {"key_is_a_list", HEAD "? [a, b]\n: c\n", 2, 3, "", "a key that is a list"},
    {"too_deep", HEAD "tiers: [[[[[[[[[[[[[a]]]]]]]]]]]]]\n", 2, 19,
     "tiers[0][0][0][0][0][0][0][0][0][0]", "is nested too deep"},
    /* -- keys -- */
    {"unknown_key", HEAD "laddr: []\n", 2, 1, "laddr", "is no key here; is it `ladder`?"},
    {"unknown_key_far", HEAD "zzz: 1\n", 2, 1, "zzz", "known are amends, currency"},
    {"unknown_inner_key", OFFERS "  offer_timeouts: 2m\n", 3, 3, "assignment.offer_timeouts",
     "is it `offer_timeout`?"},
    {"list_for_a_mapping", HEAD "promises: [a]\n", 2, 1, "promises", "is a list; needs a mapping"},
    {"text_for_a_list", HEAD "tiers: gold\n", 2, 8, "tiers", "is a text; needs a list"},
    {"mapping_for_a_text", HEAD "currency: {a: b}\n", 2, 1, "currency",
     "is a mapping; needs one value"},
    {"nothing_for_a_value", HEAD "currency:\n", 2, 10, "currency", "is empty"},
    {"far_too_long",
     HEAD "tiers: [a23456789012345678901234567890123456789012345678901234567890123456]\n", 2, 9,
     "tiers[0]", "has 66 bytes; at most 64"},
    /* -- head -- */
    {"currency", HEAD "currency: euro\n", 2, 11, "currency", "is no currency code"},
    {"zone", HEAD "time_zone: Europe/Londn\n", 2, 12, "time_zone",
     "`Europe/Londn` is no time zone"},
    {"zone_offset", HEAD "time_zone: \"+02:00\"\n", 2, 12, "time_zone", "is no time zone"},
    {"tier_twice", HEAD "tiers: [a, b, a]\n", 2, 15, "tiers[2]", "`a` is there twice"},
    {"tier_none", HEAD "tiers: [none]\n", 2, 9, "tiers[0]", "customers without a tier"},
    /* -- durations and numbers -- */
    {"no_unit", OFFERS "  offer_timeout: 120\n", 3, 18, "assignment.offer_timeout",
     "`120` needs a number and a unit"},
    {"fraction", OFFERS "  offer_timeout: 1.5h\n", 3, 18, "assignment.offer_timeout",
     "`1.5h` needs a number and a unit"},
    {"units_in_disorder", OFFERS "  offer_timeout: 30m1h\n", 3, 18, "assignment.offer_timeout",
     "another order"},
    {"unit_twice", OFFERS "  offer_timeout: 1h1h\n", 3, 18, "assignment.offer_timeout",
     "or one twice"},
    {"eleven_years", OFFERS "  offer_timeout: 4015d\n", 3, 18, "assignment.offer_timeout",
     "is longer than ten years"},
    {"huge", OFFERS "  offer_timeout: 99999999999999999999w\n", 3, 18, "assignment.offer_timeout",
     "needs a number and a unit"},
    {"nothing", OFFERS "  offer_timeout: 0s\n", 3, 18, "assignment.offer_timeout", "is too short"},
    {"negative", OFFERS "  transfer_limit: -1\n", 3, 19, "assignment.transfer_limit",
     "`-1` is not a whole number from 1 to 1000"},
    {"channels_beyond_attempts", GATE "  unreachable: {attempts: 1}\n", 0, 0,
     "close_gate.unreachable.channels", "is more than the attempts (as in the bundle that ships"},
    {"act", GATE "  acts_any_of: [apologies]\n", 3, 17, "close_gate.acts_any_of[0]",
     "`apologies` is unknown; is it `apology`?"},
    {"act_far", GATE "  acts_any_of: shrug\n", 3, 16, "close_gate.acts_any_of",
     "is none of: thanks, apology, explanation"},
    {"boost_falls", HEAD "priority:\n  severity: {5: 1h}\n", 3, 17, "priority.severity.5",
     "is less than for the slighter severity 4"},
    /* -- calendars -- */
    {"weekday", DESK "    weekly: {mon-fry: \"09:00-17:00\"}\n", 4, 14,
     "calendars.desk.weekly.mon-fry", "is not weekdays"},
    {"weekday_twice", DESK "    weekly: {mon-fri: \"09:00-17:00\", fri: \"09:00-12:00\"}\n", 4, 38,
     "calendars.desk.weekly.fri", "names a weekday that has its hours already"},
    {"hours", DESK "    weekly: {mon: 9-17}\n", 4, 19, "calendars.desk.weekly.mon",
     "`9-17` is not hours"},
    {"hours_25", DESK "    weekly: {mon: \"09:00-25:00\"}\n", 4, 19, "calendars.desk.weekly.mon",
     "is not hours"},
    {"hours_without_length", DESK "    weekly: {mon: [\"09:00-09:00\"]}\n", 4, 20,
     "calendars.desk.weekly.mon[0]", "has no length"},
    {"calendar_always", HEAD "calendars: {always: {weekly: {mon: all day}}}\n", 2, 13,
     "calendars.always", "is no name for a calendar"},
    {"no_weekly", DESK "    time_zone: UTC\n", 3, 3, "calendars.desk.weekly",
     "is missing: the hours"},
    {"date", DESK "    weekly: {mon: all day}\n    dates: {2026-02-30: closed}\n", 5, 13,
     "calendars.desk.dates.2026-02-30", "is no date"},
    {"holiday_date", DESK "    weekly: {mon: all day}\n    holidays: [{date: 24.12., name: x}]\n",
     5, 23, "calendars.desk.holidays[0].date", "`24.12.` is no date"},
    {"holiday_over_midnight",
     DESK "    weekly: {mon: all day}\n"
          "    holidays: [{date: 2026-12-24, name: x, hours: \"18:00-02:00\"}]\n",
     5, 51, "calendars.desk.holidays[0].hours", "ends on another day"},
    {"ical", DESK "    weekly: {mon: all day}\n    ical: hello\n", 5, 11, "calendars.desk.ical",
     "not an iCalendar text"},
    {"holidays_of_nobody", DESK "    weekly: {mon: all day}\n    holidays_of: desk\n", 5, 18,
     "calendars.desk.holidays_of", "is no calendar of this bundle"},
    /* -- ladder and failures -- */
    {"empty_ladder", HEAD "ladder: []\n", 2, 1, "ladder", "needs at least one level"},
    {"authority_kind",
     HEAD "ladder:\n  - name: a\n    steward: {id: a, name: A, contact: c}\n"
          "    authority: {all: unlimited, refunds: 5}\n",
     5, 33, "ladder[0].authority.refunds", "is no kind of remedy; is it `refund`?"},
    {"authority_amount",
     HEAD "ladder:\n  - name: a\n    steward: {id: a, name: A, contact: c}\n"
          "    authority: {all: 5,000}\n",
     5, 24, NULL, ""},
    {"amount", HEAD "failures:\n  a: {name: A, severity: 3, remedy: refund, amount: 1.1234567}\n",
     3, 53, "failures.a.amount", "is not an amount"},
    {"amount_unlimited",
     HEAD "failures:\n  a: {name: A, severity: 3, remedy: refund, amount: unlimited}\n", 3, 53,
     "failures.a.amount", "is not an amount"},
    {"severity", HEAD "failures:\n  a: {name: A, severity: 6, remedy: refund}\n", 3, 26,
     "failures.a.severity", "`6` is not a whole number from 1 to 5"},
    {"code", HEAD "failures:\n  A b: {name: A, severity: 5, remedy: refund}\n", 3, 3,
     "failures.A b", "is not a code"},
    {"branch", HEAD "failures:\n  a.b: {name: A, severity: 5, remedy: refund}\n", 3, 3,
     "failures.a.b", "has no branch: `a` must be a failure too"},
    /* -- clocks -- */
    {"clock_name", HEAD "clocks:\n  First: {kind: resolution, target: 5d}\n", 3, 3, "clocks.First",
     "is no name for a clock"},
    {"clock_name_of_a_level", HEAD "clocks:\n  level.1: {kind: resolution, target: 5d}\n", 3, 3,
     "clocks.level.1", "is a name that the ladder's clocks have"},
    {"kind", HEAD "clocks:\n  a: {kind: resolutions, target: 5d}\n", 3, 13, "clocks.a.kind",
     "`resolutions` is unknown; is it `resolution`?"},
    {"kind_level", HEAD "clocks:\n  a: {kind: level, target: 5d}\n", 3, 13, "clocks.a.kind",
     "is given by a level"},
    {"kind_offer", HEAD "clocks:\n  a: {kind: offer, target: 5d}\n", 3, 13, "clocks.a.kind",
     "is given by `offer_timeout`"},
    {"fact", HEAD "clocks:\n  a: {kind: resolution, target: 5d, start: {state: live}}\n", 3, 45,
     "clocks.a.start.state", "is no fact of a case; is it `status`?"},
    {"fact_value", HEAD "clocks:\n  a: {kind: resolution, target: 5d, start: {status: opn}}\n", 3,
     53, "clocks.a.start.status", "`opn` is unknown; is it `open`?"},
    {"fact_number", HEAD "clocks:\n  a: {kind: resolution, target: 5d, start: {severity: 0-3}}\n",
     3, 55, "clocks.a.start.severity", "is not a number such as 4"},
    {"fact_yes", HEAD "clocks:\n  a: {kind: resolution, target: 5d, start: {contact: yes}}\n", 3,
     54, "clocks.a.start.contact", "`yes` is none of: none, reached"},
    {"no_alternative", HEAD "clocks:\n  a: {kind: resolution, target: 5d, start: []}\n", 3, 37,
     "clocks.a.start", "is an empty list: write `never`"},
    {"says_nothing", HEAD "clocks:\n  a: {kind: resolution, target: 5d, start: {}}\n", 3, 37,
     "clocks.a.start", "says nothing: write `always`"},
    {"target_and_targets",
     HEAD "clocks:\n  a: {kind: resolution, target: 5d, targets: [{target: 5d}]}\n", 3, 37,
     "clocks.a.targets", "is too much beside `target`"},
    {"target_days", HEAD "clocks:\n  a: {kind: resolution, target: {days: 3, business_days: 2}}\n",
     3, 25, "clocks.a.target", "needs either `business_days` or `days`"},
    {"percent",
     HEAD "clocks:\n  a: {kind: resolution, target: 5d, thresholds: [{at: 75, do: climb}]}\n", 3,
     55, "clocks.a.thresholds[0].at", "`75` is not a share"},
    {"time_before_in_the_first_format",
     HEAD "clocks:\n  a: {kind: resolution, target: 5d, thresholds: [{at: -1h, do: climb}]}\n", 3,
     55, "clocks.a.thresholds[0].at", "that needs `amends: 2`"},
    {"time_before",
     "amends: 2\nclocks:\n  a: {kind: resolution, target: 5d, thresholds: [{at: -1, do: climb}]}\n",
     3, 55, "clocks.a.thresholds[0].at", "`-1` is no time before the end of the target"},
    {"no_time_before",
     "amends: 2\nclocks:\n  a: {kind: resolution, target: 5d, thresholds: [{at: -0s, do: "
     "climb}]}\n",
     3, 55, "clocks.a.thresholds[0].at", "`-0s` is no time before the end of the target"},
    {"neither_share_nor_time",
     "amends: 2\nclocks:\n  a: {kind: resolution, target: 5d, thresholds: [{at: 1h, do: climb}]}\n",
     3, 55, "clocks.a.thresholds[0].at", "nor a time before its end, as in -1h"},
    {"do_notify",
     HEAD "clocks:\n  a: {kind: resolution, target: 5d, thresholds: [{at: 100%, do: notify}]}\n", 3,
     65, "clocks.a.thresholds[0].do", "is written `notify: [owner]`"},
    {"notify_whom",
     HEAD "clocks:\n  a: {kind: resolution, target: 5d, thresholds: [{at: 100%, notify: boss}]}\n",
     3, 69, "clocks.a.thresholds[0].notify", "`boss` is none of: owner, steward, next"},
};

static void print(const struct bundle_problems *problems)
{
    for (size_t i = 0; i < problems->n; i++)
        print_message("%d:%d %s: %s\n", problems->items[i].line, problems->items[i].column,
                      problems->items[i].path, problems->items[i].text);
}

static void told_first(void **state)
{
    const struct mistake *m = *state;
    struct arena arena;
    struct bundle_problems problems;
    arena_init(&arena, ARENA_BYTES);
    bundle_problems_init(&problems, &arena);
    assert_null(bundle_compile(1, m->source, &problems));
    print(&problems);
    assert_true(problems.n_errors >= 1);
    const struct bundle_problem *p = &problems.items[0];
    while (p->warning)
        p++;
    if (m->path) {
        assert_int_equal(problems.n_errors, 1);
        assert_string_equal(p->path, m->path);
    }
    assert_non_null(strstr(p->text, m->text));
    assert_int_equal(p->line, m->line);
    assert_int_equal(p->column, m->column);
    arena_free(&arena);
}

static void all_mistakes_are_told_in_their_order(void **state)
{
    static const char source[] = "amends: 1\n"
                                 "currency: Dollar\n"
                                 "calendars:\n"
                                 "  desk: {weekly: {mon: 9-5}}\n"
                                 "failures:\n"
                                 "  a: {name: A, severity: 9, remedy: refund}\n"
                                 "clocks:\n"
                                 "  x: {kind: resolution, target: soon}\n"
                                 "  y: {kind: resolution, target: 2d, start: {status: resolved}}\n"
                                 "  z:\n"
                                 "    kind: statutory\n"
                                 "    target: 3d\n"
                                 "    pause_limit: {single: 1d, total: 1d}\n"
                                 "    thresholds: [{at: 100%, do: close}]\n"
                                 "promise: {}\n";
    static const struct {
        int line;
        const char *path;
    } expected[] = {{2, "currency"},
                    {4, "calendars.desk.weekly.mon"},
                    {6, "failures.a.severity"},
                    {8, "clocks.x.target"},
                    {9, "clocks.y.start"},
                    {13, "clocks.z.pause_limit"},
                    {14, "clocks.z.thresholds[0].do"},
                    {15, "promise"}};
    (void)state;
    struct arena arena;
    struct bundle_problems problems;
    arena_init(&arena, ARENA_BYTES);
    bundle_problems_init(&problems, &arena);
    assert_null(bundle_compile(1, source, &problems));
    print(&problems);
    assert_int_equal(problems.n, sizeof(expected) / sizeof(expected[0]));
    for (size_t i = 0; i < problems.n; i++) {
        assert_int_equal(problems.items[i].line, expected[i].line);
        assert_string_equal(problems.items[i].path, expected[i].path);
    }
    arena_free(&arena);
}

/* Anchors deep down, under long keys. Errors that cannot be told any more must take no memory,
 * because the rest of the bundle needs it. */
static void mistakes_without_end_are_counted(void **state)
{
    enum { LEVELS = 9, ANCHORS = 60000 };
    static char source[1 << 19];
    struct arena arena;
    struct bundle_problems problems;
    int n = snprintf(source, sizeof(source), HEAD "x:\n");
    (void)state;
    for (int level = 1; level <= LEVELS; level++)
        n += snprintf(source + n, sizeof(source) - (size_t)n, "%*sk%059d:\n", level, "", 0);
    n += snprintf(source + n, sizeof(source) - (size_t)n, "%*s[", LEVELS + 1, "");
    for (int i = 0; i < ANCHORS; i++)
        n = (int)(stpcpy(source + n, "&a !a,") - source);
    (void)stpcpy(source + n, "]\n");
    arena_init(&arena, ARENA_BYTES);
    bundle_problems_init(&problems, &arena);
    assert_null(bundle_compile(1, source, &problems));
    assert_int_equal(problems.n, BUNDLE_PROBLEMS_MAX);
    assert_int_equal(problems.n_errors, 2 * ANCHORS + 1); /* and `x` is no key */
    arena_free(&arena);
}

#define MISTAKES (sizeof(mistakes) / sizeof(mistakes[0]))

int main(void)
{
    struct CMUnitTest tests[MISTAKES + 2];
    struct mistake copies[MISTAKES];
    memcpy(copies, mistakes, sizeof(mistakes));
    for (size_t i = 0; i < MISTAKES; i++)
        tests[i] = (struct CMUnitTest){
            .name = mistakes[i].name, .test_func = told_first, .initial_state = &copies[i]};
    tests[MISTAKES] = (struct CMUnitTest)cmocka_unit_test(all_mistakes_are_told_in_their_order);
    tests[MISTAKES + 1] = (struct CMUnitTest)cmocka_unit_test(mistakes_without_end_are_counted);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
