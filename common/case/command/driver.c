/* SPDX-License-Identifier: Apache-2.0 */
#include "case/command/driver.h"

#include "case/event.h"
#include "case/ladder/firing.h"

static void record_all(struct decision *d)
{
    struct threshold_met met;
    while (thresholds_take(d, &met)) {
        firing_record(d, &met);
        case_event_of_untold_clocks(d);
    }
}

void driver_run(struct decision *d)
{
    case_event_of_untold_clocks(d);
    do
        record_all(d);
    while (firing_step(d));
    case_event_of_untold_clocks(d);
    d->firing = (struct firing_request){.left = 0};
}

void driver_catch_up(struct decision *d)
{
    firing_ask_for_all_before_now(d);
    driver_run(d);
}
