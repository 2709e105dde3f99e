/* SPDX-License-Identifier: Apache-2.0 */
/* Rules and the days they give, from RFC 5545's examples and a second implementation. */
#include "times.h"

#include <stdio.h>
#include <string.h>

#include "calendar/ical.h"

/* The days of an event with that start and rule, "2026-01-01
 * 2027-01-01", or its first violation. */
static void read_rule(const char *start, const char *rule, char *found, size_t room)
{
    char text[1024];
    struct arena arena;
    struct fault fault;
    const struct ical_choice strict = {.strict = true};
    struct ical_days days;
    size_t len = 0;
    (void)snprintf(text, sizeof(text),
                   "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:%s\nRRULE:%s\nEND:VEVENT\n"
                   "END:VCALENDAR\n",
                   start, rule);
    arena_init(&arena, 1 << 20);
    fault_init(&fault, &arena);
    *found = '\0';
    if (ical_holidays(text, zone_get("UTC"), &strict, &arena, "f", &days, &fault))
        (void)snprintf(found, room, "%s", fault.violations[0].text);
    for (size_t i = 0; i < days.n && len < room - 20; i++) {
        int year, month, day;
        calendar_date_parts(days.holidays[i].date, &year, &month, &day);
        len += (size_t)sprintf(found + len, "%s%04d-%02d-%02d", i ? " " : "", year, month, day);
    }
    arena_free(&arena);
}

static void test_days_of_rules(void **state)
{
    (void)state;
    static const struct {
        const char *start, *rule, *days;
    } RULES[] = {
        {"20001107", "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;COUNT=4",
         "2000-11-07 2004-11-02 2008-11-04 2012-11-06"},
        {"20260518", "FREQ=YEARLY;BYDAY=20MO;COUNT=3", "2026-05-18 2027-05-17 2028-05-15"},
        {"20260525", "FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO;COUNT=3",
         "2026-05-25 2027-05-31 2028-05-29"},
        {"20260511", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;COUNT=3",
         "2026-05-11 2027-05-17 2028-05-15"},
        {"20261231", "FREQ=YEARLY;BYWEEKNO=53;COUNT=3", "2026-12-31 2032-12-30 2037-12-31"},
        {"20260213", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=4",
         "2026-02-13 2026-03-13 2026-11-13 2027-08-13"},
        {"20260130", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3",
         "2026-01-30 2026-02-27 2026-03-31"},
        {"20260131", "FREQ=MONTHLY;COUNT=4", "2026-01-31 2026-03-31 2026-05-31 2026-07-31"},
        {"20260131", "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3", "2026-01-31 2026-02-28 2026-03-31"},
        {"20260104", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
         "2026-01-04 2026-01-13 2026-01-18 2026-01-27"},
        {"20260104", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
         "2026-01-04 2026-01-06 2026-01-18 2026-01-20"},
        {"20260101", "FREQ=DAILY;INTERVAL=10;COUNT=3", "2026-01-01 2026-01-11 2026-01-21"},
        {"20260104", "FREQ=DAILY;BYMONTH=1;BYDAY=SU;COUNT=5",
         "2026-01-04 2026-01-11 2026-01-18 2026-01-25 2027-01-03"},
        {"20280229", "FREQ=YEARLY;UNTIL=20400101", "2028-02-29 2032-02-29 2036-02-29"},
        {"20261231", "FREQ=YEARLY;BYYEARDAY=-1;COUNT=3", "2026-12-31 2027-12-31 2028-12-31"},
        {"20260101", "FREQ=YEARLY;BYYEARDAY=1,366;COUNT=4",
         "2026-01-01 2027-01-01 2028-01-01 2028-12-31"},
        {"20260105", "FREQ=YEARLY;BYDAY=MO;BYSETPOS=1,-1;COUNT=4",
         "2026-01-05 2026-12-28 2027-01-04 2027-12-27"},
        {"20260125", "FREQ=YEARLY;BYMONTHDAY=25;COUNT=3", "2026-01-25 2026-02-25 2026-03-25"},
        /* What lies before 2000 is counted, but not given. */
        {"19991230", "FREQ=DAILY;COUNT=4", "2000-01-01 2000-01-02"},
        {"16010106", "FREQ=YEARLY;INTERVAL=99;UNTIL=21000101", "2096-01-06"},
        {"20990101", "FREQ=YEARLY;INTERVAL=32767", "2099-01-01"},
    };
    for (size_t i = 0; i < COUNT(RULES); i++) {
        char found[512];
        read_rule(RULES[i].start, RULES[i].rule, found, sizeof(found));
        assert_string_equal(found, RULES[i].days);
    }
}

static void test_rules_that_make_no_sense(void **state)
{
    (void)state;
    static const char *const TOGETHER = "line 4, event \"holiday\": RRULE has parts that RFC 5545 "
                                        "does not allow together";
    static const char *const NONE = "line 4, event \"holiday\": RRULE is no rule";
    static const char *const WITHIN = "line 4, event \"holiday\": RRULE repeats within a day";
    static const struct {
        const char *rule;
        const char *const *violation;
    } RULES[] = {
        {"FREQ=WEEKLY;BYMONTHDAY=1", &TOGETHER},
        {"FREQ=WEEKLY;BYDAY=1MO", &TOGETHER},
        {"FREQ=MONTHLY;BYWEEKNO=1", &TOGETHER},
        {"FREQ=DAILY;BYYEARDAY=1", &TOGETHER},
        {"FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO", &TOGETHER},
        {"FREQ=YEARLY;BYMONTH=13", &NONE},
        {"FREQ=YEARLY;BYEASTER=1", &NONE},
        {"BYDAY=MO", &NONE},
        {"FREQ=HOURLY", &WITHIN},
        {"FREQ=MINUTELY", &WITHIN},
        {"FREQ=SECONDLY", &WITHIN},
        {"FREQ=YEARLY;BYSECOND=1,2", &WITHIN},
    };
    for (size_t i = 0; i < COUNT(RULES); i++) {
        char found[512];
        read_rule("20260101", RULES[i].rule, found, sizeof(found));
        assert_string_equal(found, *RULES[i].violation);
    }
}

/* They never apply: the start is all there is, and nobody waits for the year 2582. */
static void test_rules_that_never_apply(void **state)
{
    (void)state;
    static const char *const RULES[] = {
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=300",
        "FREQ=YEARLY;BYYEARDAY=366;BYMONTH=1",
        "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
        "FREQ=DAILY;BYMONTHDAY=31;BYMONTH=2,4,6,9,11",
        "FREQ=YEARLY;BYDAY=MO;BYYEARDAY=366;BYMONTHDAY=1",
    };
    for (size_t i = 0; i < COUNT(RULES); i++) {
        char found[512];
        read_rule("20260101", RULES[i], found, sizeof(found));
        assert_string_equal(found, "2026-01-01");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_days_of_rules),
        cmocka_unit_test(test_rules_that_make_no_sense),
        cmocka_unit_test(test_rules_that_never_apply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
