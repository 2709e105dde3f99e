/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What each kind of clock does: one row a kind.
 *
 * Threading: constants. Ownership: none.
 */

#include <stdbool.h>

#include "contract/words.h"

/* What a clock measures: the case, or one thing on it. */
enum clock_subject { SUBJECT_CASE, SUBJECT_OFFER, SUBJECT_PROMISE, SUBJECT_REMEDY };

struct clock_kind {
    enum clock_subject subject;
    /* A command gives its instants; policy gives thresholds alone. */
    bool is_given;
    /* The case and policy may pause it. */
    bool may_pause;
    /* Its end may close the case. */
    bool may_close;
    /* It may begin again when its target is reached. */
    bool may_restart;
};

/* The row of a kind; one of falses for what is no kind. */
const struct clock_kind *clock_kind(int kind);

/* True when it begins and ends with one thing on the case: an offer, a promise, a remedy. */
bool clock_kind_has_subject(int kind);
