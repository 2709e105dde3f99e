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
 * times already, UTC and TZID times are converted). RRULE, RDATE and EXDATE are expanded up to
 * 2099; a plain yearly rule becomes a yearly holiday. STATUS:CANCELLED events are left out.
 * `holidays` and `n` get what was found, by date. What is no iCalendar, an event without a start, a
 * rule that gives more than CALENDAR_HOLIDAYS_MAX days: AM_EINVAL and a violation each, field =
 * `field`, naming the line in the text and the event. */
int ical_holidays(const char *text, const struct zone *zone, struct arena *arena, const char *field,
                  struct calendar_holiday **holidays, size_t *n, struct fault *fault) AM_MUSTCHECK;
