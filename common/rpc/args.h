/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Channel arguments, each with its reason in args.c. Pure. */

#include <grpc/grpc.h>

#include "rpc/server.h"

#define ARGS_MAX 24

struct args {
    grpc_arg items[ARGS_MAX];
    grpc_channel_args list;
};

/* Fill `out`, which must stay where it is while the list is in use. */
void args_server(struct args *out, const struct rpc_limits *limits);
void args_client(struct args *out);
