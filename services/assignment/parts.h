/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What assignment's decide functions share. Threading: pure. */

#include "case/command.h"

/* "PENDING", "EXPIRED" ... */
const char *offer_state_text(int state);

/* Ends a pending offer and its clock with one event; `words` "" = none: what the agent said may
 * tell of the customer and goes into the personal part. The case waits again. */
void offer_end(struct decision *d, struct offer_row *offer, int state, int event_kind,
               const char *words);

/* The named agent's row, to be changed and written: there is one. */
struct agent_row *agent_change(struct decision *d);
