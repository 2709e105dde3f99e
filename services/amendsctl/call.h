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

/* The way to the server of the line's command, by TLS if the line says so. AM_EIO, printed, when
 * the files of TLS cannot be used. */
int ctl_connect(const struct line *line, struct rpc_sync **out) AM_MUSTCHECK;

/* Makes the line's own call, or another one to the same server. Returns 0 and sets `*reply`, or
 * prints the failure and returns the exit code. */
int ctl_call(const struct ctl *c, const char *method, const ProtobufCMessage *request,
             const ProtobufCMessage **reply) AM_MUSTCHECK;

/* Makes the line's call of a server stream and prints every message, until the output cannot be
 * written. A stream that ends although nothing forbids it (the server says farewell after a
 * quarter of an hour, or restarts) is opened again, on a new connection, and goes on where it
 * ended. Returns the exit code. */
int ctl_watch(const struct ctl *c) AM_MUSTCHECK;

/* Says on standard error how to go on behind what was printed of the feed. */
void ctl_tell_place(const char *token);

/* Who the line says is calling: by a key, by a token, or by names alone. AM_EINVAL, printed: the
 * credential cannot be had. */
int ctl_caller(const struct ctl *c, struct rpc_principal *out) AM_MUSTCHECK;

/* Prints why a call failed, if it did, and returns the exit code. */
int ctl_report(const struct ctl *c, const struct rpc_sync_result *result);
/* The same when it could not be made. */
int ctl_cannot_call(const struct line *line, int err);
