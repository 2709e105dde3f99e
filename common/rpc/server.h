/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The gRPC server. One rpc thread pumps one completion queue: it checks the wire bytes, decodes
 * into the call's arena and hands the call to the io loop; handlers run on the io loop and answer
 * from there.
 *
 * What a handler can rely on: the caller is established and has a role for the call, every string
 * of the request is valid UTF-8 without NUL and bounded, every enum number is known, and the
 * deadline has not passed. A call of which one of these is not true never reaches its handler. It
 * is answered UNAUTHENTICATED (PRINCIPAL_MISSING, PRINCIPAL_INVALID, CREDENTIAL_MISSING,
 * CREDENTIAL_REFUSED), UNAVAILABLE (CREDENTIAL_UNCHECKED), PERMISSION_DENIED (ROLE_MISSING,
 * INTERNAL_ONLY), RESOURCE_EXHAUSTED (OVERLOADED, RATE_LIMITED, TOO_LARGE,
 * CREDENTIALS_TOO_MANY),
 * INVALID_ARGUMENT with all violations, UNIMPLEMENTED (UNKNOWN_METHOD) or DEADLINE_EXCEEDED
 * (DEADLINE).
 *
 * A credential that is not known yet is asked about on the io loop, while its call waits undecoded;
 * as many calls as may wait so, and bytes, are bounded. A stream ends with UNAUTHENTICATED
 * (CREDENTIAL_ENDED) within seconds of the end or the revocation of its credential.
 *
 * Metadata of more than 8 KB (each key and value, and 32 for each pair) ends its call with
 * RESOURCE_EXHAUSTED (TOO_LARGE); more than 64 KB ends the connection.
 *
 * A connection has at most 1000 calls and streams open at once. After max_connection_age its client
 * is asked to reconnect; what is open on it goes on. A stream ends after max_stream_life with a
 * farewell, UNAVAILABLE (STREAM_ENDED). Only after a minute more gRPC would cut the connection, so
 * no stream is cut. Compressed requests are refused. An answer that its client does not read is
 * given up after ten seconds, and one more for every 64 KiB: the call is cancelled. So are streams
 * of which rpc_stream_end_stalled() says so.
 *
 * Threading: rpc_server_new() to rpc_server_start() and rpc_server_free() on the main thread;
 * rpc_server_drain(), all rpc_call_*, rpc_reply, rpc_fail and rpc_stream_* on the io loop's thread.
 * Ownership: a call belongs to the server; the handler's claim on it ends with rpc_reply(),
 * rpc_fail() or a stream's `closed`. The request and everything in the call's arena live until
 * then.
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
struct tls_files;
struct wire_limits;

struct auth_checker;
struct san_file;

/* Who calls. Strings live in the call's arena (at most 64 and 128 bytes, [A-Za-z0-9._@:-]). */
struct rpc_principal {
    const char *tenant;
    const char *id;  /* who acts, whom rules about agents look at; "customer:email" for_customer */
    const char *via; /* who calls; the same, but when the caller acts on behalf of another */
    uint32_t roles;  /* what they may do (auth/role_set.h); all but INTERNAL, when believed */
    bool for_customer; /* a gateway acts for a customer */
    bool proved;       /* a credential or certificate says the roles; else all are believed */
    /* Of an outgoing call: the credential to send, or NULL. Then the names above may be NULL. */
    const char *credential;
    bool by_certificate; /* the same: the certificate of our connection may say who calls */
    const char *behalf;  /* of an outgoing call: amends-on-behalf-of, or NULL */
};

/* Whether callers have to show a credential. */
enum rpc_auth {
    RPC_AUTH_OFF,        /* the metadata amends-tenant and amends-principal are believed */
    RPC_AUTH_PERMISSIVE, /* the same for calls without a credential; one that is given is checked */
    RPC_AUTH_REQUIRED, /* every call needs a credential, but for those that the contract exempts */
};

#define RPC_MESSAGE_MOST (1u << 20)

/* RPC_BOTH_STREAM: the client sends messages, too; the first one is the request. */
enum rpc_kind { RPC_UNARY, RPC_SERVER_STREAM, RPC_BOTH_STREAM };

struct rpc_method {
    const char *name; /* as in the proto's service: "OpenCase" */
    enum rpc_kind kind;
    /* Runs on the io loop's thread; must end in rpc_reply(), rpc_fail() or rpc_stream_open(), now
     * or later. `service` is what rpc_server_add() was given. */
    void (*handle)(struct rpc_call *call, void *service);
    const void *about;      /* the handler's own constant for this method: rpc_call_about() */
    unsigned slots;         /* requests posted beforehand: 128 for a hot method, 8 (default) else */
    bool without_principal; /* health and reflection only: neither principal nor admission */
    /* Who may call, for a method that the contract does not have (tests); 0 = as it says. */
    uint32_t roles;
    const struct wire_limits *wire; /* NULL: the defaults of rpc/wire.h; must outlive the server */
    /* The largest request, at most RPC_MESSAGE_MOST, and the quota of a call's arena, for a method
     * that needs more than rpc_limits gives; 0 = those of rpc_limits. */
    size_t message_bytes, arena_bytes;
};

/* A zero member takes the default. */
struct rpc_limits {
    unsigned live_calls;        /* unary calls in the process (4096) */
    unsigned live_calls_tenant; /* of one tenant (half of it); see rpc/admission.h */
    size_t unsent_bytes;        /* answers that were not sent yet (64 MiB) */
    unsigned streams;           /* open server streams in the process (10000) */
    unsigned streams_tenant;    /* of one tenant (half of it) */
    unsigned streams_principal; /* of one principal (8) */
    /* Calls a second, where a call counts as its price (contract/prices.h); a burst of two seconds
     * is allowed. 0 = no limit. */
    unsigned calls_tenant_s, calls_principal_s;
    size_t message_bytes; /* largest request (256 KiB) */
    size_t arena_bytes;   /* quota of a call's arena; half is the request's (16 times that) */
    int64_t send_ms; /* an answer that is not read for so long, and one second more for each 64 KiB,
                        is given up (10000); also a message of some streams */
    int64_t max_deadline_ms; /* of a unary call; longer ones and none become this (60000) */
};

/* Whether a client must show a certificate. One that is shown is always checked. */
enum rpc_client_cert { RPC_CLIENT_CERT_NONE, RPC_CLIENT_CERT_ASKED, RPC_CLIENT_CERT_REQUIRED };

struct rpc_server_config {
    /* "127.0.0.1:7401", "[::1]:7401", "unix:/path"; NULL or "" = no port. It speaks TLS when `tls`
     * is given and `tls_listen` is not. */
    const char *listen;
    const char *tls_listen;      /* one more address, which speaks TLS; NULL or "" = none */
    const struct tls_files *tls; /* NULL = plaintext; outlives the server */
    enum rpc_client_cert client_cert;
    bool insecure_plaintext; /* allow a non-loopback address without TLS */
    enum rpc_auth auth;
    bool insecure_principals; /* allow header principals on a non-loopback address */
    bool no_reflection;       /* do not answer grpc.reflection.v1 and .v1alpha */
    /* Who may tell of clients (rpc/caller/front.h): whose certificate has this name (NULL: nobody),
     * and whoever is on this machine. */
    const char *trusted_front_san;
    bool trusted_front_loopback;
    struct rpc_limits limits;
    /* The greatest age of a connection (90000; gRPC varies it by a tenth). Its client is then asked
     * to reconnect, which sends it to other replicas too. With a trusted front there is none unless
     * it is given: a front spreads calls by itself, and a proxy may lose the answers that arrive
     * with the end of their connection. */
    int64_t max_connection_age_ms;
    /* A stream ends after this time, less up to a tenth, with UNAVAILABLE (STREAM_ENDED)
     * (900000). */
    int64_t max_stream_life_ms;
    int64_t drain_delay_ms;   /* NOT_SERVING but still serving: at least this long (0), */
    int64_t drain_quiet_ms;   /* and until no call has come for this long (0) */
    int64_t drain_timeout_ms; /* but for at most this long (max_connection_age x 1.1 + 5 s) */
    int64_t drain_grace_ms;   /* then calls may finish for this long (10000) */
};

/* -- the server -------------------------------------------------------------------------------- */

/* Makes a server whose handlers run on `loop`. The configuration is copied. Never NULL. */
struct rpc_server *rpc_server_new(const struct rpc_server_config *config, struct loop *loop);

/*
 * Adds a service: `methods` gives the handlers of some or all methods of the descriptor (others
 * answer UNIMPLEMENTED). `service` is passed to every handler. Before rpc_server_start(), at most
 * 16 services. AM_ENOENT: no method of that name, or no handler; AM_EEXIST: added before (logged).
 */
int rpc_server_add(struct rpc_server *s, const ProtobufCServiceDescriptor *descriptor,
                   const struct rpc_method *methods, size_t n, void *service) AM_MUSTCHECK;

/* Adds a kind of credential, which has to outlive the server. Before rpc_server_start(), at most 8;
 * the first that takes a text checks it. */
void rpc_server_add_checker(struct rpc_server *s, const struct auth_checker *checker);

/* Knows callers without such a credential by the names in their client certificate. The file has to
 * outlive the server. Before rpc_server_start(). */
void rpc_server_use_certificates(struct rpc_server *s, struct san_file *file);

/*
 * Binds the addresses and starts the rpc thread. AM_EINVAL for a bad address, for one that other
 * machines can reach, directly or through a trusted front, while callers are believed, without
 * insecure_principals, or directly without TLS and insecure_plaintext; AM_EIO when it cannot bind.
 * Both are logged with what to do about them, and leave a server that can only be freed.
 */
int rpc_server_start(struct rpc_server *s) AM_MUSTCHECK;

/* The port bound (listen may say port 0), and that of tls_listen; 0 = none. */
int rpc_server_port(const struct rpc_server *s);
int rpc_server_tls_port(const struct rpc_server *s);

/* Serves one more connection over a connected stream socket (tests). Takes the descriptor, whatever
 * the outcome. AM_EINVAL: not a descriptor. Any thread, after the start. */
int rpc_server_add_fd(struct rpc_server *s, int fd) AM_MUSTCHECK;

/* Sets what grpc.health.v1 answers for the services added and for "" (NOT_SERVING at first, and for
 * good from the drain on); "liveness" is always SERVING. Any thread. */
void rpc_server_set_serving(struct rpc_server *s, bool serving);

/*
 * The way down. Health says NOT_SERVING, and open streams end with UNAVAILABLE (DRAINING).
 * Everything that still comes is served, streams too, until no connection is open, no call has come
 * for drain_quiet, or drain_timeout has passed; but for drain_delay at least. Then no call is taken
 * any more, and the streams that are left end likewise. After drain_grace what is left is
 * cancelled. When no call is left, `done` runs on the loop's thread. Handlers hear of it only by
 * the end of their streams, so a handler that never answers holds it up for ever. To be called
 * once.
 */
void rpc_server_drain(struct rpc_server *s, void (*done)(void *ctx), void *ctx);

/* Joins the rpc thread and frees everything. To be called after the drain (or instead of a start),
 * after the loop has ended and after all clients were freed. */
void rpc_server_free(struct rpc_server *s);

/* -- one call ---------------------------------------------------------------------------------- */

/* Where everything of the call lives; its quota is rpc_limits.arena_bytes. A stream that allocated
 * there for every message would fill it, so it uses an arena of its own. */
struct arena *rpc_call_arena(struct rpc_call *call);

/* The request, of the type the descriptor says. */
const ProtobufCMessage *rpc_call_request(const struct rpc_call *call);

/* Who calls; strings are NULL for a method without_principal. */
const struct rpc_principal *rpc_call_principal(const struct rpc_call *call);

/* Where the call comes from, as gRPC tells it: "ipv4:10.0.0.7:51234", "ipv6:%5B::1%5D:51234",
 * "unix:..."; behind a trusted front what that tells (rpc/caller/front.h). In the call's arena. */
const char *rpc_call_peer(struct rpc_call *call);

/* Whether it comes from this machine: by a loopback address or a UNIX socket, and not through a
 * trusted front. */
bool rpc_call_is_local(struct rpc_call *call);

/* "/amends.v1.IntakeService/OpenCase". */
const char *rpc_call_method(const struct rpc_call *call);

/* What rpc_method.about says of the method. */
const void *rpc_call_about(const struct rpc_call *call);

/* The deadline on the clock of time_mono_us(); INT64_MAX for a stream without one. */
int64_t rpc_call_deadline_us(const struct rpc_call *call);

/* True when nobody waits for the answer any more: the client has gone, or the deadline has passed.
 * That the client of a unary call has gone is noticed only after rpc_call_watch(). */
bool rpc_call_cancelled(const struct rpc_call *call);

/* Looks out for the client of a unary call from now on. It costs an event of the rpc thread, so it
 * is for calls that take more than one turn. To be repeated without harm. */
void rpc_call_watch(struct rpc_call *call);

/* Has `fn` called once when the handler's claim on the call ends, before its arena is emptied. For
 * at most one function a call. */
void rpc_call_at_end(struct rpc_call *call, void (*fn)(void *ctx), void *ctx);

/* A slot for the handler's own state, NULL at first. */
void rpc_call_set_user(struct rpc_call *call, void *user);
void *rpc_call_user(const struct rpc_call *call);

/* Adds `replayed: true` to the response header. Before rpc_reply(). */
void rpc_call_set_replayed(struct rpc_call *call);

/* Answers and ends a unary call. The message is packed before this returns. */
void rpc_reply(struct rpc_call *call, const ProtobufCMessage *response);

/* The same in two steps, for a large response: packing it, on any thread, and answering with it.
 * What was packed has to be used in an answer. */
struct rpc_packed;
struct rpc_packed *rpc_pack(const ProtobufCMessage *response);
void rpc_reply_packed(struct rpc_call *call, struct rpc_packed *packed);

/*
 * Refuses and ends a unary call, or ends a stream with an error. `fault` has a code; it is packed
 * before this returns, as google.rpc.Status (ErrorInfo of domain "amends", BadRequest for
 * INVALID_ARGUMENT, PreconditionFailure for FAILED_PRECONDITION, RetryInfo) of at most 4 KB, into
 * grpc-status-details-bin. What RetryInfo says is also in grpc-retry-pushback-ms, which the retry
 * policy of gRPC's clients obeys.
 */
void rpc_fail(struct rpc_call *call, const struct fault *fault);

/* -- server streams ----------------------------------------------------------------------------
 *
 * A stream holds one message at a time, so a client that does not read costs no more memory than
 * that here; what its owner keeps for it is the owner's to bound (assignment/streams/stream.h). */

/* Called on the loop's thread, never from within rpc_stream_open(), _send() or _finish(). */
struct rpc_stream_ops {
    /* The message has left: the next one may be sent. */
    void (*sent)(struct rpc_call *call, void *ctx);
    /* The stream has ended, its client has gone, its deadline has passed or the server drains.
     * Called once, as the last callback. */
    void (*closed)(struct rpc_call *call, void *ctx);
    /* RPC_BOTH_STREAM: what rpc_stream_receive() asked for. NULL: the client sends nothing more. A
     * message that is not well formed ends the stream instead. */
    void (*received)(struct rpc_call *call, void *ctx, const ProtobufCMessage *message);
};

/* Turns the call into an open stream (sends the response header). `ops` is static; `ctx` may live
 * in the call's arena. */
void rpc_stream_open(struct rpc_call *call, const struct rpc_stream_ops *ops, void *ctx);

/* Sends one message; allowed only when none is in flight. On a stream that is ending the message is
 * dropped, and `closed` follows. */
void rpc_stream_send(struct rpc_call *call, const ProtobufCMessage *message);

/* For a stream that holds memory of the process while its client reads; right after the opening.
 * From now on a message that the client does not take within rpc_limits.send_ms, and one second
 * more for each 64 KiB, ends the stream: RESOURCE_EXHAUSTED, with a text that begins with
 * READER_STALLED. Its details would have to wait behind what nobody reads, so there are none. */
void rpc_stream_end_stalled(struct rpc_call *call);
/* The same with one that was packed before, which goes with it. */
void rpc_stream_send_packed(struct rpc_call *call, struct rpc_packed *packed);

/* Asks for the client's next message, which is unpacked into `arena`; allowed only when none is
 * asked for. */
void rpc_stream_receive(struct rpc_call *call, struct arena *arena);

/* True while a message is in flight and from the stream's end on: nothing can be sent now. */
bool rpc_stream_busy(const struct rpc_call *call);

/* Ends the stream with OK, after the message in flight. `closed` follows. However a stream ends, a
 * client that does not take that message within the time of rpc_stream_end_stalled() is cut off: it
 * gets the code, and a text that begins with the reason. */
void rpc_stream_finish(struct rpc_call *call);
