/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The gRPC server. One rpc thread pumps one completion queue: it checks the wire bytes, decodes
 * into the call's arena and hands the call to the io loop; handlers run on the io loop and answer
 * from there.
 *
 * Threading: rpc_server_new() to rpc_server_start() and rpc_server_free() on the main thread; all
 * rpc_call_*, rpc_reply, rpc_fail and rpc_stream_* on the io loop's thread. Ownership: a call
 * belongs to the server; the handler's claim on it ends with rpc_reply(), rpc_fail() or a stream's
 * `closed`. The request and everything in the call's arena live until then.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fault.h"
#include "io/loop.h"

struct rpc_server;
struct rpc_call;

/* Who calls. Strings live in the call's arena (at most 64 and 128 bytes, [A-Za-z0-9._@:-]). */
struct rpc_principal {
    const char *tenant; /* metadata amends-tenant */
    const char *id;     /* metadata amends-principal */
};

enum rpc_kind { RPC_UNARY, RPC_SERVER_STREAM };

struct rpc_method {
    const char *name; /* as in the proto's service: "OpenCase" */
    enum rpc_kind kind;
    void (*handle)(struct rpc_call *call, void *service);
    unsigned slots;         /* requests posted beforehand: 128 for a hot method, 8 for a cold one */
    bool without_principal; /* health and reflection only */
};

struct rpc_limits {
    unsigned
        live_calls; /* unary calls in the process; above it RESOURCE_EXHAUSTED (default 4096) */
    unsigned live_calls_tenant; /* of one tenant (default half of it) */
    unsigned streams;           /* open server streams in the process (default 10000) */
    unsigned streams_tenant;    /* default half of it */
    unsigned streams_principal; /* default 8 */
    size_t message_bytes;       /* largest request (default 256 KiB) */
    size_t arena_bytes;         /* quota of a call's arena (default 16 times that) */
    int64_t max_deadline_ms;    /* a unary call without or with a longer deadline gets this one
                                   (default 60000) */
};

struct rpc_server_config {
    const char
        *listen; /* "127.0.0.1:7401", "[::1]:7401"; NULL = no port (tests add a socketpair) */
    bool insecure_principals; /* allow header principals on a non-loopback address */
    struct rpc_limits limits; /* zero fields take the defaults */
    int64_t drain_delay_ms;   /* NOT_SERVING but still serving (default 0) */
    int64_t drain_grace_ms;   /* then calls may finish for this long (default 10000) */
};

struct rpc_server *rpc_server_new(const struct rpc_server_config *config, struct loop *loop);

/* Adds a service: `methods` gives the handlers of some or all methods of the descriptor (others
 * answer UNIMPLEMENTED). `service` is passed to every handler. */
int rpc_server_add(struct rpc_server *s, const ProtobufCServiceDescriptor *descriptor,
                   const struct rpc_method *methods, size_t n, void *service) AM_MUSTCHECK;

/* Binds, starts the rpc thread. AM_EINVAL: bad address, or header principals on a non-loopback
 * address without insecure_principals; AM_EIO: cannot bind. Both are logged with what to do. */
int rpc_server_start(struct rpc_server *s) AM_MUSTCHECK;

/* The port bound (listen may say port 0). */
int rpc_server_port(const struct rpc_server *s);

/* Serves one more connection over a connected socket (tests). Takes the descriptor. */
int rpc_server_add_fd(struct rpc_server *s, int fd) AM_MUSTCHECK;

/* Sets what grpc.health.v1 answers for the services added and for ""; "liveness" is always SERVING.
 * Any thread. */
void rpc_server_set_serving(struct rpc_server *s, bool serving);

/* The drain of engineering 1.5: health NOT_SERVING and health watches ended, drain_delay, shutdown,
 * grace, cancel; then `done` on the loop's thread when no call is left. */
void rpc_server_drain(struct rpc_server *s, void (*done)(void *ctx), void *ctx);

/* After the drain and after the loop has ended: joins the rpc thread and frees everything. */
void rpc_server_free(struct rpc_server *s);

/* -- one call
 * ------------------------------------------------------------------------------------------------------
 */

struct arena *rpc_call_arena(struct rpc_call *call);
const ProtobufCMessage *rpc_call_request(const struct rpc_call *call);
const struct rpc_principal *rpc_call_principal(const struct rpc_call *call);
const char *rpc_call_method(const struct rpc_call *call);  /* "/amends.v1.IntakeService/OpenCase" */
int64_t rpc_call_deadline_us(const struct rpc_call *call); /* monotonic */
bool rpc_call_cancelled(
    const struct rpc_call *call); /* the client has gone (streams; unary: deadline passed) */

/* A slot for the handler's own state, NULL at first. */
void rpc_call_set_user(struct rpc_call *call, void *user);
void *rpc_call_user(const struct rpc_call *call);

/* Adds `replayed: true` to the response header. Before rpc_reply(). */
void rpc_call_set_replayed(struct rpc_call *call);

/* Answers and ends a unary call. The message is packed before this returns. */
void rpc_reply(struct rpc_call *call, const ProtobufCMessage *response);

/* Refuses and ends a unary call, or ends a stream with an error. Packs google.rpc.Status (ErrorInfo
 * domain "amends", BadRequest / PreconditionFailure, RetryInfo), at most 4 KB, into
 * grpc-status-details-bin. */
void rpc_fail(struct rpc_call *call, const struct fault *fault);

/* -- server streams
 * ------------------------------------------------------------------------------------------------
 */

struct rpc_stream_ops {
    void (*sent)(struct rpc_call *call, void *ctx); /* the message has left; the next may be sent */
    void (*closed)(struct rpc_call *call,
                   void *ctx); /* client gone, deadline, drain, or finished: last callback */
};

/* Turns the call into an open stream (sends the response header). One message in flight at a time.
 */
void rpc_stream_open(struct rpc_call *call, const struct rpc_stream_ops *ops, void *ctx);
/* Sends one message; only when none is in flight. */
void rpc_stream_send(struct rpc_call *call, const ProtobufCMessage *message);
bool rpc_stream_busy(const struct rpc_call *call);
/* Ends the stream with OK. */
void rpc_stream_finish(struct rpc_call *call);
