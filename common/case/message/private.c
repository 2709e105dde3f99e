/* SPDX-License-Identifier: Apache-2.0 */

#include "case/message/private.h"

#include <string.h>

#include "amends/v1/case.pb-c.h"
#include "amends/v1/event.pb-c.h"
#include "amends/v1/work_service.pb-c.h"

/* -- which fields ------------------------------------------------------------------------------ */

struct personal_field {
    const ProtobufCMessageDescriptor *message;
    const char *field;
    uint32_t kind;
    char *(*mask)(const char *text, struct arena *arena); /* NULL: it is hidden */
};

static const struct personal_field fields[] = {
    {&amends__v1__case__descriptor, "customer_name", PRIVATE_CONTACT, private_mask_name},
    {&amends__v1__case__descriptor, "customer_contact", PRIVATE_CONTACT, private_mask_contact},
    {&amends__v1__work_item__descriptor, "customer_name", PRIVATE_CONTACT, private_mask_name},
    {&amends__v1__failure__descriptor, "description", PRIVATE_WORDS, NULL},
    {&amends__v1__failure__descriptor, "order_reference", PRIVATE_WORDS, NULL},
    {&amends__v1__signal__descriptor, "text", PRIVATE_WORDS, NULL},
    {&amends__v1__contact_attempt__descriptor, "note", PRIVATE_WORDS, NULL},
    {&amends__v1__act__descriptor, "note", PRIVATE_WORDS, NULL},
    {&amends__v1__remedy__descriptor, "description", PRIVATE_WORDS, NULL},
    {&amends__v1__promise__descriptor, "description", PRIVATE_WORDS, NULL},
    {&amends__v1__root_cause__descriptor, "note", PRIVATE_WORDS, NULL},
    {&amends__v1__denial__descriptor, "reason", PRIVATE_WORDS, NULL},
    {&amends__v1__event_private__descriptor, "customer_name", PRIVATE_CONTACT, private_mask_name},
    {&amends__v1__event_private__descriptor, "customer_contact", PRIVATE_CONTACT,
     private_mask_contact},
    {&amends__v1__event_private__descriptor, "text", PRIVATE_WORDS, NULL},
    {&amends__v1__event_private__descriptor, "order_reference", PRIVATE_WORDS, NULL},
};
#define FIELDS (sizeof(fields) / sizeof(*fields))

/* Messages that hold these. What is in no message of this list is not looked into: an event's
 * detail has remedies, promises and contacts, too, but without their texts. */
static const ProtobufCMessageDescriptor *const holders[] = {
    &amends__v1__case__descriptor,
    &amends__v1__case_event__descriptor,
};
#define HOLDERS (sizeof(holders) / sizeof(*holders))

uint32_t private_kind(const ProtobufCMessageDescriptor *message, const char *field)
{
    for (size_t i = 0; i < FIELDS; i++)
        if (fields[i].message == message && strcmp(fields[i].field, field) == 0)
            return fields[i].kind;
    return 0;
}

bool private_has(const ProtobufCMessageDescriptor *message)
{
    for (size_t i = 0; i < HOLDERS; i++)
        if (holders[i] == message)
            return true;
    for (size_t i = 0; i < FIELDS; i++)
        if (fields[i].message == message)
            return true;
    return false;
}

/* -- a walk ------------------------------------------------------------------------------------ */

static void *member(const ProtobufCMessage *m, size_t offset)
{
    return (char *)(uintptr_t)m + offset;
}

/* The messages of a field that may hold personal data: `*n` of them. */
static ProtobufCMessage **messages_of(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f,
                                      size_t *n)
{
    void *at = member(m, f->offset);
    *n = 0;
    if (f->type != PROTOBUF_C_TYPE_MESSAGE || !private_has(f->descriptor))
        return NULL;
    if (f->label == PROTOBUF_C_LABEL_REPEATED) {
        *n = *(size_t *)member(m, f->quantifier_offset);
        return *(ProtobufCMessage ***)at;
    }
    *n = *(ProtobufCMessage **)at != NULL;
    return at;
}

/* NULL when the message has no such field, or an empty one. */
static char **text_of(const ProtobufCMessage *m, const struct personal_field *p)
{
    const ProtobufCFieldDescriptor *f =
        protobuf_c_message_descriptor_get_field_by_name(m->descriptor, p->field);
    char **text = f ? member(m, f->offset) : NULL;
    return text && *text && (*text)[0] ? text : NULL;
}

static uint32_t own_fields(const ProtobufCMessage *m)
{
    uint32_t kinds = 0;
    for (size_t i = 0; i < FIELDS; i++) {
        if (fields[i].message != m->descriptor)
            continue;
        if (text_of(m, &fields[i]))
            kinds |= fields[i].kind;
    }
    return kinds;
}

uint32_t private_fields(const ProtobufCMessage *m)
{
    uint32_t kinds = own_fields(m);
    for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
        size_t n;
        ProtobufCMessage **inner = messages_of(m, &m->descriptor->fields[i], &n);
        for (size_t k = 0; k < n; k++)
            kinds |= private_fields(inner[k]);
    }
    return kinds;
}

/* -- masking ----------------------------------------------------------------------------------- */

static void say_masked(ProtobufCMessage *m)
{
    const ProtobufCFieldDescriptor *f =
        protobuf_c_message_descriptor_get_field_by_name(m->descriptor, "masked");
    if (f)
        *(protobuf_c_boolean *)member(m, f->offset) = true;
}

static bool mask_field(ProtobufCMessage *m, const struct personal_field *p, struct arena *arena)
{
    static char hidden[] = "";
    char **text = text_of(m, p);
    if (!text)
        return true;
    char *masked = p->mask ? p->mask(*text, arena) : hidden;
    if (masked)
        *text = masked;
    return masked != NULL;
}

static bool mask_own(ProtobufCMessage *m, uint32_t kinds, struct arena *arena)
{
    for (size_t i = 0; i < FIELDS; i++)
        if (fields[i].message == m->descriptor && (fields[i].kind & kinds) &&
            !mask_field(m, &fields[i], arena))
            return false;
    say_masked(m);
    return true;
}

bool private_mask(ProtobufCMessage *m, uint32_t kinds, struct arena *arena)
{
    if (private_has(m->descriptor) && !mask_own(m, kinds, arena))
        return false;
    for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
        size_t n;
        ProtobufCMessage **inner = messages_of(m, &m->descriptor->fields[i], &n);
        for (size_t k = 0; k < n; k++)
            if (!private_mask(inner[k], kinds, arena))
                return false;
    }
    return true;
}
