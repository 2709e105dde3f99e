/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Inside common/rpc only: what its files share. The rpc thread pumps the queue; it owns the slots,
 * the pool of calls and admission. The io loop's thread owns a call from the hand-over until its
 * final batch was started, and a stream until `closed`.
 *
 *   server.c     configuration, services, start and end        pump.c    the rpc thread
 *   listen.c     its addresses                                 tls.c     their credentials
 *   slot.c       posted requests, the new call                 call.c    the pool, the hand-over
 *   reply.c      final batches                                 stream.c  server streams
 *   deliver.c    answers on their way, clients that have gone
 *   caller.c     who calls, by the metadata             credential.c the same for a call: counted
 *   asking.c     calls whose credential is asked about
 *   health.c     grpc.health.v1                                drain.c   the way down
 *   reflection.c grpc.reflection.v1 and .v1alpha
 *   front.c      what a proxy in front tells of clients
 *
 * Threading: the rpc thread, the io loop's thread, as said above. Ownership: the server owns
 * methods, slots and calls; a handler has a claim on its call until it answers.
 */

#include <pthread.h>
#include <stdatomic.h>

#include <grpc/byte_buffer.h>
#include <grpc/grpc.h>

#include "base/list.h"
#include "rpc/admission.h"
#include "rpc/caller/caller.h"
#include "rpc/caller/front.h"
#include "rpc/server.h"

/*
 * What a completion queue hands back. `armed` is stored before the operation starts and loaded when
 * it ends. gRPC orders our threads like this anyway; the atomic says so in a way that
 * ThreadSanitizer sees.
 */
struct tag {
    void (*fn)(struct tag *tag, bool ok);
    _Atomic unsigned armed;
};

static inline void *tag_arm(struct tag *tag)
{
    (void)atomic_fetch_add_explicit(&tag->armed, 1, memory_order_release);
    return tag;
}

static inline void tag_run(struct tag *tag, bool ok)
{
    (void)atomic_load_explicit(&tag->armed, memory_order_acquire);
    tag->fn(tag, ok);
}

enum {
    RPC_METHOD_ON_RPC_THREAD = 1, /* answered without the io loop */
    RPC_METHOD_ENDS_ITSELF = 2,   /* its streams end by themselves in a drain */
};

struct method {
    struct rpc_server *server;
    struct list node;
    char *path; /* "/amends.v1.IntakeService/OpenCase" */
    const ProtobufCMessageDescriptor *input;
    struct rpc_method spec;
    void *service;
    void *registered;
    unsigned flags; /* RPC_METHOD_* */
    uint32_t roles; /* who may call */
    size_t metric;
    uint32_t price;
    const ProtobufCFieldDescriptor *items; /* which cost one more each; NULL: none do */
    struct rpc_slot *slots;
    unsigned n_slots;
};

/* A posted request. Its call object comes from the pool once there is a call. */
struct rpc_slot {
    struct tag tag;
    struct rpc_server *server;
    struct method *method; /* NULL: the slot for methods that nobody registered */
    grpc_call *call;
    gpr_timespec deadline;
    grpc_metadata_array metadata;
    grpc_byte_buffer *payload;
    grpc_call_details details; /* of the unregistered */
};

struct rpc_stream {
    const struct rpc_stream_ops *ops;
    void *ctx;
    struct list node; /* in server->streams */
    bool open;
    bool sending;    /* a message is in flight */
    bool ending;     /* it takes no more messages: it ends, or the client has gone */
    bool status_due; /* the status waits for the message in flight */
    bool peer_gone;
    bool sent_ok;
    unsigned pending; /* how many batches have not ended for the loop yet */
    grpc_byte_buffer *message;
    bool receiving;             /* the client's next message is asked for */
    grpc_byte_buffer *incoming; /* NULL when it sends nothing more */
    struct arena *incoming_arena;
    struct tag close_tag, sent_tag, status_tag, received_tag;
    struct loop_job close_job, sent_job, status_job, received_job;
    struct loop_timer *life;
    struct loop_timer *stall; /* NULL: a client may take as long as it wants, until its end */
};

/* What the final batch points at until it is done. */
struct rpc_ending {
    grpc_byte_buffer *message;
    grpc_slice text;
    grpc_slice details;
    bool has_details;
    uint32_t retry_ms; /* 0 = nothing is said of it */
    enum fault_code code;
    int reason; /* 0 = none */
    grpc_metadata initial[1];
    grpc_metadata trailing[2];
    int cancelled;
};

/* An answer on its way, and whether the client is still there. */
struct rpc_delivery {
    struct list node; /* in server->under_way, the rpc thread's */
    _Atomic unsigned
        batches; /* that have not ended, the answer's too; the last one releases the call */
    _Atomic int64_t until_us; /* the answer has to be sent by then; 0 = there is none yet */
    size_t bytes;             /* of the answer */
    bool watched, given_up;
    int cancelled; /* the batch of watch_tag writes it */
    atomic_bool gone;
    struct tag watch_tag;
};

/* While a call waits for its credential to be known: the rpc thread's, but for the job. */
struct rpc_asking {
    struct list node; /* in server->asking */
    const struct auth_checker *checker;
    struct slice text; /* borrows the metadata */
    size_t bytes;      /* of the request */
    unsigned times;    /* that it was asked about */
    bool given_up;     /* answered, because it took too long */
    bool refused;      /* by the checker: too many ask */
    struct loop_job job;
    struct tag tag;
};

struct rpc_call {
    uint32_t magic;
    struct rpc_server *server;
    struct method *method; /* NULL: unknown */
    grpc_call *grpc;
    grpc_metadata_array metadata;
    int64_t deadline_us;
    int64_t taken_us;
    struct arena arena;
    ProtobufCMessage *request;
    struct front_told told;
    grpc_byte_buffer *payload; /* until it is decoded */
    struct caller caller;
    struct rpc_asking asking;
    struct rpc_principal principal;
    struct admission_ticket ticket;
    void *user;
    bool replayed;
    void (*at_end)(void *ctx);
    void *at_end_ctx;
    struct loop_job job;
    struct tag done_tag;
    struct rpc_delivery delivery;
    struct rpc_ending ending;
    struct rpc_stream stream;
    struct rpc_call *next_free;
};

struct rpc_health;
struct rpc_reflection;

/* Who was lately told of as calling without a credential. */
#define RPC_BELIEVED_MAX 256
struct rpc_believed {
    uint64_t hash;
    int64_t told_us;
};

struct rpc_server {
    struct rpc_server_config config;
    char *listen, *tls_listen; /* NULL = none */
    struct loop *loop;
    grpc_server *grpc;
    grpc_completion_queue *cq;
    pthread_t thread;
    bool started;
    bool drained;
    int port, tls_port; /* 0 = none; 1 = a UNIX socket */
    struct list methods;
    struct rpc_health *health;
    struct rpc_reflection *reflection; /* NULL: there is none */
    struct rpc_slot *unknown;          /* slots of methods that nobody registered */
    atomic_bool shutting;              /* slots are not posted again */
    _Atomic int64_t last_call_us;      /* when the last call came that was not for health */

    /* the rpc thread's */
    struct admission *admission;
    struct rpc_call *free_calls;
    unsigned n_free_calls;
    unsigned posted;         /* slots in the queue */
    unsigned live;           /* calls out of the pool */
    struct list under_way;   /* these calls */
    int64_t looked_us;       /* when they were last looked at */
    int64_t rate_warned_us;  /* when the log last told of a rate; 0: never */
    int64_t front_warned_us; /* when the log last told of a front that is not trusted; 0: never */
    struct caller_rules rules;
    struct san_file *certificates; /* NULL: certificates say nothing of who calls */
    struct failures *failures;
    struct rpc_believed believed[RPC_BELIEVED_MAX];
    struct list asking; /* calls */
    unsigned n_asking;
    size_t asking_bytes;
    bool shut;      /* the core has no connection left */
    bool idle_told; /* no call is left, and the loop was told so */

    /* the loop thread's */
    struct list streams;
    struct loop_timer *credential_timer; /* NULL: there is none to look at */
    unsigned n_clients;
    struct list ended_calls; /* outgoing, of clients that were freed */
    void (*drain_done)(void *ctx);
    void *drain_ctx;
    int64_t drain_began_us, drain_look_us;
    struct loop_timer *drain_timer;
    int64_t grace_ends_us;
    bool idle; /* no call is left; connections may be */
    struct loop_job idle_job, drained_job;
    struct tag shutdown_tag;
};

/* pump.c */
int rpc_pump_start(struct rpc_server *s) AM_MUSTCHECK;
void rpc_pump_join(struct rpc_server *s);
/* Handles what is left in a queue that was shut down. */
void rpc_pump_drain_queue(struct rpc_server *s);

/* slot.c */
void rpc_slots_post_all(struct rpc_server *s);
void rpc_slots_free(struct rpc_server *s);

/* call.c: the rpc thread, but for the last */
struct rpc_call *rpc_call_take(struct rpc_server *s, struct rpc_slot *slot);
void rpc_call_begin(struct rpc_call *call, grpc_byte_buffer *payload);
/* Once its credential was asked about. */
void rpc_call_go_on(struct rpc_call *call);
void rpc_call_drop_payload(struct rpc_call *call);
void rpc_call_release(struct rpc_call *call);
/* Unpacks one of the client's messages into `arena`. AM_EINVAL with the refusal in `fault`. */
int rpc_call_decode(const struct rpc_call *call, grpc_byte_buffer *payload, struct arena *arena,
                    ProtobufCMessage **out, struct fault *fault) AM_MUSTCHECK;
void rpc_calls_free(struct rpc_server *s);
/* Ends the process when this is no call. For any thread that owns the call. */
void rpc_call_check(const struct rpc_call *call);

/* reply.c: whoever owns the call */
void rpc_ending_set(struct rpc_call *call, enum fault_code code, const struct fault *fault);
/* Cancels the call with what was set. Its details are left out, but for the reason, with which the
 * text begins then. */
void rpc_ending_cut(struct rpc_call *call);
void rpc_ending_clear(struct rpc_ending *e);
size_t rpc_ending_status_op(struct rpc_call *call, grpc_op *op);
size_t rpc_ending_header_op(struct rpc_call *call, grpc_op *op);
void rpc_start_batch(grpc_call *call, const grpc_op *ops, size_t n, struct tag *tag);

/* deliver.c. The rpc thread takes a call and lets go of it; the answer is sent by whoever owns the
 * call. */
void rpc_deliver_take(struct rpc_call *call);
void rpc_deliver_leave(struct rpc_call *call);
void rpc_deliver_answer(struct rpc_call *call);
/* How long the client may take to read so many bytes. Any thread. */
int64_t rpc_deliver_limit_us(const struct rpc_server *s, size_t bytes);
/* A batch has ended; the last one releases the call. The rpc thread. */
void rpc_deliver_ended(struct rpc_call *call);
/* Gives up answers that are not taken. The rpc thread, once a second. */
void rpc_deliver_look(struct rpc_server *s);

/* credential.c: the rpc thread. Who calls, and whether they may: ACCEPTED, BELIEVED or ASKS, else
 * `fault` was set. */
enum caller_outcome rpc_credential_establish(struct rpc_call *call, struct fault *fault);
/* Looks at the credentials of open streams from now on. The main thread, or the loop's. */
void rpc_credentials_watch(struct rpc_server *s);

/* asking.c: the rpc thread. The call waits, or is answered. */
void rpc_asking_begin(struct rpc_call *call);
/* Answers those that wait for too long; once a second. */
void rpc_asking_look(struct rpc_server *s);

/* drain.c: the rpc thread. Tells the loop when the last call has gone, and the last connection. */
void rpc_drain_check(struct rpc_server *s);

/* stream.c: the loop's thread */
void rpc_stream_fail(struct rpc_call *call, const struct fault *fault);
void rpc_streams_drain(struct rpc_server *s);
/* Ends a stream with a constant text. */
void rpc_stream_farewell(struct rpc_call *call, enum fault_code code, int reason, const char *text);

/* reflection.c: the main thread. NULL may be freed. */
struct rpc_reflection *rpc_reflection_new(struct rpc_server *s);
void rpc_reflection_free(struct rpc_reflection *reflection);

/* health.c */
struct rpc_health *rpc_health_new(struct rpc_server *s);
void rpc_health_free(struct rpc_health *h);
/* `service` outlives the server. */
void rpc_health_add(struct rpc_health *h, const char *service);
/* Any thread. */
void rpc_health_set(struct rpc_health *h, bool serving);
/* NOT_SERVING for good; tells the watches. The loop's thread. */
void rpc_health_drain(struct rpc_health *h);
/* After that: ends the watches, and those that still come. The loop's thread. */
void rpc_health_end(struct rpc_health *h);

/* client.c: after the end of both threads */
void rpc_client_calls_free(struct rpc_server *s);

/* server.c: whether some proxy may tell of its clients. */
bool rpc_has_front(const struct rpc_server_config *config);

/* listen.c: binds the addresses. As rpc_server_start(). */
int rpc_listen(struct rpc_server *s) AM_MUSTCHECK;

/* server.c */
int rpc_server_add_with_flags(struct rpc_server *s, const ProtobufCServiceDescriptor *descriptor,
                              const struct rpc_method *methods, size_t n, void *service,
                              unsigned flags) AM_MUSTCHECK;
