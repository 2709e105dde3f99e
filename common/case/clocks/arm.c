/* SPDX-License-Identifier: Apache-2.0 */

/* A clock's deadline and the instant when it is to be looked at, from its row. */

#include "base/time.h"
#include "case/clocks/impl.h"
#include "contract/words.h"

/* A row that this version cannot parse keeps its stored deadline. */
static void known_end(const struct clock_row *clock, struct deadline *out)
{
    int64_t span = clock->due_at - clock->started_at;
    out->calendar = NULL;
    out->zone = NULL;
    out->start_us = clock->started_at;
    out->unit = POLICY_UNIT_TIME;
    out->target_ms = span > 0 ? span / US_PER_MS : 0;
    out->target_rest_us = 0;
    out->not_before_us = 0;
    out->n_pauses = 0;
}

void clock_line(const struct decision *d, const struct clock_row *clock, struct deadline *out)
{
    if (deadline_of(clock, d->policy, out) != AM_OK)
        known_end(clock, out);
}

static int64_t next_at(const struct decision *d, const struct clock_row *clock,
                       const struct deadline *line)
{
    if (!clock_is_open(clock))
        return 0;
    if (clock->state == CLOCK_STATE_PAUSED)
        return clock->resume_at;
    const struct policy_clock *def = clock_definition(d->policy, clock);
    struct policy_threshold next = threshold_next(def, line, clock->fired);
    int32_t id = policy_threshold_id(&next);
    return id != 0 ? threshold_at(def, line, id) : 0;
}

void clock_arm(struct decision *d, struct clock_row *clock)
{
    struct deadline line;
    if (deadline_of(clock, d->policy, &line) == AM_OK)
        clock->due_at = deadline_at(&line, DUE_PERCENT);
    else
        known_end(clock, &line);
    clock->next_at = next_at(d, clock, &line);
}
