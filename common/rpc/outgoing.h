/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One outgoing call, as both clients make it: what its batches point at, and how its end is read
 * from them.
 *
 * Threading: one thread at a time. Ownership: outgoing_clear() gives back everything.
 */

#include <grpc/byte_buffer.h>
#include <grpc/grpc.h>

#include "rpc/client.h"

#define OUTGOING_OPS_MAX 6

struct outgoing {
    grpc_call *call;
    const ProtobufCMessageDescriptor *reply_type;
    size_t n_headers;
    grpc_metadata headers[4];
    grpc_byte_buffer *request;
    grpc_metadata_array initial, trailing;
    grpc_byte_buffer *reply;
    grpc_status_code status;
    grpc_slice text;
};

/* Packs the request and makes the call, but starts nothing. timeout_ms 0 means no deadline.
 * AM_EINVAL when `as` is not well formed. */
int outgoing_init(struct outgoing *o, grpc_channel *channel, grpc_completion_queue *cq,
                  const ProtobufCServiceDescriptor *service, unsigned method_index,
                  const struct rpc_principal *as, const ProtobufCMessage *request,
                  int64_t timeout_ms) AM_MUSTCHECK;
void outgoing_clear(struct outgoing *o);

/* Parts of a batch: each writes its ops and returns how many. */
size_t outgoing_send_ops(struct outgoing *o, grpc_op *ops);   /* header, request, half-close: 3 */
size_t outgoing_header_op(struct outgoing *o, grpc_op *ops);  /* the response header: 1 */
size_t outgoing_message_op(struct outgoing *o, grpc_op *ops); /* one message: 1 */
size_t outgoing_status_op(struct outgoing *o, grpc_op *ops);  /* the status: 1 */

/* Decodes `o->reply` and frees it. AM_EINVAL when it is malformed or absent; AM_ENOMEM when it does
 * not fit into the arena's quota. */
int outgoing_message(struct outgoing *o, struct arena *arena,
                     const ProtobufCMessage **out) AM_MUSTCHECK;

/* Reads how the call ended: code, message, details and `replayed`, but not the reply. */
void outgoing_end(const struct outgoing *o, struct arena *arena, struct rpc_sync_result *out);

/* As outgoing_end(), with the reply of a unary call. AM_ENOMEM when the reply does not fit into the
 * arena's quota; the code is RESOURCE_EXHAUSTED then. */
int outgoing_unary_end(struct outgoing *o, struct arena *arena,
                       struct rpc_sync_result *out) AM_MUSTCHECK;
