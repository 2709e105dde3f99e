/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One command being run: its line and the way to the server. What goes wrong is printed and becomes
 * the exit code.
 *
 * Threading: one thread. Ownership: requests and replies lie in the arena.
 */

#include "amendsctl/line.h"
#include "rpc/client.h"

struct ctl {
    const struct line *line;
    struct rpc_sync *client;
    struct arena *arena;
};

/* The line's own call, or another one of the same server: `*reply` is set when it returns 0, else
 * the failure was printed and the exit code is returned. */
int ctl_call(const struct ctl *c, const char *method, const ProtobufCMessage *request,
             const ProtobufCMessage **reply) AM_MUSTCHECK;

/* The line's call to a server stream: every message is printed. The exit code. */
int ctl_watch(const struct ctl *c) AM_MUSTCHECK;

/* A message as one line of canonical JSON, on standard output. */
void ctl_print_json(const ProtobufCMessage *message);
