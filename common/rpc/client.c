/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "rpc/address.h"
#include "rpc/args.h"
#include "rpc/internal.h"
#include "rpc/meter.h"
#include "rpc/outgoing.h"
#include "rpc/tls.h"

struct rpc_client {
    struct rpc_server *server;
    grpc_channel *channel;
    unsigned max_in_flight;
    unsigned in_flight;
    struct list calls;
};

/* Who frees a call: the loop after the rpc thread handed it over (ENDED), or the rpc thread when
 * nobody waits for it any more (ORPHAN). */
enum { FLYING, ENDED, ORPHAN };

struct client_call {
    struct rpc_client *client; /* NULL after the callback has run */
    struct loop *loop;
    struct list node;
    struct outgoing out;
    struct arena arena;
    struct rpc_sync_result result;
    rpc_client_done *done;
    void *ctx;
    struct tag tag;
    struct loop_job job;
    atomic_int state;
};

static void call_free(struct client_call *call)
{
    outgoing_clear(&call->out);
    arena_free(&call->arena);
    free(call);
}

/* Runs on the loop's thread: removes the call from its client and reports how it ended. */
static void tell_end(struct client_call *call, enum fault_code code, const char *message,
                     const ProtobufCMessage *reply)
{
    struct rpc_client *c = call->client;
    call->client = NULL;
    list_remove(&call->node);
    c->in_flight--;
    meter_client_in_flight(-1);
    meter_client_call(code);
    call->done(call->ctx, code, message, reply);
}

static void on_loop_ended(struct loop_job *job)
{
    struct client_call *call = CONTAINER_OF(job, struct client_call, job);
    if (call->client)
        tell_end(call, call->result.code, call->result.message, call->result.reply);
    list_remove(&call->node);
    call_free(call);
}

/* The rpc thread. */
static void on_ended(struct tag *tag, bool ok)
{
    struct client_call *call = CONTAINER_OF(tag, struct client_call, tag);
    int flying = FLYING;
    (void)ok; /* always true with RECV_STATUS in the batch */
    /* Past the quota the code says so, and the reply is NULL. */
    (void)!outgoing_unary_end(&call->out, &call->arena, &call->result);
    if (atomic_compare_exchange_strong(&call->state, &flying, ENDED))
        loop_post(call->loop, &call->job);
    else
        call_free(call);
}

struct rpc_client *rpc_client_new(struct rpc_server *server, const char *target,
                                  const struct tls_files *tls, unsigned max_in_flight)
{
    struct rpc_client *c = calloc(1, sizeof(*c));
    struct args args;
    struct address first;
    AM_ASSERT(c != NULL);
    c->server = server;
    c->max_in_flight = max_in_flight;
    list_init(&c->calls);
    args_client(&args, true, address_list_name(target, &first));
    grpc_channel_credentials *creds = tls_channel_credentials(tls);
    c->channel = grpc_channel_create(target, creds, &args.list);
    grpc_channel_credentials_release(creds);
    AM_ASSERT(c->channel != NULL);
    server->n_clients++;
    return c;
}

/* Gives the call to the rpc thread to free. gRPC's call may be cancelled until then. A call that
 * the rpc thread has already handed over waits for its job, or for the end of the server when the
 * loop does not run any more. */
static void orphan_call(struct client_call *call)
{
    struct rpc_server *s = call->client->server;
    int flying = FLYING;
    grpc_call_error err = grpc_call_cancel(call->out.call, NULL);
    AM_ASSERT(err == GRPC_CALL_OK);
    tell_end(call, FAULT_CANCELLED, "the client is closing", NULL);
    if (!atomic_compare_exchange_strong(&call->state, &flying, ORPHAN))
        list_push_back(&s->ended_calls, &call->node);
}

void rpc_client_calls_free(struct rpc_server *s)
{
    LIST_FOR_EACH_SAFE (it, &s->ended_calls)
        call_free(CONTAINER_OF(it, struct client_call, node));
}

void rpc_client_free(struct rpc_client *c)
{
    if (!c)
        return;
    while (!list_empty(&c->calls))
        orphan_call(CONTAINER_OF(c->calls.next, struct client_call, node));
    AM_ASSERT(c->in_flight == 0);
    grpc_channel_destroy(c->channel);
    c->server->n_clients--;
    free(c);
}

static void start_call(struct client_call *call)
{
    grpc_op ops[OUTGOING_OPS_MAX];
    size_t n = 0;
    memset(ops, 0, sizeof(ops));
    n += outgoing_send_ops(&call->out, &ops[n]);
    n += outgoing_header_op(&call->out, &ops[n]);
    n += outgoing_message_op(&call->out, &ops[n]);
    n += outgoing_status_op(&call->out, &ops[n]);
    rpc_start_batch(call->out.call, ops, n, &call->tag);
}

int rpc_client_call(struct rpc_client *c, const ProtobufCServiceDescriptor *service,
                    unsigned method_index, const struct rpc_principal *as,
                    const ProtobufCMessage *request, int64_t timeout_ms, rpc_client_done *done,
                    void *ctx)
{
    if (c->in_flight >= c->max_in_flight) {
        meter_client_refused();
        return AM_EAGAIN;
    }
    struct client_call *call = calloc(1, sizeof(*call));
    AM_ASSERT(call != NULL);
    int err = outgoing_init(&call->out, c->channel, c->server->cq, service, method_index, as,
                            request, timeout_ms);
    if (err < 0) {
        free(call);
        return err;
    }
    arena_init(&call->arena, c->server->config.limits.arena_bytes);
    call->client = c;
    call->loop = c->server->loop;
    call->done = done;
    call->ctx = ctx;
    call->tag.fn = on_ended;
    call->job.run = on_loop_ended;
    list_push_back(&c->calls, &call->node);
    c->in_flight++;
    meter_client_in_flight(1);
    start_call(call);
    return 0;
}
