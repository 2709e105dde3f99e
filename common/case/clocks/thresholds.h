/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Thresholds that were met: found while clocks are brought up to date or fired, once an instance,
 * and taken by the driver, which records them.
 *
 * Threading: pure. Ownership: as the decision.
 */

#include "case/model/decision.h"

/* One threshold that was met: the clock as it was then, because it may have begun again since. */
struct threshold_met {
    struct row row;
    struct clock_row clock;
    struct policy_threshold threshold;
    int64_t due_us;
};

/* Adds every threshold of the clock that fell due by `until_us` to d->met; at 100 % the clock is
 * BREACHED. True when there was any: the caller calls clock_touch(). */
bool thresholds_find(struct decision *d, struct clock_row *clock, int64_t until_us);

/* Adds this one, which fell due at `due_us`. */
void threshold_met(struct decision *d, struct clock_row *clock, const struct policy_threshold *t,
                   int64_t due_us);

/* Takes the one that fell due first; false when none is left. */
bool thresholds_take(struct decision *d, struct threshold_met *out);
