/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic by binary searches over the slots. Inside this file instants are microseconds since
 * 2000, outside of it since 1970. */
#include "calendar/calendar_impl.h"

#include "base/minmax.h"

#define SECOND_US 1000000LL
#define FROM_US (CALENDAR_FROM_S * SECOND_US)
#define UNTIL_US (CALENDAR_UNTIL_S * SECOND_US)

const struct zone *calendar_zone(const struct calendar *c)
{
    return c->zone;
}

static int64_t start_us(const struct calendar *c, size_t slot)
{
    return FROM_US + c->slots[slot].start_s * SECOND_US;
}

/* The working time before a slot, or before the end for n_slots. */
static int64_t before_us(const struct calendar *c, size_t slot)
{
    return c->slots[slot].before_s * SECOND_US;
}

static int64_t length_us(const struct calendar *c, size_t slot)
{
    return before_us(c, slot + 1) - before_us(c, slot);
}

/* How many slots begin at or before the instant. */
static size_t begun_by(const struct calendar *c, int64_t at_us)
{
    if (at_us < FROM_US)
        return 0;
    if (at_us >= UNTIL_US)
        return c->n_slots;
    uint32_t at_s = (uint32_t)((at_us - FROM_US) / SECOND_US);
    const struct slot *base = c->slots;
    for (size_t n = c->n_slots; n > 0;) {
        size_t half = (n + 1) / 2;
        base += base[half - 1].start_s <= at_s ? half : 0;
        n -= half;
    }
    return (size_t)(base - c->slots);
}

/* How many slots have at most that much (`or_equal`) or less working time before them. */
static size_t before_at_most(const struct calendar *c, int64_t work_us, bool or_equal)
{
    size_t low = 0, high = c->n_slots;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int64_t before = before_us(c, middle);
        if (before < work_us || (or_equal && before == work_us))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Working time from 2000 to the instant: it never falls, and stands still where nobody works. */
static int64_t worked_us(const struct calendar *c, int64_t at_us)
{
    size_t n = begun_by(c, at_us);
    if (n == 0)
        return 0;
    int64_t into_us = at_us - start_us(c, n - 1), whole_us = length_us(c, n - 1);
    return before_us(c, n - 1) + (into_us < whole_us ? into_us : whole_us);
}

/* A calendar that always works: the sum, at the end of the years at the latest. */
static int64_t always_add(int64_t from_us, int64_t work_us)
{
    int64_t sum_us;
    if (__builtin_add_overflow(from_us, work_us, &sum_us))
        sum_us = INT64_MAX;
    return larger(from_us, smaller(sum_us, UNTIL_US));
}

int64_t calendar_add(const struct calendar *c, int64_t from_us, int64_t work_us)
{
    int64_t target_us;
    if (work_us <= 0)
        return from_us;
    if (!c)
        return always_add(from_us, work_us);
    if (__builtin_add_overflow(worked_us(c, from_us), work_us, &target_us) ||
        target_us > before_us(c, c->n_slots))
        return larger(from_us, UNTIL_US);
    size_t slot = before_at_most(c, target_us, false) - 1;
    return start_us(c, slot) + target_us - before_us(c, slot);
}

static int64_t always_subtract(int64_t until_us, int64_t work_us)
{
    int64_t rest_us;
    if (__builtin_sub_overflow(until_us, work_us, &rest_us))
        rest_us = INT64_MIN;
    return smaller(until_us, larger(rest_us, FROM_US));
}

int64_t calendar_subtract(const struct calendar *c, int64_t until_us, int64_t work_us)
{
    if (work_us <= 0)
        return until_us;
    if (!c)
        return always_subtract(until_us, work_us);
    int64_t target_us = worked_us(c, until_us) - work_us;
    if (target_us < 0)
        return smaller(until_us, FROM_US);
    size_t slot = before_at_most(c, target_us, true) - 1;
    return start_us(c, slot) + target_us - before_us(c, slot);
}

int64_t calendar_between(const struct calendar *c, int64_t from_us, int64_t until_us)
{
    int64_t elapsed_us;
    if (until_us <= from_us)
        return 0;
    if (c)
        return worked_us(c, until_us) - worked_us(c, from_us);
    return __builtin_sub_overflow(until_us, from_us, &elapsed_us) ? INT64_MAX : elapsed_us;
}

struct calendar_change calendar_next_change(const struct calendar *c, int64_t at_us)
{
    size_t n = begun_by(c, at_us);
    int64_t end_us = n > 0 ? start_us(c, n - 1) + length_us(c, n - 1) : INT64_MIN;
    if (at_us < end_us)
        return (struct calendar_change){true, end_us};
    return (struct calendar_change){false, n < c->n_slots ? start_us(c, n) : INT64_MAX};
}

bool calendar_works_at(const struct calendar *c, int64_t at_us)
{
    return !c || calendar_next_change(c, at_us).works;
}

int64_t calendar_last_open(const struct calendar *c, int64_t at_us)
{
    if (!c)
        return at_us;
    size_t n = begun_by(c, at_us);
    if (n == 0)
        return INT64_MIN;
    return smaller(at_us, start_us(c, n - 1) + length_us(c, n - 1));
}
