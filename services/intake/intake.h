/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The intake service: opens cases, shows and verifies them, keeps policy and API keys.
 *
 * Threading: intake_register() on the main thread before the server starts; handlers on the io
 * loop. Ownership: the service is borrowed for the life of the server.
 */

#include "shared/service.h"

/* Adds IntakeService, PolicyService, PrivacyService, AccessService, HistoryService and FeedService
 * to the server. `service` outlives it. */
int intake_register(struct rpc_server *server, struct service *service) AM_MUSTCHECK;
/* After the loop and the server have ended: lets go of what the services had. */
void intake_end(struct service *service);
