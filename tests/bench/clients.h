/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Connections to the three services, calls spread over them in turn. Threading: the loop's thread.
 * Ownership: as rpc/client.h says.
 */

#include "rpc/client.h"

enum target { TO_INTAKE, TO_ASSIGNMENT, TO_RESOLUTION, TARGETS };

struct clients;

/* `connections` to each target that is given (NULL or "" = none), encrypted with `tls` unless it is
 * NULL. `ready` runs when all answer, or with false after 10 s. */
struct clients *clients_new(struct rpc_server *server, struct loop *loop,
                            const char *const targets[TARGETS], unsigned connections,
                            const struct tls_files *tls, void (*ready)(void *ctx, bool ok),
                            void *ctx);
void clients_free(struct clients *c);
/* All calls from now on show this credential; NULL = none. Borrowed. */
void clients_use(struct clients *c, const char *credential);

/* One method of a service; found once by name. */
struct route_to {
    enum target target;
    const ProtobufCServiceDescriptor *service;
    unsigned method;
};
struct route_to clients_method(enum target target, const char *name);

/* Starts a call; errors as rpc_client_call(). */
int clients_call(struct clients *c, const struct route_to *to, const struct rpc_principal *as,
                 const ProtobufCMessage *request, rpc_client_done *done, void *ctx) AM_MUSTCHECK;
