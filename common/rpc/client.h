/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Outgoing calls. Unary calls are started by the io thread on the server's completion queue (so a process has one rpc
 * thread), with a deadline; the channel reconnects by itself with back-off. amendsctl uses the blocking form on a queue of
 * its own.
 *
 * Threading: rpc_client_* on the io loop's thread, callbacks there too; rpc_sync_* on the caller's thread.
 * Ownership: the request may be freed when the call was started; the reply belongs to the callback's arena argument.
 */

#include "rpc/server.h"

struct rpc_client;

/* A channel to "host:port" that shares the server's queue. At most `max_in_flight` calls; more are refused with AM_EAGAIN.
 * `tenant`/`principal` metadata are given for each call. */
struct rpc_client *rpc_client_new(struct rpc_server *server, const char *target, unsigned max_in_flight);
void rpc_client_free(struct rpc_client *c); /* cancels what is in flight; callbacks run with FAULT_CANCELLED */

typedef void rpc_client_done(void *ctx, enum fault_code code, const char *message, const ProtobufCMessage *reply);

/* Starts one unary call. `method_index` is the index in the service's descriptor. */
int rpc_client_call(struct rpc_client *c, const ProtobufCServiceDescriptor *service, unsigned method_index,
                    const struct rpc_principal *as, const ProtobufCMessage *request, int64_t timeout_ms,
                    rpc_client_done *done, void *ctx) AM_MUSTCHECK;

/* -- blocking client for command-line programs ----------------------------------------------------------------------- */

struct rpc_sync;

struct rpc_sync *rpc_sync_new(const char *target);
void rpc_sync_free(struct rpc_sync *c);

struct rpc_sync_result {
    enum fault_code code;
    const char *message;            /* in the arena */
    const ProtobufCMessage *reply;  /* in the arena; NULL unless OK */
    struct fault fault;             /* decoded details: reason, violations, metadata, retry */
    bool replayed;
};

/* One unary call. Returns 0 when the call ended (whatever its status), AM_ENOMEM when the reply passes the arena's quota. */
int rpc_sync_call(struct rpc_sync *c, const ProtobufCServiceDescriptor *service, unsigned method_index,
                  const struct rpc_principal *as, const ProtobufCMessage *request, int64_t timeout_ms,
                  struct arena *arena, struct rpc_sync_result *out) AM_MUSTCHECK;

/* One server stream: calls `each` for every message until it returns false or the stream ends. */
int rpc_sync_stream(struct rpc_sync *c, const ProtobufCServiceDescriptor *service, unsigned method_index,
                    const struct rpc_principal *as, const ProtobufCMessage *request, int64_t timeout_ms,
                    bool (*each)(void *ctx, const ProtobufCMessage *message), void *ctx, struct arena *arena,
                    struct rpc_sync_result *out) AM_MUSTCHECK;
