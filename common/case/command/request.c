/* SPDX-License-Identifier: Apache-2.0 */
#include "case/command/request.h"

#include <string.h>

#include "base/assert.h"
#include "base/digest.h"
#include "contract/check.h"

/* Far from the ids that deciding derives from the same seed. */
#define NEW_CASE_ID UINT32_MAX

/* -- the request's own fields ----------------------------------------------------------------- */

/* Where the field of this name and type lies in the message; NULL when it has none. */
static const void *field_of(const ProtobufCMessage *message, const char *name, ProtobufCType type)
{
    const ProtobufCFieldDescriptor *f =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    if (!f || f->type != type || f->label == PROTOBUF_C_LABEL_REPEATED)
        return NULL;
    return (const uint8_t *)message + f->offset;
}

static const char *text_field(const ProtobufCMessage *message, const char *name)
{
    const char *const *field = field_of(message, name, PROTOBUF_C_TYPE_STRING);
    return field ? *field : NULL;
}

/* -- the hash of the body --------------------------------------------------------------------- */

/* Packs straight into a digest. */
struct digest_buffer {
    ProtobufCBuffer base;
    struct digest_ctx *digest;
};

static void append(ProtobufCBuffer *buffer, size_t len, const uint8_t *data)
{
    digest_add(((struct digest_buffer *)buffer)->digest, data, len);
}

/* A copy of the message's own struct whose request id is empty; what it points at is shared. */
static const ProtobufCMessage *without_request_id(const ProtobufCMessage *request,
                                                  struct arena *arena)
{
    const uint8_t *field = field_of(request, "request_id", PROTOBUF_C_TYPE_STRING);
    if (!field)
        return request;
    size_t size = request->descriptor->sizeof_message;
    uint8_t *copy = arena_must(arena, size);
    memcpy(copy, request, size);
    *(const char **)(void *)(copy + (field - (const uint8_t *)request)) = "";
    return (const ProtobufCMessage *)copy;
}

/* On another's behalf it is another request. */
static void hash_body(struct command *cmd, const ProtobufCMessage *request)
{
    struct digest_buffer buffer = {.base = {.append = append}, .digest = digest_begin()};
    protobuf_c_message_pack_to_buffer(without_request_id(request, cmd->arena), &buffer.base);
    if (command_on_behalf(cmd))
        digest_add_field(buffer.digest, cmd->principal, strlen(cmd->principal));
    digest_end(buffer.digest, cmd->body_hash);
}

void command_from_request(struct command *cmd, const ProtobufCMessage *request, struct fault *fault)
{
    cmd->request = request;
    hash_body(cmd, request);
    const char *request_id = text_field(request, "request_id");
    if (request_id)
        (void)check_uuid(fault, "request_id", request_id, &cmd->request_id);
    const char *case_id = text_field(request, "case_id");
    if (case_id)
        (void)check_uuid(fault, "case_id", case_id, &cmd->case_id);
    const int64_t *version = field_of(request, "expected_version", PROTOBUF_C_TYPE_INT64);
    if (version)
        cmd->expected_version = *version;
    if (cmd->kind->needs_customer)
        cmd->case_id = uuid_derive(&cmd->seed, NEW_CASE_ID);
}
