/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/internal.h"

#include <stdlib.h>

#include "base/assert.h"
#include "rpc/meter.h"

/* These slots take calls of methods that are not registered; without them such calls would wait
 * until their deadline. */
#define UNKNOWN_SLOTS 4

static void post(struct rpc_slot *slot)
{
    struct rpc_server *s = slot->server;
    grpc_call_error err;
    s->posted++;
    if (slot->method)
        err = grpc_server_request_registered_call(s->grpc, slot->method->registered, &slot->call,
                                                  &slot->deadline, &slot->metadata, &slot->payload,
                                                  s->cq, s->cq, tag_arm(&slot->tag));
    else
        err = grpc_server_request_call(s->grpc, &slot->call, &slot->details, &slot->metadata, s->cq,
                                       s->cq, tag_arm(&slot->tag));
    AM_ASSERT(err == GRPC_CALL_OK);
}

static void take_details(struct rpc_slot *slot)
{
    slot->deadline = slot->details.deadline;
    slot->payload = NULL;
    grpc_call_details_destroy(&slot->details);
    grpc_call_details_init(&slot->details);
}

/* A call has come. The slot goes back to the queue before the call is handled. */
static void on_call(struct tag *tag, bool ok)
{
    struct rpc_slot *slot = CONTAINER_OF(tag, struct rpc_slot, tag);
    struct rpc_server *s = slot->server;
    AM_ASSERT(s->posted > 0);
    s->posted--;
    if (!ok) {
        rpc_drain_check(s);
        return;
    }
    if (!slot->method)
        take_details(slot);
    grpc_byte_buffer *payload = slot->payload;
    struct rpc_call *call = rpc_call_take(s, slot);
    slot->payload = NULL;
    slot->call = NULL;
    if (!atomic_load(&s->shutting))
        post(slot);
    rpc_call_begin(call, payload);
}

static struct rpc_slot *slots_new(struct rpc_server *s, struct method *m, unsigned n)
{
    struct rpc_slot *slots = calloc(n, sizeof(*slots));
    AM_ASSERT(slots != NULL);
    for (unsigned i = 0; i < n; i++) {
        slots[i].tag.fn = on_call;
        slots[i].server = s;
        slots[i].method = m;
        grpc_metadata_array_init(&slots[i].metadata);
        grpc_call_details_init(&slots[i].details);
        post(&slots[i]);
    }
    return slots;
}

void rpc_slots_post_all(struct rpc_server *s)
{
    s->unknown = slots_new(s, NULL, UNKNOWN_SLOTS);
    LIST_FOR_EACH (it, &s->methods) {
        struct method *m = CONTAINER_OF(it, struct method, node);
        m->slots = slots_new(s, m, m->n_slots);
    }
}

static void slots_destroy(struct rpc_slot *slots, unsigned n)
{
    for (unsigned i = 0; slots && i < n; i++) {
        grpc_metadata_array_destroy(&slots[i].metadata);
        grpc_call_details_destroy(&slots[i].details);
    }
    free(slots);
}

void rpc_slots_free(struct rpc_server *s)
{
    AM_ASSERT(s->posted == 0);
    slots_destroy(s->unknown, UNKNOWN_SLOTS);
    LIST_FOR_EACH (it, &s->methods) {
        struct method *m = CONTAINER_OF(it, struct method, node);
        slots_destroy(m->slots, m->n_slots);
    }
}
