/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The response of a writing call, built from its descriptor: all XResponse messages of the contract
 * name the same few things by the same names.
 */

#include "amends/v1/agent.pb-c.h"
#include "amends/v1/case.pb-c.h"
#include "base/assert.h"
#include "shared/service.h"

static char *id_text(const struct uuid *id, struct arena *arena)
{
    return uuid_format(id, ARENA_ARRAY(arena, char, UUID_TEXT_LEN + 1));
}

static ProtobufCMessage *find_remedy(const Amends__V1__Case *c, const char *id)
{
    for (size_t i = 0; c && i < c->n_remedies; i++) {
        if (strcmp(c->remedies[i]->remedy_id, id) == 0)
            return &c->remedies[i]->base;
    }
    return NULL;
}

static ProtobufCMessage *find_offer(const Amends__V1__Case *c, const char *id)
{
    for (size_t i = 0; c && i < c->n_offers; i++) {
        if (strcmp(c->offers[i]->offer_id, id) == 0)
            return &c->offers[i]->base;
    }
    return NULL;
}

static ProtobufCMessage *part_of(const struct command *cmd, const ProtobufCFieldDescriptor *field)
{
    const Amends__V1__Case *c = (const Amends__V1__Case *)cmd->case_after;
    const char *id = id_text(&cmd->result_id, cmd->arena);
    if (field->descriptor == &amends__v1__case__descriptor)
        return cmd->case_after;
    if (field->descriptor == &amends__v1__agent__descriptor)
        return cmd->agent_after;
    if (field->descriptor == &amends__v1__remedy__descriptor)
        return find_remedy(c, id);
    AM_ASSERT(field->descriptor == &amends__v1__offer__descriptor);
    return find_offer(c, id);
}

static bool flag_of(const struct command *cmd, const char *name)
{
    if (strcmp(name, "joined") == 0)
        return cmd->joined;
    AM_ASSERT(strcmp(name, "created") == 0);
    return cmd->created;
}

static void set_field(ProtobufCMessage *r, const ProtobufCFieldDescriptor *field,
                      const struct command *cmd)
{
    void *at = (char *)r + field->offset;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        *(ProtobufCMessage **)at = part_of(cmd, field);
    else if (field->type == PROTOBUF_C_TYPE_BOOL)
        *(protobuf_c_boolean *)at = flag_of(cmd, field->name);
    else
        *(char **)at = id_text(&cmd->result_id, cmd->arena);
}

ProtobufCMessage *write_response(const struct command *cmd,
                                 const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *r = arena_must(cmd->arena, descriptor->sizeof_message);
    protobuf_c_message_init(descriptor, r);
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        set_field(r, &descriptor->fields[i], cmd);
    return r;
}
