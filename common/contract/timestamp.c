/* SPDX-License-Identifier: Apache-2.0 */
#include "contract/timestamp.h"

#include <time.h>

#include "base/time.h"

const char *timestamp_text(int64_t us, struct arena *arena)
{
    char text[40];
    struct tm tm;
    const time_t s = (time_t)(us / US_PER_S);
    if (!gmtime_r(&s, &tm) || strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        return "";
    const char *copy = arena_strdup(arena, text);
    return copy ? copy : "";
}

int64_t timestamp_us(const Google__Protobuf__Timestamp *time)
{
    return time ? time->seconds * US_PER_S + time->nanos / 1000 : 0;
}
