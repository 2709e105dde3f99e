/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/internal.h"

#include "base/assert.h"
#include "base/minmax.h"
#include "base/time.h"
#include "contract/reasons.h"
#include "rpc/meter.h"

/*
 * Calls whose credential is not known yet. The io loop asks its checker; then an empty batch brings
 * the call back to the rpc thread, which checks again. Meanwhile the request stays undecoded. What
 * waits is bounded in number and bytes, because nobody knows yet whose it is.
 *
 * A call that waits for too long is answered, but stays until its checker has let go of it: asking
 * counts like a batch of the call.
 */

#define WAITING_MOST 1024
#define WAITING_BYTES_MOST ((size_t)16 << 20)
#define WAIT_US (10 * US_PER_S)
#define TIMES_MOST 3

static void answer(struct rpc_call *call, enum fault_code code, int reason, const char *text,
                   uint32_t retry_ms)
{
    struct fault fault;
    rpc_call_drop_payload(call);
    fault_init(&fault, &call->arena);
    fault.code = code;
    fault.reason = reason;
    fault.message = text;
    fault.retry_ms = retry_ms;
    rpc_fail(call, &fault);
}

static void overloaded(struct rpc_call *call)
{
    answer(call, FAULT_RESOURCE_EXHAUSTED, ERROR_REASON_OVERLOADED,
           "too many credentials are being looked up",
           admission_retry_ms(call->server->admission, ADMISSION_CALLS, NULL));
}

static void unchecked(struct rpc_call *call)
{
    meter_caller(call->caller.checker->name, CALLER_UNAVAILABLE);
    answer(call, FAULT_UNAVAILABLE, ERROR_REASON_CREDENTIAL_UNCHECKED,
           "whether the credential is good cannot be known now; try again", 0);
}

/* -- there and back ---------------------------------------------------------------------------- */

static size_t payload_bytes(const struct rpc_call *call)
{
    return call->payload ? grpc_byte_buffer_length(call->payload) : 0;
}

static void leave(struct rpc_call *call)
{
    struct rpc_server *s = call->server;
    list_remove(&call->asking.node);
    s->n_asking--;
    s->asking_bytes -= call->asking.bytes;
}

/* The rpc thread. */
static void on_asked(struct tag *tag, bool ok)
{
    struct rpc_call *call = CONTAINER_OF(tag, struct rpc_call, asking.tag);
    (void)ok;
    leave(call);
    if (call->asking.given_up) {
        rpc_deliver_ended(call);
        return;
    }
    atomic_fetch_sub(&call->delivery.batches, 1);
    if (call->asking.refused)
        overloaded(call);
    else
        rpc_call_go_on(call);
}

/* The loop's thread. */
static void asked(void *arg)
{
    struct rpc_call *call = arg;
    call->asking.tag.fn = on_asked;
    rpc_start_batch(call->grpc, NULL, 0, &call->asking.tag);
}

static void ask(struct loop_job *job)
{
    struct rpc_call *call = CONTAINER_OF(job, struct rpc_call, asking.job);
    const struct auth_checker *checker = call->asking.checker;
    call->asking.refused = checker->ask(checker->ctx, (const char *)call->asking.text.data,
                                        call->asking.text.len, asked, call) < 0;
    if (call->asking.refused)
        asked(call);
}

void rpc_asking_begin(struct rpc_call *call)
{
    struct rpc_server *s = call->server;
    const size_t bytes = payload_bytes(call);
    if (!call->caller.checker->ask || call->asking.times++ == TIMES_MOST) {
        unchecked(call);
        return;
    }
    if (s->n_asking == WAITING_MOST || bytes > WAITING_BYTES_MOST - s->asking_bytes) {
        overloaded(call);
        return;
    }
    call->asking.bytes = bytes;
    call->asking.checker = call->caller.checker;
    call->asking.text = call->caller.text;
    call->asking.job.run = ask;
    s->n_asking++;
    s->asking_bytes += bytes;
    list_push_back(&s->asking, &call->asking.node);
    atomic_fetch_add(&call->delivery.batches, 1);
    loop_post(s->loop, &call->asking.job);
}

/* -- for how long ------------------------------------------------------------------------------ */

static void give_up(struct rpc_call *call, int64_t now_us)
{
    call->asking.given_up = true;
    if (now_us < call->deadline_us) {
        unchecked(call);
        return;
    }
    meter_expired();
    answer(call, FAULT_DEADLINE_EXCEEDED, ERROR_REASON_DEADLINE,
           "the deadline passed before the caller was known", 0);
}

void rpc_asking_look(struct rpc_server *s)
{
    const int64_t now_us = time_mono_us();
    LIST_FOR_EACH_SAFE (it, &s->asking) {
        struct rpc_call *call = CONTAINER_OF(it, struct rpc_call, asking.node);
        if (!call->asking.given_up &&
            now_us >= smaller(call->deadline_us, call->taken_us + WAIT_US))
            give_up(call, now_us);
    }
}
