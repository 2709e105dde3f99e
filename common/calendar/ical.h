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

/* Reads the VEVENTs: a DATE event is a whole-day holiday on each of its days (DTEND is exclusive),
 * a DATE-TIME event takes part of its day or days, on the wall of `zone` (floating times are wall
 * times already, UTC and TZID times are converted; a TZID must be a tz name, or end in one). RRULE,
 * RDATE and EXDATE are expanded up to 2099, an event with a RECURRENCE-ID stands in place of that
 * occurrence; a plain yearly rule becomes a yearly holiday. STATUS:CANCELLED events are left out,
 * and so are days outside of 2000 to 2099. `holidays` and `n` get what was found, by date, each day
 * once; an event without a SUMMARY is called "holiday".
 *
 * AM_EINVAL, and a violation each, field = `field`, naming the line in the text and the event: what
 * is no iCalendar or longer than ICAL_BYTES_MAX; an event without a start or a length; dates,
 * durations and rules that cannot be read, repeat within a day or by another calendar; more than
 * CALENDAR_HOLIDAYS_MAX events or days; rules that take too long to work out (a second at most is
 * spent on a text). AM_ENOMEM when an arena is full. */
int ical_holidays(const char *text, const struct zone *zone, struct arena *arena, const char *field,
                  struct calendar_holiday **holidays, size_t *n, struct fault *fault) AM_MUSTCHECK;
