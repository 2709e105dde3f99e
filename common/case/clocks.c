/* SPDX-License-Identifier: Apache-2.0 */

/* Clocks on the 24/7 calendar: started, stopped, met or breached by timestamps. */

#include "base/clock.h"
#include "case/rules.h"
#include "case/words.h"

struct clock_row *clock_start(struct decision *d, int kind, int64_t start_us, int64_t target_ms,
                              const struct uuid *subject)
{
    const struct case_row *row = &d->c->row;
    struct clock_row *k = ROWS_ADD(&d->c->clocks, struct clock_row, d->arena);
    k->tenant_id = row->tenant_id;
    k->case_id = row->case_id;
    k->clock_id = decision_id(d);
    k->kind = (int16_t)kind;
    k->state = CLOCK_STATE_RUNNING;
    k->round = row->round;
    k->instance = 1;
    k->generation = 1;
    if (subject)
        k->subject_id = *subject;
    k->policy_version = row->policy_version;
    k->target_ms = target_ms;
    k->started_at = start_us;
    k->due_at = start_us + target_ms * US_PER_MS;
    k->next_at = k->due_at;
    return k;
}

/* What was done first is not always told first. */
static bool stopped_later(const struct clock_row *clock, int64_t at_us)
{
    return (clock->state == CLOCK_STATE_MET || clock->state == CLOCK_STATE_BREACHED) &&
           clock->stopped_at > at_us;
}

void clock_stop(struct decision *d, struct clock_row *clock, int64_t at_us, bool cancel)
{
    bool late = at_us > clock->due_at;
    if (!clock_is_open(clock) && (cancel || !stopped_later(clock, at_us)))
        return;
    clock->stopped_at = at_us;
    clock->next_at = 0;
    row_touch(&clock->row);
    if (clock->state == CLOCK_STATE_RUNNING && late && !cancel) {
        ladder_breach(d, clock);
        return;
    }
    clock->generation++;
    if (clock->state == CLOCK_STATE_BREACHED && (late || cancel))
        return;
    clock->state = cancel ? CLOCK_STATE_CANCELLED : CLOCK_STATE_MET;
    clock->breached_at = 0;
}

bool clock_is_open(const struct clock_row *clock)
{
    return clock->state == CLOCK_STATE_RUNNING ||
           (clock->state == CLOCK_STATE_BREACHED && clock->stopped_at == 0);
}

struct clock_row *clock_running(struct case_state *c, int kind)
{
    ROWS_EACH (clock, struct clock_row, &c->clocks)
        if (clock->kind == kind && clock->state == CLOCK_STATE_RUNNING)
            return clock;
    return NULL;
}

struct clock_row *clock_open(struct case_state *c, int kind)
{
    ROWS_EACH (clock, struct clock_row, &c->clocks)
        if (clock->kind == kind && clock->round == c->row.round && clock_is_open(clock))
            return clock;
    return NULL;
}

struct clock_row *clock_of_subject(struct case_state *c, const struct uuid *subject)
{
    ROWS_EACH (clock, struct clock_row, &c->clocks)
        if (uuid_eq(&clock->subject_id, subject))
            return clock;
    return NULL;
}
