/* SPDX-License-Identifier: Apache-2.0 */
#include "case/clocks/thresholds.h"

#include "case/clocks/impl.h"
#include "contract/words.h"

/* -- finding ----------------------------------------------------------------------------------- */

void threshold_met(struct decision *d, struct clock_row *clock, const struct policy_threshold *t,
                   int64_t due_us)
{
    clock->fired = t->percent;
    if (t->percent >= DUE_PERCENT && clock->state == CLOCK_STATE_RUNNING) {
        clock->state = CLOCK_STATE_BREACHED;
        clock->breached_at = clock->due_at;
    }
    struct threshold_met *m = ROWS_ADD(&d->met, struct threshold_met, d->arena);
    m->clock = *clock;
    m->threshold = *t;
    m->due_us = due_us;
}

bool thresholds_find(struct decision *d, struct clock_row *clock, int64_t until_us)
{
    const struct policy_clock *def = clock_definition(d->policy, clock);
    struct deadline line;
    clock_line(d, clock, &line);
    struct policy_threshold t = threshold_next(def, clock->fired);
    int64_t due_us = t.percent != 0 ? deadline_at(&line, t.percent) : 0;
    if (t.percent == 0 || due_us > until_us)
        return false;
    while (t.percent != 0 && due_us <= until_us) {
        threshold_met(d, clock, &t, due_us);
        t = threshold_next(def, clock->fired);
        due_us = t.percent != 0 ? deadline_at(&line, t.percent) : 0;
    }
    clock->next_at = due_us;
    return true;
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
