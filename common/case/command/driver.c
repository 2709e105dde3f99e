/* SPDX-License-Identifier: Apache-2.0 */
#include "case/command/driver.h"

#include "case/event.h"
#include "case/history/append.h"
#include "case/history/seal.h"
#include "case/ladder/firing.h"

static void record_all(struct decision *d)
{
    struct threshold_met met;
    while (thresholds_take(d, &met)) {
        firing_record(d, &met);
        case_event_of_untold_clocks(d);
    }
}

static void fire_all(struct decision *d)
{
    do
        record_all(d);
    while (firing_step(d));
}

/* Stating an event settles the case, which may meet further thresholds: they are recorded then. */
void driver_run(struct decision *d)
{
    do {
        case_event_of_untold_clocks(d);
        fire_all(d);
    } while (history_has_untold(d->c));
    d->firing = (struct firing_request){.left = 0};
    history_seal(d);
}

void driver_catch_up(struct decision *d)
{
    firing_ask_for_all_before_now(d);
    driver_run(d);
}
