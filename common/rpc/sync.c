/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "rpc/address.h"
#include "rpc/args.h"
#include "rpc/core.h"
#include "rpc/outgoing.h"
#include "rpc/tls.h"

#define STREAM_MESSAGE_BYTES (16u * 1024 * 1024)

/* The batches of a call. The tag of each tells whether it is in flight. */
enum part { PART_CALL, PART_STATUS, PART_MESSAGE, PARTS };

struct rpc_sync {
    grpc_channel *channel;
    grpc_completion_queue *cq;
    bool flying[PARTS];
};

struct rpc_sync *rpc_sync_new(const char *target, const struct rpc_sync_tls *tls)
{
    struct rpc_sync *c = calloc(1, sizeof(*c));
    struct args args;
    struct address first;
    AM_ASSERT(c != NULL);
    core_init();
    /* A person wants the answer of a server that does not serve, and not only that it does not. */
    args_client(&args, false,
                tls && tls->server_name ? tls->server_name : address_list_name(target, &first));
    grpc_channel_credentials *creds = tls_channel_credentials_of(tls ? tls->text : NULL);
    c->channel = grpc_channel_create(target, creds, &args.list);
    grpc_channel_credentials_release(creds);
    c->cq = grpc_completion_queue_create_for_next(NULL);
    AM_ASSERT(c->channel != NULL && c->cq != NULL);
    return c;
}

void rpc_sync_free(struct rpc_sync *c)
{
    AM_ASSERT(!c->flying[PART_CALL] && !c->flying[PART_STATUS] && !c->flying[PART_MESSAGE]);
    grpc_channel_destroy(c->channel);
    grpc_completion_queue_shutdown(c->cq);
    grpc_event e = grpc_completion_queue_next(c->cq, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
    AM_ASSERT(e.type == GRPC_QUEUE_SHUTDOWN);
    grpc_completion_queue_destroy(c->cq);
    free(c);
    core_shutdown();
}

static void start_batch(struct rpc_sync *c, struct outgoing *o, const grpc_op *ops, size_t n,
                        enum part part)
{
    grpc_call_error err = grpc_call_start_batch(o->call, ops, n, &c->flying[part], NULL);
    AM_ASSERT(err == GRPC_CALL_OK);
    c->flying[part] = true;
}

/* Waits until `part` is not in flight; other batches may end meanwhile. */
static void wait_for(struct rpc_sync *c, enum part part)
{
    while (c->flying[part]) {
        grpc_event e = grpc_completion_queue_next(c->cq, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
        AM_ASSERT(e.type == GRPC_OP_COMPLETE);
        *(bool *)e.tag = false;
    }
}

int rpc_sync_call(struct rpc_sync *c, const ProtobufCServiceDescriptor *service,
                  unsigned method_index, const struct rpc_principal *as,
                  const ProtobufCMessage *request, int64_t timeout_ms, struct arena *arena,
                  struct rpc_sync_result *out)
{
    struct outgoing o;
    grpc_op ops[OUTGOING_OPS_MAX];
    size_t n = 0;
    int err = outgoing_init(&o, c->channel, c->cq, service, method_index, as, request, timeout_ms);
    if (err < 0)
        return err;
    memset(ops, 0, sizeof(ops));
    n += outgoing_send_ops(&o, &ops[n]);
    n += outgoing_header_op(&o, &ops[n]);
    n += outgoing_message_op(&o, &ops[n]);
    n += outgoing_status_op(&o, &ops[n]);
    start_batch(c, &o, ops, n, PART_CALL);
    wait_for(c, PART_CALL);
    err = outgoing_unary_end(&o, arena, out);
    outgoing_clear(&o);
    return err;
}

/* -- streams ----------------------------------------------------------------------------------- */

static void start_stream(struct rpc_sync *c, struct outgoing *o)
{
    grpc_op ops[OUTGOING_OPS_MAX];
    size_t n = 0;
    memset(ops, 0, sizeof(ops));
    n += outgoing_send_ops(o, &ops[n]);
    n += outgoing_header_op(o, &ops[n]);
    start_batch(c, o, ops, n, PART_CALL);
    memset(ops, 0, sizeof(ops));
    n = outgoing_status_op(o, ops);
    start_batch(c, o, ops, n, PART_STATUS);
}

/* The next message into o->reply; false when the stream has ended. */
static bool receive_message(struct rpc_sync *c, struct outgoing *o)
{
    grpc_op op;
    memset(&op, 0, sizeof(op));
    size_t n = outgoing_message_op(o, &op);
    start_batch(c, o, &op, n, PART_MESSAGE);
    wait_for(c, PART_MESSAGE);
    return o->reply != NULL;
}

/* 1 = all messages were read; 0 = the caller has enough; else the error of outgoing_message(). */
static int read_all(struct rpc_sync *c, struct outgoing *o,
                    bool (*each)(void *ctx, const ProtobufCMessage *message), void *ctx)
{
    struct arena arena;
    int state = 1;
    arena_init(&arena, STREAM_MESSAGE_BYTES);
    while (state == 1 && receive_message(c, o)) {
        const ProtobufCMessage *message = NULL;
        int err = outgoing_message(o, &arena, &message);
        state = err < 0 ? err : each(ctx, message);
        arena_reset(&arena);
        if (state != 1)
            break;
    }
    arena_free(&arena);
    return state;
}

/* We cancelled the stream: tells our own reason. */
static void override_result(struct rpc_sync_result *out, enum fault_code code, const char *message)
{
    out->code = out->fault.code = code;
    out->message = out->fault.message = message;
}

/* NOLINTNEXTLINE(readability-function-size): ten arguments, each named at the call. */
int rpc_sync_stream(struct rpc_sync *c, const ProtobufCServiceDescriptor *service,
                    unsigned method_index, const struct rpc_principal *as,
                    const ProtobufCMessage *request, int64_t timeout_ms,
                    bool (*each)(void *ctx, const ProtobufCMessage *message), void *ctx,
                    struct arena *arena, struct rpc_sync_result *out)
{
    struct outgoing o;
    int err = outgoing_init(&o, c->channel, c->cq, service, method_index, as, request, timeout_ms);
    if (err < 0)
        return err;
    start_stream(c, &o);
    int state = read_all(c, &o, each, ctx);
    if (state != 1)
        AM_ASSERT(grpc_call_cancel(o.call, NULL) == GRPC_CALL_OK);
    wait_for(c, PART_CALL);
    wait_for(c, PART_STATUS);
    outgoing_end(&o, arena, out);
    outgoing_clear(&o);
    if (state == 0)
        override_result(out, FAULT_OK, "");
    else if (state == AM_ENOMEM)
        override_result(out, FAULT_RESOURCE_EXHAUSTED,
                        "a message needs too much memory when it is unpacked");
    else if (state < 0)
        override_result(out, FAULT_INTERNAL, "a message is malformed");
    return state == AM_ENOMEM ? state : 0;
}
