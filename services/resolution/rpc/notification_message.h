/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A notification as a message of the contract, and who may see and acknowledge it.
 *
 * Threading: pure. Ownership: messages lie in the arena given.
 */

#include "amends/v1/notification_service.pb-c.h"
#include "shared/service.h"
#include "store/lists/notifications.h"

/* NULL when the arena is full. */
Amends__V1__Notification *notification_message(const struct notification_row *row,
                                               struct arena *arena);

/* Sets NOT_YOUR_NOTIFICATION, with the recipient. */
void notification_refuse(struct fault *fault, const char *recipient);
