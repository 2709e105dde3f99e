/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Whom to tell that the address of somebody fails, and how.
 *
 * Threading: pure. Ownership: texts are borrowed from the policy and the arguments.
 */

#include "policy/policy.h"
#include "store/lists/bounces.h"

/* The steward of level one; where the address is a steward's own, the next one above who has
 * another; the same steward when there is none. */
const char *bounce_desk(const struct policy *p, const char *receiver);

/* Fills the notification, and its deliveries: NOTIFICATION_CHANNEL_COUNT rows at most; how many.
 * No mail goes to the address that fails. The same mail gives the same ids. `seen->has_case`. */
size_t bounce_notice(const struct policy *p, const struct bounce_seen *seen, const struct bounce *b,
                     struct notification_row *n, struct delivery_row *deliveries);
