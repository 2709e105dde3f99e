/* SPDX-License-Identifier: Apache-2.0 */
#include "contract/money.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/time.h"

int64_t money_micros(const Google__Type__Money *money)
{
    return money ? money->units * MONEY_MICROS + money->nanos / 1000 : 0;
}

const char *money_text(int64_t micros, struct arena *arena)
{
    if (micros == MONEY_UNLIMITED)
        return "unlimited";
    char text[32];
    int64_t units = micros / MONEY_MICROS;
    int64_t rest = micros % MONEY_MICROS;
    int len = snprintf(text, sizeof(text), "%" PRId64 ".%06" PRId64, units, rest);
    while (text[len - 1] == '0')
        len--;
    if (text[len - 1] == '.')
        len--;
    const char *copy = arena_strndup(arena, text, (size_t)len);
    return copy ? copy : "";
}

const char *time_text(int64_t us, struct arena *arena)
{
    char text[40];
    struct tm tm;
    const time_t s = (time_t)(us / US_PER_S);
    if (!gmtime_r(&s, &tm) || strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        return "";
    const char *copy = arena_strdup(arena, text);
    return copy ? copy : "";
}

int64_t time_micros(const Google__Protobuf__Timestamp *time)
{
    return time ? time->seconds * US_PER_S + time->nanos / 1000 : 0;
}
