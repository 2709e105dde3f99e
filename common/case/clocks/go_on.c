/* SPDX-License-Identifier: Apache-2.0 */

/* Clocks that ended with the resolution, of a case that goes back to work in the same round. */

#include "case/clocks/impl.h"
#include "contract/clock_kinds.h"
#include "contract/words.h"

/* The law was answered by the resolution, and the follow-up begins with the next one. */
static bool ended_with(const struct decision *d, const struct clock_row *clock, int64_t resolved_us)
{
    const struct clock_kind *kind = clock_kind(clock->kind);
    return clock->round == d->c->row.round && kind->subject == SUBJECT_CASE && kind->may_pause &&
           !kind->may_close && !clock_is_open(clock) && clock->stopped_at == resolved_us &&
           clock_definition(d->policy, clock);
}

/* It has stood still meanwhile. That counts against no limit of its pauses. */
static bool leave_out(struct decision *d, struct clock_row *clock, int64_t resolved_us)
{
    struct ended_pauses e;
    if (clock->target_unit != POLICY_UNIT_TIME || !pauses_read(clock, &e) || e.n == PAUSES_MAX)
        return false;
    e.pauses[e.n++] = (struct pause){
        .from_us = resolved_us, .until_us = d->now_us, .reason = PAUSE_REASON_RESOLVED};
    clock->pauses = pauses_text(e.pauses, e.n, d->arena);
    return true;
}

/* What cannot stand still, a target in days, begins again as much later as the case was resolved:
 * the instance before stays in the history as it ended. */
static void begin_later(struct decision *d, struct clock_row *clock, int64_t resolved_us)
{
    clock->instance++;
    clock->started_at += d->now_us - resolved_us;
    clock->breached_at = 0;
    clock->fired = 0;
    clock->pauses = "";
}

/* A migration passes over clocks that have ended: what it would have done is done here. */
static void catch_up(struct clocks_look *look, struct clock_row *clock)
{
    const struct policy *p = look->d->policy;
    if (clock->policy_version != p->version)
        clock_follow_policy(look, clock, clock_definition(p, clock));
}

static void go_on(struct clocks_look *look, struct clock_row *clock, int64_t resolved_us)
{
    struct decision *d = look->d;
    catch_up(look, clock);
    if (d->now_us > resolved_us && !leave_out(d, clock, resolved_us))
        begin_later(d, clock, resolved_us);
    clock->state = (int16_t)(clock->breached_at != 0 ? CLOCK_STATE_BREACHED : CLOCK_STATE_RUNNING);
    clock->stopped_at = 0;
    clock_arm(d, clock);
    clock_touch(clock);
}

void clocks_go_on(struct decision *d, int64_t resolved_us)
{
    struct clocks_look look = {.d = d};
    case_facts(d->c, d->policy, d->now_us, &look.facts);
    ROWS_EACH (clock, struct clock_row, &d->c->clocks)
        if (ended_with(d, clock, resolved_us))
            go_on(&look, clock, resolved_us);
}
