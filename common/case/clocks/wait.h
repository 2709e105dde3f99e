/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Whether the customer waits for an answer, and since when: derived from what was said, never
 * stored.
 *
 * A word of the customer that asks begins a wait: an inbound contact that does not say that it asks
 * for NOTHING, and, once the company has answered for the first time, a repeat claim (before that,
 * the first response is what is owed). Further words of the same wait do not begin it again. Each
 * of these ends it, told in whatever order, at its own time:
 *   - an outbound contact that reached the customer;
 *   - a written message that was sent on a channel on which the customer asked, if policy takes it
 *     for an answer;
 *   - a denial that was disclosed;
 *   - the unreachable rule, counted from the customer's last word.
 *
 * Threading: pure. Ownership: none.
 */

#include "case/model/state.h"
#include "policy/policy.h"

struct customer_wait {
    bool waits;
    int64_t since_us;  /* waits: the first word of the wait; else when the last one was answered,
                        * 0 = none ever was */
    int64_t answer_us; /* the first answer at `from_us` or later; 0 = none */
};

/* All that was said is looked at; `from_us` is for answer_us alone. */
struct customer_wait case_wait(const struct case_state *c, const struct policy *p, int64_t from_us);
/* The last answer at `until_us` or before; 0 = none. */
int64_t case_answered_before(const struct case_state *c, const struct policy *p, int64_t until_us);

/* -- the unreachable rule ---------------------------------------------------------------------- */

/* Attempts to reach the customer, as the rule counts them. All zero = none. */
struct attempts {
    int n;
    unsigned channels; /* bit n = Channel n */
    int64_t first_us, last_us;
};

/* True for an outbound contact, unless a program made it. */
bool contact_is_attempt(const struct contact_row *contact);
/* In any order. */
void attempts_add(struct attempts *a, const struct contact_row *contact);
/* Enough of them, on enough channels, the first and the last far enough apart. */
bool attempts_are_enough(const struct attempts *a, const struct policy *p);
