/* SPDX-License-Identifier: Apache-2.0 */

/* The arithmetic of deadlines. */

#include "case/clocks/deadline.h"

#include "base/time.h"
#include "base/minmax.h"

/* 1 % of a millisecond in microseconds. */
#define PERCENT_OF_MS 10

/* -- stretches of time ------------------------------------------------------------------------ */

/* Ten years at 1,000 % are a thousandth of what fits; what a row says beyond that saturates. */
static int64_t share_us(const struct deadline *k, int percent)
{
    int64_t share = 0;
    int64_t rest = (int64_t)k->target_rest_us * percent / 100;
    bool too_much =
        __builtin_mul_overflow(k->target_ms, (int64_t)percent * PERCENT_OF_MS, &share) ||
        __builtin_add_overflow(share, rest, &share);
    return too_much ? INT64_MAX : share;
}

/* How much of the target is used up at a threshold. */
static int64_t used_up_us(const struct deadline *k, int32_t threshold)
{
    if (threshold > 0)
        return share_us(k, threshold);
    return larger(share_us(k, 100) + threshold * US_PER_S, 0);
}

static int64_t time_at(const struct deadline *k, int32_t threshold)
{
    int64_t left = used_up_us(k, threshold);
    int64_t at = k->start_us;
    for (size_t i = 0; i < k->n_pauses; i++) {
        const struct pause *p = &k->pauses[i];
        int64_t before = calendar_between(k->calendar, at, p->from_us);
        if (left <= before)
            break;
        left -= before;
        at = larger(at, p->until_us);
    }
    return calendar_add(k->calendar, at, left);
}

/* -- days ------------------------------------------------------------------------------------- */

static int64_t floor_s(int64_t us)
{
    return us / US_PER_S - (us % US_PER_S < 0);
}

static int32_t date_at(const struct zone *z, int64_t at_us)
{
    int64_t wall_s = zone_wall_s(z, floor_s(at_us));
    return (int32_t)(wall_s / CALENDAR_DAY_S - (wall_s % CALENDAR_DAY_S < 0));
}

/* When a date is over: of a midnight that comes twice, the second, as for windows that end then. */
static int64_t date_end_us(const struct zone *z, int32_t date)
{
    return zone_instant_s(z, (date + 1LL) * CALENDAR_DAY_S, ZONE_SECOND) * US_PER_S;
}

/* When the date of an instant is over. */
static int64_t date_end_after(const struct zone *z, int64_t at_us)
{
    int32_t date = date_at(z, at_us);
    int64_t begin = date_end_us(z, date - 1);
    return at_us < begin ? begin : date_end_us(z, date);
}

/* The same wall time: of one that comes twice the first, which is on the safe side. */
static int64_t days_end(const struct deadline *k)
{
    int64_t start_s = floor_s(k->start_us);
    int64_t wall_s = zone_wall_s(k->zone, start_s) + (int64_t)k->target_days * CALENDAR_DAY_S;
    return zone_instant_s(k->zone, wall_s, ZONE_FIRST) * US_PER_S + k->start_us -
           start_s * US_PER_S;
}

/* From one date with working time to the next, over any number of dates without. The hours of the
 * last one end where its last working time does: what begins at midnight is of the next date. */
static int64_t business_days_end(const struct deadline *k)
{
    int64_t at = date_end_us(k->zone, date_at(k->zone, k->start_us));
    for (int32_t day = 0; day < k->target_days; day++) {
        int64_t end = date_end_after(k->zone, calendar_add(k->calendar, at, 1) - 1);
        if (end <= at)
            break; /* the calendar's years are over */
        at = end;
    }
    return larger(calendar_subtract(k->calendar, at, 1) + 1, k->start_us);
}

static int64_t days_at(const struct deadline *k, int32_t threshold)
{
    int64_t end = k->unit == POLICY_UNIT_DAYS ? days_end(k) : business_days_end(k);
    int64_t whole = end - k->start_us;
    if (threshold > 0)
        return k->start_us + whole / 100 * threshold + whole % 100 * threshold / 100;
    return larger(calendar_subtract(k->calendar, end, -(int64_t)threshold * US_PER_S), k->start_us);
}

/* -- both ------------------------------------------------------------------------------------- */

int64_t deadline_at(const struct deadline *k, int32_t threshold)
{
    int64_t at = k->unit == POLICY_UNIT_TIME ? time_at(k, threshold) : days_at(k, threshold);
    return larger(at, k->not_before_us);
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
