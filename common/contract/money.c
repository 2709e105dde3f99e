/* SPDX-License-Identifier: Apache-2.0 */
#include "contract/money.h"

#include <inttypes.h>
#include <stdio.h>

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
