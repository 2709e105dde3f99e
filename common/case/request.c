/* SPDX-License-Identifier: Apache-2.0 */

/* From a request to a command: its ids, the hash of its body, the keys it locks. */

#include <string.h>

#include "amends/v1/intake_service.pb-c.h"
#include "base/assert.h"
#include "base/digest.h"
#include "contract/check.h"
#include "case/command.h"

/* Far from the ids that deciding derives from the same seed. */
#define NEW_CASE_ID UINT32_MAX

/* -- the request's own fields
 * ------------------------------------------------------------------------ */

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

/* -- the hash of the body
 * ------------------------------------------------------------------------------ */

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

static void hash_body(struct command *cmd, const ProtobufCMessage *request)
{
    struct digest_buffer buffer = {.base = {.append = append}, .digest = digest_begin()};
    protobuf_c_message_pack_to_buffer(without_request_id(request, cmd->arena), &buffer.base);
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

/* -- keys
 * ---------------------------------------------------------------------------------------------- */

#define KEY_PARTS 6

/* The parts of one key. The first names its space, so that keys of two spaces never meet. */
struct key {
    size_t n;
    struct slice parts[KEY_PARTS];
};

static void key_add(struct key *key, const void *data, size_t len)
{
    AM_ASSERT(key->n < KEY_PARTS);
    key->parts[key->n++] = slice_of(data, len);
}

static void key_add_text(struct key *key, const char *text)
{
    key_add(key, text, strlen(text));
}

static struct key key_begin(const char *space, const struct command *cmd)
{
    struct key key = {0};
    key_add_text(&key, space);
    key_add(&key, &cmd->tenant_id, sizeof(cmd->tenant_id));
    return key;
}

static void lock(struct command *cmd, const struct key *key)
{
    AM_ASSERT(cmd->seg.n_keys < SEG_KEYS_CMD);
    cmd->seg.keys[cmd->seg.n_keys++] = digest_key(key->parts, key->n);
}

static void lock_request(struct command *cmd)
{
    struct key key = key_begin("request", cmd);
    const uint8_t method = (uint8_t)cmd->kind->method;
    key_add_text(&key, cmd->principal);
    key_add(&key, &method, sizeof(method));
    key_add(&key, cmd->request_id.b, sizeof(cmd->request_id.b));
    lock(cmd, &key);
}

static void lock_case(struct command *cmd, const struct uuid *case_id)
{
    struct key key = key_begin("case", cmd);
    key_add(&key, case_id->b, sizeof(case_id->b));
    lock(cmd, &key);
}

static void lock_agent(struct command *cmd)
{
    struct key key = key_begin("agent", cmd);
    key_add_text(&key, cmd->agent_id);
    lock(cmd, &key);
}

struct command_claim command_claim_of(const struct command *cmd)
{
    if (!cmd->kind->needs_customer)
        return cmd->claim;
    const Amends__V1__OpenCaseRequest *r = (const Amends__V1__OpenCaseRequest *)cmd->request;
    return (struct command_claim){.customer_id = r->customer_id,
                                  .failure_code = r->failure ? r->failure->code : "",
                                  .order_reference = r->failure ? r->failure->order_reference : ""};
}

/* The natural key under the unique index that lets a customer have one open case of a kind. */
static void lock_claim(struct command *cmd)
{
    const struct command_claim claim = command_claim_of(cmd);
    struct key key = key_begin("customer", cmd);
    if (!claim.customer_id)
        return;
    key_add_text(&key, claim.customer_id);
    key_add_text(&key, claim.failure_code);
    key_add_text(&key, claim.order_reference);
    lock(cmd, &key);
}

void command_keys(struct command *cmd)
{
    cmd->seg.n_keys = 0;
    if (cmd->kind->method != METHOD_NONE)
        lock_request(cmd);
    lock_claim(cmd);
    if (!cmd->kind->needs_customer && !uuid_is_zero(&cmd->case_id))
        lock_case(cmd, &cmd->case_id);
    if (!uuid_is_zero(&cmd->open_case_id))
        lock_case(cmd, &cmd->open_case_id);
    if (cmd->agent_id)
        lock_agent(cmd);
}
