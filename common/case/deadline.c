/* SPDX-License-Identifier: Apache-2.0 */

/* The arithmetic of deadlines. */

#include "case/deadline.h"

#include "base/clock.h"
#include "case/words.h"

/* 1 % of a millisecond in microseconds. */
#define PERCENT_OF_MS 10

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* -- stretches of time --------------------------------------------------------------------------
 */

/* Ten years at 1,000 % are a thousandth of what fits; what a row says beyond that saturates. */
static int64_t share_us(int64_t target_ms, int percent)
{
    int64_t share = 0;
    return __builtin_mul_overflow(target_ms, (int64_t)percent * PERCENT_OF_MS, &share) ? INT64_MAX
                                                                                       : share;
}

/* calendar_add() may be asked for more than fits behind an instant. */
static int64_t add(const struct calendar *c, int64_t from_us, int64_t work_us)
{
    int64_t most = INT64_MAX - larger(from_us, 0);
    return calendar_add(c, from_us, work_us < most ? work_us : most);
}

static int64_t time_at(const struct deadline *k, int percent)
{
    int64_t left = share_us(k->target_ms, percent);
    int64_t at = k->start_us;
    for (size_t i = 0; i < k->n_pauses; i++) {
        const struct pause *p = &k->pauses[i];
        int64_t before = calendar_between(k->calendar, at, p->from_us);
        if (left <= before)
            break;
        left -= before;
        at = larger(at, p->until_us);
    }
    return add(k->calendar, at, left);
}

/* -- days ---------------------------------------------------------------------------------------
 */

static int64_t floor_s(int64_t us)
{
    return us / US_PER_S - (us % US_PER_S < 0);
}

static int32_t date_at(const struct zone *z, int64_t at_us)
{
    int64_t wall_s = zone_wall_s(z, floor_s(at_us));
    return (int32_t)(wall_s / CALENDAR_DAY_S - (wall_s % CALENDAR_DAY_S < 0));
}

/* When a date is over: of a midnight that comes twice, the second. */
static int64_t date_end_us(const struct zone *z, int32_t date)
{
    return zone_instant_s(z, (date + 1LL) * CALENDAR_DAY_S, ZONE_SECOND) * US_PER_S;
}

/* The same wall time: of one that comes twice the first, which is on the safe side. */
static int64_t days_end(const struct deadline *k)
{
    int64_t start_s = floor_s(k->start_us);
    int64_t wall_s = zone_wall_s(k->zone, start_s) + (int64_t)k->target_days * CALENDAR_DAY_S;
    return zone_instant_s(k->zone, wall_s, ZONE_FIRST) * US_PER_S + k->start_us -
           start_s * US_PER_S;
}

/* From one date with working time to the next, over any number of dates without. */
static int64_t business_days_end(const struct deadline *k)
{
    int64_t at = date_end_us(k->zone, date_at(k->zone, k->start_us));
    for (int32_t day = 0; day < k->target_days; day++) {
        int64_t works = calendar_add(k->calendar, at, 1) - 1;
        int64_t end = date_end_us(k->zone, date_at(k->zone, works));
        if (end <= at)
            break; /* the calendar's years are over */
        at = end;
    }
    return larger(calendar_last_open(k->calendar, at), k->start_us);
}

static int64_t days_at(const struct deadline *k, int percent)
{
    int64_t end = k->unit == POLICY_UNIT_DAYS ? days_end(k) : business_days_end(k);
    int64_t whole = end - k->start_us;
    return k->start_us + whole / 100 * percent + whole % 100 * percent / 100;
}

/* -- both ---------------------------------------------------------------------------------------
 */

int64_t deadline_at(const struct deadline *k, int percent)
{
    return k->unit == POLICY_UNIT_TIME ? time_at(k, percent) : days_at(k, percent);
}

int64_t deadline_used_us(const struct deadline *k, int64_t at_us)
{
    if (k->unit != POLICY_UNIT_TIME)
        return larger(at_us - k->start_us, 0);
    int64_t used = 0;
    int64_t from = k->start_us;
    for (size_t i = 0; i < k->n_pauses && from < at_us; i++) {
        const struct pause *p = &k->pauses[i];
        int64_t until = p->from_us < at_us ? p->from_us : at_us;
        used += calendar_between(k->calendar, from, until);
        from = larger(from, p->until_us);
    }
    return used + calendar_between(k->calendar, from, at_us);
}

void deadline_target(struct deadline *k, const struct policy_target *target)
{
    k->unit = target->unit;
    k->target_ms = target->ms;
    k->target_days = target->days;
    if (k->unit != POLICY_UNIT_TIME)
        k->target_ms = (deadline_at(k, 100) - k->start_us) / US_PER_MS;
}

/* -- from a row ---------------------------------------------------------------------------------
 */

static int lay_out(const struct clock_row *clock, const struct policy *p, struct deadline *out)
{
    int place = clock->calendar[0] != '\0' ? policy_calendar_find(p, clock->calendar) : -1;
    out->zone = clock->time_zone[0] != '\0' ? zone_get(clock->time_zone) : NULL;
    bool needs_zone = place >= 0 || out->unit != POLICY_UNIT_TIME;
    if ((place < 0 && clock->calendar[0] != '\0') || (needs_zone && !out->zone))
        return AM_EINVAL;
    out->calendar = place >= 0 ? policy_calendar_in(p, place, out->zone) : NULL;
    return place >= 0 && !out->calendar ? AM_EINVAL : AM_OK;
}

static bool known_unit(int unit)
{
    return unit >= POLICY_UNIT_TIME && unit <= POLICY_UNIT_DAYS;
}

int deadline_of(const struct clock_row *clock, const struct policy *p, struct deadline *out)
{
    out->start_us = clock->started_at;
    out->unit = (enum policy_unit)clock->target_unit;
    out->target_ms = clock->target_ms;
    out->target_days = clock->target_days;
    if (!known_unit(clock->target_unit) || clock->target_ms < 0 ||
        pauses_parse(clock->pauses, out->pauses, &out->n_pauses) != AM_OK)
        return AM_EINVAL;
    if (clock->state == CLOCK_STATE_PAUSED)
        out->pauses[out->n_pauses++] = (struct pause){.from_us = clock->paused_at,
                                                      .until_us = clock->resume_at,
                                                      .reason = clock->pause_reason};
    return lay_out(clock, p, out);
}
