/* SPDX-License-Identifier: Apache-2.0 */

/* Ended pauses as a text: "1767225600000000-1767229200000000:1 ...". */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "case/clocks/deadline.h"

/* Two instants, a reason and what stands between them. */
#define PAUSE_TEXT_BYTES 56

const char *pauses_text(const struct pause *pauses, size_t n, struct arena *arena)
{
    AM_ASSERT(n <= PAUSES_MAX);
    if (n == 0)
        return "";
    size_t size = n * PAUSE_TEXT_BYTES;
    char *text = arena_must(arena, size);
    size_t used = 0;
    for (size_t i = 0; i < n; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%" PRId64 "-%" PRId64 ":%d",
                                 i > 0 ? " " : "", pauses[i].from_us, pauses[i].until_us,
                                 pauses[i].reason);
    return text;
}

/* A number of digits alone, followed by `end`; moves on behind it. */
static bool take(const char **text, char end, int64_t *out)
{
    const char *from = *text;
    char *stop = NULL;
    if (*from < '0' || *from > '9')
        return false;
    errno = 0;
    *out = strtoll(from, &stop, 10);
    if (errno != 0 || *stop != end)
        return false;
    *text = end != '\0' ? stop + 1 : stop;
    return true;
}

/* The last number of a pause, before a blank or the end. */
static bool take_reason(const char **text, int16_t *out)
{
    int64_t n = 0;
    if (!take(text, ' ', &n) && !take(text, '\0', &n))
        return false;
    *out = (int16_t)n;
    return n <= INT16_MAX;
}

static bool in_order(const struct pause *pauses, size_t i)
{
    return pauses[i].from_us <= pauses[i].until_us &&
           (i == 0 || pauses[i - 1].until_us <= pauses[i].from_us);
}

int pauses_parse(const char *text, struct pause *pauses, size_t *n)
{
    *n = 0;
    while (*text != '\0') {
        struct pause p;
        if (*n == PAUSES_MAX || !take(&text, '-', &p.from_us) || !take(&text, ':', &p.until_us) ||
            !take_reason(&text, &p.reason))
            return AM_EINVAL;
        pauses[*n] = p;
        if (!in_order(pauses, (*n)++))
            return AM_EINVAL;
    }
    return AM_OK;
}
