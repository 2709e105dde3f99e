/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/internal.h"

#include <stdlib.h>
#include <string.h>

#include <grpc/support/alloc.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/time.h"
#include "contract/prices.h"
#include "contract/reasons.h"
#include "rpc/message.h"
#include "rpc/meter.h"
#include "rpc/caller/principal.h"
#include "rpc/wire.h"

#define CALL_MAGIC 0xca110001u
#define FREE_CALLS_MAX 1024
#define METADATA_BYTES_MAX 8192
#define METADATA_PAIR_BYTES 32
#define RATE_WARN_US (10 * US_PER_S)

/* -- the pool --------------------------------------------------------------------------------- */

static struct rpc_call *call_new(struct rpc_server *s)
{
    struct rpc_call *call = calloc(1, sizeof(*call));
    AM_ASSERT(call != NULL);
    call->server = s;
    arena_init(&call->arena, s->config.limits.arena_bytes);
    grpc_metadata_array_init(&call->metadata);
    return call;
}

static void call_free(struct rpc_call *call)
{
    arena_free(&call->arena);
    grpc_metadata_array_destroy(&call->metadata);
    free(call);
}

/* Turns the deadline of gRPC into the time of time_mono_us(). */
static int64_t deadline_of(gpr_timespec t)
{
    if (gpr_time_cmp(t, gpr_inf_future(t.clock_type)) == 0)
        return INT64_MAX;
    t = gpr_convert_clock_type(t, GPR_CLOCK_MONOTONIC);
    if (t.tv_sec > INT64_MAX / US_PER_S - 1)
        return INT64_MAX;
    return t.tv_sec * US_PER_S + t.tv_nsec / 1000;
}

/* A unary call always gets a deadline; a stream may stay open as long as its client wants. */
static int64_t clamp_deadline(const struct rpc_call *call, int64_t deadline_us)
{
    int64_t latest = call->taken_us + call->server->config.limits.max_deadline_ms * US_PER_MS;
    bool unary = !call->method || call->method->spec.kind == RPC_UNARY;
    return unary && deadline_us > latest ? latest : deadline_us;
}

static void set_quota(struct rpc_call *call)
{
    const size_t usual = call->server->config.limits.arena_bytes;
    const size_t own = call->method ? call->method->spec.arena_bytes : 0;
    call->arena.quota_bytes = own > usual ? own : usual;
}

static size_t message_most(const struct rpc_call *call)
{
    const size_t usual = call->server->config.limits.message_bytes;
    const size_t own = call->method->spec.message_bytes;
    return own > usual ? own : usual;
}

struct rpc_call *rpc_call_take(struct rpc_server *s, struct rpc_slot *slot)
{
    struct rpc_call *call = s->free_calls;
    if (call) {
        s->free_calls = call->next_free;
        s->n_free_calls--;
    } else {
        call = call_new(s);
    }
    s->live++;
    rpc_deliver_take(call);
    grpc_metadata_array metadata = call->metadata;
    call->magic = CALL_MAGIC;
    call->method = slot->method;
    set_quota(call);
    call->grpc = slot->call;
    call->metadata = slot->metadata;
    slot->metadata = metadata;
    call->taken_us = time_mono_us();
    if (call->method && !call->method->spec.without_principal)
        atomic_store(&s->last_call_us, call->taken_us);
    call->deadline_us = clamp_deadline(call, deadline_of(slot->deadline));
    return call;
}

static void put_back(struct rpc_call *call)
{
    struct rpc_server *s = call->server;
    if (s->n_free_calls >= FREE_CALLS_MAX) {
        call_free(call);
        return;
    }
    call->next_free = s->free_calls;
    s->free_calls = call;
    s->n_free_calls++;
}

/* What a call has cost is seen by its answer, too: a list of a page is no list of one row. */
static void charge_answer(struct rpc_call *call)
{
    admission_charge(call->server->admission, &call->ticket, price_of_answer(call->delivery.bytes),
                     call->taken_us);
}

void rpc_call_release(struct rpc_call *call)
{
    struct rpc_server *s = call->server;
    AM_ASSERT(call->magic == CALL_MAGIC && s->live > 0);
    rpc_deliver_leave(call);
    if (call->ticket.held) {
        meter_live(call->ticket.stream, -1);
        charge_answer(call);
    }
    admission_leave(s->admission, &call->ticket);
    rpc_ending_clear(&call->ending);
    grpc_call_unref(call->grpc);
    arena_reset(&call->arena);
    call->magic = 0;
    call->grpc = NULL;
    call->metadata.count = 0;
    call->request = NULL;
    call->told = (struct front_told){0};
    call->caller = (struct caller){0};
    call->asking = (struct rpc_asking){0};
    call->principal = (struct rpc_principal){0};
    call->user = NULL;
    call->replayed = false;
    call->at_end = NULL;
    call->stream = (struct rpc_stream){0};
    put_back(call);
    s->live--;
    rpc_drain_check(s);
}

void rpc_calls_free(struct rpc_server *s)
{
    AM_ASSERT(s->live == 0);
    while (s->free_calls) {
        struct rpc_call *call = s->free_calls;
        s->free_calls = call->next_free;
        call_free(call);
    }
}

/* -- a new call ------------------------------------------------------------------------------- */

/* `text` is a constant, because the arena may be full when a call is refused. */
static int refuse_call(struct fault *fault, enum fault_code code, int reason, const char *text)
{
    fault->code = code;
    fault->reason = reason;
    fault->message = text;
    return AM_EINVAL;
}

/* How far a call has come. */
enum step { STEP_READY, STEP_ASKS, STEP_REFUSED };
static struct admission_call admission_of(const struct rpc_call *call)
{
    return (struct admission_call){.kind = call->method->spec.kind,
                                   .price = call->method->price,
                                   .principal = &call->principal,
                                   .now_us = call->taken_us};
}

/* Tells the operator whom a rate holds up, now and then. */
static void log_rate(struct rpc_call *call, enum admission_verdict verdict)
{
    struct rpc_server *s = call->server;
    if (s->rate_warned_us != 0 && call->taken_us - s->rate_warned_us < RATE_WARN_US)
        return;
    s->rate_warned_us = call->taken_us;
    log_warn("rpc", "rate_limited", LOG_STR("why", admission_text(verdict)),
             LOG_STR("tenant", call->principal.tenant), LOG_STR("principal", call->principal.via),
             LOG_STR("method", call->method->path),
             LOG_STR("do", "see whether the caller runs wild; else raise --max-calls-tenant-s or "
                           "--max-calls-principal-s"));
}

static int refuse_rate(struct rpc_call *call, enum admission_verdict verdict, struct fault *fault)
{
    const struct rpc_limits *l = &call->server->config.limits;
    const bool tenant = verdict == ADMISSION_RATE_TENANT;
    log_rate(call, verdict);
    fault_set(fault, FAULT_RESOURCE_EXHAUSTED, ERROR_REASON_RATE_LIMITED,
              "%s: %u, where this call counts as %u", admission_text(verdict),
              tenant ? l->calls_tenant_s : l->calls_principal_s, call->method->price);
    fault_meta(fault, "limit", "%s", tenant ? "tenant" : "principal");
    fault_meta(fault, "calls_a_second", "%u", tenant ? l->calls_tenant_s : l->calls_principal_s);
    fault_meta(fault, "price", "%u", call->method->price);
    return AM_EINVAL;
}

static int admit_call(struct rpc_call *call, struct fault *fault)
{
    struct rpc_server *s = call->server;
    const struct admission_call asks = admission_of(call);
    enum admission_verdict verdict = admission_enter(s->admission, &asks, &call->ticket);
    if (verdict == ADMISSION_OK) {
        meter_live(call->ticket.stream, 1);
        return 0;
    }
    meter_shed(verdict);
    fault->retry_ms = admission_retry_ms(s->admission, verdict, &asks);
    if (verdict == ADMISSION_RATE_TENANT || verdict == ADMISSION_RATE_PRINCIPAL)
        return refuse_rate(call, verdict, fault);
    return refuse_call(fault, FAULT_RESOURCE_EXHAUSTED, ERROR_REASON_OVERLOADED,
                       admission_text(verdict));
}

static int decode_bytes(const struct rpc_call *call, struct slice bytes, struct arena *arena,
                        ProtobufCMessage **out, struct fault *fault)
{
    if (bytes.len > message_most(call))
        return refuse_call(fault, FAULT_RESOURCE_EXHAUSTED, ERROR_REASON_TOO_LARGE,
                           "the request is too large");
    int err = wire_check(call->method->input, bytes, call->method->spec.wire, fault);
    if (err < 0)
        return err;
    *out = wire_unpack(call->method->input, bytes, arena);
    /* The request may take half of the arena. The handler needs the other half: the process ends
     * when its own allocations find the arena full. */
    if (*out && arena->used_bytes <= arena->quota_bytes / 2)
        return 0;
    meter_arena_exhausted();
    return refuse_call(fault, FAULT_RESOURCE_EXHAUSTED, ERROR_REASON_TOO_LARGE,
                       "the request needs too much memory when it is unpacked");
}

int rpc_call_decode(const struct rpc_call *call, grpc_byte_buffer *payload, struct arena *arena,
                    ProtobufCMessage **out, struct fault *fault)
{
    grpc_slice whole;
    if (!payload)
        return refuse_call(fault, FAULT_INVALID_ARGUMENT, ERROR_REASON_INVALID_ARGUMENT,
                           "there is no request");
    if (message_whole(payload, &whole) < 0)
        return refuse_call(fault, FAULT_UNIMPLEMENTED, ERROR_REASON_UNKNOWN_METHOD,
                           "compressed requests are not supported");
    int err = decode_bytes(call, slice_of(GRPC_SLICE_START_PTR(whole), GRPC_SLICE_LENGTH(whole)),
                           arena, out, fault);
    grpc_slice_unref(whole);
    return err;
}

/* Counted as HTTP/2 counts header lists. */
static size_t metadata_bytes(const grpc_metadata_array *metadata)
{
    size_t bytes = 0;
    for (size_t i = 0; i < metadata->count; i++)
        bytes += GRPC_SLICE_LENGTH(metadata->metadata[i].key) +
                 GRPC_SLICE_LENGTH(metadata->metadata[i].value) + METADATA_PAIR_BYTES;
    return bytes;
}

static int check_metadata(const struct rpc_call *call, struct fault *fault)
{
    const size_t bytes = metadata_bytes(&call->metadata);
    if (bytes <= METADATA_BYTES_MAX)
        return 0;
    fault_set(fault, FAULT_RESOURCE_EXHAUSTED, ERROR_REASON_TOO_LARGE,
              "the call has %zu bytes of metadata, more than %d (each key and value, and %d more)",
              bytes, METADATA_BYTES_MAX, METADATA_PAIR_BYTES);
    fault_meta(fault, "bytes", "%zu", bytes);
    fault_meta(fault, "most_bytes", "%d", METADATA_BYTES_MAX);
    return AM_EINVAL;
}

/* Who calls, whether they may, and whether there is room for it. */
static enum step enter_call(struct rpc_call *call, struct fault *fault)
{
    switch (rpc_credential_establish(call, fault)) {
    case CALLER_ACCEPTED:
    case CALLER_BELIEVED:
        return admit_call(call, fault) < 0 ? STEP_REFUSED : STEP_READY;
    case CALLER_ASKS:
        return STEP_ASKS;
    default:
        return STEP_REFUSED;
    }
}

/* How many things the call asks for is known only now. */
static void charge_items(struct rpc_call *call)
{
    const ProtobufCFieldDescriptor *items = call->method->items;
    if (!items || !call->ticket.held)
        return;
    size_t n;
    memcpy(&n, (const char *)call->request + items->quantifier_offset, sizeof(n));
    admission_charge(call->server->admission, &call->ticket, (uint32_t)n, call->taken_us);
}

static enum step prepare_call(struct rpc_call *call, struct fault *fault)
{
    if (check_metadata(call, fault) < 0)
        return STEP_REFUSED;
    if (!call->method) {
        (void)refuse_call(fault, FAULT_UNIMPLEMENTED, ERROR_REASON_UNKNOWN_METHOD,
                          "there is no such method");
        return STEP_REFUSED;
    }
    if (front_hear(call, fault) < 0)
        return STEP_REFUSED;
    enum step step = STEP_READY;
    if (!call->method->spec.without_principal)
        step = enter_call(call, fault);
    if (step == STEP_READY &&
        rpc_call_decode(call, call->payload, &call->arena, &call->request, fault) < 0)
        step = STEP_REFUSED;
    if (step == STEP_READY)
        charge_items(call);
    return step;
}

/* Runs on the loop's thread. A call whose deadline passed on the way is not handled: nobody waits
 * for it. */
static void run_handler(struct loop_job *job)
{
    struct rpc_call *call = CONTAINER_OF(job, struct rpc_call, job);
    if (time_mono_us() < call->deadline_us) {
        call->method->spec.handle(call, call->method->service);
        return;
    }
    struct fault fault;
    fault_init(&fault, &call->arena);
    fault_set(&fault, FAULT_DEADLINE_EXCEEDED, ERROR_REASON_DEADLINE,
              "the deadline passed before the call was decided");
    meter_expired();
    rpc_fail(call, &fault);
}

static void hand_over(struct rpc_call *call)
{
    if (call->method->flags & RPC_METHOD_ON_RPC_THREAD) {
        call->method->spec.handle(call, call->method->service);
    } else {
        call->job.run = run_handler;
        loop_post(call->server->loop, &call->job);
    }
}

void rpc_call_drop_payload(struct rpc_call *call)
{
    if (call->payload)
        grpc_byte_buffer_destroy(call->payload);
    call->payload = NULL;
}

void rpc_call_go_on(struct rpc_call *call)
{
    struct fault fault;
    fault_init(&fault, &call->arena);
    enum step step = prepare_call(call, &fault);
    if (step == STEP_ASKS) {
        rpc_asking_begin(call);
        return;
    }
    rpc_call_drop_payload(call);
    if (step == STEP_REFUSED)
        rpc_fail(call, &fault);
    else
        hand_over(call);
}

void rpc_call_begin(struct rpc_call *call, grpc_byte_buffer *payload)
{
    call->payload = payload;
    rpc_call_go_on(call);
}

/* -- what a handler asks ---------------------------------------------------------------------- */

void rpc_call_check(const struct rpc_call *call)
{
    AM_ASSERT(call != NULL && call->magic == CALL_MAGIC);
}

struct arena *rpc_call_arena(struct rpc_call *call)
{
    rpc_call_check(call);
    return &call->arena;
}

const ProtobufCMessage *rpc_call_request(const struct rpc_call *call)
{
    rpc_call_check(call);
    return call->request;
}

const struct rpc_principal *rpc_call_principal(const struct rpc_call *call)
{
    rpc_call_check(call);
    return &call->principal;
}

const char *rpc_call_peer(struct rpc_call *call)
{
    rpc_call_check(call);
    if (call->told.peer)
        return call->told.peer;
    char *peer = grpc_call_get_peer(call->grpc);
    const char *copy = arena_strdup(&call->arena, peer ? peer : "");
    gpr_free(peer);
    return copy ? copy : "";
}

bool rpc_call_is_local(struct rpc_call *call)
{
    return !call->told.peer && principal_peer_is_local(rpc_call_peer(call));
}

const char *rpc_call_method(const struct rpc_call *call)
{
    rpc_call_check(call);
    return call->method->path;
}

const void *rpc_call_about(const struct rpc_call *call)
{
    rpc_call_check(call);
    return call->method->spec.about;
}

int64_t rpc_call_deadline_us(const struct rpc_call *call)
{
    rpc_call_check(call);
    return call->deadline_us;
}

bool rpc_call_cancelled(const struct rpc_call *call)
{
    rpc_call_check(call);
    return call->stream.peer_gone || atomic_load(&call->delivery.gone) ||
           time_mono_us() >= call->deadline_us;
}

void rpc_call_at_end(struct rpc_call *call, void (*fn)(void *ctx), void *ctx)
{
    rpc_call_check(call);
    AM_ASSERT(!call->at_end);
    call->at_end = fn;
    call->at_end_ctx = ctx;
}

void rpc_call_set_user(struct rpc_call *call, void *user)
{
    rpc_call_check(call);
    call->user = user;
}

void *rpc_call_user(const struct rpc_call *call)
{
    rpc_call_check(call);
    return call->user;
}

void rpc_call_set_replayed(struct rpc_call *call)
{
    rpc_call_check(call);
    call->replayed = true;
}
