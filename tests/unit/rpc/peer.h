/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A client that may misbehave: any path, any bytes, any metadata, cancellation at any time; over a
 * socketpair, so without a port.
 *
 * Threading: the test's thread.
 */

#include <grpc/byte_buffer.h>
#include <grpc/grpc.h>

#include "base/slice.h"
#include "fixture.h"

struct peer {
    grpc_channel *channel;
    grpc_completion_queue *cq;
};

struct peer_call {
    struct peer *peer;
    grpc_call *call;
    bool flying[3]; /* batches; the tag of each is its place here */
    size_t n_headers;
    grpc_metadata headers[8];
    grpc_byte_buffer *request;
    grpc_metadata_array initial, trailing;
    grpc_byte_buffer *reply;
    grpc_status_code status;
    grpc_slice text;
    struct arena arena;
};

void peer_connect(struct peer *p, struct fixture *f);
void peer_close(struct peer *p);

/* Prepares a call; `timeout_ms` 0: none. */
void peer_call_init(struct peer_call *c, struct peer *p, const char *path, int64_t timeout_ms);
void peer_header(struct peer_call *c, const char *key, const char *value);
/* The principal every test has. */
void peer_principal(struct peer_call *c);
/* Sends header, bytes (none when data is NULL) and half-close, and asks for header and status. */
void peer_send(struct peer_call *c, struct slice bytes);
void peer_send_message(struct peer_call *c, const ProtobufCMessage *message);
/* The next message, in the call's arena; NULL when there is none any more. */
const ProtobufCMessage *peer_read(struct peer_call *c, const ProtobufCMessageDescriptor *type);
void peer_cancel(struct peer_call *c);
/* Waits for the end: the status; details, if any, decoded into `fault` (may be NULL). */
int peer_end(struct peer_call *c, struct fault *fault);
bool peer_replayed(const struct peer_call *c);
/* After the end: what the trailing metadata has under `key`, in the call's arena; NULL: nothing. */
const char *peer_trailer(struct peer_call *c, const char *key);
void peer_call_clear(struct peer_call *c);

#define ECHO_PATH "/amends.test.EchoService/"

/* A whole unary call with the principal: its status; the reply (NULL unless OK) and details go to
 * `arena`. */
int peer_unary(struct peer *p, const char *path, struct slice bytes, struct arena *arena,
               const Amends__Test__EchoResponse **reply, struct fault *fault);
