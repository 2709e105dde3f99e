/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Channel arguments; args.c gives the reason for each.
 *
 * Threading: pure. Ownership: the list lies in the struct and points into it.
 */

#include <grpc/grpc.h>

#include "rpc/server.h"

#define ARGS_MAX 24

struct args {
    grpc_arg items[ARGS_MAX];
    grpc_channel_args list;
};

/* Each fills `out`, which must not move while the list is in use. */
/* The configuration has its defaults filled in. */
void args_server(struct args *out, const struct rpc_server_config *config);
/* `watch_health`: leave a replica as soon as it says that it does not serve. `server_name`: what a
 * server's certificate must have for a name; NULL = the target's. */
void args_client(struct args *out, bool watch_health, const char *server_name);
