/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/internal.h"

#include <string.h>

#include "base/assert.h"
#include "base/time.h"
#include "rpc/meter.h"

/*
 * An answer that its client does not read stays in memory, and its call stays open. So it has to be
 * taken within rpc_limits.send_ms and the time that its bytes need on a slow line; then the call is
 * cancelled. Until then the bytes count against the tenant: see admission.c.
 */
#define SEND_BYTES_A_S (64 << 10)

void rpc_deliver_take(struct rpc_call *call)
{
    list_push_back(&call->server->under_way, &call->delivery.node);
    atomic_store(&call->delivery.batches, 1); /* the answer, which is still to come */
}

void rpc_deliver_leave(struct rpc_call *call)
{
    struct rpc_delivery *d = &call->delivery;
    list_remove(&d->node);
    admission_sent(call->server->admission, &call->ticket, d->bytes);
    memset(d, 0, sizeof(*d));
}

int64_t rpc_deliver_limit_us(const struct rpc_server *s, size_t bytes)
{
    return s->config.limits.send_ms * US_PER_MS + (int64_t)bytes * US_PER_S / SEND_BYTES_A_S;
}

void rpc_deliver_answer(struct rpc_call *call)
{
    struct rpc_delivery *d = &call->delivery;
    admission_sends(call->server->admission, &call->ticket, d->bytes);
    atomic_store(&d->until_us, time_mono_us() + rpc_deliver_limit_us(call->server, d->bytes));
}

void rpc_deliver_ended(struct rpc_call *call)
{
    if (atomic_fetch_sub(&call->delivery.batches, 1) == 1)
        rpc_call_release(call);
}

void rpc_deliver_look(struct rpc_server *s)
{
    const int64_t now = time_mono_us();
    s->looked_us = now;
    LIST_FOR_EACH (it, &s->under_way) {
        struct rpc_call *call = CONTAINER_OF(it, struct rpc_call, delivery.node);
        struct rpc_delivery *d = &call->delivery;
        const int64_t until = atomic_load(&d->until_us);
        if (until == 0 || now < until || d->given_up)
            continue;
        d->given_up = true;
        meter_given_up();
        AM_ASSERT(grpc_call_cancel(call->grpc, NULL) == GRPC_CALL_OK);
    }
}

/* -- clients that have gone -------------------------------------------------------------------- */

/* The rpc thread. */
static void on_watched(struct tag *tag, bool ok)
{
    struct rpc_call *call = CONTAINER_OF(tag, struct rpc_call, delivery.watch_tag);
    (void)ok;
    if (call->delivery.cancelled)
        atomic_store(&call->delivery.gone, true);
    rpc_deliver_ended(call);
}

void rpc_call_watch(struct rpc_call *call)
{
    struct rpc_delivery *d = &call->delivery;
    grpc_op op;
    rpc_call_check(call);
    if (d->watched || call->method->spec.kind != RPC_UNARY)
        return;
    d->watched = true;
    memset(&op, 0, sizeof(op));
    op.op = GRPC_OP_RECV_CLOSE_ON_SERVER;
    op.data.recv_close_on_server.cancelled = &d->cancelled;
    d->watch_tag.fn = on_watched;
    atomic_fetch_add(&d->batches, 1);
    rpc_start_batch(call->grpc, &op, 1, &d->watch_tag);
}
