/* SPDX-License-Identifier: Apache-2.0 */

/* Ended pauses of a clock: read, added, cut. */

#include "base/minmax.h"
#include "case/clocks/impl.h"
#include "contract/words.h"

bool pauses_read(const struct clock_row *clock, struct ended_pauses *e)
{
    e->total_us = 0;
    e->last_us = clock->started_at;
    if (pauses_parse(clock->pauses, e->pauses, &e->n) != AM_OK)
        return false;
    for (size_t i = 0; i < e->n; i++) {
        if (e->pauses[i].reason != PAUSE_REASON_RESOLVED)
            e->total_us += e->pauses[i].until_us - e->pauses[i].from_us;
        e->last_us = larger(e->last_us, e->pauses[i].until_us);
    }
    return true;
}

void clock_end_pause(struct decision *d, struct clock_row *clock, int64_t at_us)
{
    struct ended_pauses e;
    struct pause p = {.from_us = clock->paused_at,
                      .until_us = smaller(at_us, clock->resume_at),
                      .reason = clock->pause_reason};
    if (pauses_read(clock, &e) && p.until_us > p.from_us && e.n < PAUSES_MAX) {
        e.pauses[e.n++] = p;
        clock->pauses = pauses_text(e.pauses, e.n, d->arena);
    }
    clock->state = CLOCK_STATE_RUNNING;
    clock->paused_at = clock->resume_at = 0;
    clock->pause_reason = 0;
    clock_arm(d, clock);
    clock_touch(clock);
}

void clock_cut_pauses(struct decision *d, struct clock_row *clock, int64_t at_us)
{
    struct ended_pauses e;
    if (clock->policy_version != d->policy->version || !pauses_read(clock, &e) || e.n == 0 ||
        e.pauses[e.n - 1].until_us <= at_us)
        return;
    while (e.n > 0 && e.pauses[e.n - 1].from_us >= at_us)
        e.n--;
    if (e.n > 0)
        e.pauses[e.n - 1].until_us = smaller(e.pauses[e.n - 1].until_us, at_us);
    clock->pauses = pauses_text(e.pauses, e.n, d->arena);
    clock_arm(d, clock);
}
