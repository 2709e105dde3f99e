/* SPDX-License-Identifier: Apache-2.0 */
/* Explaining: slots say only when somebody works, so the kinds of closed time are worked out again
 * from the spec, for the dates around it. */
#include "calendar/calendar_impl.h"

#include "base/minmax.h"

#define SECOND_US 1000000LL

/* What is found out about one instant. */
struct look {
    int64_t at_s;
    int64_t end_s;  /* covered: by the same until here, at least */
    int64_t next_s; /* not covered: it stays so until here, at least */
    bool covered;
    int64_t off_until_s;                    /* of a date that is off */
    const struct calendar_holiday *holiday; /* of those that cover it, the first in the spec */
};

/* -- windows ----------------------------------------------------------------------------------- */

static void see_window(void *ctx, const struct span *span)
{
    struct look *look = ctx;
    if (span->from_s > look->at_s) {
        look->next_s = smaller(look->next_s, span->from_s);
    } else if (span->until_s > look->at_s) {
        look->covered = true;
        look->end_s = larger(look->end_s, span->until_s);
    }
}

/* Is it a window's time, holidays aside? A window is two days long at most, and a zone may skip a
 * day. All windows of the next date are seen, so what is not covered stays so until it begins. */
static struct look look_at_windows(const struct calendar *c, int64_t at_s)
{
    struct look look = {.at_s = at_s};
    if (at_s < CALENDAR_FROM_S || at_s >= CALENDAR_UNTIL_S) {
        look.next_s = at_s < CALENDAR_FROM_S ? CALENDAR_FROM_S : INT64_MAX;
        return look;
    }
    int32_t date = calendar_date_at(c, at_s);
    int64_t midnight_s = zone_instant_s(c->zone, (date + 1LL) * CALENDAR_DAY_S, ZONE_SECOND);
    look.next_s = larger(midnight_s, at_s + 1);
    for (int32_t d = date - 3; d <= date + 1; d++)
        calendar_each_window(c, d, see_window, &look);
    look.end_s = smaller(look.end_s, CALENDAR_UNTIL_S);
    return look;
}

static void see_off(void *ctx, const struct span *span)
{
    struct look *look = ctx;
    if (span->from_s <= look->at_s && look->at_s < span->until_s)
        look->off_until_s = span->until_s;
}

/* When a date that is off ends; 0 when the instant is in none. */
static int64_t off_until_s(const struct calendar *c, int64_t at_s)
{
    struct look look = {.at_s = at_s};
    int32_t date = calendar_date_at(c, at_s);
    for (int32_t d = date - 1; d <= date + 1; d++)
        calendar_each_off(c, d, see_off, &look);
    return look.off_until_s;
}

/* Outside all windows, and where a date that is off has taken their time. */
static int64_t closed_until_s(const struct calendar *c, int64_t at_s, int64_t limit_s)
{
    while (at_s < limit_s) {
        struct look look = look_at_windows(c, at_s);
        int64_t off_s = look.covered ? off_until_s(c, at_s) : 0;
        if (look.covered && off_s == 0)
            return at_s;
        at_s = look.covered ? smaller(look.end_s, off_s) : look.next_s;
    }
    return limit_s;
}

static int64_t covered_until_s(const struct calendar *c, int64_t at_s, int64_t limit_s)
{
    while (at_s < limit_s) {
        struct look look = look_at_windows(c, at_s);
        if (!look.covered)
            return at_s;
        at_s = look.end_s;
    }
    return limit_s;
}

/* -- holidays ---------------------------------------------------------------------------------- */

static void see_holiday(void *ctx, const struct span *span)
{
    struct look *look = ctx;
    bool covers = span->from_s <= look->at_s && look->at_s < span->until_s;
    if (!covers || (look->holiday && look->holiday < span->holiday))
        return;
    look->holiday = span->holiday;
    look->end_s = span->until_s;
}

/* A holiday that stands before the one found takes over where it begins. */
static void see_earlier_holiday(void *ctx, const struct span *span)
{
    struct look *look = ctx;
    if (span->from_s > look->at_s && span->holiday < look->holiday)
        look->end_s = smaller(look->end_s, span->from_s);
}

static struct look look_at_holidays(const struct calendar *c, int64_t at_s)
{
    struct look look = {.at_s = at_s};
    int32_t date = calendar_date_at(c, at_s);
    for (int32_t d = date - 1; d <= date + 1; d++)
        calendar_each_holiday(c, d, see_holiday, &look);
    for (int32_t d = date - 1; look.holiday && d <= date + 1; d++)
        calendar_each_holiday(c, d, see_earlier_holiday, &look);
    return look;
}

/* -- parts ------------------------------------------------------------------------------------- */

static int64_t floor_s(int64_t at_us)
{
    return at_us / SECOND_US - (at_us % SECOND_US < 0);
}

/* The instant a number of seconds stands for; INT64_MAX when there is none. */
static int64_t to_us(int64_t at_s)
{
    int64_t at_us;
    return __builtin_mul_overflow(at_s, SECOND_US, &at_us) ? INT64_MAX : at_us;
}

/* Kind and end of time that is not worked in; somebody works again at `limit_s`. */
static void explain_closed(const struct calendar *c, int64_t at_s, int64_t limit_s,
                           struct calendar_part *part)
{
    int64_t until_s;
    if (!look_at_windows(c, at_s).covered || off_until_s(c, at_s) != 0) {
        part->kind = CALENDAR_CLOSED;
        until_s = closed_until_s(c, at_s, limit_s);
    } else { /* a window's time that nobody works in: a holiday took it */
        struct look look = look_at_holidays(c, at_s);
        part->kind = CALENDAR_HOLIDAY;
        part->holiday = look.holiday ? look.holiday->name : "";
        until_s = covered_until_s(c, at_s, look.holiday ? smaller(limit_s, look.end_s) : limit_s);
    }
    part->until_us = smaller(part->until_us, to_us(until_s));
}

struct calendar_part calendar_part_at(const struct calendar *c, int64_t from_us, int64_t until_us)
{
    struct calendar_part part = {CALENDAR_WORKING, from_us, until_us, "", 0, 0};
    if (!c)
        return part;
    struct calendar_change change = calendar_next_change(c, from_us);
    int64_t limit_us = smaller(until_us, change.at_us);
    if (change.works)
        part.until_us = limit_us;
    else
        explain_closed(c, floor_s(from_us), floor_s(limit_us - 1) + 1, &part);
    part.offset_from_s = zone_offset_s(c->zone, floor_s(from_us));
    part.offset_until_s = zone_offset_s(c->zone, floor_s(part.until_us));
    return part;
}
