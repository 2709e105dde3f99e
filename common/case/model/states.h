/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The only place that moves a remedy, an offer or a promise from one state to another. Each
 * function sets the state and the time that belongs to it, and marks the row as changed. It aborts
 * on a move that the domain does not have: who calls has refused it before.
 *
 * Threading: pure. Ownership: rows belong to the case.
 */

#include "case/model/rows.h"

/* A new remedy is OFFERED and gets its proposed_at; the customer's answer sets responded_at, and
 * FULFILLED sets fulfilled_at. Other states have no time of their own. */
void remedy_set_state(struct remedy_row *remedy, int state, int64_t at_us);

/* A new offer is PENDING and gets its created_at; every other state ends it, once, and sets
 * decided_at. */
void offer_set_state(struct offer_row *offer, int state, int64_t at_us);

/* A new promise is OPEN and gets its made_at and made_by; every other state settles it and sets
 * settled_at and settled_by. A promise that was found BROKEN is settled once more when somebody
 * tells that it was kept. `actor` is borrowed like the row's other texts. */
void promise_set_state(struct promise_row *promise, int state, int64_t at_us, const char *actor);
