/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How an offer ends without an owner, and the names of its states. Threading: pure. */

#include "case/command.h"

/* "PENDING", "EXPIRED" ... */
const char *offer_state_text(int state);

/* Ends a pending offer and its clock with one event; `cause` "" = none. The case waits again. */
void offer_end(struct decision *d, struct offer_row *offer, int state, int event_kind,
               const char *cause);
