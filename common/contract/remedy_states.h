/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What each state of a remedy means, and which may follow which: one row a state.
 *
 * Threading: constants. Ownership: none.
 */

#include <stdbool.h>

#include "contract/words.h"

struct remedy_state {
    /* It stands, whether promised or given, so it counts against limits. */
    bool is_live;
    /* The customer accepted it and has not got it yet. */
    bool is_owed;
    /* The customer accepted it, whatever came of it. */
    bool was_accepted;
    /* The owner has to do something for it: to offer what was approved or proposed. */
    bool is_owners_work;
    /* The states that may follow: bit n = RemedyState n. */
    unsigned followers;
};

/* The row of a state; one of falses for what is no state. */
const struct remedy_state *remedy_state(int state);

/* True when a remedy in `from` may become `to`; `from` is UNSPECIFIED for a new one. */
bool remedy_state_may_follow(int from, int to);
