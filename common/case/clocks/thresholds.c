/* SPDX-License-Identifier: Apache-2.0 */
#include "case/clocks/thresholds.h"

#include "case/clocks/impl.h"
#include "contract/words.h"

/* -- finding ----------------------------------------------------------------------------------- */

void threshold_met(struct decision *d, struct clock_row *clock, const struct policy_threshold *t,
                   int64_t due_us)
{
    clock->fired = policy_threshold_id(t);
    if (t->percent >= DUE_PERCENT && clock->state == CLOCK_STATE_RUNNING) {
        clock->state = CLOCK_STATE_BREACHED;
        clock->breached_at = clock->due_at;
    }
    struct threshold_met *m = ROWS_ADD(&d->met, struct threshold_met, d->arena);
    m->clock = *clock;
    m->threshold = *t;
    m->due_us = due_us;
}

/* The next threshold and its instant; false when none is left. */
static bool come_next(const struct policy_clock *def, const struct deadline *line, int32_t fired,
                      struct policy_threshold *t, int64_t *due_us)
{
    *t = threshold_next(def, line, fired);
    int32_t id = policy_threshold_id(t);
    *due_us = id != 0 ? threshold_at(def, line, id) : 0;
    return id != 0;
}

bool thresholds_find(struct decision *d, struct clock_row *clock, int64_t until_us)
{
    const struct policy_clock *def = clock_definition(d->policy, clock);
    struct deadline line;
    struct policy_threshold t;
    int64_t due_us;
    bool found = false;
    clock_line(d, clock, &line);
    while (come_next(def, &line, clock->fired, &t, &due_us) && due_us <= until_us) {
        threshold_met(d, clock, &t, due_us);
        found = true;
    }
    if (found)
        clock->next_at = due_us;
    return found;
}

/* -- taking ------------------------------------------------------------------------------------ */

static struct threshold_met *soonest_met(struct decision *d)
{
    struct threshold_met *first = NULL;
    ROWS_EACH (m, struct threshold_met, &d->met)
        if (m->row.change != ROW_GONE && (!first || m->due_us < first->due_us))
            first = m;
    return first;
}

bool thresholds_take(struct decision *d, struct threshold_met *out)
{
    struct threshold_met *m = soonest_met(d);
    if (!m)
        return false;
    m->row.change = ROW_GONE;
    *out = *m;
    return true;
}
