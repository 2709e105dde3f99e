/* SPDX-License-Identifier: Apache-2.0 */

#include "assignment/retention/retention.h"

#include <time.h>

/* By the calendar of UTC. The 29th of February becomes the 28th of a year without it, so that
 * nothing goes too early. */
int64_t retention_cutoff_us(int64_t now_us, int years)
{
    const time_t now = (time_t)(now_us / US_PER_S);
    struct tm tm;
    (void)gmtime_r(&now, &tm);
    const bool leap_day = tm.tm_mon == 1 && tm.tm_mday == 29;
    tm.tm_year -= years;
    time_t then = timegm(&tm);
    struct tm check;
    (void)gmtime_r(&then, &check);
    if (leap_day && check.tm_mon != 1) /* a day of more would take what is not due yet */
        then -= 24 * 60 * 60;
    return (int64_t)then * US_PER_S + now_us % US_PER_S;
}
