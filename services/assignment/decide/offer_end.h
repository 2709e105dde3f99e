/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How a pending offer ends, and who counts as absent for not answering.
 *
 * Threading: pure. Ownership: as the decision.
 */

#include "assignment/decide/decide.h"

/* Ends a pending offer and its clock with one event; the case waits again. `words` is what the
 * agent said, or "". It may tell of the customer, so it goes into the personal part of the
 * event. */
void offer_end(struct decision *d, struct offer_row *offer, int state, int event_kind,
               const char *words);

/* An agent who leaves so many offers of one case without an answer counts as absent. */
#define OFFERS_UNANSWERED_MAX 3

/* The agent who is absent, judged by this expired offer of the case; agent_id is NULL when nobody
 * is. */
struct absentee offer_absentee(const struct decision *d, const struct offer_row *ended);
