/* SPDX-License-Identifier: Apache-2.0 */

/* Pauses of a clock: by hand or by its definition, never longer than its caps. */

#include "base/time.h"
#include "base/minmax.h"
#include "case/clocks/impl.h"
#include "case/clocks/facts.h"
#include "contract/clock_kinds.h"

/* What the case wants of a clock. */
struct wish {
    bool paused;
    int64_t from_us;
    int64_t by_hand_us; /* since when by hand, 0 = not */
    int64_t until_us;   /* paused: INT64_MAX = as long as it lasts; else when it had ended */
    int16_t reason;
};

/* Its deadline was moved to an instant that days led to. */
static bool goes_by_days(const struct clock_row *clock)
{
    struct retarget r[RETARGETS_MAX];
    const struct retarget *moved = retargets_last_move(r, retargets_of(clock, r));
    return clock->target_unit != POLICY_UNIT_TIME || (moved && moved->chosen.unit != moved->unit);
}

bool clock_may_pause(const struct clock_row *clock, const struct policy_clock *def)
{
    return clock_kind(def->kind)->may_pause && !goes_by_days(clock) && def->pause_single_ms > 0 &&
           def->pause_total_ms > 0;
}

/* What the definition itself wants. */
static struct wish own_wish(const struct clocks_look *look, const struct policy_clock *def)
{
    struct wish no = {.until_us = look->d->now_us};
    int64_t since = 0;
    if (case_holds(&def->resume, &look->facts, &since)) {
        no.until_us = since;
        return no;
    }
    if (!case_holds(&def->pause, &look->facts, &since))
        return no;
    return (struct wish){
        .paused = true, .from_us = since, .until_us = INT64_MAX, .reason = PAUSE_REASON_POLICY};
}

/* By hand it is paused whatever the definition says; if that pauses too, since the earlier. */
static struct wish wish_of(const struct clocks_look *look, const struct clock_row *clock,
                           const struct policy_clock *def)
{
    const struct case_row *row = &look->d->c->row;
    if (!clock_may_pause(clock, def))
        return (struct wish){.until_us = look->d->now_us};
    struct wish w = own_wish(look, def);
    if (row->paused_at == 0 || row->resume_at <= look->d->now_us)
        return w;
    w.from_us = w.paused ? smaller(w.from_us, row->paused_at) : row->paused_at;
    w.by_hand_us = row->paused_at;
    w.until_us = row->resume_at;
    w.reason = row->pause_reason;
    w.paused = true;
    return w;
}

/* -- caps -------------------------------------------------------------------------------------- */

/* When a pause from `from_us` ends at the latest. */
static int64_t latest_end(const struct policy_clock *def, const struct ended_pauses *e,
                          int64_t from_us)
{
    int64_t left = def->pause_total_ms * US_PER_MS - e->total_us;
    return from_us + larger(smaller(left, def->pause_single_ms * US_PER_MS), 0);
}

static void cap_it(struct clock_row *clock)
{
    if (clock->pause_capped)
        return;
    clock->pause_capped = true;
    clock_touch(clock);
}

/* -- pausing and resuming --------------------------------------------------------------------- */

/* What is wanted now is another pause than the one that has run out: one by hand that began later,
 * or the definition's own, which takes over where one by hand ended. */
static bool is_another(const struct clock_row *clock, const struct wish *w)
{
    return w->by_hand_us > clock->resume_at ||
           (w->by_hand_us == 0 && clock->pause_reason != PAUSE_REASON_POLICY);
}

/* Of a pause under way: it goes on, ends or gets another end. */
static void refresh_paused(struct clocks_look *look, struct clock_row *clock,
                           const struct policy_clock *def, const struct wish *w)
{
    struct ended_pauses e;
    if (!w->paused || !pauses_read(clock, &e)) {
        /* `resume` may have held before a pause by hand began: it ends its own kind alone. */
        bool own = clock->pause_reason == PAUSE_REASON_POLICY && !w->paused;
        int64_t end = own ? w->until_us : look->d->now_us;
        clock_end_pause(look->d, clock, larger(end, clock->paused_at));
        return;
    }
    int64_t most = latest_end(def, &e, clock->paused_at);
    bool over = clock->resume_at <= look->d->now_us;
    if (over && is_another(clock, w)) {
        bool by_cap = clock->resume_at == most;
        clock_end_pause(look->d, clock, clock->resume_at);
        clock->pause_capped = by_cap;
        return;
    }
    int64_t resume_at = smaller(w->until_us, most);
    bool changed =
        resume_at != clock->resume_at || (w->by_hand_us != 0 && w->reason != clock->pause_reason);
    clock->resume_at = resume_at;
    clock->pause_reason = w->by_hand_us != 0 ? w->reason : clock->pause_reason;
    if (resume_at <= look->d->now_us) {
        clock_end_pause(look->d, clock, resume_at);
        clock->pause_capped = resume_at == most;
    } else if (changed) {
        clock_arm(look->d, clock);
        clock_touch(clock);
    }
}

/* A cap ends the pause that reached it, not one by hand that began since. */
static bool ended_by_cap(const struct clock_row *clock, const struct ended_pauses *e,
                         const struct wish *w)
{
    return clock->pause_capped && w->by_hand_us <= e->last_us;
}

static void begin_pause(struct clocks_look *look, struct clock_row *clock,
                        const struct policy_clock *def, const struct wish *w)
{
    struct ended_pauses e;
    if (!pauses_read(clock, &e) || e.n == PAUSES_MAX || ended_by_cap(clock, &e, w))
        return;
    int64_t from = larger(clock->pause_capped ? w->by_hand_us : w->from_us, e.last_us);
    int64_t until = smaller(w->until_us, latest_end(def, &e, from));
    /* What closes the case ended by itself: the timer sees to that. */
    if (clock_closes(def) && clock->due_at <= from)
        return;
    if (until <= from) {
        cap_it(clock);
        return;
    }
    /* What came before the pause is recorded before it: a clock that is breached does not pause. */
    if (thresholds_find(look->d, clock, from) && clock->state != CLOCK_STATE_RUNNING) {
        clock_touch(clock);
        return;
    }
    clock->state = CLOCK_STATE_PAUSED;
    clock->paused_at = from;
    clock->resume_at = until;
    clock->pause_reason = w->reason;
    clock->pause_capped = false;
    clock_arm(look->d, clock);
    clock_touch(clock);
}

void clock_refresh_pause(struct clocks_look *look, struct clock_row *clock,
                         const struct policy_clock *def)
{
    if (clock->state != CLOCK_STATE_RUNNING && clock->state != CLOCK_STATE_PAUSED)
        return;
    struct wish w = wish_of(look, clock, def);
    if (clock->state == CLOCK_STATE_PAUSED)
        refresh_paused(look, clock, def, &w);
    if (clock->state == CLOCK_STATE_RUNNING && w.paused)
        begin_pause(look, clock, def, &w);
    /* A pause that began late may be over by now. */
    if (clock->state == CLOCK_STATE_PAUSED && clock->resume_at <= look->d->now_us)
        refresh_paused(look, clock, def, &w);
    if (!w.paused && clock->pause_capped) {
        clock->pause_capped = false;
        clock_touch(clock);
    }
}
