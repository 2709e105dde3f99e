/* SPDX-License-Identifier: Apache-2.0 */

/* Texts as Outlook, Exchange and Google write them, and those with events that are odd. */

#include "times.h"

#include <stdio.h>
#include <string.h>

#include "calendar/ical.h"

static struct arena arena;
static struct ical_days days;
static struct fault fault;

static void read_with(const struct ical_choice *choice, const char *zone, const char *lines)
{
    static char text[1 << 16];
    (void)snprintf(text, sizeof(text), "BEGIN:VCALENDAR\n%sEND:VCALENDAR\n", lines);
    fault_init(&fault, &arena);
    int err = ical_holidays(text, zone_get(zone), choice, &arena, "f", &days, &fault);
    if (err)
        print_error("%s\n", fault.n_violations ? fault.violations[0].text : "no memory");
    assert_int_equal(err, 0);
}

static void read(const char *zone, const char *lines)
{
    static const struct ical_choice all = {0};
    read_with(&all, zone, lines);
}

static void assert_days(const char *expected)
{
    char text[4096] = "";
    size_t len = 0;
    for (size_t i = 0; i < days.n && len < sizeof(text) - 256; i++) {
        const struct calendar_holiday *h = &days.holidays[i];
        int year, month, day;
        calendar_date_parts(h->date, &year, &month, &day);
        len += (size_t)sprintf(text + len, "%s%04d-%02d-%02d", i ? " " : "", year, month, day);
        if (h->from_s != 0 || h->until_s != CALENDAR_DAY_S)
            len += (size_t)sprintf(text + len, "/%02d:%02d-%02d:%02d", h->from_s / HOUR,
                                   h->from_s / MINUTE % 60, h->until_s / HOUR,
                                   h->until_s / MINUTE % 60);
        if (h->yearly)
            len += (size_t)sprintf(text + len, "/yearly");
    }
    assert_string_equal(text, expected);
}

static void assert_note(size_t i, unsigned line, const char *text)
{
    assert_true(i < days.n_notes);
    assert_string_equal(days.notes[i].text, text);
    assert_int_equal(days.notes[i].line, line);
}

#define EVENT(lines) "BEGIN:VEVENT\nSUMMARY:Day\n" lines "END:VEVENT\n"
#define SERIES "DTSTART;VALUE=DATE:20271020\nRRULE:FREQ=YEARLY;UNTIL="

/* -- a DATE is the same day everywhere --------------------------------------------------------- */

static void the_end_of_a_series_of_days_is_a_day(void **state)
{
    (void)state;
    static const char *const TO_2030 = "2027-10-20 2028-10-20 2029-10-20 2030-10-20";
    static const char *const TO_2029 = "2027-10-20 2028-10-20 2029-10-20";
    static const struct {
        const char *zone, *until;
        bool has_2030;
    } ENDS[] = {
        /* midnight of the last day, where the author is */
        {"Europe/London", "20301019T230000Z", true},
        {"Asia/Tokyo", "20301019T150000Z", true},
        {"America/New_York", "20301020T040000Z", true},
        /* the last second of the day before */
        {"America/New_York", "20301020T035959Z", false},
        {"Europe/London", "20301019T225959Z", false},
        /* written as if all the world were in UTC */
        {"America/New_York", "20301020T000000Z", true},
        {"Asia/Tokyo", "20301020T000000Z", true},
        {"Asia/Tokyo", "20301019T235959Z", false},
        {"America/New_York", "20301020T235959Z", true},
        {"Asia/Tokyo", "20301020", true},
        {"Asia/Tokyo", "20301020T000000", true},
        {"Asia/Tokyo", "20301019", false},
    };
    for (size_t i = 0; i < COUNT(ENDS); i++) {
        char lines[512];
        (void)snprintf(lines, sizeof(lines), EVENT(SERIES "%s\n"), ENDS[i].until);
        read(ENDS[i].zone, lines);
        assert_days(ENDS[i].has_2030 ? TO_2030 : TO_2029);
    }
}

static void the_texts_own_zone_says_which_day_an_instant_is(void **state)
{
    (void)state;
    read("UTC", "X-WR-TIMEZONE:Europe/London\n" EVENT(SERIES "20281019T230000Z\n"));
    assert_days("2027-10-20 2028-10-20");
    read("UTC", EVENT(SERIES "20281019T230000Z\n"));
    assert_days("2027-10-20");
}

static void an_exception_of_a_series_of_days_is_a_day(void **state)
{
    (void)state;
    static const char *const EXCEPTIONS[] = {
        "EXDATE;TZID=Europe/Berlin:20270510T000000\n", "EXDATE;VALUE=DATE:20270510\n",
        "EXDATE:20270510T000000Z\n", "EXDATE:20270510T000000\n",
        "RDATE;VALUE=DATE:20270510\nEXDATE;TZID=W. Europe Standard Time:20270510T000000\n"};
    for (size_t i = 0; i < COUNT(EXCEPTIONS); i++) {
        char lines[512];
        (void)snprintf(lines, sizeof(lines),
                       EVENT("DTSTART;VALUE=DATE:20270503\nRRULE:FREQ=WEEKLY;COUNT=3\n%s"),
                       EXCEPTIONS[i]);
        read("UTC", lines);
        assert_days("2027-05-03 2027-05-17");
    }
    read("Europe/Berlin", EVENT("DTSTART;VALUE=DATE:20270503\nRRULE:FREQ=WEEKLY;COUNT=3\n"
                                "EXDATE:20270509T220000Z\n"));
    assert_days("2027-05-03 2027-05-17");
}

static void what_outlook_marks_as_all_day_is_a_day(void **state)
{
    (void)state;
    read("America/New_York", EVENT("DTSTART;TZID=\"W. Europe Standard Time\":20261225T000000\n"
                                   "DTEND;TZID=\"W. Europe Standard Time\":20261227T000000\n"
                                   "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE\n"));
    assert_days("2026-12-25 2026-12-26");
    read("Europe/Berlin", EVENT("DTSTART:20261224T230000Z\nDTEND:20261225T230000Z\n"
                                "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE\n"));
    assert_days("2026-12-25");
}

static void an_end_that_is_the_start_is_one_day(void **state)
{
    (void)state;
    read("UTC", EVENT("DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261225\n"));
    assert_days("2026-12-25");
    read("UTC", EVENT("DTSTART;VALUE=DATE:20261225\n"));
    assert_days("2026-12-25");
    assert_int_equal(days.n_notes, 0);
}

/* -- versions ---------------------------------------------------------------------------------- */

static void the_newest_version_counts(void **state)
{
    (void)state;
    static const char *const OLD =
        "BEGIN:VEVENT\nUID:a\nSEQUENCE:0\nDTSTART:20260101\nEND:VEVENT\n";
    static const char *const NEW =
        "BEGIN:VEVENT\nUID:a\nSEQUENCE:1\nDTSTART:20260102\nEND:VEVENT\n";
    char lines[512];
    (void)snprintf(lines, sizeof(lines), "%s%s", OLD, NEW);
    read("UTC", lines);
    assert_days("2026-01-02");
    (void)snprintf(lines, sizeof(lines), "%s%s", NEW, OLD);
    read("UTC", lines);
    assert_days("2026-01-02");
    read("UTC", "BEGIN:VEVENT\nUID:a\nDTSTAMP:20250101T000000Z\nDTSTART:20260101\nEND:VEVENT\n"
                "BEGIN:VEVENT\nUID:a\nDTSTAMP:20250101T000001Z\nDTSTART:20260102\nEND:VEVENT\n");
    assert_days("2026-01-02");
    /* Some give all their events the same UID. */
    read("UTC", "BEGIN:VEVENT\nUID:a\nDTSTART:20260101\nEND:VEVENT\n"
                "BEGIN:VEVENT\nUID:a\nDTSTART:20260102\nEND:VEVENT\n");
    assert_days("2026-01-01 2026-01-02");
}

static void what_was_cancelled_later_is_gone(void **state)
{
    (void)state;
    read("UTC", "BEGIN:VEVENT\nUID:a\nDTSTART:20260101\nRRULE:FREQ=DAILY;COUNT=3\nEND:VEVENT\n"
                "BEGIN:VEVENT\nUID:a\nSEQUENCE:2\nSTATUS:CANCELLED\nDTSTART:20260101\n"
                "RRULE:FREQ=DAILY;COUNT=3\nEND:VEVENT\n"
                "BEGIN:VEVENT\nUID:a\nRECURRENCE-ID:20260102\nDTSTART:20260110\nEND:VEVENT\n");
    assert_days("");
    read("UTC", "METHOD:CANCEL\n" EVENT("DTSTART:20260101\n"));
    assert_days("");
}

static void one_occurrence_is_moved_or_cancelled(void **state)
{
    (void)state;
    static const char *const SERIES_A =
        "BEGIN:VEVENT\nUID:a\nSEQUENCE:3\nDTSTART:20260101\nRRULE:FREQ=DAILY;COUNT=4\nEND:VEVENT\n";
    char lines[1024];
    (void)snprintf(lines, sizeof(lines),
                   "%sBEGIN:VEVENT\nUID:a\nRECURRENCE-ID;TZID=Asia/Tokyo:20260102T000000\n"
                   "DTSTART:20260110\nEND:VEVENT\n"
                   "BEGIN:VEVENT\nUID:a\nRECURRENCE-ID:20260104\nSTATUS:CANCELLED\n"
                   "DTSTART:20260104\nEND:VEVENT\n",
                   SERIES_A);
    read("UTC", lines);
    assert_days("2026-01-01 2026-01-03 2026-01-10");
    (void)snprintf(lines, sizeof(lines),
                   "%sBEGIN:VEVENT\nUID:a\nRECURRENCE-ID:20260102\nSEQUENCE:1\nDTSTART:20260110\n"
                   "END:VEVENT\nBEGIN:VEVENT\nUID:a\nRECURRENCE-ID:20260102\nSEQUENCE:2\n"
                   "DTSTART:20260111\nEND:VEVENT\n",
                   SERIES_A);
    read("UTC", lines);
    assert_days("2026-01-01 2026-01-03 2026-01-04 2026-01-11");
}

/* -- odd events -------------------------------------------------------------------------------- */

static void an_odd_event_is_left_out_with_its_line_and_the_rest_counts(void **state)
{
    (void)state;
    read("UTC", EVENT("DTSTART:20260101\n") EVENT("DTSTART:20260102T120000\n")
                    EVENT("DTSTART;VALUE=DATE:20260103\nRRULE:FREQ=NEVER\n")
                        EVENT("DTSTART;TZID=Nowhere:20260104T120000\nDURATION:PT1H\n")
                            EVENT("DTSTART:20260105\n"));
    assert_days("2026-01-01 2026-01-05");
    assert_int_equal(days.n_notes, 3);
    assert_note(
        0, 9,
        "event \"Day\" is left out: DTEND is missing, and so is a DURATION: the event takes "
        "no time");
    assert_note(1, 13, "event \"Day\" is left out: RRULE is no rule");
    assert_note(2, 17, "event \"Day\" is left out: DTSTART names a time zone that is not known");
}

/* -- zones ------------------------------------------------------------------------------------- */

static void zones_of_windows_are_known(void **state)
{
    (void)state;
    read("UTC", EVENT("DTSTART;TZID=W. Europe Standard Time:20260701T100000\nDURATION:PT2H\n")
                    EVENT("DTSTART;TZID=\"Eastern Standard Time\":20260101T100000\nDURATION:PT2H\n")
                        EVENT("DTSTART;TZID=India Standard Time:20260301T100000\nDURATION:PT2H\n"));
    assert_days("2026-01-01/15:00-17:00 2026-03-01/04:30-06:30 2026-07-01/08:00-10:00");
    assert_int_equal(days.n_notes, 0);
}

#define OWN_ZONE                                                                                   \
    "BEGIN:VTIMEZONE\nTZID:Customized Time Zone\n"                                                 \
    "BEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n"              \
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\n"                                      \
    "BEGIN:DAYLIGHT\nDTSTART:16010101T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\n"              \
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\nEND:VTIMEZONE\n"

static void a_text_may_bring_its_own_zone(void **state)
{
    (void)state;
    static const char *const SUMMER_AND_WINTER =
        EVENT("DTSTART;TZID=Customized Time Zone:20260101T100000\nDURATION:PT2H\n")
            EVENT("DTSTART;TZID=Customized Time Zone:20260701T100000\nDURATION:PT2H\n");
    char lines[2048];
    (void)snprintf(lines, sizeof(lines), "%s%s", OWN_ZONE, SUMMER_AND_WINTER);
    read("UTC", lines);
    assert_days("2026-01-01/09:00-11:00 2026-07-01/08:00-10:00");
    (void)snprintf(lines, sizeof(lines), "%s%s", SUMMER_AND_WINTER, OWN_ZONE); /* behind them */
    read("UTC", lines);
    assert_days("2026-01-01/09:00-11:00 2026-07-01/08:00-10:00");
    read("UTC", "BEGIN:VTIMEZONE\nTZID:x\nBEGIN:STANDARD\nDTSTART:19700101T000000\n"
                "TZOFFSETFROM:+0530\nTZOFFSETTO:+0530\nEND:STANDARD\nEND:VTIMEZONE\n" EVENT(
                    "DTSTART;TZID=x:20260101T100000\nDURATION:PT2H\n"));
    assert_days("2026-01-01/04:30-06:30");
    read("UTC", "BEGIN:VTIMEZONE\nTZID:/own/x\nX-LIC-LOCATION:Asia/Tokyo\nEND:VTIMEZONE\n" EVENT(
                    "DTSTART;TZID=/own/x:20260101T100000\nDURATION:PT2H\n"));
    assert_days("2026-01-01/01:00-03:00");
}

static void a_zone_that_makes_no_sense_is_none(void **state)
{
    (void)state;
    static const char *const ZONES[] = {
        "", "BEGIN:STANDARD\nEND:STANDARD\n",
        "BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+9900\nTZOFFSETTO:+0530\n"
        "END:STANDARD\n",
        "BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0000\nTZOFFSETTO:+0100\n"
        "RRULE:FREQ=DAILY\nEND:STANDARD\n",
        "BEGIN:STANDARD\nDTSTART:19700101\nTZOFFSETFROM:+0000\nTZOFFSETTO:+0100\nEND:STANDARD\n"};
    for (size_t i = 0; i < COUNT(ZONES); i++) {
        char lines[1024];
        (void)snprintf(lines, sizeof(lines), "BEGIN:VTIMEZONE\nTZID:x\n%sEND:VTIMEZONE\n%s",
                       ZONES[i], EVENT("DTSTART;TZID=x:20260101T100000\nDURATION:PT2H\n"));
        read("UTC", lines);
        assert_days("");
        assert_int_equal(days.n_notes, 1);
    }
}

/* -- choosing ---------------------------------------------------------------------------------- */

#define GOOGLE                                                                                     \
    "BEGIN:VEVENT\nSUMMARY:Thanksgiving Day\nDESCRIPTION:Public holiday\nDTSTART:20261126\n"       \
    "END:VEVENT\n"                                                                                 \
    "BEGIN:VEVENT\nSUMMARY:Halloween\nDESCRIPTION:Observance\\nTo hide observances\\, go to\n"     \
    "DTSTART:20261031\nEND:VEVENT\n"                                                               \
    "BEGIN:VEVENT\nSUMMARY:Sommerferien\nCATEGORIES:School, Region\\, north\nDTSTART:20260801\n"   \
    "END:VEVENT\n"

static void events_are_chosen_by_their_words(void **state)
{
    (void)state;
    static const char *const OBSERVANCE[] = {"observance"};
    static const char *const SCHOOL[] = {"school", "Hallo*"};
    static const char *const PUBLIC[] = {"Public holiday", "Christmas"};
    read_with(&(struct ical_choice){.except = OBSERVANCE, .n_except = 1}, "UTC", GOOGLE);
    assert_days("2026-08-01 2026-11-26");
    assert_int_equal(days.n_notes, 0);
    read_with(&(struct ical_choice){.except = SCHOOL, .n_except = 2}, "UTC", GOOGLE);
    assert_days("2026-11-26");
    read_with(&(struct ical_choice){.only = PUBLIC, .n_only = 2}, "UTC", GOOGLE);
    assert_days("2026-11-26");
    assert_note(0, 0, "no event has `Christmas` as its summary, category or description");
    read_with(
        &(struct ical_choice){.only = SCHOOL, .n_only = 2, .except = OBSERVANCE, .n_except = 1},
        "UTC", GOOGLE);
    assert_days("2026-08-01");
}

static void observances_that_count_are_told(void **state)
{
    (void)state;
    read("UTC", GOOGLE);
    assert_days("2026-08-01 2026-10-31 2026-11-26");
    assert_note(
        0, 0,
        "1 of its events are observances by their description, and count as days off: leave "
        "them out with `except: Observance`");
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 16 << 20);
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
        cmocka_unit_test(the_end_of_a_series_of_days_is_a_day),
        cmocka_unit_test(the_texts_own_zone_says_which_day_an_instant_is),
        cmocka_unit_test(an_exception_of_a_series_of_days_is_a_day),
        cmocka_unit_test(what_outlook_marks_as_all_day_is_a_day),
        cmocka_unit_test(an_end_that_is_the_start_is_one_day),
        cmocka_unit_test(the_newest_version_counts),
        cmocka_unit_test(what_was_cancelled_later_is_gone),
        cmocka_unit_test(one_occurrence_is_moved_or_cancelled),
        cmocka_unit_test(an_odd_event_is_left_out_with_its_line_and_the_rest_counts),
        cmocka_unit_test(zones_of_windows_are_known),
        cmocka_unit_test(a_text_may_bring_its_own_zone),
        cmocka_unit_test(a_zone_that_makes_no_sense_is_none),
        cmocka_unit_test(events_are_chosen_by_their_words),
        cmocka_unit_test(observances_that_count_are_told),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
