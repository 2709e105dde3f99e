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
    /* The case and policy may pause it. */
    bool may_pause;
    /* Its end may close the case. */
    bool may_close;
    /* It may begin again when its target is reached. */
    bool may_restart;
};

/* The kinds that measure each sort of thing, for SQL: what follows a column. A kind that measures a
 * subject is in one of them. */
#define SQL_CLOCK_KINDS_OF_OFFER "in (" SQL_CLOCK_KIND_OFFER ")"
#define SQL_CLOCK_KINDS_OF_PROMISE "in (" SQL_CLOCK_KIND_PROMISE ")"
#define SQL_CLOCK_KINDS_OF_REMEDY "in (" SQL_CLOCK_KIND_APPROVAL ", " SQL_CLOCK_KIND_FULFILMENT ")"

/* The row of a kind; one of falses for what is no kind. */
const struct clock_kind *clock_kind(int kind);
