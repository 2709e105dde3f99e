/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Random calendars for property tests, from a seed, so that a failure can be had again.
 *
 * Threading: one thread. Ownership: a random_spec holds what its spec points to.
 */

#include "times.h"

struct random_spec {
    const char *zone;
    struct calendar_spec spec;
    struct calendar_window windows[16];
    struct calendar_day days[8];
    struct calendar_holiday holidays[12];
};

/* xorshift64*; a state must not be 0. */
uint64_t random_next(uint64_t *state);
/* from <= result < until */
int64_t random_between(uint64_t *state, int64_t from, int64_t until);

/* A calendar with working time in every year. Its dates lie around `around`, an instant in seconds
 * that is often near one of the zone's transitions; wall times are multiples of `step_s`. */
void random_spec_make(struct random_spec *r, uint64_t *state, int32_t step_s, int64_t *around_s);
