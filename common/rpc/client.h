/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Outgoing calls. The io thread starts unary calls, with a deadline, on the server's completion
 * queue, so that a process needs one rpc thread only. The channel reconnects by itself after 100 ms
 * to 2 s; while it has no connection, calls fail with UNAVAILABLE. A call that ends with
 * UNAVAILABLE or CANCELLED is repeated up to four times within its deadline, at another replica if
 * there is one (proto/service_config.json). amendsctl uses the blocking form, on a queue of its
 * own.
 *
 * Threading: rpc_client_* on the io loop's thread, callbacks there too; rpc_sync_* on the caller's
 * thread.
 * Ownership: the request may be freed when the call was started; what a callback is given lives
 * until it returns.
 */

#include "rpc/server.h"

struct rpc_client;
struct tls_text;

/*
 * A channel to "host:port" (all addresses of the name, in turn) that shares the server's queue. At
 * most `max_in_flight` calls at once. `tls` is what TLS is set up from, with CAs, and outlives the
 * client; NULL = plaintext. The main thread may call it before the loop runs.
 */
struct rpc_client *rpc_client_new(struct rpc_server *server, const char *target,
                                  const struct tls_files *tls, unsigned max_in_flight);

/* Cancels what is in flight; its callbacks run within this call, with FAULT_CANCELLED. To be called
 * on the loop's thread or after the loop has ended, before rpc_server_free(), and not from within a
 * callback of this client. NULL is allowed. */
void rpc_client_free(struct rpc_client *c);

/*
 * How a call ended. `message` is the status text; `reply` is NULL unless the code is FAULT_OK. Both
 * live until the callback returns. Statuses that are not ours (UNKNOWN) come as FAULT_INTERNAL.
 */
typedef void rpc_client_done(void *ctx, enum fault_code code, const char *message,
                             const ProtobufCMessage *reply);

/*
 * Starts one unary call. `method_index` is the index in the service's descriptor; `as` becomes the
 * metadata amends-tenant, amends-principal and, with a credential, authorization. `done` runs
 * exactly once, later, unless this returns an error: AM_EAGAIN when max_in_flight calls are open,
 * AM_EINVAL when `as` is not well formed.
 */
int rpc_client_call(struct rpc_client *c, const ProtobufCServiceDescriptor *service,
                    unsigned method_index, const struct rpc_principal *as,
                    const ProtobufCMessage *request, int64_t timeout_ms, rpc_client_done *done,
                    void *ctx) AM_MUSTCHECK;

/* -- blocking client for command-line programs ------------------------------------------------- */

struct rpc_sync;

/* How a connection of the blocking client is encrypted. */
struct rpc_sync_tls {
    const struct tls_text *text; /* with CAs */
    const char *server_name;     /* that the server's certificate must have; NULL = the target's */
};

/* A channel of its own to "host:port"; connects at the first call. `tls` NULL = plaintext; it is
 * not needed any more when this returns. */
struct rpc_sync *rpc_sync_new(const char *target, const struct rpc_sync_tls *tls);
void rpc_sync_free(struct rpc_sync *c);

/* How a call ended. Everything lies in the arena given. */
struct rpc_sync_result {
    enum fault_code code;
    const char *message;           /* the status text; "" for OK */
    const ProtobufCMessage *reply; /* NULL unless OK; NULL after a stream */
    struct fault fault;            /* decoded details: reason, violations, metadata, retry */
    bool replayed;                 /* the response header said so */
};

/*
 * One unary call; `as` may be NULL (health), `timeout_ms` 0 means none. Returns 0 when the call
 * ended, whatever its status; AM_EINVAL when `as` is not well formed; AM_ENOMEM when the reply
 * passes the arena's quota.
 */
int rpc_sync_call(struct rpc_sync *c, const ProtobufCServiceDescriptor *service,
                  unsigned method_index, const struct rpc_principal *as,
                  const ProtobufCMessage *request, int64_t timeout_ms, struct arena *arena,
                  struct rpc_sync_result *out) AM_MUSTCHECK;

/*
 * One server stream: calls `each` for every message until it returns false (the stream is then
 * cancelled, and the code is FAULT_OK) or the stream ends. A message lives until `each` returns.
 * Returns as rpc_sync_call(); a message that does not fit into 16 MiB ends the stream.
 */
int rpc_sync_stream(struct rpc_sync *c, const ProtobufCServiceDescriptor *service,
                    unsigned method_index, const struct rpc_principal *as,
                    const ProtobufCMessage *request, int64_t timeout_ms,
                    bool (*each)(void *ctx, const ProtobufCMessage *message), void *ctx,
                    struct arena *arena, struct rpc_sync_result *out) AM_MUSTCHECK;
