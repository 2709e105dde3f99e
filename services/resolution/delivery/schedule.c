/* SPDX-License-Identifier: Apache-2.0 */
#include "resolution/delivery/schedule.h"

#include <stddef.h>

#include "base/minmax.h"
#include "base/time.h"

#define MINUTE_S 60
#define HOUR_S 3600
#define ASKED_MOST_US (24 * HOUR_S * US_PER_S)

/* The waits after the first attempt, the second and so on: 70 hours in all. */
static const int32_t waits_s[SCHEDULE_ATTEMPTS - 1] = {
    5,          MINUTE_S,    10 * MINUTE_S, HOUR_S,      3 * HOUR_S,
    8 * HOUR_S, 14 * HOUR_S, 20 * HOUR_S,   24 * HOUR_S,
};
static const int32_t pauses_s[] = {5, 15, MINUTE_S, 3 * MINUTE_S, 10 * MINUTE_S};
#define PAUSES ((int)(sizeof pauses_s / sizeof *pauses_s))

/* From nine to eleven tenths of it. */
static int64_t around(int32_t s, uint32_t dice)
{
    const int64_t us = s * US_PER_S;
    return us - us / 10 + (us / 5 * (int64_t)(dice >> 16) >> 16);
}

static int64_t at_least(int64_t us, int64_t least_us)
{
    return larger(us, smaller(least_us, ASKED_MOST_US));
}

int64_t schedule_wait_us(int attempts, uint32_t dice, int64_t least_us)
{
    if (attempts >= SCHEDULE_ATTEMPTS)
        return -1;
    return at_least(around(waits_s[attempts < 1 ? 0 : attempts - 1], dice), least_us);
}

int64_t schedule_pause_us(int times, uint32_t dice, int64_t least_us)
{
    const int i = times < 1 ? 0 : times - 1;
    return at_least(around(pauses_s[i < PAUSES ? i : PAUSES - 1], dice), least_us);
}
