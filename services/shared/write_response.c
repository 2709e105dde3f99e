/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The response of a call that writes, built from its descriptor: all responses of the contract give
 * the same few fields the same names.
 */

#include "amends/v1/agent.pb-c.h"
#include "amends/v1/case.pb-c.h"
#include "base/assert.h"
#include "case/message/message.h"
#include "shared/service.h"

static const struct remedy_row *find_remedy(const struct case_state *c, const struct uuid *id)
{
    ROWS_EACH (remedy, const struct remedy_row, &c->remedies)
        if (uuid_eq(&remedy->remedy_id, id))
            return remedy;
    return NULL;
}

static const struct offer_row *find_offer(const struct case_state *c, const struct uuid *id)
{
    ROWS_EACH (offer, const struct offer_row, &c->offers)
        if (uuid_eq(&offer->offer_id, id))
            return offer;
    return NULL;
}

/* One response under construction. */
struct making {
    const struct command *cmd;
    struct arena *arena;
    const struct write_rows *rows;
    bool full; /* the arena is full */
};

static void set_message(struct making *m, ProtobufCMessage **at, const void *row, void *message)
{
    *at = message;
    m->full = m->full || (row && !message);
}

/* -- the words of a repeat --------------------------------------------------------------------- */

static char *note_of(const ProtobufCMessage *request)
{
    const ProtobufCFieldDescriptor *f =
        request ? protobuf_c_message_descriptor_get_field_by_name(request->descriptor, "note")
                : NULL;
    return f ? *(char *const *)((const char *)request + f->offset) : NULL;
}

static void give_note(const char *id, const char *made, char *note, char **field,
                      protobuf_c_boolean *left_out)
{
    if (strcmp(id, made) != 0)
        return;
    *field = note;
    *left_out = false;
}

/* The words that a call wrote are not read again for its repeat, which brings the same. */
static void give_words(const struct making *m, Amends__V1__Case *c)
{
    char made[UUID_TEXT_LEN + 1];
    char *note = m->cmd->replayed ? note_of(m->cmd->request) : NULL;
    if (!note)
        return;
    uuid_format(&m->cmd->result_id, made);
    for (size_t i = 0; i < c->n_contacts; i++)
        give_note(c->contacts[i]->contact_id, made, note, &c->contacts[i]->note,
                  &c->contacts[i]->note_left_out);
    for (size_t i = 0; i < c->n_acts; i++)
        give_note(c->acts[i]->act_id, made, note, &c->acts[i]->note, &c->acts[i]->note_left_out);
    c->texts_left_out = message_texts_left_out(c);
}

/* -- fields ------------------------------------------------------------------------------------ */

static void set_case(struct making *m, ProtobufCMessage **at, const struct case_state *c)
{
    Amends__V1__Case *message = c ? message_written_case(c, m->arena) : NULL;
    if (message)
        give_words(m, message);
    set_message(m, at, c, message);
}

static void set_part(struct making *m, ProtobufCMessage **at,
                     const ProtobufCMessageDescriptor *descriptor)
{
    struct arena *arena = m->arena;
    const struct case_state *c = m->rows->c;
    if (descriptor == &amends__v1__case__descriptor) {
        set_case(m, at, c);
    } else if (descriptor == &amends__v1__agent__descriptor) {
        const struct agent_row *agent = m->rows->agent;
        set_message(m, at, agent, agent ? message_agent(agent, arena) : NULL);
    } else if (descriptor == &amends__v1__remedy__descriptor) {
        const struct remedy_row *remedy = c ? find_remedy(c, &m->cmd->result_id) : NULL;
        set_message(m, at, remedy, remedy ? message_remedy(remedy, arena) : NULL);
    } else {
        AM_ASSERT(descriptor == &amends__v1__offer__descriptor);
        const struct offer_row *offer = c ? find_offer(c, &m->cmd->result_id) : NULL;
        set_message(m, at, offer, offer ? message_offer(offer, arena) : NULL);
    }
}

static bool flag_of(const struct command *cmd, const char *name)
{
    if (strcmp(name, "joined") == 0)
        return cmd->joined;
    AM_ASSERT(strcmp(name, "created") == 0);
    return cmd->created;
}

static void set_id(struct making *m, char **at)
{
    char *text = arena_alloc(m->arena, UUID_TEXT_LEN + 1);
    if (text)
        *at = uuid_format(&m->cmd->result_id, text);
    m->full = m->full || !text;
}

static void set_field(struct making *m, ProtobufCMessage *r, const ProtobufCFieldDescriptor *field)
{
    void *at = (char *)r + field->offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        AM_ASSERT(strcmp(field->name, "warnings") == 0);
        *(size_t *)((char *)r + field->quantifier_offset) = m->cmd->n_warnings;
        *(char ***)at = m->cmd->warnings;
    } else if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        set_part(m, at, field->descriptor);
    else if (field->type == PROTOBUF_C_TYPE_BOOL)
        *(protobuf_c_boolean *)at = flag_of(m->cmd, field->name);
    else
        set_id(m, at);
}

ProtobufCMessage *write_response(const struct command *cmd, const struct write_rows *rows,
                                 const ProtobufCMessageDescriptor *descriptor, struct arena *arena)
{
    struct making m = {.cmd = cmd, .arena = arena, .rows = rows};
    ProtobufCMessage *r = arena_alloc(arena, descriptor->sizeof_message);
    if (!r)
        return NULL;
    protobuf_c_message_init(descriptor, r);
    for (unsigned i = 0; i < descriptor->n_fields && !m.full; i++)
        set_field(&m, r, &descriptor->fields[i]);
    return m.full ? NULL : r;
}
