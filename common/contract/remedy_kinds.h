/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What each kind of remedy is: one row a kind.
 *
 * Threading: constants. Ownership: none.
 */

#include <stdbool.h>

#include "contract/words.h"

struct remedy_kind {
    /* It is an amount of money, so it cannot be proposed without one. */
    bool is_money;
    /* It makes up for the loss itself, so the same worth is not given twice. The other kinds are
     * added value and may be repeated. */
    bool makes_up_for_loss;
};

/* The row of a kind; one of falses for what is no kind. */
const struct remedy_kind *remedy_kind(int kind);
