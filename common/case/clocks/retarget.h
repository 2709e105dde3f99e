/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A clock whose target is chosen anew while it runs: the facts that its definition chooses the
 * target by (severity, tier, ...) are others than they were.
 *
 *   new due = the earlier of the old due and max(start + new target, now + a quarter of the new
 * target), counted in the clock's calendar and without its pauses
 *
 * So a deadline never becomes later by itself, and none is put into the past. The row's target is
 * what the deadline is computed from afterwards: after a re-target that moved the deadline, the
 * time that is used up by the new one. What was chosen is kept beside it, with the deadlines before
 * and after, so that the deadline can be explained, and so that a migration to the same targets
 * changes nothing.
 *
 * A deadline that is moved by hand (RetargetClock) is kept in the same way: what was chosen stays
 * what it was, so that the next change of the facts is measured against it.
 *
 * Threading: pure. Ownership: rows lie in the case; texts in the arena given.
 */

#include "case/clocks/deadline.h"

#define RETARGETS_MAX 16 /* of one instance; of more the oldest are left out */

/* A target as a definition gives it. */
struct chosen_target {
    enum policy_unit unit;
    int64_t amount; /* milliseconds of POLICY_UNIT_TIME; else days */
};

/* One time that the target was chosen anew. */
struct retarget {
    int32_t instance; /* of the clock: what another instance left is not read */
    int64_t at_us;
    struct chosen_target chosen;
    int16_t severity; /* of the case then */
    int64_t seq;      /* of the event that tells who moved it by hand; 0 = it was re-targeted */
    /* What the row's target is since: microseconds of POLICY_UNIT_TIME, else days. */
    enum policy_unit unit;
    int64_t amount;
    int64_t old_due_us, due_us; /* equal when the deadline stayed */
};

/* As the row keeps them: ten numbers with ':' between, a blank between two of them. */
const char *retargets_text(const struct retarget *retargets, size_t n, struct arena *arena);
/* Those of the clock's present instance, oldest first. None when the last one does not say what the
 * row's target is, because a program that does not know them wrote another; none when the text is
 * not understood (never written so). */
size_t retargets_of(const struct clock_row *clock, struct retarget out[RETARGETS_MAX]);

/* Whether the text is one that was written by a program; "" is. */
bool retargets_readable(const char *text);

/* The last of them that moved the deadline; NULL = none did. */
const struct retarget *retargets_last_move(const struct retarget *retargets, size_t n);

/* The target that was chosen last: what the clock began with, or what it was re-targeted to. */
struct chosen_target clock_chosen(const struct clock_row *clock);
