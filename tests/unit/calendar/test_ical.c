/* SPDX-License-Identifier: Apache-2.0 */
#include "times.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calendar/ical.h"

struct result {
    struct arena arena;
    struct fault fault;
    struct ical_days days;
    int err;
};

static const struct ical_choice strict = {.strict = true};

static struct result *read_choice(const char *text, const char *zone,
                                  const struct ical_choice *choice)
{
    static struct result r;
    r = (struct result){0};
    arena_init(&r.arena, 4 << 20);
    fault_init(&r.fault, &r.arena);
    r.err = ical_holidays(text, zone_get(zone), choice, &r.arena, "holidays", &r.days, &r.fault);
    return &r;
}

static struct result *read_in(const char *text, const char *zone)
{
    return read_choice(text, zone, &strict);
}

static const char *calendar_of(const char *events)
{
    static char text[1 << 16];
    (void)snprintf(text, sizeof(text),
                   "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\n%sEND:VCALENDAR\r\n", events);
    return text;
}

/* The events' lines, put into a calendar. */
static struct result *read_events(const char *events, const char *zone)
{
    return read_in(calendar_of(events), zone);
}

#define EVENT(lines) "BEGIN:VEVENT\r\nUID:u\r\nSUMMARY:Day\r\n" lines "END:VEVENT\r\n"

/* What was found, as a text: "2026-12-25 Day; 2026-12-26 12:00-14:00 yearly Other". */
static void assert_found(struct result *r, const char *expected)
{
    char text[8192] = "";
    size_t len = 0;
    for (size_t i = 0; i < r->days.n && len < sizeof(text) - 512; i++) {
        const struct calendar_holiday *h = &r->days.holidays[i];
        int year, month, day;
        calendar_date_parts(h->date, &year, &month, &day);
        len += (size_t)sprintf(text + len, "%s%04d-%02d-%02d ", i ? "; " : "", year, month, day);
        if (h->from_s != 0 || h->until_s != CALENDAR_DAY_S)
            len += (size_t)sprintf(text + len, "%02d:%02d-%02d:%02d ", h->from_s / HOUR,
                                   h->from_s / MINUTE % 60, h->until_s / HOUR,
                                   h->until_s / MINUTE % 60);
        len += (size_t)sprintf(text + len, "%s%s", h->yearly ? "yearly " : "", h->name);
    }
    if (r->err)
        print_error("%s\n", r->fault.message);
    assert_int_equal(r->err, 0);
    assert_false(fault_is_set(&r->fault));
    assert_string_equal(text, expected);
    arena_free(&r->arena);
}

static void assert_refused(struct result *r, const char *violation)
{
    assert_int_equal(r->err, AM_EINVAL);
    assert_int_equal(r->days.n, 0);
    assert_null(r->days.holidays);
    assert_int_equal(r->fault.code, FAULT_INVALID_ARGUMENT);
    assert_true(r->fault.n_violations >= 1);
    assert_string_equal(r->fault.violations[0].key, "holidays");
    assert_string_equal(r->fault.violations[0].text, violation);
    arena_free(&r->arena);
}

static void test_dates_are_whole_days(void **state)
{
    (void)state;
    assert_found(read_events(EVENT("DTSTART;VALUE=DATE:20261225\r\n"), "UTC"), "2026-12-25 Day");
    assert_found(read_events(EVENT("DTSTART:20261225\r\n"), "UTC"), "2026-12-25 Day");
    assert_found(
        read_events(EVENT("DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261227\r\n"), "UTC"),
        "2026-12-25 Day; 2026-12-26 Day");
    assert_found(read_events(EVENT("DTSTART;VALUE=DATE:20261231\r\nDURATION:P2D\r\n"), "UTC"),
                 "2026-12-31 Day; 2027-01-01 Day");
    assert_found(read_events(EVENT("DTSTART;VALUE=DATE:20261225\r\nDURATION:P1W\r\n"
                                   "EXDATE;VALUE=DATE:20261225\r\n"),
                             "UTC"),
                 "");
    assert_found(read_events("", "UTC"), "");
}

static void test_times_are_parts_of_days(void **state)
{
    (void)state;
    assert_found(
        read_events(EVENT("DTSTART:20261224T120000\r\nDTEND:20261224T180000\r\n"), "Asia/Tokyo"),
        "2026-12-24 12:00-18:00 Day");
    assert_found(
        read_events(EVENT("DTSTART:20261224T223000Z\r\nDURATION:PT3H\r\n"), "Europe/Berlin"),
        "2026-12-24 23:30-24:00 Day; 2026-12-25 00:00-02:30 Day");
    assert_found(read_events(EVENT("DTSTART;TZID=America/New_York:20260701T090000\r\n"
                                   "DTEND;TZID=America/New_York:20260702T090000\r\n"),
                             "Europe/London"),
                 "2026-07-01 14:00-24:00 Day; 2026-07-02 00:00-14:00 Day");
    assert_found(read_events(EVENT("DTSTART;TZID=\"/example.org/2026/America/New_York\":"
                                   "20260701T090000\r\nDTEND:20260701T140000Z\r\n"),
                             "Europe/London"),
                 "2026-07-01 14:00-15:00 Day");
}

static void test_texts_are_read_as_the_world_writes_them(void **state)
{
    (void)state;
    assert_found(read_in("\xef\xbb\xbf"
                         "begin:vcalendar\nBEGIN:VTIMEZONE\nTZID:X\nBEGIN:STANDARD\n"
                         "DTSTART:16010101T000000\nRRULE:FREQ=YEARLY\nEND:STANDARD\n"
                         "END:VTIMEZONE\n\n"
                         "BEGIN:VEVENT\nDTSTART;VALUE=DA\n TE:2026\n\t0101\n"
                         "Summary;LANGUAGE=\"x:y;z\":New\\, \\\"Y\\\\ear\\;\\n\xc3\n \xa9\n"
                         "DESCRIPTION:\nX-BROKEN\nBEGIN:VALARM\nTRIGGER:-PT15M\nDURATION:x\n"
                         "SUMMARY:Alarm\nEND:VALARM\nEND:VEVENT\n"
                         "BEGIN:VTODO\nDTSTART:20260601\nSUMMARY:Todo\nEND:VTODO\n"
                         "END:vcalendar\n",
                         "UTC"),
                 "2026-01-01 New, \"Y\\ear; \xc3\xa9");
    assert_found(read_events("BEGIN:VEVENT\nDTSTART:20260101\nEND:VEVENT\n", "UTC"),
                 "2026-01-01 holiday");
    assert_found(read_events(EVENT("DTSTART:20260101\nSTATUS:CANCELLED\n")
                                 EVENT("DTSTART:20260102\nSTATUS:CONFIRMED\n")
                                     EVENT("DTSTART:20260102\n"),
                             "UTC"),
                 "2026-01-02 Day");
}

static void test_long_names_are_cut_between_characters(void **state)
{
    (void)state;
    char name[302] = "x", text[512];
    for (size_t i = 1; i < 301; i++)
        name[i] = i % 2 ? '\xc3' : '\xa9';
    (void)snprintf(text, sizeof(text), "BEGIN:VEVENT\nDTSTART:20260101\nSUMMARY:%s\nEND:VEVENT\n",
                   name);
    struct result *r = read_events(text, "UTC");
    assert_int_equal(r->err, 0);
    assert_int_equal(strlen(r->days.holidays[0].name), 199);
    arena_free(&r->arena);
}

static void test_plain_yearly_rules_stay_yearly(void **state)
{
    (void)state;
    assert_found(read_events(EVENT("DTSTART;VALUE=DATE:20201225\nRRULE:FREQ=YEARLY\n"), "UTC"),
                 "2020-12-25 yearly Day");
    assert_found(read_events(EVENT("DTSTART:20201225\nRRULE:FREQ=YEARLY;BYMONTH=12;"
                                   "BYMONTHDAY=25;INTERVAL=1;WKST=SU\n"),
                             "UTC"),
                 "2020-12-25 yearly Day");
    assert_found(read_events(EVENT("DTSTART:19601231\nDTEND:19610103\nRRULE:FREQ=YEARLY\n"), "UTC"),
                 "2000-01-01 yearly Day; 2000-01-02 yearly Day; 2000-12-31 yearly Day");
    assert_found(read_events(EVENT("DTSTART:19600229\nRRULE:FREQ=YEARLY;BYMONTH=2\n"), "UTC"),
                 "2000-02-29 yearly Day");
    assert_found(
        read_events(EVENT("DTSTART:20301224T120000\nDURATION:PT6H\nRRULE:FREQ=YEARLY\n"), "UTC"),
        "2030-12-24 12:00-18:00 yearly Day");
}

static void test_other_rules_are_expanded(void **state)
{
    (void)state;
    assert_found(read_events(EVENT("DTSTART:20261126\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;"
                                   "COUNT=3\n"),
                             "America/New_York"),
                 "2026-11-26 Day; 2027-11-25 Day; 2028-11-23 Day");
    assert_found(read_events(EVENT("DTSTART:20960101\nRRULE:FREQ=YEARLY;INTERVAL=2\n"), "UTC"),
                 "2096-01-01 Day; 2098-01-01 Day");
    assert_found(read_events(EVENT("DTSTART:20960227\nDURATION:P4D\nRRULE:FREQ=YEARLY\n"
                                   "EXDATE:20970227\n"),
                             "UTC"),
                 "2096-02-27 Day; 2096-02-28 Day; 2096-02-29 Day; 2096-03-01 Day; "
                 "2098-02-27 Day; 2098-02-28 Day; 2098-03-01 Day; 2098-03-02 Day; "
                 "2099-02-27 Day; 2099-02-28 Day; 2099-03-01 Day; 2099-03-02 Day");
    /* Its days are not the same every year. */
    assert_found(read_events(EVENT("DTSTART:20980228\nDURATION:P2D\nRRULE:FREQ=YEARLY\n"), "UTC"),
                 "2098-02-28 Day; 2098-03-01 Day; 2099-02-28 Day; 2099-03-01 Day");
    assert_found(read_events(EVENT("DTSTART:20260101\nRRULE:FREQ=YEARLY;UNTIL=20280101\n"), "UTC"),
                 "2026-01-01 Day; 2027-01-01 Day; 2028-01-01 Day");
    assert_found(read_events(EVENT("DTSTART:20260105\nRRULE:FREQ=WEEKLY;COUNT=3;BYDAY=MO\n"
                                   "RDATE;VALUE=DATE:20260301,20260302\nRDATE:20260112\n"),
                             "UTC"),
                 "2026-01-05 Day; 2026-01-12 Day; 2026-01-19 Day; 2026-03-01 Day; 2026-03-02 Day");
    /* A rule of times is worked out on its own wall: 09:00 in New York is 13:00 and 14:00 UTC. */
    assert_found(read_events(EVENT("DTSTART;TZID=America/New_York:20260306T090000\nDURATION:PT1H\n"
                                   "RRULE:FREQ=DAILY;UNTIL=20260308T130000Z\n"),
                             "UTC"),
                 "2026-03-06 14:00-15:00 Day; 2026-03-07 14:00-15:00 Day; "
                 "2026-03-08 13:00-14:00 Day");
    assert_found(read_events(EVENT("DTSTART:20260308T120000Z\nDURATION:PT1H\n"
                                   "RRULE:FREQ=YEARLY;UNTIL=20270401T000000Z\n"),
                             "Europe/Berlin"),
                 "2026-03-08 13:00-14:00 Day; 2027-03-08 13:00-14:00 Day");
}

static void test_the_start_is_an_occurrence_though_the_rule_does_not_say_so(void **state)
{
    (void)state;
    assert_found(read_events(EVENT("DTSTART:20260101\nRRULE:FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=1;"
                                   "UNTIL=20271231\n"),
                             "UTC"),
                 "2026-01-01 Day; 2026-06-01 Day; 2027-06-01 Day");
}

static void test_an_event_stands_in_place_of_an_occurrence(void **state)
{
    (void)state;
    assert_found(read_events(EVENT("DTSTART:20260101\nRRULE:FREQ=YEARLY;COUNT=3\n")
                                 EVENT("RECURRENCE-ID:20270101\nDTSTART:20270104\n")
                                     EVENT("RECURRENCE-ID:20280101\nDTSTART:20280101\nSTATUS:"
                                           "CANCELLED\n") "BEGIN:VEVENT\nUID:other\nRECURRENCE-ID:"
                                                          "20260101\n"
                                                          "DTSTART:20260601\nSUMMARY:Other\nEND:"
                                                          "VEVENT\n",
                             "UTC"),
                 "2026-01-01 Day; 2026-06-01 Other; 2027-01-04 Day");
}

static void test_days_outside_the_years_are_left_out(void **state)
{
    (void)state;
    assert_found(read_events(EVENT("DTSTART:19991231\nDURATION:P2D\n") EVENT("DTSTART:18000101\n")
                                 EVENT("DTSTART:21000101\n")
                                     EVENT("DTSTART:21000101\nRRULE:FREQ=YEARLY\n"),
                             "UTC"),
                 "2000-01-01 Day");
    assert_found(read_events(EVENT("DTSTART:16010101\nRRULE:FREQ=YEARLY;UNTIL=20011231\n"), "UTC"),
                 "2000-01-01 Day; 2001-01-01 Day");
}

static void test_mistakes_name_line_and_event(void **state)
{
    (void)state;
    static const struct {
        const char *lines, *violation;
    } MISTAKES[] = {
        {"X:1\n", "line 8, event \"Day\": DTSTART is missing"},
        {"DTSTART:2026\n", "line 7, event \"Day\": DTSTART is no date or time"},
        {"DTSTART:20260230\n", "line 7, event \"Day\": DTSTART is no date or time"},
        {"DTSTART:20261301\n", "line 7, event \"Day\": DTSTART is no date or time"},
        {"DTSTART:20260101T250000\n", "line 7, event \"Day\": DTSTART is no date or time"},
        {"DTSTART:+0260101\n", "line 7, event \"Day\": DTSTART is no date or time"},
        {"DTSTART\n", "line 7, event \"Day\": DTSTART is no property: it has no colon"},
        {"DTSTART;TZID=Middle Earth:20260101T000000\n",
         "line 7, event \"Day\": DTSTART names a time zone that is not known"},
        {"DTSTART:20260101\nDTSTART:20260102\n",
         "line 8, event \"Day\": DTSTART stands there twice"},
        {"DTSTART:20260102\nDTEND:20260101\n", "line 8, event \"Day\": DTEND is before DTSTART"},
        {"DTSTART:20260101T120000\nDTEND:20260101T120000\n",
         "line 8, event \"Day\": DTEND gives the event no length"},
        {"DTSTART:20260101\nDTEND:20260101T120000\n",
         "line 8, event \"Day\": DTEND and DTSTART are not of the same kind"},
        {"DTSTART:20260101T120000\n", "line 8, event \"Day\": DTEND is missing, and so is a "
                                      "DURATION: the event takes no time"},
        {"DTSTART:20260101\nDURATION:-P1D\n", "line 8, event \"Day\": DURATION is no duration"},
        {"DTSTART:20260101\nDURATION:1 day\n", "line 8, event \"Day\": DURATION is no duration"},
        {"DTSTART:20260101\nDTEND:99990101\n",
         "line 8, event \"Day\": DTEND is further from DTSTART than a century"},
        {"DTSTART:20260101\nDURATION:P2147483647W\n",
         "line 8, event \"Day\": DURATION is further from DTSTART than a century"},
        {"DTSTART:20260101\nDURATION:PT12H\n",
         "line 8, event \"Day\": DURATION is not of whole days, as DTSTART is"},
        {"DTSTART:20260101\nDTEND:20260102\nDURATION:P1D\n",
         "line 9, event \"Day\": DTEND stands beside a DURATION"},
        {"DTSTART:20260101\nEXRULE:FREQ=YEARLY\n",
         "line 8, event \"Day\": EXRULE is not part of RFC 5545 any more"},
        {"DTSTART:20260101\nEXDATE:20260101,,\n",
         "line 8, event \"Day\": EXDATE is no date or time"},
        {"DTSTART:20260101\nRDATE;VALUE=PERIOD:20260101T000000/PT1H\n",
         "line 8, event \"Day\": RDATE has periods: write an event for each"},
        {"DTSTART:20260101T000000\nDURATION:PT1H\nRDATE:20260101\n",
         "line 9, event \"Day\": RDATE and DTSTART are not of the same kind"},
        {"DTSTART:20260101\nRRULE:FREQ=NEVER\n", "line 8, event \"Day\": RRULE is no rule"},
        {"DTSTART:20260101\nRRULE:\n", "line 8, event \"Day\": RRULE is no rule"},
        {"DTSTART:20260101\nRRULE:FREQ=YEARLY\nRRULE:FREQ=DAILY\n",
         "line 9, event \"Day\": RRULE stands there twice"},
        {"DTSTART:20260101\nRRULE:FREQ=SECONDLY\n",
         "line 8, event \"Day\": RRULE repeats within a day"},
        {"DTSTART:20260101\nRRULE:FREQ=DAILY;BYHOUR=1,2,3\n",
         "line 8, event \"Day\": RRULE repeats within a day"},
        {"DTSTART:20260101\nRRULE:FREQ=DAILY\n",
         "line 8, event \"Day\": RRULE gives, with the events before it, more than 4096 days"},
        {"DTSTART:20260101\nDTEND:21000101\n",
         "line 4, event \"Day\": it gives, with the events before it, more than 4096 days"},
        {"DTSTART:20260101\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260101\n",
         "line 8, event \"Day\": RECURRENCE-ID has a RANGE: end the rule and write an event with "
         "another one"},
    };
    for (size_t i = 0; i < COUNT(MISTAKES); i++) {
        char event[512];
        (void)snprintf(event, sizeof(event), "BEGIN:VEVENT\nUID:u\nSUMMARY:Day\n%sEND:VEVENT\n",
                       MISTAKES[i].lines);
        assert_refused(read_events(event, "UTC"), MISTAKES[i].violation);
    }
    assert_refused(read_events("BEGIN:VEVENT\nDTSTART:20260101\nSUMMARY:\xff\nEND:VEVENT\n", "UTC"),
                   "line 6, event \"holiday\": SUMMARY is not UTF-8");
}

static void test_what_is_no_calendar_is_refused(void **state)
{
    (void)state;
    static const char *const NO_BEGIN =
        "line 1: not an iCalendar text: it does not begin with BEGIN:VCALENDAR";
    assert_refused(read_in("<html>", "UTC"), NO_BEGIN);
    assert_refused(read_in("BEGIN:VEVENT\nEND:VEVENT\n", "UTC"), NO_BEGIN);
    assert_refused(read_in("BEGIN\n", "UTC"), NO_BEGIN);
    assert_refused(read_in("", "UTC"), "line 1: it ends before END:VCALENDAR");
    assert_refused(read_in("\n\n \n", "UTC"), "line 3: it ends before END:VCALENDAR");
    assert_refused(read_in("BEGIN:VCALENDAR\nVERSION:2.0\n", "UTC"),
                   "line 2: it ends before END:VCALENDAR");
    assert_refused(read_in("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n", "UTC"),
                   "line 3: an END without its BEGIN");
    assert_refused(read_in("BEGIN:VCALENDAR\nEND:VCALENDAR\nEND:VCALENDAR\n", "UTC"),
                   "line 3: an END without its BEGIN");
    assert_refused(read_in("BEGIN:VCALENDAR\nBEGIN:VVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVV\n", "UTC"),
                   "line 2: a component that does not belong here");
}

static void test_all_mistakes_are_told_at_once(void **state)
{
    (void)state;
    struct result *r = read_events(EVENT("X:1\n") EVENT("DTSTART:20260101\n") EVENT("DTSTART:1\n")
                                       EVENT("DTSTART:20260101\nRRULE:X\n"),
                                   "UTC");
    assert_int_equal(r->err, AM_EINVAL);
    assert_int_equal(r->fault.n_violations, 3);
    arena_free(&r->arena);
}

/* -- what somebody might send to keep us busy -------------------------------------------------- */

static struct result *read_many(const char *event, size_t events)
{
    size_t n = 0, len = strlen(event);
    char *text = malloc(ICAL_BYTES_MAX + 1);
    assert_non_null(text);
    n += (size_t)sprintf(text, "BEGIN:VCALENDAR\n");
    for (; n + len + 20 < ICAL_BYTES_MAX && events > 0; events--)
        n += (size_t)sprintf(text + n, "%s", event);
    (void)sprintf(text + n, "END:VCALENDAR\n");
    struct result *r = read_in(text, "Europe/London");
    free(text);
    return r;
}

static void test_a_text_too_large_is_refused(void **state)
{
    (void)state;
    char *text = malloc(ICAL_BYTES_MAX + 2);
    assert_non_null(text);
    memset(text, '\n', ICAL_BYTES_MAX + 1);
    text[ICAL_BYTES_MAX + 1] = '\0';
    assert_refused(read_in(text, "UTC"), "line 1: more than 1 MiB of text");
    memset(text, ' ', ICAL_BYTES_MAX);
    text[ICAL_BYTES_MAX] = '\0';
    assert_refused(read_in(text, "UTC"),
                   "line 1: not an iCalendar text: it does not begin with BEGIN:VCALENDAR");
    free(text);
}

static void test_bombs_are_refused(void **state)
{
    (void)state;
    static const char *const BOMBS[] = {
        "BEGIN:VEVENT\nDTSTART:20260101\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30\nEND:VEVENT\n",
        "BEGIN:VEVENT\nDTSTART:20260101\nRRULE:FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30\nEND:VEVENT\n",
        "BEGIN:VEVENT\nDTSTART:00010101T000000Z\nDURATION:PT1S\nRRULE:FREQ=DAILY;COUNT=2000000000\n"
        "END:VEVENT\n",
        "BEGIN:VEVENT\nDTSTART:20260101\nRRULE:FREQ=SECONDLY\nEND:VEVENT\n",
        "BEGIN:VEVENT\nUID:a\nDTSTART:20260101\nRRULE:FREQ=YEARLY;INTERVAL=2\nEND:VEVENT\n"
        "BEGIN:VEVENT\nUID:a\nDTSTART:20260101\nRECURRENCE-ID:20260101\nEND:VEVENT\n",
    };
    for (size_t i = 0; i < COUNT(BOMBS); i++) {
        struct result *r = read_many(BOMBS[i], 2000);
        assert_int_equal(r->err, AM_EINVAL);
        arena_free(&r->arena);
    }
}

static void test_too_many_events_are_refused(void **state)
{
    (void)state;
    const char *event = "BEGIN:VEVENT\nDTSTART:20260101\nEND:VEVENT\n";
    assert_found(read_many(event, CALENDAR_HOLIDAYS_MAX), "2026-01-01 holiday");
    assert_refused(read_many(event, CALENDAR_HOLIDAYS_MAX + 1),
                   "line 12290: more than 4096 events");
}

/* Every date of a long list is an exception, and each must be looked for. */
static void refuse_exceptions(const char *dates, const char *violation)
{
    char *text = malloc(1 << 20);
    assert_non_null(text);
    size_t n = (size_t)sprintf(text, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20000101\n%s", dates);
    for (int i = 0; i < 50000; i++) {
        int year, month, day;
        calendar_date_parts(calendar_date(2000, 1, 1) + i % 36500, &year, &month, &day);
        n += (size_t)sprintf(text + n, i % 1000 ? ",%04d%02d%02d" : "\nEXDATE:%04d%02d%02d", year,
                             month, day);
    }
    (void)sprintf(text + n, "\nEND:VEVENT\nEND:VCALENDAR\n");
    assert_refused(read_in(text, "UTC"), violation);
    free(text);
}

static void test_many_exceptions_are_bounded(void **state)
{
    (void)state;
    refuse_exceptions("RRULE:FREQ=DAILY", "line 4, event \"holiday\": RRULE takes, with those "
                                          "before it, too long to work out");
    static char dates[200000];
    size_t n = 0;
    for (int i = 0; i < 19000; i++) /* found last, if at all */
        n += (size_t)sprintf(dates + n, i % 1000 ? ",20991208" : "\nRDATE:20991208");
    refuse_exceptions(dates + 1,
                      "line 2, event \"holiday\": it takes, with those before it, too long to work "
                      "out");
}

static void test_a_full_arena_is_no_crash(void **state)
{
    (void)state;
    for (size_t quota = 0; quota < 1000; quota += 50) {
        struct arena arena;
        struct fault fault;
        struct ical_days days;
        arena_init(&arena, quota);
        fault_init(&fault, &arena);
        int err = ical_holidays(
            "BEGIN:VCALENDAR\n" EVENT("DTSTART:20260101\nDURATION:P9D\n") "END:VCALENDAR\n",
            zone_get("UTC"), &strict, &arena, "f", &days, &fault);
        assert_true(err == AM_ENOMEM ||
                    (err == 0 && days.n == 9 && quota > 9 * sizeof(*days.holidays)));
        arena_free(&arena);
    }
}

static void *read_often(void *arg)
{
    size_t *found = arg;
    for (int i = 0; i < 50; i++) {
        struct arena arena;
        struct fault fault;
        struct ical_days days;
        arena_init(&arena, 1 << 20);
        fault_init(&fault, &arena);
        int err = ical_holidays(
            "BEGIN:VCALENDAR\n" EVENT("DTSTART:20260101T000000Z\nDURATION:PT9H\n"
                                      "RRULE:FREQ=YEARLY;BYDAY=1MO;UNTIL=20500101T000000Z\n")
                EVENT("DTSTART:2026\n") "END:VCALENDAR\n",
            zone_get("UTC"), &strict, &arena, "f", &days, &fault);
        *found += err == AM_EINVAL && fault.n_violations == 1;
        arena_free(&arena);
    }
    return NULL;
}

static void test_threads_read_at_once(void **state)
{
    (void)state;
    pthread_t threads[4];
    size_t found[4] = {0};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_often, &found[i]), 0);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(found[i], 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates_are_whole_days),
        cmocka_unit_test(test_times_are_parts_of_days),
        cmocka_unit_test(test_texts_are_read_as_the_world_writes_them),
        cmocka_unit_test(test_long_names_are_cut_between_characters),
        cmocka_unit_test(test_plain_yearly_rules_stay_yearly),
        cmocka_unit_test(test_other_rules_are_expanded),
        cmocka_unit_test(test_the_start_is_an_occurrence_though_the_rule_does_not_say_so),
        cmocka_unit_test(test_an_event_stands_in_place_of_an_occurrence),
        cmocka_unit_test(test_days_outside_the_years_are_left_out),
        cmocka_unit_test(test_mistakes_name_line_and_event),
        cmocka_unit_test(test_what_is_no_calendar_is_refused),
        cmocka_unit_test(test_all_mistakes_are_told_at_once),
        cmocka_unit_test(test_a_text_too_large_is_refused),
        cmocka_unit_test(test_bombs_are_refused),
        cmocka_unit_test(test_too_many_events_are_refused),
        cmocka_unit_test(test_many_exceptions_are_bounded),
        cmocka_unit_test(test_a_full_arena_is_no_crash),
        cmocka_unit_test(test_threads_read_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
