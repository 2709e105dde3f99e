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
void args_server(struct args *out, const struct rpc_limits *limits);
void args_client(struct args *out);
