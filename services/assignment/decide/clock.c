/* SPDX-License-Identifier: Apache-2.0 */

/*
 * FireClock: fires a clock at a threshold or at the end of a pause. It depends on the generation of
 * the clock, so any number of replicas, timers and sweeps may try: the first one fires it, and the
 * others are refused.
 */

#include "assignment/decide/decide.h"
#include "assignment/decide/offer_end.h"
#include "case/clocks/clocks.h"
#include "case/ladder/comeback.h"
#include "case/ladder/firing.h"
#include "contract/words.h"

static struct clock_row *find_clock(struct decision *d, const struct fire_clock_args *args)
{
    ROWS_EACH (k, struct clock_row, &d->c->clocks) {
        if (uuid_eq(&k->clock_id, &args->clock_id) && k->generation == args->generation &&
            k->next_at != 0 && k->next_at <= d->now_us)
            return k;
    }
    return NULL;
}

static void expire_offer(struct decision *d, struct clock_row *clock)
{
    const struct fire_clock_args *args = d->cmd->args;
    ROWS_EACH (o, struct offer_row, &d->c->offers) {
        if (o->state == OFFER_STATE_PENDING && uuid_eq(&o->offer_id, &clock->subject_id)) {
            offer_end(d, o, OFFER_STATE_EXPIRED, EVENT_KIND_OFFER_EXPIRED, "");
            if (args->absentee)
                *args->absentee = offer_absentee(d, o);
            return;
        }
    }
    clock_stop(d, clock, d->now_us, true); /* the offer has ended, so its clock ends too */
}

static void fire_clock(struct decision *d)
{
    struct clock_row *clock = find_clock(d, d->cmd->args);
    if (!clock)
        fault_set(&d->cmd->fault, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS,
                  "the clock has moved on or is not due");
    else if (clock->kind == CLOCK_KIND_OFFER)
        expire_offer(d, clock);
    /* A promise that is broken may bring a resolved case back. */
    else if (clock->kind != CLOCK_KIND_PROMISE || comeback_prepare(d))
        firing_ask(d, clock);
}

const struct command_kind fire_clock_kind = {
    .name = "FireClock", .needs_case = true, .decide = fire_clock};
