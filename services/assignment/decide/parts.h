/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What assignment's decide functions share.
 *
 * Threading: pure. Ownership: as the decision.
 */

#include "assignment/decide/decide.h"

/* Ends a pending offer and its clock with one event; `words` "" = none: what the agent said may
 * tell of the customer and goes into the personal part. The case waits again. */
void offer_end(struct decision *d, struct offer_row *offer, int state, int event_kind,
               const char *words);

/* Offers of one case that an agent leaves unanswered before it counts as absent. */
#define OFFERS_UNANSWERED_MAX 3

/* Who is absent, as seen by this expired offer of the case: agent_id NULL when nobody is. */
struct absentee offer_absentee(const struct decision *d, const struct offer_row *ended);

/* The named agent's row, to be changed and written: there is one. */
struct agent_row *agent_change(struct decision *d);
