/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The calls of NotificationService. `service` is the struct service that the call is served by.
 *
 * Threading: io loop's thread. Ownership: as all handlers (rpc/server.h).
 */

#include "shared/service.h"

struct fault;

/* Sets NOT_YOUR_NOTIFICATION, with the recipient. */
void notification_refuse(struct fault *fault, const char *recipient);

void notifications_list(struct rpc_call *call, void *service);
void notifications_acknowledge(struct rpc_call *call, void *service);
void notifications_bounce(struct rpc_call *call, void *service);
