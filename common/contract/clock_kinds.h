/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What each kind of clock does: one row a kind (domain 5).
 *
 * Threading: constants. Ownership: none.
 */

#include <stdbool.h>

#include "contract/words.h"

struct clock_kind {
    /* It measures one thing on the case - an offer, a remedy, a promise - instead of the case. */
    bool measures_subject;
    /* A command gives its instants; policy gives thresholds alone. */
    bool is_given;
    /* Policy may pause it. */
    bool may_pause;
};

/* The row of a kind; one of falses for what is no kind. */
const struct clock_kind *clock_kind(int kind);
