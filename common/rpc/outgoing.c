/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/outgoing.h"

#include <stdio.h>
#include <string.h>

#include <grpc/byte_buffer_reader.h>

#include "base/assert.h"
#include "rpc/caller/caller.h"
#include "rpc/message.h"
#include "rpc/caller/principal.h"
#include "rpc/status.h"
#include "rpc/wire.h"

#define BEARER "Bearer "
#define SAID_BY_CREDENTIAL "-"

static gpr_timespec deadline_in(int64_t timeout_ms)
{
    if (timeout_ms <= 0)
        return gpr_inf_future(GPR_CLOCK_MONOTONIC);
    return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                        gpr_time_from_millis(timeout_ms, GPR_TIMESPAN));
}

static void add_header(struct outgoing *o, const char *key, const char *value)
{
    grpc_metadata *m = &o->headers[o->n_headers++];
    m->key = grpc_slice_from_static_string(key);
    m->value = grpc_slice_from_copied_string(value);
}

/* A name that is not given is said by the credential, or by our certificate. */
static bool sound(const struct rpc_principal *as)
{
    const struct rpc_principal whole = {.tenant = as->tenant ? as->tenant : SAID_BY_CREDENTIAL,
                                        .id = as->id ? as->id : SAID_BY_CREDENTIAL};
    return principal_valid(as->credential || as->by_certificate ? &whole : as);
}

static void add_headers(struct outgoing *o, const struct rpc_principal *as)
{
    char bearer[sizeof(BEARER) + CALLER_CREDENTIAL_BYTES_MAX];
    if (as->tenant)
        add_header(o, PRINCIPAL_TENANT_KEY, as->tenant);
    if (as->id)
        add_header(o, PRINCIPAL_ID_KEY, as->id);
    if (as->behalf)
        add_header(o, CALLER_BEHALF_KEY, as->behalf);
    if (as->credential) {
        (void)snprintf(bearer, sizeof(bearer), BEARER "%s", as->credential);
        add_header(o, CALLER_AUTHORIZATION_KEY, bearer);
    }
}

static void make_call(struct outgoing *o, grpc_channel *channel, grpc_completion_queue *cq,
                      const ProtobufCServiceDescriptor *service, unsigned method_index,
                      int64_t timeout_ms)
{
    char path[256];
    const ProtobufCMethodDescriptor *method = &service->methods[method_index];
    (void)snprintf(path, sizeof(path), "/%s/%s", service->name, method->name);
    grpc_slice slice = grpc_slice_from_copied_string(path);
    o->reply_type = method->output;
    o->call = grpc_channel_create_call(channel, NULL, GRPC_PROPAGATE_DEFAULTS, cq, slice, NULL,
                                       deadline_in(timeout_ms), NULL);
    AM_ASSERT(o->call != NULL);
    grpc_slice_unref(slice);
}

int outgoing_init(struct outgoing *o, grpc_channel *channel, grpc_completion_queue *cq,
                  const ProtobufCServiceDescriptor *service, unsigned method_index,
                  const struct rpc_principal *as, const ProtobufCMessage *request,
                  int64_t timeout_ms)
{
    if (as && !sound(as))
        return AM_EINVAL;
    AM_ASSERT(method_index < service->n_methods);
    *o = (struct outgoing){.text = grpc_empty_slice()};
    grpc_metadata_array_init(&o->initial);
    grpc_metadata_array_init(&o->trailing);
    if (as)
        add_headers(o, as);
    o->request = message_buffer(request);
    make_call(o, channel, cq, service, method_index, timeout_ms);
    return 0;
}

void outgoing_clear(struct outgoing *o)
{
    for (size_t i = 0; i < o->n_headers; i++)
        grpc_slice_unref(o->headers[i].value);
    grpc_byte_buffer_destroy(o->request);
    grpc_byte_buffer_destroy(o->reply);
    grpc_metadata_array_destroy(&o->initial);
    grpc_metadata_array_destroy(&o->trailing);
    grpc_slice_unref(o->text);
    grpc_call_unref(o->call);
}

/* -- parts of a batch -------------------------------------------------------------------------- */

size_t outgoing_send_ops(struct outgoing *o, grpc_op *ops)
{
    ops[0].op = GRPC_OP_SEND_INITIAL_METADATA;
    ops[0].data.send_initial_metadata.count = o->n_headers;
    ops[0].data.send_initial_metadata.metadata = o->headers;
    ops[1].op = GRPC_OP_SEND_MESSAGE;
    ops[1].data.send_message.send_message = o->request;
    ops[2].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
    return 3;
}

size_t outgoing_header_op(struct outgoing *o, grpc_op *ops)
{
    ops[0].op = GRPC_OP_RECV_INITIAL_METADATA;
    ops[0].data.recv_initial_metadata.recv_initial_metadata = &o->initial;
    return 1;
}

size_t outgoing_message_op(struct outgoing *o, grpc_op *ops)
{
    ops[0].op = GRPC_OP_RECV_MESSAGE;
    ops[0].data.recv_message.recv_message = &o->reply;
    return 1;
}

size_t outgoing_status_op(struct outgoing *o, grpc_op *ops)
{
    ops[0].op = GRPC_OP_RECV_STATUS_ON_CLIENT;
    ops[0].data.recv_status_on_client.trailing_metadata = &o->trailing;
    ops[0].data.recv_status_on_client.status = &o->status;
    ops[0].data.recv_status_on_client.status_details = &o->text;
    return 1;
}

/* -- the end ----------------------------------------------------------------------------------- */

/* The server is trusted, but the reply must be well formed. A newer server may use numbers of
 * enumerations that are not known here. */
static int decode_reply(const ProtobufCMessageDescriptor *type, struct slice bytes,
                        struct arena *arena, const ProtobufCMessage **out)
{
    const struct wire_limits limits = {
        .string_bytes = SIZE_MAX, .repeated_items = 1000000, .any_enum = true};
    struct fault ignored;
    fault_init(&ignored, arena);
    if (wire_check(type, bytes, &limits, &ignored) < 0)
        return AM_EINVAL;
    *out = wire_unpack(type, bytes, arena);
    return *out ? 0 : AM_ENOMEM;
}

int outgoing_message(struct outgoing *o, struct arena *arena, const ProtobufCMessage **out)
{
    grpc_slice whole;
    *out = NULL;
    if (!o->reply || message_whole(o->reply, &whole) < 0)
        return AM_EINVAL;
    int err = decode_reply(
        o->reply_type, slice_of(GRPC_SLICE_START_PTR(whole), GRPC_SLICE_LENGTH(whole)), arena, out);
    grpc_slice_unref(whole);
    grpc_byte_buffer_destroy(o->reply);
    o->reply = NULL;
    return err;
}

static const grpc_slice *find_metadata(const grpc_metadata_array *metadata, const char *key)
{
    for (size_t i = 0; i < metadata->count; i++)
        if (grpc_slice_str_cmp(metadata->metadata[i].key, key) == 0)
            return &metadata->metadata[i].value;
    return NULL;
}

/* Details that cannot be read are ignored; code and message still hold. */
static void read_details(const struct outgoing *o, struct arena *arena, struct fault *out)
{
    const grpc_slice *details = find_metadata(&o->trailing, "grpc-status-details-bin");
    struct fault fault;
    fault_init(&fault, arena);
    if (!details ||
        status_unpack(slice_of(GRPC_SLICE_START_PTR(*details), GRPC_SLICE_LENGTH(*details)),
                      &fault) < 0)
        return;
    fault.code = out->code;
    *out = fault;
}

void outgoing_end(const struct outgoing *o, struct arena *arena, struct rpc_sync_result *out)
{
    *out = (struct rpc_sync_result){.code = status_code(o->status)};
    const char *text = arena_strndup(arena, (const char *)GRPC_SLICE_START_PTR(o->text),
                                     GRPC_SLICE_LENGTH(o->text));
    const grpc_slice *replayed = find_metadata(&o->initial, "replayed");
    out->message = text ? text : "";
    out->replayed = replayed && grpc_slice_str_cmp(*replayed, "true") == 0;
    fault_init(&out->fault, arena);
    out->fault.code = out->code;
    out->fault.message = out->message;
    if (out->code != FAULT_OK)
        read_details(o, arena, &out->fault);
}

static void override_result(struct rpc_sync_result *out, enum fault_code code, const char *text)
{
    out->code = out->fault.code = code;
    out->message = out->fault.message = text;
}

int outgoing_unary_end(struct outgoing *o, struct arena *arena, struct rpc_sync_result *out)
{
    outgoing_end(o, arena, out);
    if (out->code != FAULT_OK)
        return 0;
    int err = outgoing_message(o, arena, &out->reply);
    if (err == AM_ENOMEM)
        override_result(out, FAULT_RESOURCE_EXHAUSTED,
                        "the reply needs too much memory when it is unpacked");
    else if (err < 0)
        override_result(out, FAULT_INTERNAL, "the reply is malformed");
    return err == AM_ENOMEM ? err : 0;
}
