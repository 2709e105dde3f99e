/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Holidays out of an iCalendar text (RFC 5545), as public authorities publish them and as Outlook,
 * Exchange and Google write them.
 *
 * Threading: any thread. Ownership: holidays, names and notes lie in the arena given.
 */

#include "base/fault.h"
#include "calendar/calendar.h"

#define ICAL_BYTES_MAX (1u << 20)
#define ICAL_NOTES_MAX 100
#define ICAL_WORDS_MAX 64 /* of each list of a choice */

/* Which events count, and how odd they may be. A word means an event that has it as its summary, as
 * one of its categories or as the first line of its description, whatever the case of its ASCII
 * letters. "Bank*" means what begins with "Bank". All zero: every event, odd ones are left out. */
struct ical_choice {
    const char *const *only; /* with some: no other events */
    size_t n_only;
    const char *const *except;
    size_t n_except;
    bool strict; /* an odd event is a mistake */
};

/* What is odd about an event that was left out, or about one that counts; and which word of the
 * choice means no event. */
struct ical_note {
    unsigned line; /* in the text, from 1; 0: of no line */
    const char *text;
};

struct ical_days {
    struct calendar_holiday *holidays; /* by date, each day once */
    size_t n;
    struct ical_note *notes; /* the first ICAL_NOTES_MAX, by line */
    size_t n_notes, n_notes_left_out;
};

/* Reads the VEVENTs of a text.
 * - A DATE event is a whole-day holiday on each of its days (DTEND is exclusive; DTEND = DTSTART is
 *   one day). A DATE is the same day in every zone. Events that Outlook marks as all-day are DATEs.
 * - A DATE-TIME event takes a part of its day or days, on the wall of `zone`. Floating times are on
 *   that wall already; UTC and TZID times are converted. A TZID is a tz name, or ends in one; or it
 *   is a zone of Windows, or one that the text defines (VTIMEZONE).
 * - RRULE, RDATE and EXDATE are expanded up to 2099; a plain yearly rule becomes a yearly holiday.
 *   Where UNTIL or EXDATE of DATE events is a UTC time, it means the day that this is in the text's
 *   own zone (X-WR-TIMEZONE), or in `zone`; midnight UTC means the day that it names.
 * - Of the versions of an event (the same UID) the one of the highest SEQUENCE counts; between
 *   these, the one of the latest DTSTAMP.
 * - An event with a RECURRENCE-ID stands in place of that occurrence.
 * - Events with STATUS:CANCELLED are left out, as are those of a text with METHOD:CANCEL, and days
 *   outside of 2000 to 2099.
 * - An event without a SUMMARY is called "holiday".
 * - An event that cannot be understood is left out, with a note; with choice.strict that is a
 *   mistake.
 * `days` gets what was found.
 *
 * AM_EINVAL with a violation of `field` for each mistake, which names the line in the text and the
 * event:
 * - The text is no iCalendar or longer than ICAL_BYTES_MAX.
 * - There are more than CALENDAR_HOLIDAYS_MAX events or days.
 * - The rules take too long to work out: a second at most is spent on a text.
 * - With choice.strict: an event has no start or no length; a date, duration, zone or rule cannot
 *   be read; a rule repeats within a day or uses another calendar.
 * AM_ENOMEM when an arena is full. */
int ical_holidays(const char *text, const struct zone *zone, const struct ical_choice *choice,
                  struct arena *arena, const char *field, struct ical_days *days,
                  struct fault *fault) AM_MUSTCHECK;
