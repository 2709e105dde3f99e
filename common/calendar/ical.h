/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Holidays out of an iCalendar text (RFC 5545), as public authorities publish them.
 *
 * Threading: any thread. Ownership: holidays and names lie in the arena given.
 */

#include "base/fault.h"
#include "calendar/calendar.h"

#define ICAL_BYTES_MAX (1u << 20)

/* Reads the VEVENTs of a text.
 * - A DATE event is a whole-day holiday on each of its days (DTEND is exclusive).
 * - A DATE-TIME event takes a part of its day or days, on the wall of `zone`. Floating times are on
 *   that wall already; UTC and TZID times are converted. A TZID must be a tz name, or end in one.
 * - RRULE, RDATE and EXDATE are expanded up to 2099; a plain yearly rule becomes a yearly holiday.
 * - An event with a RECURRENCE-ID stands in place of that occurrence.
 * - Events with STATUS:CANCELLED are left out, and so are days outside of 2000 to 2099.
 * - An event without a SUMMARY is called "holiday".
 * `holidays` and `n` get what was found, by date, each day once.
 *
 * AM_EINVAL with a violation of `field` for each mistake, which names the line in the text and the
 * event:
 * - The text is no iCalendar or longer than ICAL_BYTES_MAX.
 * - An event has no start or no length.
 * - A date, duration or rule cannot be read; a rule repeats within a day or uses another calendar.
 * - There are more than CALENDAR_HOLIDAYS_MAX events or days.
 * - The rules take too long to work out: a second at most is spent on a text.
 * AM_ENOMEM when an arena is full. */
int ical_holidays(const char *text, const struct zone *zone, struct arena *arena, const char *field,
                  struct calendar_holiday **holidays, size_t *n, struct fault *fault) AM_MUSTCHECK;
