/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/when.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/assert.h"

#define MINUTE_S 60
#define HOUR_S 3600
#define DAY_S 86400
#define NANOS_PER_MS 1000000
#define MOST_BYTES 64

static const char *must(const char *text)
{
    AM_ASSERT(text != NULL);
    return text;
}

/* "Z", "+01:00", "-03:30" */
static void offset_text(long seconds, char out[16])
{
    const long minutes = labs(seconds) / MINUTE_S;
    if (seconds == 0)
        (void)snprintf(out, 16, "Z");
    else
        (void)snprintf(out, 16, "%c%02ld:%02ld", seconds < 0 ? '-' : '+', minutes / 60 % 100,
                       minutes % 60);
}

const char *when_text(const Google__Protobuf__Timestamp *t, bool millis, struct arena *arena)
{
    struct tm tm;
    char day[MOST_BYTES], offset[16], fraction[8] = "";
    const time_t seconds = t ? (time_t)t->seconds : 0;
    const int ms = t && t->nanos > 0 ? t->nanos / NANOS_PER_MS % 1000 : 0;
    if (!t || !localtime_r(&seconds, &tm))
        return "";
    (void)strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm);
    offset_text(tm.tm_gmtoff, offset);
    if (millis && ms)
        (void)snprintf(fraction, sizeof fraction, ".%03d", ms);
    return must(arena_printf(arena, "%s%s%s", day, fraction, offset));
}

static void length_text(int64_t seconds, char out[MOST_BYTES])
{
    const int64_t minutes = seconds / MINUTE_S;
    if (seconds < MINUTE_S)
        (void)snprintf(out, MOST_BYTES, "%" PRId64 "s", seconds);
    else if (seconds < HOUR_S)
        (void)snprintf(out, MOST_BYTES, "%" PRId64 "m%02" PRId64 "s", minutes, seconds % MINUTE_S);
    else
        (void)snprintf(out, MOST_BYTES, "%" PRId64 "h%02" PRId64 "m", minutes / 60, minutes % 60);
}

const char *when_near(const Google__Protobuf__Timestamp *t, const struct view *view,
                      struct arena *arena)
{
    char length[MOST_BYTES];
    const int64_t ahead = t ? t->seconds - view->now_s : 0;
    if (!t || !view->relative || ahead >= DAY_S || ahead <= -DAY_S)
        return NULL;
    length_text(llabs(ahead), length);
    return must(arena_printf(arena, ahead > 0 ? "in %s" : "%s ago", length));
}

const char *when_short(const Google__Protobuf__Timestamp *t, const struct view *view,
                       struct arena *arena)
{
    const char *near = when_near(t, view, arena);
    return near ? near : when_text(t, false, arena);
}
