/* SPDX-License-Identifier: Apache-2.0 */

/* An event of a case's history as a message. */

#include <string.h>

#include "case/message/impl.h"
#include "case/message/message.h"

static void *unpack_alloc(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void unpack_free(void *arena, void *p)
{
    (void)arena;
    (void)p;
}

/* NULL when the bytes are not such a message (somebody altered them) or the arena is full. */
static ProtobufCMessage *unpack(const ProtobufCMessageDescriptor *descriptor, struct slice bytes,
                                struct arena *arena)
{
    ProtobufCAllocator allocator = {
        .alloc = unpack_alloc, .free = unpack_free, .allocator_data = arena};
    return protobuf_c_message_unpack(descriptor, &allocator, bytes.len, bytes.data);
}

static void make_bytes(struct make *m, ProtobufCBinaryData *field, struct slice bytes)
{
    field->data = make_alloc(m, bytes.len);
    if (!field->data || bytes.len == 0)
        return;
    memcpy(field->data, bytes.data, bytes.len);
    field->len = bytes.len;
}

Amends__V1__CaseEvent *message_event(const struct event_row *row,
                                     const struct event_private_row *private_row,
                                     struct arena *arena)
{
    struct make m = {.arena = arena};
    Amends__V1__CaseEvent *e = make_alloc(&m, sizeof(*e));
    if (!e)
        return NULL;
    amends__v1__case_event__init(e);
    e->sequence = row->seq;
    make_time(&m, &e->event_time, row->at);
    e->kind = (Amends__V1__EventKind)row->kind;
    make_text(&m, &e->actor, row->actor);
    e->detail = (Amends__V1__EventDetail *)unpack(&amends__v1__event_detail__descriptor,
                                                  row->public_body, arena);
    if (e->detail)
        e->via = e->detail->via;
    if (private_row)
        e->personal = (Amends__V1__EventPrivate *)unpack(&amends__v1__event_private__descriptor,
                                                         private_row->body, arena);
    e->erased = !private_row && row->private_digest.len > 0;
    make_bytes(&m, &e->previous_hash, row->prev_hash);
    make_bytes(&m, &e->hash, row->hash);
    make_bytes(&m, &e->private_digest, row->private_digest);
    return m.full ? NULL : e;
}
