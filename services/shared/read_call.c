/* SPDX-License-Identifier: Apache-2.0 */

#include "shared/service.h"

#include "contract/reasons.h"

static void on_tenant(void *ctx, const struct tenant *tenant, const struct fault *fault)
{
    struct read_call *rc = ctx;
    if (!tenant) {
        rpc_fail(rc->call, fault);
        return;
    }
    rc->tenant = tenant;
    rc->read.tenant_id = tenant->id;
    rc->read.tenant = tenant->name;
    rc->start(rc);
}

void service_read(struct service *s, struct rpc_call *call, void (*start)(struct read_call *rc))
{
    struct arena *arena = rpc_call_arena(call);
    struct read_call *rc = ARENA_NEW(arena, struct read_call);
    *rc = (struct read_call){.service = s,
                             .call = call,
                             .arena = arena,
                             .request = rpc_call_request(call),
                             .start = start};
    rc->read.arena = arena;
    rc->read.deadline_us = rpc_call_deadline_us(call);
    rc->read.ctx = rc;
    fault_init(&rc->fault, arena);
    tenants_get(s->tenants, rpc_call_principal(call)->tenant, arena, on_tenant, rc);
}

bool read_call_valid(struct read_call *rc)
{
    if (!fault_is_set(&rc->fault))
        return true;
    rpc_fail(rc->call, &rc->fault);
    return false;
}

struct read_call *read_call_done(struct store_read *read)
{
    struct read_call *rc = read->ctx;
    if (!fault_is_set(&read->fault))
        return rc;
    rpc_fail(rc->call, &read->fault);
    return NULL;
}

bool read_call_room(const struct read_call *rc)
{
    const size_t item_bytes = 64u << 10; /* an item's texts are bounded by less than half of it */
    return rc->arena->quota_bytes - rc->arena->used_bytes > item_bytes;
}

void read_call_too_large(struct read_call *rc)
{
    fault_set(&rc->fault, FAULT_RESOURCE_EXHAUSTED, ERROR_REASON_TOO_LARGE,
              "the response needs more memory than a call may use; ask for less");
    rpc_fail(rc->call, &rc->fault);
}

int page_size(struct fault *fault, int32_t given, int usual, int most)
{
    if (given < 0)
        fault_violation(fault, "page_size", "must not be negative");
    if (given <= 0)
        return usual;
    return given < most ? given : most;
}
