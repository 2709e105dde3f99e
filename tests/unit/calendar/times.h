/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Short forms for tests of calendars. Threading: pure. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "calendar/calendar.h"

#define HOUR 3600
#define MINUTE 60
#define US 1000000LL
#define HOURS(n) ((int64_t)((n)*HOUR) * US)
#define AT(h, m) ((h)*HOUR + (m)*MINUTE) /* seconds of a day */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* An instant in UTC, in microseconds. */
static inline int64_t utc(int year, int month, int day, int hour, int minute)
{
    return (calendar_date(year, month, day) * 86400LL + AT(hour, minute)) * US;
}

/* The first instant at which a zone's wall shows that. */
static inline int64_t on_wall(const char *zone, int year, int month, int day, int hour, int minute)
{
    return zone_instant_s(zone_get(zone), utc(year, month, day, hour, minute) / US, ZONE_FIRST) *
           US;
}

static inline struct calendar *make(const char *zone, const struct calendar_spec *spec)
{
    int no_work_year = 0;
    struct calendar *c = calendar_new(spec, zone_get(zone), &no_work_year);
    assert_non_null(c);
    assert_int_equal(no_work_year, 0);
    return c;
}

#define SPEC_WINDOWS(w) .n_windows = COUNT(w), .windows = (w)
#define SPEC_DAYS(d) .n_days = COUNT(d), .days = (d)
#define SPEC_HOLIDAYS(h) .n_holidays = COUNT(h), .holidays = (h)
