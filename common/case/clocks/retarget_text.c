/* SPDX-License-Identifier: Apache-2.0 */

/* Re-targets as a text: "1:1767225600000000:0:3600000:5:0:4500000000:1767250000000000:..." */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/time.h"
#include "case/clocks/retarget.h"

#define NUMBERS 10
/* As many numbers, each of at most 19 digits, and what stands between them. */
#define RETARGET_TEXT_BYTES (NUMBERS * 20 + 1)

const char *retargets_text(const struct retarget *retargets, size_t n, struct arena *arena)
{
    AM_ASSERT(n <= RETARGETS_MAX);
    size_t size = n * RETARGET_TEXT_BYTES + 1;
    char *text = arena_must(arena, size);
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        const struct retarget *r = &retargets[i];
        used += (size_t)snprintf(
            text + used, size - used,
            "%s%d:%" PRId64 ":%d:%" PRId64 ":%d:%d:%" PRId64 ":%" PRId64 ":%" PRId64 ":%" PRId64,
            i > 0 ? " " : "", r->instance, r->at_us, (int)r->chosen.unit, r->chosen.amount,
            r->severity, (int)r->unit, r->amount, r->old_due_us, r->due_us, r->seq);
    }
    return text;
}

/* Numbers of digits alone with ':' between, up to a blank or the end; moves on behind it. */
static bool take_numbers(const char **text, int64_t numbers[NUMBERS])
{
    const char *at = *text;
    for (int i = 0; i < NUMBERS; i++) {
        char *stop = NULL;
        errno = 0;
        numbers[i] = *at >= '0' && *at <= '9' ? strtoll(at, &stop, 10) : -1;
        bool last = i == NUMBERS - 1;
        if (!stop || errno != 0 || (last ? *stop != ' ' && *stop != '\0' : *stop != ':'))
            return false;
        at = *stop != '\0' ? stop + 1 : stop;
    }
    *text = at;
    return true;
}

static bool known_unit(int64_t unit)
{
    return unit >= POLICY_UNIT_TIME && unit <= POLICY_UNIT_DAYS;
}

static bool take_one(const char **text, struct retarget *out)
{
    int64_t n[NUMBERS];
    if (!take_numbers(text, n) || n[0] > INT32_MAX || !known_unit(n[2]) || n[4] > INT16_MAX ||
        !known_unit(n[5]))
        return false;
    *out = (struct retarget){
        .instance = (int32_t)n[0],
        .at_us = n[1],
        .chosen = {(enum policy_unit)n[2], n[3]},
        .severity = (int16_t)n[4],
        .unit = (enum policy_unit)n[5],
        .amount = n[6],
        .old_due_us = n[7],
        .due_us = n[8],
        .seq = n[9],
    };
    return true;
}

/* Whether the row's target is still what the last of them made of it. */
static bool is_of_row(const struct retarget *r, const struct clock_row *clock)
{
    if (r->unit != (enum policy_unit)clock->target_unit)
        return false;
    return r->unit == POLICY_UNIT_TIME ? r->amount / US_PER_MS == clock->target_ms
                                       : r->amount == clock->target_days;
}

bool retargets_readable(const char *text)
{
    struct retarget one;
    while (*text != '\0')
        if (!take_one(&text, &one))
            return false;
    return true;
}

size_t retargets_of(const struct clock_row *clock, struct retarget out[RETARGETS_MAX])
{
    const char *text = clock->retargets;
    size_t n = 0;
    while (*text != '\0') {
        if (n == RETARGETS_MAX || !take_one(&text, &out[n]))
            return 0;
        n += out[n].instance == clock->instance;
    }
    return n > 0 && is_of_row(&out[n - 1], clock) ? n : 0;
}

const struct retarget *retargets_last_move(const struct retarget *retargets, size_t n)
{
    while (n > 0 && retargets[n - 1].due_us == retargets[n - 1].old_due_us)
        n--;
    return n > 0 ? &retargets[n - 1] : NULL;
}

struct chosen_target clock_chosen(const struct clock_row *clock)
{
    struct retarget r[RETARGETS_MAX];
    size_t n = retargets_of(clock, r);
    if (n > 0)
        return r[n - 1].chosen;
    bool time = clock->target_unit == POLICY_UNIT_TIME;
    return (struct chosen_target){(enum policy_unit)clock->target_unit,
                                  time ? clock->target_ms : clock->target_days};
}
