/* SPDX-License-Identifier: Apache-2.0 */
/* A good text, damaged at random: whatever is left is read or refused, and nothing is printed. */
#include "random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calendar/ical.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MUTATIONS 2000
#else
#define MUTATIONS 8000
#endif
#define TEXT_BYTES 8192

static const char GOOD[] =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//An authority//Holidays//EN\r\n"
    "BEGIN:VTIMEZONE\r\nTZID:Europe/London\r\nBEGIN:STANDARD\r\nDTSTART:16010101T020000\r\n"
    "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\n"
    "END:STANDARD\r\nEND:VTIMEZONE\r\nX-WR-TIMEZONE:Europe/London\r\n"
    "BEGIN:VTIMEZONE\r\nTZID:Own\r\nBEGIN:DAYLIGHT\r\nDTSTART:20000326T010000\r\n"
    "TZOFFSETFROM:+0000\r\nTZOFFSETTO:+0130\r\nRDATE:20010326T010000,20020326T010000\r\n"
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3;UNTIL=20500101T000000Z\r\nEND:DAYLIGHT\r\n"
    "BEGIN:STANDARD\r\nDTSTART:20001029T020000\r\nTZOFFSETFROM:+0130\r\nTZOFFSETTO:+0000\r\n"
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    "BEGIN:VEVENT\r\nUID:6\r\nSEQUENCE:1\r\nDTSTART;TZID=Own:20260701T000000\r\n"
    "DTEND;TZID=Own:20260702T000000\r\nX-MICROSOFT-CDO-ALLDAYEVENT:TRUE\r\n"
    "CATEGORIES:a,b\r\nDESCRIPTION:Observance\\nc\r\nEND:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:6\r\nSEQUENCE:0\r\nDTSTART;TZID=Own:20260701T100000\r\n"
    "DTEND;TZID=W. Europe Standard Time:20260702T100000\r\nEND:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:1@example.org\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261227\r\nSUMMARY:Christmas\\, and the "
    "day\r\n"
    "  after\r\nRRULE:FREQ=YEARLY\r\nTRANSP:TRANSPARENT\r\nEND:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:2@example.org\r\nDTSTART;VALUE=DATE:20260525\r\nDURATION:P1D\r\n"
    "RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO;UNTIL=20400101\r\nEXDATE;VALUE=DATE:20270531,"
    "20280529\r\n"
    "RDATE;VALUE=DATE:20270601\r\nSUMMARY:Spring\r\nBEGIN:VALARM\r\nTRIGGER:-PT15M\r\nEND:"
    "VALARM\r\n"
    "END:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:2@example.org\r\nRECURRENCE-ID;VALUE=DATE:20290528\r\n"
    "DTSTART;VALUE=DATE:20290529\r\nSUMMARY:Moved\r\nEND:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:3@example.org\r\nDTSTART;TZID=\"Europe/London\":20261224T120000\r\n"
    "DTEND;TZID=Europe/London:20261224T173000\r\nRRULE:FREQ=MONTHLY;COUNT=20;BYMONTHDAY=24,-1;"
    "BYSETPOS=1;WKST=SU;INTERVAL=2\r\nSUMMARY:Half day\r\nEND:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:4@example.org\r\nDTSTART:20260704T040000Z\r\nDURATION:PT23H30M15S\r\n"
    "RRULE:FREQ=WEEKLY;UNTIL=20270101T000000Z;BYDAY=MO,SA\r\nSTATUS:CANCELLED\r\nEND:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:5@example.org\r\nDTSTART:20280229\r\nRRULE:FREQ=YEARLY;BYYEARDAY=60,-1;"
    "BYWEEKNO=9,53\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

static const char *const WORDS[] = {
    "\r\n",
    "\n ",
    ":",
    ";",
    ",",
    "\"",
    "\\",
    "99999999",
    "-1",
    "0",
    "20000229",
    "T000000Z",
    "2147483648",
    "FREQ=DAILY",
    "COUNT=",
    "UNTIL=",
    "INTERVAL=0",
    "BYMONTH=2",
    "BYDAY=",
    "BYSETPOS=-366",
    "BYHOUR=1",
    "FREQ=WEEKLY",
    "BYWEEKNO=53",
    "RSCALE=CHINESE",
    "SKIP=FORWARD",
    "P99999999999W",
    "PT",
    "TZID=../../x",
    "TZID:Own\r\n",
    "BEGIN:VTIMEZONE\r\n",
    "END:VTIMEZONE\r\n",
    "BEGIN:STANDARD\r\n",
    "END:STANDARD\r\n",
    "TZOFFSETTO:-2359\r\n",
    "SEQUENCE:",
    "RECURRENCE-ID:",
    "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE\r\n",
    "BEGIN:VEVENT\r\n",
    "END:VEVENT\r\n",
    "RRULE:",
    "RDATE:",
    "EXDATE:",
    "DTSTART:",
    "\xff",
    "\xc3",
};

static size_t place(uint64_t *state, size_t len)
{
    return (size_t)random_between(state, 0, (int64_t)len);
}

/* Puts a piece in; what does not fit falls off the end. */
static size_t insert(char *text, size_t len, size_t at, const char *piece, size_t n)
{
    char copy[TEXT_BYTES];
    size_t room = TEXT_BYTES - 1 - at;
    n = n < room ? n : room;
    size_t rest = len - at < room - n ? len - at : room - n;
    memcpy(copy, piece, n);
    memmove(text + at + n, text + at, rest);
    memcpy(text + at, copy, n);
    return at + n + rest;
}

static size_t damage(char *text, size_t len, uint64_t *state)
{
    size_t at = place(state, len), n = place(state, 40);
    n = n < len - at ? n : len - at;
    const char *word = WORDS[random_between(state, 0, COUNT(WORDS))];
    switch (random_between(state, 0, 5)) {
    case 0:
        text[at] = (char)random_between(state, 1, 256);
        return len;
    case 1: /* taken out */
        memmove(text + at, text + at + n, len - at - n);
        return len - n > 1 ? len - n : 1;
    case 2: /* from elsewhere */
        return insert(text, len, place(state, len), text + at, n);
    case 3:
        text[at] = (char)('0' + random_between(state, 0, 10));
        return len;
    default:
        return insert(text, len, at, word, strlen(word));
    }
}

/* What was found makes a calendar. */
static void assert_good(const struct calendar_holiday *holidays, size_t n)
{
    int32_t first = calendar_date(2000, 1, 1), last = calendar_date(2099, 12, 31);
    assert_true(n <= CALENDAR_HOLIDAYS_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct calendar_holiday *h = &holidays[i];
        assert_in_range(h->date, first, last);
        assert_true(h->from_s >= 0 && h->from_s < h->until_s && h->until_s <= CALENDAR_DAY_S);
        assert_true(*h->name && strlen(h->name) <= 200);
        assert_true(i == 0 || h[-1].date <= h->date);
    }
}

static bool read_text(const char *text, uint64_t number)
{
    struct arena arena;
    struct fault fault;
    static const char *const words[] = {"Observance", "Day*", "c"};
    const struct ical_choice choice = {
        .strict = number % 3 == 0, .except = words, .n_except = number % 3 == 1 ? COUNT(words) : 0};
    struct ical_days days;
    arena_init(&arena, 1 << 20);
    fault_init(&fault, &arena);
    int err = ical_holidays(text, zone_get("Europe/London"), &choice, &arena, "f", &days, &fault);
    if (err != 0 && err != AM_EINVAL)
        fail_msg("text %llu: %d\n%s", (unsigned long long)number, err, text);
    assert_int_equal(fault_is_set(&fault), err == AM_EINVAL);
    if (err == 0)
        assert_good(days.holidays, days.n);
    arena_free(&arena);
    return err == 0;
}

static void test_damaged_texts(void **state)
{
    (void)state;
    size_t good = 0;
    assert_true(read_text(GOOD, 0));
    for (uint64_t number = 1; number <= MUTATIONS; number++) {
        uint64_t random = number * 0x9e3779b97f4a7c15ULL | 1;
        char *text = malloc(TEXT_BYTES);
        assert_non_null(text);
        memcpy(text, GOOD, sizeof(GOOD));
        size_t len = sizeof(GOOD) - 1;
        for (int64_t i = random_between(&random, 1, 8); i > 0; i--)
            len = damage(text, len, &random);
        text[len] = '\0';
        text = realloc(text, len + 1); /* so that a byte too many is seen */
        good += read_text(text, number);
        free(text);
    }
    assert_in_range(good, MUTATIONS / 20, MUTATIONS);
}

static int print_to_file(void **state)
{
    static FILE *file;
    file = tmpfile();
    *state = file;
    return file ? 0 : -1;
}

static void test_nothing_is_printed(void **state)
{
    (void)fflush(stderr);
    int saved = dup(STDERR_FILENO);
    assert_true(dup2(fileno(*state), STDERR_FILENO) >= 0);
    size_t good = 0;
    for (size_t i = 0; i < COUNT(WORDS); i++) {
        char text[TEXT_BYTES];
        (void)snprintf(text, sizeof(text),
                       "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260101\nRRULE:%s;FREQ=YEARLY\n"
                       "DURATION:%s\nEND:VEVENT\nEND:VCALENDAR\n",
                       WORDS[i], WORDS[i]);
        good += read_text(text, i);
    }
    (void)fflush(stderr);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    (void)close(saved);
    assert_int_equal(lseek(fileno(*state), 0, SEEK_END), 0);
    assert_true(good < COUNT(WORDS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damaged_texts),
        cmocka_unit_test_setup(test_nothing_is_printed, print_to_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
