/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Appending to a case's history: the one place where an event is numbered, digested, linked and
 * hashed.
 *
 * Threading: pure. Ownership: the event's row lies in the case; its texts in the decision's arena.
 */

#include "amends/v1/event.pb-c.h"
#include "case/model/decision.h"

/* One thing that happened. */
struct event {
    int kind;          /* EventKind */
    const char *actor; /* lives as long as the decision */
    Amends__V1__EventDetail *detail;
    const Amends__V1__EventPrivate *personal; /* NULL or empty = nothing personal */
    /* The clock whose threshold the event tells of, as it was when that was met; else NULL. */
    const struct clock_row *clock;
};

/* Fills status, severity, level and the clocks that changed since the event before into the detail,
 * packs it, digests the personal part with a salt derived from the command's seed, links and hashes
 * the event, and moves last_seq, last_hash and updated_at of the case. */
void history_append(struct decision *d, const struct event *event);

/* True when a clock changed and no event has shown it yet. */
bool history_has_untold(const struct case_state *c);
