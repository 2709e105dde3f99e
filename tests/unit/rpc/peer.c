/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc_posix.h>
#include <grpc/grpc_security.h>

#include "base/assert.h"
#include "rpc/message.h"
#include "rpc/status.h"
#include "rpc/wire.h"

enum part { PART_SEND, PART_STATUS, PART_MESSAGE };

void peer_connect(struct peer *p, struct fixture *f)
{
    int fds[2];
    AM_ASSERT(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    AM_ASSERT(rpc_server_add_fd(f->server, fds[0]) == 0);
    AM_ASSERT(fcntl(fds[1], F_SETFL, O_NONBLOCK) == 0);
    grpc_init();
    grpc_channel_credentials *creds = grpc_insecure_credentials_create();
    p->channel = grpc_channel_create_from_fd("echo", fds[1], creds, NULL);
    grpc_channel_credentials_release(creds);
    p->cq = grpc_completion_queue_create_for_next(NULL);
}

static grpc_event next(struct peer *p)
{
    gpr_timespec limit =
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_seconds(20, GPR_TIMESPAN));
    grpc_event e = grpc_completion_queue_next(p->cq, limit, NULL);
    AM_ASSERT(e.type != GRPC_QUEUE_TIMEOUT);
    return e;
}

void peer_close(struct peer *p)
{
    grpc_channel_destroy(p->channel);
    grpc_completion_queue_shutdown(p->cq);
    while (next(p).type != GRPC_QUEUE_SHUTDOWN)
        ; /* what a failed test left behind */
    grpc_completion_queue_destroy(p->cq);
    grpc_shutdown();
}

void peer_call_init(struct peer_call *c, struct peer *p, const char *path, int64_t timeout_ms)
{
    *c = (struct peer_call){.peer = p, .text = grpc_empty_slice()};
    gpr_timespec deadline = timeout_ms > 0
                                ? gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                               gpr_time_from_millis(timeout_ms, GPR_TIMESPAN))
                                : gpr_inf_future(GPR_CLOCK_MONOTONIC);
    grpc_slice method = grpc_slice_from_copied_string(path);
    c->call = grpc_channel_create_call(p->channel, NULL, GRPC_PROPAGATE_DEFAULTS, p->cq, method,
                                       NULL, deadline, NULL);
    grpc_slice_unref(method);
    grpc_metadata_array_init(&c->initial);
    grpc_metadata_array_init(&c->trailing);
    arena_init(&c->arena, 1 << 24);
}

void peer_header(struct peer_call *c, const char *key, const char *value)
{
    grpc_metadata *m = &c->headers[c->n_headers++];
    m->key = grpc_slice_from_copied_string(key);
    m->value = grpc_slice_from_copied_string(value);
}

void peer_principal(struct peer_call *c)
{
    peer_header(c, "amends-tenant", echo_principal.tenant);
    peer_header(c, "amends-principal", echo_principal.id);
}

static void start(struct peer_call *c, const grpc_op *ops, size_t n, enum part part)
{
    grpc_call_error err = grpc_call_start_batch(c->call, ops, n, &c->flying[part], NULL);
    AM_ASSERT(err == GRPC_CALL_OK);
    c->flying[part] = true;
}

/* Meanwhile batches of other calls may end too. */
static void wait_for(struct peer_call *c, enum part part)
{
    while (c->flying[part])
        *(bool *)next(c->peer).tag = false;
}

static void send_ops(struct peer_call *c)
{
    grpc_op ops[5];
    size_t n = 0;
    memset(ops, 0, sizeof(ops));
    ops[n].op = GRPC_OP_SEND_INITIAL_METADATA;
    ops[n].data.send_initial_metadata.count = c->n_headers;
    ops[n++].data.send_initial_metadata.metadata = c->headers;
    if (c->request) {
        ops[n].op = GRPC_OP_SEND_MESSAGE;
        ops[n++].data.send_message.send_message = c->request;
    }
    ops[n++].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
    ops[n].op = GRPC_OP_RECV_INITIAL_METADATA;
    ops[n++].data.recv_initial_metadata.recv_initial_metadata = &c->initial;
    start(c, ops, n, PART_SEND);
    memset(ops, 0, sizeof(ops));
    ops[0].op = GRPC_OP_RECV_STATUS_ON_CLIENT;
    ops[0].data.recv_status_on_client.trailing_metadata = &c->trailing;
    ops[0].data.recv_status_on_client.status = &c->status;
    ops[0].data.recv_status_on_client.status_details = &c->text;
    start(c, ops, 1, PART_STATUS);
}

void peer_send(struct peer_call *c, struct slice bytes)
{
    if (bytes.data) {
        grpc_slice slice = grpc_slice_from_copied_buffer((const char *)bytes.data, bytes.len);
        c->request = grpc_raw_byte_buffer_create(&slice, 1);
        grpc_slice_unref(slice);
    }
    send_ops(c);
}

void peer_send_message(struct peer_call *c, const ProtobufCMessage *message)
{
    c->request = message_buffer(message);
    send_ops(c);
}

static bool receive(struct peer_call *c)
{
    grpc_op op;
    memset(&op, 0, sizeof(op));
    op.op = GRPC_OP_RECV_MESSAGE;
    op.data.recv_message.recv_message = &c->reply;
    start(c, &op, 1, PART_MESSAGE);
    wait_for(c, PART_MESSAGE);
    return c->reply != NULL;
}

/* gRPC gives the status only when all messages before it were read. */
static void skip_messages(struct peer_call *c)
{
    while (receive(c)) {
        grpc_byte_buffer_destroy(c->reply);
        c->reply = NULL;
    }
}

const ProtobufCMessage *peer_read(struct peer_call *c, const ProtobufCMessageDescriptor *type)
{
    grpc_slice whole;
    if (!receive(c))
        return NULL;
    AM_ASSERT(message_whole(c->reply, &whole) == 0);
    const ProtobufCMessage *message = wire_unpack(
        type, slice_of(GRPC_SLICE_START_PTR(whole), GRPC_SLICE_LENGTH(whole)), &c->arena);
    AM_ASSERT(message != NULL);
    grpc_slice_unref(whole);
    grpc_byte_buffer_destroy(c->reply);
    c->reply = NULL;
    return message;
}

void peer_cancel(struct peer_call *c)
{
    AM_ASSERT(grpc_call_cancel(c->call, NULL) == GRPC_CALL_OK);
}

int peer_end(struct peer_call *c, struct fault *fault)
{
    if (c->flying[PART_STATUS])
        skip_messages(c);
    wait_for(c, PART_SEND);
    wait_for(c, PART_STATUS);
    if (!fault)
        return (int)c->status;
    fault_init(fault, &c->arena);
    for (size_t i = 0; i < c->trailing.count; i++) {
        const grpc_metadata *m = &c->trailing.metadata[i];
        if (grpc_slice_str_cmp(m->key, "grpc-status-details-bin") != 0)
            continue;
        AM_ASSERT(GRPC_SLICE_LENGTH(m->value) <= STATUS_BYTES_MAX);
        AM_ASSERT(
            status_unpack(slice_of(GRPC_SLICE_START_PTR(m->value), GRPC_SLICE_LENGTH(m->value)),
                          fault) == 0);
    }
    return (int)c->status;
}

bool peer_replayed(const struct peer_call *c)
{
    for (size_t i = 0; i < c->initial.count; i++)
        if (grpc_slice_str_cmp(c->initial.metadata[i].key, "replayed") == 0)
            return grpc_slice_str_cmp(c->initial.metadata[i].value, "true") == 0;
    return false;
}

const char *peer_trailer(struct peer_call *c, const char *key)
{
    for (size_t i = 0; i < c->trailing.count; i++) {
        const grpc_metadata *m = &c->trailing.metadata[i];
        if (grpc_slice_str_cmp(m->key, key) == 0)
            return arena_strndup(&c->arena, (const char *)GRPC_SLICE_START_PTR(m->value),
                                 GRPC_SLICE_LENGTH(m->value));
    }
    return NULL;
}

void peer_call_clear(struct peer_call *c)
{
    if (c->flying[PART_STATUS])
        skip_messages(c);
    wait_for(c, PART_SEND);
    wait_for(c, PART_STATUS);
    wait_for(c, PART_MESSAGE);
    for (size_t i = 0; i < c->n_headers; i++) {
        grpc_slice_unref(c->headers[i].key);
        grpc_slice_unref(c->headers[i].value);
    }
    grpc_byte_buffer_destroy(c->request);
    grpc_byte_buffer_destroy(c->reply);
    grpc_metadata_array_destroy(&c->initial);
    grpc_metadata_array_destroy(&c->trailing);
    grpc_slice_unref(c->text);
    grpc_call_unref(c->call);
    arena_free(&c->arena);
}

/* Into an arena that outlives the call. */
static void keep_fault(struct fault *to, const struct fault *from, struct arena *arena)
{
    struct status_bytes bytes;
    fault_init(to, arena);
    if (!fault_is_set(from))
        return;
    status_pack(from, &bytes);
    AM_ASSERT(status_unpack(slice_of(bytes.data, bytes.len), to) == 0);
}

int peer_unary(struct peer *p, const char *path, struct slice bytes, struct arena *arena,
               const Amends__Test__EchoResponse **reply, struct fault *fault)
{
    const ProtobufCMessageDescriptor *type = &amends__test__echo_response__descriptor;
    struct peer_call c;
    struct fault got;
    peer_call_init(&c, p, path, 10000);
    peer_principal(&c);
    peer_send(&c, bytes);
    const ProtobufCMessage *message = peer_read(&c, type);
    int status = peer_end(&c, &got);
    *reply = NULL;
    if (message) {
        struct slice packed = wire_pack(message, arena);
        *reply = (const void *)wire_unpack(type, packed, arena);
    }
    keep_fault(fault, &got, arena);
    peer_call_clear(&c);
    return status;
}
