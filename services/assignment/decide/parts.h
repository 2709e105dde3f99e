/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What assignment's decide functions share. Threading: pure. */

#include "amends/v1/case.pb-c.h"
#include "case/command.h"

/* "PENDING", "EXPIRED" ... */
const char *offer_state_text(int state);

/* Ends a pending offer and its clock with one event; `words` "" = none: what the agent said may
 * tell of the customer and goes into the personal part. The case waits again. */
void offer_end(struct decision *d, struct offer_row *offer, int state, int event_kind,
               const char *words);

/* Offers of one case that an agent leaves unanswered before it counts as absent. */
#define OFFERS_UNANSWERED_MAX 3

/* The agent whose offer ended with this clock and who has left OFFERS_UNANSWERED_MAX offers of the
 * case in a row without an answer (or a multiple of that); NULL = nobody. `seen_us` = when that
 * was. An absent agent who is the only one would be asked for ever, and what nobody answers keeps
 * others waiting. */
const char *offer_absentee(const Amends__V1__Case *c, const struct uuid *clock_id,
                           int64_t *seen_us);

/* The named agent's row, to be changed and written: there is one. */
struct agent_row *agent_change(struct decision *d);
