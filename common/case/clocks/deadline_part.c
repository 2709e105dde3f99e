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

struct deadline_part deadline_part_at(const struct deadline *k, int64_t from_us, int64_t until_us)
{
    struct deadline_part part = {
        .kind = DEADLINE_WORKING, .from_us = from_us, .until_us = until_us, .label = ""};
    if (k->unit == POLICY_UNIT_TIME) {
        const struct pause *p = pause_at(k, from_us, &until_us);
        part = p ? paused_part(p, from_us, until_us) : calendar_part(k, from_us, until_us);
    }
    part.shift_s = shift_of(k, &part);
    return part;
}
