/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the customer wishes for, in the order in which it was said, packed into one integer
 * (case_row.desired_outcomes): bit n says that DesiredOutcome n is wished for; above them, three
 * bits each, stand the outcomes in order, 0 = no more. A program of release 1 writes and reads the
 * bits alone: outcomes without a place come last, by number.
 *
 * Threading: pure. Ownership: plain values.
 */

#include <stddef.h>
#include <stdint.h>

/* As many as there are outcomes (DESIRED_OUTCOME_PREVENTION is the last). */
#define DESIRED_MAX 7

/* The wishes with one more, last; the same when it is among them. `outcome` is 1 to DESIRED_MAX. */
int32_t desired_add(int32_t wishes, int outcome);

/* Writes the wishes in order into `out` and returns how many they are. */
size_t desired_list(int32_t wishes, int out[DESIRED_MAX]);
