/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * When a delivery that failed is tried again: ten attempts over three days, the first ones soon,
 * each at a time that is drawn within a tenth around its own, so that those which failed together
 * do not come back together.
 *
 * Threading: pure. Ownership: none.
 */

#include <stdint.h>

#define SCHEDULE_ATTEMPTS 10

/* How long to wait after the `attempts`-th attempt (from 1) failed; -1 = that was the last one.
 * `dice` is any random number; `least_us` is what the receiver asked for, of which at most a day is
 * believed. */
int64_t schedule_wait_us(int attempts, uint32_t dice, int64_t least_us);

/* How long a receiver that fails everything is left alone, after it failed `times` times in a row
 * (from 1): from five seconds to ten minutes. */
int64_t schedule_pause_us(int times, uint32_t dice, int64_t least_us);
