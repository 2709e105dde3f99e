/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The resolution service: contacts, acts, root cause and remedies, up to the proof that the
 * customer has what was promised.
 *
 * Threading: resolution_register() on the main thread before the server starts; handlers on the io
 * loop. Ownership: the service is borrowed for the life of the server.
 */

#include "shared/service.h"

/* Adds ResolutionService to the server. `service` outlives it. */
int resolution_register(struct rpc_server *server, struct service *service) AM_MUSTCHECK;
