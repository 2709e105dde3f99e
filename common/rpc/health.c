/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/internal.h"

#include <stdlib.h>
#include <string.h>

#include <grpc/health/v1/health.pb-c.h>

#include "base/assert.h"
#include "contract/reasons.h"
#include "rpc/meter.h"

/*
 * The rpc thread answers Check from atomics, so that a slow loop does not look dead. Watch is an
 * ordinary stream on the loop's thread.
 */

/* A client library has one watch a connection. Behind a proxy many clients share one address. */
#define WATCHES_CONNECTION_MAX 16
#define WATCHES_ADDRESS_MAX 1024
#define WATCHES_MAX 4096
#define SERVICES_MAX 16
#define LIVENESS "liveness"

typedef Grpc__Health__V1__HealthCheckResponse__ServingStatus serving_status;
#define HEALTH_SERVING GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
#define HEALTH_NOT_SERVING GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING
#define HEALTH_SERVICE_UNKNOWN                                                                     \
    GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN

struct rpc_health {
    struct rpc_server *server;
    const char *services[SERVICES_MAX];
    size_t n_services;
    atomic_bool serving;
    atomic_bool draining;
    bool ending;         /* the loop's thread */
    struct list watches; /* the loop's thread */
    atomic_uint n_watches;
    struct loop_job changed;
    atomic_bool changed_posted;
};

struct watch {
    struct list node;
    struct rpc_health *health;
    struct rpc_call *call;
    const char *peer; /* in the call's arena */
    const char *service;
    serving_status told; /* UNKNOWN = none sent yet */
};

static serving_status state_of(struct rpc_health *h, const char *service)
{
    bool serving = atomic_load(&h->serving) && !atomic_load(&h->draining);
    bool known = service[0] == '\0';
    if (strcmp(service, LIVENESS) == 0)
        return HEALTH_SERVING;
    for (size_t i = 0; i < h->n_services && !known; i++)
        known = strcmp(h->services[i], service) == 0;
    if (!known)
        return HEALTH_SERVICE_UNKNOWN;
    return serving ? HEALTH_SERVING : HEALTH_NOT_SERVING;
}

static const char *service_of(const struct rpc_call *call)
{
    const Grpc__Health__V1__HealthCheckRequest *request = (const void *)rpc_call_request(call);
    return request->service;
}

static void fail(struct rpc_call *call, enum fault_code code, int reason, const char *text)
{
    struct fault fault;
    fault_init(&fault, rpc_call_arena(call));
    fault_set(&fault, code, reason, "%s", text);
    rpc_fail(call, &fault);
}

static void check(struct rpc_call *call, void *ctx)
{
    Grpc__Health__V1__HealthCheckResponse response = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;
    response.status = state_of(ctx, service_of(call));
    if (response.status == HEALTH_SERVICE_UNKNOWN)
        fail(call, FAULT_NOT_FOUND, 0, "no such service");
    else
        rpc_reply(call, &response.base);
}

/* -- watches ----------------------------------------------------------------------------------- */

/* Sends the state when it is new. A watch that has sent the last state ends with the server. */
static void advance(struct watch *w)
{
    Grpc__Health__V1__HealthCheckResponse response = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;
    if (rpc_stream_busy(w->call))
        return;
    response.status = state_of(w->health, w->service);
    if (response.status != w->told) {
        w->told = response.status;
        rpc_stream_send(w->call, &response.base);
    } else if (w->health->ending) {
        rpc_stream_finish(w->call);
    }
}

static void on_sent(struct rpc_call *call, void *ctx)
{
    (void)call;
    advance(ctx);
}

static void on_closed(struct rpc_call *call, void *ctx)
{
    struct watch *w = ctx;
    (void)call;
    list_remove(&w->node);
    (void)atomic_fetch_sub(&w->health->n_watches, 1);
    meter_health_watches(-1);
}

/* How much of two peers is equal: nothing, the address, or address and port: the connection. */
enum { PEER_OTHER, PEER_ADDRESS, PEER_CONNECTION };

static int compare_peers(const char *a, const char *b)
{
    const char *port = strrchr(a, ':');
    const char *other = strrchr(b, ':');
    if (strcmp(a, b) == 0) /* clients of a UNIX socket have all the same name */
        return strncmp(a, "unix:", 5) == 0 ? PEER_ADDRESS : PEER_CONNECTION;
    if (!port || !other || port - a != other - b)
        return PEER_OTHER;
    return memcmp(a, b, (size_t)(port - a)) == 0 ? PEER_ADDRESS : PEER_OTHER;
}

/* No connection and no address may take the watches of the others. */
static bool may_watch(struct rpc_health *h, const char *peer)
{
    unsigned of_connection = 0, of_address = 0;
    LIST_FOR_EACH (it, &h->watches) {
        const int equal = compare_peers(CONTAINER_OF(it, struct watch, node)->peer, peer);
        of_connection += equal == PEER_CONNECTION;
        of_address += equal != PEER_OTHER;
    }
    return of_connection < WATCHES_CONNECTION_MAX && of_address < WATCHES_ADDRESS_MAX &&
           atomic_load(&h->n_watches) < WATCHES_MAX;
}

static void watch(struct rpc_call *call, void *ctx)
{
    static const struct rpc_stream_ops ops = {.sent = on_sent, .closed = on_closed};
    struct rpc_health *h = ctx;
    const char *peer = rpc_call_peer(call);
    if (!may_watch(h, peer)) {
        fail(call, FAULT_RESOURCE_EXHAUSTED, ERROR_REASON_OVERLOADED, "too many health watches");
        return;
    }
    struct watch *w = ARENA_NEW(rpc_call_arena(call), struct watch);
    *w = (struct watch){.health = h, .call = call, .service = service_of(call), .peer = peer};
    list_push_back(&h->watches, &w->node);
    (void)atomic_fetch_add(&h->n_watches, 1);
    meter_health_watches(1);
    rpc_stream_open(call, &ops, w);
    advance(w);
}

static void advance_all(struct rpc_health *h)
{
    LIST_FOR_EACH (it, &h->watches) {
        advance(CONTAINER_OF(it, struct watch, node));
    }
}

static void on_changed(struct loop_job *job)
{
    struct rpc_health *h = CONTAINER_OF(job, struct rpc_health, changed);
    atomic_store(&h->changed_posted, false);
    advance_all(h);
}

/* The state is stored before the watches are counted, and a watch is counted before it reads the
 * state: one of the two sees the other. */
void rpc_health_set(struct rpc_health *h, bool serving)
{
    atomic_store(&h->serving, serving);
    if (atomic_load(&h->n_watches) > 0 && !atomic_exchange(&h->changed_posted, true))
        loop_post(h->server->loop, &h->changed);
}

void rpc_health_drain(struct rpc_health *h)
{
    atomic_store(&h->draining, true);
    advance_all(h);
}

void rpc_health_end(struct rpc_health *h)
{
    h->ending = true;
    advance_all(h);
}

/* -- life -------------------------------------------------------------------------------------- */

void rpc_health_add(struct rpc_health *h, const char *service)
{
    AM_ASSERT(h->n_services < SERVICES_MAX);
    h->services[h->n_services++] = service;
}

static void add_methods(struct rpc_health *h)
{
    static const struct rpc_method on_rpc[] = {
        {.name = "Check",
         .kind = RPC_UNARY,
         .handle = check,
         .slots = 4,
         .without_principal = true},
    };
    static const struct rpc_method on_loop[] = {
        {.name = "Watch",
         .kind = RPC_SERVER_STREAM,
         .handle = watch,
         .slots = 4,
         .without_principal = true},
    };
    const ProtobufCServiceDescriptor *d = &grpc__health__v1__health__descriptor;
    AM_ASSERT(rpc_server_add_with_flags(h->server, d, on_rpc, 1, h, RPC_METHOD_ON_RPC_THREAD) == 0);
    AM_ASSERT(rpc_server_add_with_flags(h->server, d, on_loop, 1, h, RPC_METHOD_ENDS_ITSELF) == 0);
}

struct rpc_health *rpc_health_new(struct rpc_server *s)
{
    struct rpc_health *h = calloc(1, sizeof(*h));
    AM_ASSERT(h != NULL);
    h->server = s;
    h->changed.run = on_changed;
    list_init(&h->watches);
    add_methods(h);
    return h;
}

void rpc_health_free(struct rpc_health *h)
{
    AM_ASSERT(list_empty(&h->watches));
    free(h);
}
