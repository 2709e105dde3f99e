/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The parts of a calendar, shared by the files that lay it out and that read it.
 *
 * Threading: pure. Ownership: all parts lie in the arena of the calendar.
 */

#include "calendar/calendar.h"

/* One stretch of working time. It begins `start_s` seconds after the year 2000 began, and there are
 * `before_s` seconds of working time before it; the next slot's `before_s` tells its length. */
struct slot {
    uint32_t start_s, before_s;
};

/* A holiday by its date, or by its month and day if it comes every year. */
struct holiday_ref {
    int32_t key, from_s;
    uint32_t index; /* in the spec */
};

struct calendar {
    const struct zone *zone;
    const struct calendar_spec *spec;
    size_t n_slots;
    struct slot *slots; /* n_slots in order, which do not touch, and one more at the end */

    /* The spec in the order it is looked up by. */
    struct calendar_window *windows; /* by weekday, from_s */
    size_t weekday[8];         /* windows[weekday[d]] .. windows[weekday[d + 1] - 1] are d's */
    struct calendar_day *days; /* by date, from_s */
    struct holiday_ref *fixed; /* by key, from_s */
    size_t n_fixed;
    struct holiday_ref *yearly;
    size_t n_yearly;
};

/* A stretch of time between two instants, in seconds; `holiday` is NULL for a window. */
struct span {
    int64_t from_s, until_s;
    const struct calendar_holiday *holiday;
};
typedef void span_fn(void *ctx, const struct span *span);

/* The date on the zone's wall at an instant. */
int32_t calendar_date_at(const struct calendar *c, int64_t at_s);

/* Calls `each` for every window that begins on that date, before holidays are taken away, in the
 * order of their wall times; those without any time (see calendar.h) are left out. */
void calendar_each_window(const struct calendar *c, int32_t date, span_fn *each, void *ctx);
/* The same for the holidays of a date. */
void calendar_each_holiday(const struct calendar *c, int32_t date, span_fn *each, void *ctx);

/* The same for a date that is off, from midnight to midnight; nothing for others. */
void calendar_each_off(const struct calendar *c, int32_t date, span_fn *each, void *ctx);

/* Whether somebody works at an instant, and when that changes next; INT64_MAX = never. */
struct calendar_change {
    bool works;
    int64_t at_us;
};
struct calendar_change calendar_next_change(const struct calendar *c, int64_t at_us);

/* Fills the sorted parts of a calendar whose spec is set. False when the spec breaks its bounds. */
bool calendar_sort_spec(struct calendar *c);
