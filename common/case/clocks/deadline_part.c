/* SPDX-License-Identifier: Apache-2.0 */

/* A deadline in parts, for explaining it. */

#include <string.h>

#include "base/time.h"
#include "case/clocks/deadline.h"
#include "contract/word.h"
#include "contract/words.h"

static int32_t offset_at(const struct deadline *k, int64_t at_us)
{
    return zone_offset_s(k->zone, at_us / US_PER_S);
}

/* How far the zone's clocks were moved between the part's ends. A move at the very end counts here,
 * not in the part that follows. */
static int32_t shift_of(const struct deadline *k, const struct deadline_part *part)
{
    return k->zone ? offset_at(k, part->until_us) - offset_at(k, part->from_us) : 0;
}

/* The pause at the instant, or where the next one begins: *next, left alone when there is none. */
static const struct pause *pause_at(const struct deadline *k, int64_t at_us, int64_t *next)
{
    for (size_t i = 0; i < k->n_pauses; i++) {
        const struct pause *p = &k->pauses[i];
        if (p->from_us <= at_us && at_us < p->until_us)
            return p;
        if (p->from_us > at_us) {
            *next = p->from_us < *next ? p->from_us : *next;
            return NULL;
        }
    }
    return NULL;
}

static struct deadline_part paused_part(const struct pause *p, int64_t from_us, int64_t until_us)
{
    return (struct deadline_part){.kind = DEADLINE_PAUSED,
                                  .from_us = from_us,
                                  .until_us = p->until_us < until_us ? p->until_us : until_us,
                                  .label = contract_word(PAUSE_REASON_WORDS, p->reason)};
}

static enum deadline_part_kind kind_of(enum calendar_part_kind kind)
{
    if (kind == CALENDAR_HOLIDAY)
        return DEADLINE_HOLIDAY;
    return kind == CALENDAR_WORKING ? DEADLINE_WORKING : DEADLINE_CLOSED;
}

static struct deadline_part calendar_part(const struct deadline *k, int64_t from_us,
                                          int64_t until_us)
{
    struct calendar_part part = calendar_part_at(k->calendar, from_us, until_us);
    return (struct deadline_part){.kind = kind_of(part.kind),
                                  .from_us = part.from_us,
                                  .until_us = part.until_us,
                                  .label = part.holiday};
}

static int64_t floor_s(int64_t us)
{
    return us / US_PER_S - (us % US_PER_S < 0);
}

/* When a date begins on the zone's wall. */
static int64_t midnight_us(const struct deadline *k, int32_t date)
{
    return zone_instant_s(k->zone, (int64_t)date * CALENDAR_DAY_S, ZONE_FIRST) * US_PER_S;
}

/* The date that an instant is on. */
static int32_t date_of(const struct deadline *k, int64_t at_us)
{
    int64_t wall_s = zone_wall_s(k->zone, floor_s(at_us));
    return (int32_t)(wall_s / CALENDAR_DAY_S - (wall_s % CALENDAR_DAY_S < 0));
}

/* A date without working time: a holiday when one took some of its hours. */
static void name_free_day(const struct deadline *k, int64_t begin_us, int64_t end_us,
                          struct deadline_part *part)
{
    part->kind = DEADLINE_CLOSED;
    for (int64_t at = begin_us; at < end_us;) {
        struct calendar_part hours = calendar_part_at(k->calendar, at, end_us);
        if (hours.kind == CALENDAR_HOLIDAY) {
            part->kind = DEADLINE_HOLIDAY;
            part->label = hours.holiday;
            return;
        }
        at = hours.until_us;
    }
}

/* The rest of the date that begins with `from_us`, or is under way then. */
static struct deadline_part day_part(const struct deadline *k, int64_t from_us, int64_t until_us)
{
    const int32_t date = date_of(k, from_us);
    const int64_t begin_us = midnight_us(k, date);
    int64_t end_us = midnight_us(k, date + 1);
    if (end_us <= from_us) /* of a midnight that came twice, this is the second */
        end_us = midnight_us(k, date + 2);
    struct deadline_part part = {.kind = DEADLINE_WORKING,
                                 .from_us = from_us,
                                 .until_us = end_us < until_us ? end_us : until_us,
                                 .label = ""};
    if (calendar_between(k->calendar, begin_us, end_us) == 0)
        name_free_day(k, begin_us, end_us, &part);
    return part;
}

struct deadline_part deadline_part_at(const struct deadline *k, int64_t from_us, int64_t until_us)
{
    struct deadline_part part = {
        .kind = DEADLINE_WORKING, .from_us = from_us, .until_us = until_us, .label = ""};
    if (k->unit == POLICY_UNIT_TIME) {
        const struct pause *p = pause_at(k, from_us, &until_us);
        part = p ? paused_part(p, from_us, until_us) : calendar_part(k, from_us, until_us);
    } else if (k->unit == POLICY_UNIT_BUSINESS_DAYS) {
        part = day_part(k, from_us, until_us);
    }
    part.shift_s = shift_of(k, &part);
    part.counts = part.kind == DEADLINE_WORKING || k->unit == POLICY_UNIT_BUSINESS_DAYS;
    return part;
}
