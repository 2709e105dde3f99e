/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/time.h"
#include "base/log.h"
#include "contract/word.h"
#include "rpc/message.h"
#include "rpc/meter.h"
#include "rpc/status.h"

void rpc_start_batch(grpc_call *call, const grpc_op *ops, size_t n, struct tag *tag)
{
    grpc_call_error err = grpc_call_start_batch(call, ops, n, tag_arm(tag), NULL);
    AM_ASSERT(err == GRPC_CALL_OK);
}

/* Logs a defect of the service without its message, which may quote the request; that goes to the
 * client only. */
static void log_defect(const struct rpc_call *call, const struct fault *fault)
{
    if (fault->code == FAULT_INTERNAL)
        log_error("rpc", "defect", LOG_STR("method", call->method ? call->method->path : ""),
                  LOG_STR("reason", contract_reason(fault->reason)));
}

void rpc_ending_set(struct rpc_call *call, enum fault_code code, const struct fault *fault)
{
    struct rpc_ending *e = &call->ending;
    struct status_bytes status;
    e->code = code;
    meter_call(call->method ? call->method->metric : METER_OTHER, code,
               time_mono_us() - call->taken_us);
    if (!fault)
        return;
    log_defect(call, fault);
    e->reason = fault->reason;
    status_pack(fault, &status);
    e->text = grpc_slice_from_copied_string(status.message);
    e->details = grpc_slice_from_copied_buffer((const char *)status.data, status.len);
    e->has_details = true;
    e->retry_ms = fault->retry_ms;
}

void rpc_ending_cut(struct rpc_call *call)
{
    const struct rpc_ending *e = &call->ending;
    grpc_status_code code = GRPC_STATUS_RESOURCE_EXHAUSTED;
    char text[512] = "READER_STALLED: the client did not read the end of the stream";
    if (e->has_details) {
        code = (grpc_status_code)e->code;
        (void)snprintf(text, sizeof text, "%s: %.*s", contract_reason(e->reason),
                       (int)GRPC_SLICE_LENGTH(e->text),
                       (const char *)GRPC_SLICE_START_PTR(e->text));
    }
    AM_ASSERT(grpc_call_cancel_with_status(call->grpc, code, text, NULL) == GRPC_CALL_OK);
}

void rpc_ending_clear(struct rpc_ending *e)
{
    if (e->message)
        grpc_byte_buffer_destroy(e->message);
    if (e->has_details) {
        grpc_slice_unref(e->text);
        grpc_slice_unref(e->details);
        if (e->retry_ms > 0)
            grpc_slice_unref(e->trailing[1].value);
    }
    *e = (struct rpc_ending){0};
}

size_t rpc_ending_header_op(struct rpc_call *call, grpc_op *op)
{
    op->op = GRPC_OP_SEND_INITIAL_METADATA;
    if (!call->replayed)
        return 1;
    call->ending.initial[0].key = grpc_slice_from_static_string("replayed");
    call->ending.initial[0].value = grpc_slice_from_static_string("true");
    op->data.send_initial_metadata.count = 1;
    op->data.send_initial_metadata.metadata = call->ending.initial;
    return 1;
}

/* RetryInfo once more, where the retry policy of gRPC's own clients looks for it. */
static grpc_metadata pushback(uint32_t retry_ms)
{
    char text[16];
    (void)snprintf(text, sizeof(text), "%" PRIu32, retry_ms);
    return (grpc_metadata){.key = grpc_slice_from_static_string("grpc-retry-pushback-ms"),
                           .value = grpc_slice_from_copied_string(text)};
}

/* Returns how many pairs there are. */
static size_t set_trailing(struct rpc_ending *e)
{
    e->trailing[0].key = grpc_slice_from_static_string("grpc-status-details-bin");
    e->trailing[0].value = e->details;
    if (e->retry_ms == 0)
        return 1;
    e->trailing[1] = pushback(e->retry_ms);
    return 2;
}

size_t rpc_ending_status_op(struct rpc_call *call, grpc_op *op)
{
    struct rpc_ending *e = &call->ending;
    op->op = GRPC_OP_SEND_STATUS_FROM_SERVER;
    op->data.send_status_from_server.status = (grpc_status_code)e->code;
    if (!e->has_details)
        return 1;
    op->data.send_status_from_server.status_details = &e->text;
    op->data.send_status_from_server.trailing_metadata_count = set_trailing(e);
    op->data.send_status_from_server.trailing_metadata = e->trailing;
    return 1;
}

/* Runs on the rpc thread after the last batch of a call that was no open stream. */
static void on_done(struct tag *tag, bool ok)
{
    struct rpc_call *call = CONTAINER_OF(tag, struct rpc_call, done_tag);
    if (call->ending.cancelled || !ok) /* without RECV_CLOSE in the batch `ok` tells */
        meter_undelivered();
    rpc_deliver_ended(call);
}

/* The handler has done with the call: what it took for it is free. */
static void let_go(struct rpc_call *call)
{
    if (call->at_end)
        call->at_end(call->at_end_ctx);
    call->at_end = NULL;
    call->request = NULL;
    arena_reset(&call->arena);
}

/* Sends everything in one batch: the whole answer is one event. */
static void finish(struct rpc_call *call)
{
    grpc_op ops[4];
    size_t n = 0;
    memset(ops, 0, sizeof(ops));
    n += rpc_ending_header_op(call, &ops[n]);
    if (call->ending.message) {
        ops[n].op = GRPC_OP_SEND_MESSAGE;
        ops[n++].data.send_message.send_message = call->ending.message;
    }
    n += rpc_ending_status_op(call, &ops[n]);
    if (!call->delivery.watched) {
        ops[n].op = GRPC_OP_RECV_CLOSE_ON_SERVER;
        ops[n++].data.recv_close_on_server.cancelled = &call->ending.cancelled;
    }
    call->done_tag.fn = on_done;
    rpc_deliver_answer(call);
    rpc_start_batch(call->grpc, ops, n, &call->done_tag);
}

/* `struct rpc_packed` is gRPC's buffer under a name that needs no header of gRPC. */
struct rpc_packed *rpc_pack(const ProtobufCMessage *response)
{
    return (struct rpc_packed *)(void *)message_buffer(response);
}

void rpc_reply(struct rpc_call *call, const ProtobufCMessage *response)
{
    rpc_call_check(call);
    rpc_reply_packed(call, rpc_pack(response));
}

void rpc_reply_packed(struct rpc_call *call, struct rpc_packed *packed)
{
    rpc_call_check(call);
    AM_ASSERT(!call->stream.open);
    call->ending.message = (grpc_byte_buffer *)(void *)packed;
    call->delivery.bytes = grpc_byte_buffer_length(call->ending.message);
    rpc_ending_set(call, FAULT_OK, NULL);
    let_go(call);
    finish(call);
}

void rpc_fail(struct rpc_call *call, const struct fault *fault)
{
    rpc_call_check(call);
    AM_ASSERT(fault_is_set(fault));
    if (call->stream.open) {
        rpc_stream_fail(call, fault);
        return;
    }
    rpc_ending_set(call, fault->code, fault);
    let_go(call);
    finish(call);
}
