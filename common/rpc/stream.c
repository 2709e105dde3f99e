/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/internal.h"

#include <string.h>

#include "base/assert.h"
#include "base/uuid.h"
#include "contract/reasons.h"
#include "rpc/meter.h"

/*
 * A stream has up to three batches: the header with RECV_CLOSE, which ends when the client has gone
 * or the status was sent; one message; and the status. Each batch ends on the rpc thread, which
 * posts it to the loop. `closed` is called when no batch is pending, so that gRPC holds nothing of
 * the stream any more.
 */

/* Runs on the rpc thread when the loop does not need the call any more. */
static void on_released(struct tag *tag, bool ok)
{
    (void)ok;
    rpc_call_release(CONTAINER_OF(tag, struct rpc_call, done_tag));
}

/* An empty batch brings the call back to the rpc thread. */
static void close_if_over(struct rpc_call *call)
{
    struct rpc_stream *st = &call->stream;
    if (st->pending > 0)
        return;
    list_remove(&st->node);
    loop_timer_free(st->life);
    loop_timer_free(st->stall);
    st->ops->closed(call, st->ctx);
    if (call->at_end)
        call->at_end(call->at_end_ctx);
    call->done_tag.fn = on_released;
    rpc_start_batch(call->grpc, NULL, 0, &call->done_tag);
}

static void send_status(struct rpc_call *call)
{
    struct rpc_stream *st = &call->stream;
    grpc_op op;
    memset(&op, 0, sizeof(op));
    (void)rpc_ending_status_op(call, &op);
    st->status_due = false;
    st->pending++;
    rpc_start_batch(call->grpc, &op, 1, &st->status_tag);
}

static void reader_stalls(void *ctx);

/* The client takes what is in flight in time, or is cut off: its stream would stay for as long as
 * its connection, with all that it holds. */
static void wait_for_reader(struct rpc_call *call)
{
    struct rpc_stream *st = &call->stream;
    st->status_due = true;
    if (st->stall)
        return;
    st->stall = loop_timer_new(call->server->loop, reader_stalls, call);
    loop_timer_start(st->stall,
                     rpc_deliver_limit_us(call->server, grpc_byte_buffer_length(st->message)));
}

/* Decides the status of the stream; only the first decision counts. The status waits for a message
 * in flight. A client that has gone gets none. */
static void end_stream(struct rpc_call *call, enum fault_code code, const struct fault *fault)
{
    struct rpc_stream *st = &call->stream;
    if (st->ending)
        return;
    st->ending = true;
    rpc_ending_set(call, code, fault);
    if (st->sending)
        wait_for_reader(call);
    else
        send_status(call);
}

/* -- the ends of batches, on the loop's thread ------------------------------------------------- */

static void on_loop_closed(struct loop_job *job)
{
    struct rpc_call *call = CONTAINER_OF(job, struct rpc_call, stream.close_job);
    struct rpc_stream *st = &call->stream;
    st->pending--;
    st->peer_gone = call->ending.cancelled != 0;
    st->status_due = false;
    if (!st->ending) {
        st->ending = true;
        rpc_ending_set(call, FAULT_CANCELLED, NULL);
    }
    close_if_over(call);
}

static void on_loop_sent(struct loop_job *job)
{
    struct rpc_call *call = CONTAINER_OF(job, struct rpc_call, stream.sent_job);
    struct rpc_stream *st = &call->stream;
    st->pending--;
    st->sending = false;
    if (st->stall)
        loop_timer_stop(st->stall);
    grpc_byte_buffer_destroy(st->message);
    st->message = NULL;
    if (st->status_due)
        send_status(call);
    else if (st->sent_ok && !st->ending)
        st->ops->sent(call, st->ctx);
    close_if_over(call);
}

static void take_incoming(struct rpc_call *call, grpc_byte_buffer *incoming)
{
    struct rpc_stream *st = &call->stream;
    ProtobufCMessage *message = NULL;
    struct fault fault;
    fault_init(&fault, st->incoming_arena);
    if (!incoming)
        st->ops->received(call, st->ctx, NULL);
    else if (rpc_call_decode(call, incoming, st->incoming_arena, &message, &fault) < 0)
        end_stream(call, fault.code, &fault);
    else
        st->ops->received(call, st->ctx, message);
}

static void on_loop_received(struct loop_job *job)
{
    struct rpc_call *call = CONTAINER_OF(job, struct rpc_call, stream.received_job);
    struct rpc_stream *st = &call->stream;
    grpc_byte_buffer *incoming = st->incoming;
    st->pending--;
    st->receiving = false;
    st->incoming = NULL;
    if (!st->ending)
        take_incoming(call, incoming);
    if (incoming)
        grpc_byte_buffer_destroy(incoming);
    close_if_over(call);
}

static void on_loop_status(struct loop_job *job)
{
    struct rpc_call *call = CONTAINER_OF(job, struct rpc_call, stream.status_job);
    call->stream.pending--;
    close_if_over(call);
}

/* -- the same, on the rpc thread --------------------------------------------------------------- */

static void on_closed(struct tag *tag, bool ok)
{
    struct rpc_call *call = CONTAINER_OF(tag, struct rpc_call, stream.close_tag);
    (void)ok;
    loop_post(call->server->loop, &call->stream.close_job);
}

static void on_sent(struct tag *tag, bool ok)
{
    struct rpc_call *call = CONTAINER_OF(tag, struct rpc_call, stream.sent_tag);
    call->stream.sent_ok = ok;
    loop_post(call->server->loop, &call->stream.sent_job);
}

static void on_status(struct tag *tag, bool ok)
{
    struct rpc_call *call = CONTAINER_OF(tag, struct rpc_call, stream.status_tag);
    (void)ok;
    loop_post(call->server->loop, &call->stream.status_job);
}

static void on_received(struct tag *tag, bool ok)
{
    struct rpc_call *call = CONTAINER_OF(tag, struct rpc_call, stream.received_tag);
    (void)ok; /* then there is no message */
    loop_post(call->server->loop, &call->stream.received_job);
}

/* -- what a handler does ----------------------------------------------------------------------- */

static void init_stream(struct rpc_stream *st, const struct rpc_stream_ops *ops, void *ctx)
{
    *st = (struct rpc_stream){.ops = ops, .ctx = ctx, .open = true};
    st->close_tag.fn = on_closed;
    st->sent_tag.fn = on_sent;
    st->status_tag.fn = on_status;
    st->received_tag.fn = on_received;
    st->close_job.run = on_loop_closed;
    st->sent_job.run = on_loop_sent;
    st->status_job.run = on_loop_status;
    st->received_job.run = on_loop_received;
}

void rpc_stream_farewell(struct rpc_call *call, enum fault_code code, int reason, const char *text)
{
    struct fault fault;
    fault_init(&fault, &call->arena);
    fault.code = code;
    fault.reason = reason;
    fault.message = text;
    end_stream(call, fault.code, &fault);
}

static void fail_draining(struct rpc_call *call)
{
    if (!(call->method->flags & RPC_METHOD_ENDS_ITSELF))
        rpc_stream_farewell(call, FAULT_UNAVAILABLE, ERROR_REASON_DRAINING,
                            "the server is shutting down");
}

static void life_ends(void *ctx)
{
    rpc_stream_farewell(ctx, FAULT_UNAVAILABLE, ERROR_REASON_STREAM_ENDED,
                        "the stream has reached its greatest age; open it again");
}

/* The status of a batch would wait behind the message that nobody reads. That of a cancellation
 * does not: gRPC sends its code and text at once. */
static void reader_stalls(void *ctx)
{
    struct rpc_call *call = ctx;
    if (!call->stream.sending)
        return;
    rpc_stream_farewell(call, FAULT_RESOURCE_EXHAUSTED, ERROR_REASON_READER_STALLED,
                        "the client has not read the stream for too long, which held memory "
                        "meanwhile; start again, and read as it comes");
    meter_given_up();
    rpc_ending_cut(call);
}

static void expect_progress(struct rpc_call *call, size_t bytes)
{
    if (call->stream.stall)
        loop_timer_start(call->stream.stall, rpc_deliver_limit_us(call->server, bytes));
}

/* Streams that began together, as after a restart, end apart. */
static void start_life(struct rpc_call *call)
{
    const int64_t most_us = call->server->config.max_stream_life_ms * US_PER_MS;
    uint16_t chance;
    uuid_random_bytes(&chance, sizeof(chance));
    call->stream.life = loop_timer_new(call->server->loop, life_ends, call);
    loop_timer_start(call->stream.life, most_us - most_us / 10 * chance / UINT16_MAX);
}

void rpc_stream_open(struct rpc_call *call, const struct rpc_stream_ops *ops, void *ctx)
{
    struct rpc_stream *st = &call->stream;
    struct rpc_server *s = call->server;
    grpc_op open[2];
    rpc_call_check(call);
    AM_ASSERT(call->method->spec.kind != RPC_UNARY && !st->open);
    init_stream(st, ops, ctx);
    list_push_back(&s->streams, &st->node);
    memset(open, 0, sizeof(open));
    (void)rpc_ending_header_op(call, &open[0]);
    open[1].op = GRPC_OP_RECV_CLOSE_ON_SERVER;
    open[1].data.recv_close_on_server.cancelled = &call->ending.cancelled;
    st->pending = 1;
    rpc_start_batch(call->grpc, open, 2, &st->close_tag);
    start_life(call);
    if (atomic_load(&s->shutting))
        fail_draining(call);
}

void rpc_stream_end_stalled(struct rpc_call *call)
{
    struct rpc_stream *st = &call->stream;
    rpc_call_check(call);
    AM_ASSERT(st->open && !st->stall);
    st->stall = loop_timer_new(call->server->loop, reader_stalls, call);
}

bool rpc_stream_busy(const struct rpc_call *call)
{
    const struct rpc_stream *st = &call->stream;
    rpc_call_check(call);
    return st->sending || st->ending;
}

void rpc_stream_send(struct rpc_call *call, const ProtobufCMessage *message)
{
    rpc_stream_send_packed(call, rpc_pack(message));
}

void rpc_stream_send_packed(struct rpc_call *call, struct rpc_packed *packed)
{
    struct rpc_stream *st = &call->stream;
    grpc_op op;
    rpc_call_check(call);
    AM_ASSERT(st->open && !st->sending);
    if (st->ending) {
        grpc_byte_buffer_destroy((grpc_byte_buffer *)(void *)packed);
        return;
    }
    memset(&op, 0, sizeof(op));
    st->message = (grpc_byte_buffer *)(void *)packed;
    st->sending = true;
    st->pending++;
    op.op = GRPC_OP_SEND_MESSAGE;
    op.data.send_message.send_message = st->message;
    meter_stream_message();
    expect_progress(call, grpc_byte_buffer_length(st->message));
    rpc_start_batch(call->grpc, &op, 1, &st->sent_tag);
}

void rpc_stream_receive(struct rpc_call *call, struct arena *arena)
{
    struct rpc_stream *st = &call->stream;
    grpc_op op;
    rpc_call_check(call);
    AM_ASSERT(call->method->spec.kind == RPC_BOTH_STREAM && st->open && !st->receiving);
    if (st->ending)
        return;
    memset(&op, 0, sizeof(op));
    st->receiving = true;
    st->incoming_arena = arena;
    st->pending++;
    op.op = GRPC_OP_RECV_MESSAGE;
    op.data.recv_message.recv_message = &st->incoming;
    rpc_start_batch(call->grpc, &op, 1, &st->received_tag);
}

void rpc_stream_finish(struct rpc_call *call)
{
    rpc_call_check(call);
    AM_ASSERT(call->stream.open);
    end_stream(call, FAULT_OK, NULL);
}

void rpc_stream_fail(struct rpc_call *call, const struct fault *fault)
{
    end_stream(call, fault->code, fault);
}

void rpc_streams_drain(struct rpc_server *s)
{
    LIST_FOR_EACH_SAFE (it, &s->streams) {
        fail_draining(CONTAINER_OF(it, struct rpc_call, stream.node));
    }
}
