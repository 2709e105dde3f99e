/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The status of a case that is neither resolved nor final: derived from its rows.
 *
 * Threading: pure. Ownership: none.
 */

#include "case/model/state.h"
#include "policy/policy.h"

/* OPEN while the steward owns it, else AWAITING_APPROVAL if any approval is open, else IN_PROGRESS
 * if anything is for the owner to do, else AWAITING_FULFILMENT, else AWAITING_CUSTOMER. */
int case_derive_status(const struct case_state *c, const struct policy *p);
