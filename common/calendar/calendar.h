/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Working calendars say when a company, or one of its desks, works. This module adds, subtracts and
 * measures working time.
 *
 * A calendar is a spec (weekly windows, dates with hours of their own, holidays) in a zone. Working
 * time is the time in the windows, on the wall of the day on which each begins, without the
 * holidays.
 * - A window's length is the true time between the instants of its ends, so it is an hour shorter
 *   or longer on the day of a DST change.
 * - When the wall shows a window's start twice, it begins at the first; when it shows the end
 *   twice, it ends at the second. A wall time that does not exist moves forward by the gap (see
 *   zone.h).
 * - A window over midnight ends on the next day.
 * - A holiday takes its part of its date away, also from a window that began the day before. So
 *   does a date that is off.
 *
 * calendar_new() lays the windows out once, for the years 2000 to 2099, with running sums. So
 * adding, subtracting and measuring are binary searches, whose cost does not grow with the
 * distance. A calendar takes 8 bytes a window: some 200 KB for a working week of one window a day.
 * Outside those years there is no working time.
 *
 * NULL is the calendar that always works (24/7). Every function of instants takes it.
 *
 * Threading: immutable: any thread. Ownership: a calendar borrows its spec, which must outlive it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "calendar/zone.h"

#define CALENDAR_DAY_S 86400
#define CALENDAR_YEAR_FIRST 2000
#define CALENDAR_YEAR_LAST 2099
#define CALENDAR_WINDOWS_MAX 64    /* a week's */
#define CALENDAR_DATES_MAX 1024    /* dates with hours of their own, windows counted */
#define CALENDAR_HOLIDAYS_MAX 4096 /* yearly ones count once */

/* A window of every week. Wall times are seconds after midnight of the day on which the window
 * begins. from_s < until_s; a window over midnight has until_s above 86,400, at most 172,800. */
struct calendar_window {
    int8_t weekday; /* 0 = Monday .. 6 = Sunday */
    int32_t from_s, until_s;
};

/* Days since 1970-01-01 of a date on the wall. */
int32_t calendar_date(int year, int month, int day);
/* The parts of a date: year, month 1..12, day 1..31. */
void calendar_date_parts(int32_t date, int *year, int *month, int *day);
/* Reads a date such as "2026-12-25". AM_EINVAL when it is no date of the years 2000 to 2099. */
int calendar_date_parse(const char *text, int32_t *date) AM_MUSTCHECK;

/* Hours of one date, which stand in place of its weekday's. A date may have several. A date that is
 * not here keeps its weekday's hours. Closed dates are of two kinds, which differ by a window over
 * midnight. When from_s and until_s are both 0, no window begins on the date. When both are 86,400,
 * the date is off, as by a holiday without a name: it takes its time away from every window. */
struct calendar_day {
    int32_t date;
    int32_t from_s, until_s;
};

/* A holiday. From 0 to 86,400 it is a whole day, else a part of one. A yearly holiday comes back in
 * every later year on the same month and day; one on 29 February comes in leap years only. */
struct calendar_holiday {
    int32_t date;
    int32_t from_s, until_s;
    bool yearly;
    const char *name;
};

struct calendar_spec {
    size_t n_windows, n_days, n_holidays;
    const struct calendar_window *windows;
    const struct calendar_day *days;
    const struct calendar_holiday *holidays;
};

struct calendar;

/* Lays the spec out in a zone. It takes some milliseconds, so it is done when a policy is compiled
 * or loaded. NULL when there is a year, on the zone's wall, without any working time:
 * `no_work_year` is then the first such year. NULL and 0 when the spec breaks the bounds above,
 * which callers check beforehand. */
struct calendar *calendar_new(const struct calendar_spec *spec, const struct zone *zone,
                              int *no_work_year);
void calendar_free(struct calendar *c);
const struct zone *calendar_zone(const struct calendar *c);
size_t calendar_bytes(const struct calendar *c); /* what it takes in memory */

/* The earliest instant by which `work_us` of working time have passed since `from_us`. work_us >=
 * 0, and 0 gives from_us itself. Eight hours from the opening of a day of eight hours end when it
 * closes, not when the next day opens. Saturates at the end of the calendar's years. */
int64_t calendar_add(const struct calendar *c, int64_t from_us, int64_t work_us);
/* The latest instant from which `work_us` of working time pass until `until_us`: calendar_add()
 * backwards. Saturates at the beginning of the calendar's years. */
int64_t calendar_subtract(const struct calendar *c, int64_t until_us, int64_t work_us);
/* The working time between two instants; 0 when until <= from. */
int64_t calendar_between(const struct calendar *c, int64_t from_us, int64_t until_us);
bool calendar_works_at(const struct calendar *c, int64_t at_us);
/* The latest instant at or before `at_us` that is in working time or at its end; INT64_MIN when
 * there is none. For what must be done in working hours before a promised instant. */
int64_t calendar_last_open(const struct calendar *c, int64_t at_us);

/* -- explaining -------------------------------------------------------------------------------- */

enum calendar_part_kind { CALENDAR_WORKING, CALENDAR_CLOSED, CALENDAR_HOLIDAY };

/* A stretch of time of one kind. offset_from_s and offset_until_s are the seconds east of UTC at
 * its two ends; they differ when the zone's clocks were moved in between. Parts follow each other
 * without a gap, and the working ones add up to calendar_between(). */
struct calendar_part {
    enum calendar_part_kind kind;
    int64_t from_us, until_us;
    const char *holiday; /* its name; "" for the others */
    int32_t offset_from_s, offset_until_s;
};

/* The longest part that begins at `from_us` and ends at `until_us` at the latest. from_us <
 * until_us. Closed time is a holiday's part when it would be working time without the holidays. */
struct calendar_part calendar_part_at(const struct calendar *c, int64_t from_us, int64_t until_us);
