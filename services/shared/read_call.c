/* SPDX-License-Identifier: Apache-2.0 */

#include "shared/service.h"
#include "shared/token_code.h"

#include "contract/reasons.h"

/* -- memory ------------------------------------------------------------------------------------ */

static void leave_gate(void *ctx)
{
    struct read_call *rc = ctx;
    read_gate_leave(rc->service->gate, &rc->place);
}

static void admitted(struct read_gate_place *place, const struct fault *fault)
{
    struct read_call *rc = CONTAINER_OF(place, struct read_call, place);
    if (fault)
        rpc_fail(rc->call, fault);
    else if (rpc_call_cancelled(rc->call) && read_call_gone(rc))
        rpc_fail(rc->call, &rc->fault);
    else
        rc->start(rc);
}

/* A call that has to wait looks out for its client. */
static void enter_gate(struct read_call *rc)
{
    if (read_gate_would_wait(rc->service->gate, &rc->place))
        rpc_call_watch(rc->call);
    read_gate_enter(rc->service->gate, &rc->place);
}

/* -- a call ------------------------------------------------------------------------------------ */

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
    if (!rc->service->gate || rc->place.bytes == READ_NOTHING) {
        rc->start(rc);
        return;
    }
    rc->place.item.tenant = (uint64_t)tenant->id;
    rc->place.done = admitted;
    rpc_call_at_end(rc->call, leave_gate, rc);
    enter_gate(rc);
}

void read_call_ask(struct read_call *rc, size_t bytes, void (*start)(struct read_call *rc))
{
    struct read_gate *gate = rc->service->gate;
    rc->start = start;
    if (gate)
        read_gate_leave(gate, &rc->place);
    rc->place.bytes = bytes;
    if (gate)
        enter_gate(rc);
    else
        start(rc);
}

bool read_call_gone(struct read_call *rc)
{
    if (!rpc_call_cancelled(rc->call)) {
        rpc_call_watch(rc->call);
        return false;
    }
    fault_set(&rc->fault, FAULT_DEADLINE_EXCEEDED, ERROR_REASON_DEADLINE,
              "nobody waits for the answer any more");
    return true;
}

void service_read(struct service *s, struct rpc_call *call, size_t bytes,
                  void (*start)(struct read_call *rc))
{
    struct arena *arena = rpc_call_arena(call);
    struct read_call *rc = ARENA_NEW(arena, struct read_call);
    *rc = (struct read_call){.service = s,
                             .call = call,
                             .arena = arena,
                             .request = rpc_call_request(call),
                             .start = start,
                             .place.bytes = bytes};
    rc->read.arena = arena;
    rc->read.deadline_us = rpc_call_deadline_us(call);
    rc->read.ctx = rc;
    fault_init(&rc->fault, arena);
    if (!token_ready(s)) {
        fault_set(&rc->fault, FAULT_UNAVAILABLE, ERROR_REASON_DATABASE_AWAY,
                  "the secret of the database was not read yet");
        rpc_fail(call, &rc->fault);
        return;
    }
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

int read_slice_rows(const struct store_read *read, size_t rows, size_t left)
{
    const size_t few = 20;
    size_t n = rows > 0 ? rows * READ_SLICE_BYTES / (read->pg.bytes + 1) : few;
    n = n < 1 ? 1 : n;
    return (int)(n < left ? n : left);
}

static bool slice_gone(struct store_read *read)
{
    return read_call_gone(read->waiter);
}

void read_slice_begin(struct read_call *rc, struct store_read *read, struct arena *slice,
                      void (*done)(struct store_read *read), void *ctx)
{
    arena_reset(slice);
    *read = (struct store_read){.arena = slice,
                                .tenant_id = rc->tenant->id,
                                .tenant = rc->tenant->name,
                                .deadline_us = rc->read.deadline_us,
                                .done = done,
                                .ctx = ctx,
                                .gone = slice_gone,
                                .waiter = rc};
}

bool read_call_room(const struct read_call *rc)
{
    const size_t item_bytes = 288u << 10; /* a case with twenty denials has a third of it */
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
