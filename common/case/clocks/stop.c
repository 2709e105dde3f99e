/* SPDX-License-Identifier: Apache-2.0 */

/* Ending an instance of a clock: met, breached or cancelled, by the timestamps. */

#include "case/clocks/impl.h"
#include "contract/words.h"

/* What was done first is not always told first. */
static bool stopped_later(const struct clock_row *clock, int64_t at_us)
{
    return (clock->state == CLOCK_STATE_MET || clock->state == CLOCK_STATE_BREACHED) &&
           clock->stopped_at > at_us;
}

/* By the timestamps alone: what came before the stop fired before it, whoever looked. */
static void judge_by_times(struct decision *d, struct clock_row *clock, int64_t at_us)
{
    if (clock_is_open(clock))
        (void)thresholds_find(d, clock, at_us - 1);
    if (at_us <= clock->due_at) {
        clock->state = CLOCK_STATE_MET;
        clock->breached_at = 0;
    }
}

/* An end that closes the case comes by itself: who is later than that was not late. */
static int64_t stop_instant(const struct decision *d, const struct clock_row *clock, int64_t at_us)
{
    if (at_us < clock->started_at)
        return clock->started_at;
    bool closes = clock_closes(clock_definition(d->policy, clock));
    return closes && at_us > clock->due_at ? clock->due_at : at_us;
}

void clock_stop(struct decision *d, struct clock_row *clock, int64_t at_us, bool cancel)
{
    if (!clock_is_open(clock) && (cancel || !stopped_later(clock, at_us)))
        return;
    if (clock->state == CLOCK_STATE_PAUSED)
        clock_end_pause(d, clock, at_us);
    if (cancel) {
        clock->state = clock->state == CLOCK_STATE_RUNNING ? CLOCK_STATE_CANCELLED : clock->state;
    } else {
        at_us = stop_instant(d, clock, at_us);
        clock_cut_pauses(d, clock, at_us);
        judge_by_times(d, clock, at_us);
    }
    clock->stopped_at = at_us;
    clock->next_at = 0;
    clock_touch(clock);
}

/* A definition's or a case's end does not undo that it was late by then. */
void clock_cancel(struct decision *d, struct clock_row *clock)
{
    if (!clock_is_open(clock))
        return;
    if (clock->state == CLOCK_STATE_PAUSED)
        clock_end_pause(d, clock, d->now_us);
    if (clock->kind != CLOCK_KIND_OFFER && !clock_closes(clock_definition(d->policy, clock)))
        (void)thresholds_find(d, clock, d->now_us - 1);
    clock_stop(d, clock, d->now_us, true);
}
