/* SPDX-License-Identifier: Apache-2.0 */

#include "clients.h"

#include <stdlib.h>

#include "amends/v1/assignment_service.pb-c.h"
#include "amends/v1/intake_service.pb-c.h"
#include "amends/v1/resolution_service.pb-c.h"
#include "base/assert.h"
#include "grpc/health/v1/health.pb-c.h"

#define CONNECTIONS_MAX 16
#define IN_FLIGHT_MAX 4096
#define CALL_TIMEOUT_MS 10000
#define PROBE_TIMEOUT_MS 1000
#define PROBE_PAUSE_US (20 * US_PER_MS)
#define READY_US (10 * US_PER_S)

/* One connection; probed until it answers. */
struct connection {
    struct clients *clients;
    struct rpc_client *client;
    struct loop_timer *pause;
};

struct clients {
    struct connection all[TARGETS][CONNECTIONS_MAX];
    const char *credential;
    unsigned connections;
    unsigned next[TARGETS];
    unsigned waiting; /* connections that have not answered yet */
    int64_t give_up_us;
    bool gave_up;
    void (*ready)(void *ctx, bool ok);
    void *ctx;
};

static void probe(void *ctx);

static void give_up(struct clients *c)
{
    if (c->gave_up)
        return;
    c->gave_up = true;
    c->ready(c->ctx, false);
}

static void probed(void *ctx, enum fault_code code, const char *message,
                   const ProtobufCMessage *reply)
{
    struct connection *one = ctx;
    struct clients *c = one->clients;
    (void)message;
    (void)reply;
    if (code == FAULT_CANCELLED)
        return;
    if (code == FAULT_OK && --c->waiting == 0)
        c->ready(c->ctx, true);
    else if (code != FAULT_OK && time_mono_us() >= c->give_up_us)
        give_up(c);
    else if (code != FAULT_OK)
        loop_timer_start(one->pause, PROBE_PAUSE_US);
}

static void probe(void *ctx)
{
    struct connection *one = ctx;
    Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    int err = rpc_client_call(one->client, &grpc__health__v1__health__descriptor, 0, NULL,
                              &request.base, PROBE_TIMEOUT_MS, probed, one);
    AM_ASSERT(err == AM_OK);
}

static void connect_one(struct clients *c, struct connection *one, struct rpc_server *server,
                        struct loop *loop, const char *target, const struct tls_files *tls)
{
    one->clients = c;
    one->client = rpc_client_new(server, target, tls, IN_FLIGHT_MAX);
    one->pause = loop_timer_new(loop, probe, one);
    loop_timer_start(one->pause, 0);
    c->waiting++;
}

struct clients *clients_new(struct rpc_server *server, struct loop *loop,
                            const char *const targets[TARGETS], unsigned connections,
                            const struct tls_files *tls, void (*ready)(void *ctx, bool ok),
                            void *ctx)
{
    struct clients *c = calloc(1, sizeof(*c));
    AM_ASSERT(c != NULL && connections > 0 && connections <= CONNECTIONS_MAX);
    c->connections = connections;
    c->give_up_us = time_mono_us() + READY_US;
    c->ready = ready;
    c->ctx = ctx;
    for (unsigned t = 0; t < TARGETS; t++)
        for (unsigned i = 0; i < connections; i++)
            if (targets[t] && targets[t][0])
                connect_one(c, &c->all[t][i], server, loop, targets[t], tls);
    return c;
}

void clients_free(struct clients *c)
{
    for (unsigned t = 0; t < TARGETS; t++) {
        for (unsigned i = 0; i < c->connections; i++) {
            rpc_client_free(c->all[t][i].client);
            loop_timer_free(c->all[t][i].pause);
        }
    }
    free(c);
}

void clients_use(struct clients *c, const char *credential)
{
    c->credential = credential;
}

struct route_to clients_method(enum target target, const char *name)
{
    static const ProtobufCServiceDescriptor *const services[TARGETS] = {
        [TO_INTAKE] = &amends__v1__intake_service__descriptor,
        [TO_ASSIGNMENT] = &amends__v1__assignment_service__descriptor,
        [TO_RESOLUTION] = &amends__v1__resolution_service__descriptor,
    };
    const ProtobufCServiceDescriptor *service = services[target];
    const ProtobufCMethodDescriptor *method =
        protobuf_c_service_descriptor_get_method_by_name(service, name);
    AM_ASSERT(method != NULL);
    return (struct route_to){target, service, (unsigned)(method - service->methods)};
}

int clients_call(struct clients *c, const struct route_to *to, const struct rpc_principal *as,
                 const ProtobufCMessage *request, rpc_client_done *done, void *ctx)
{
    unsigned at = c->next[to->target]++ % c->connections;
    struct rpc_client *client = c->all[to->target][at].client;
    struct rpc_principal with = *as;
    AM_ASSERT(client != NULL);
    with.credential = c->credential;
    return rpc_client_call(client, to->service, to->method, &with, request, CALL_TIMEOUT_MS, done,
                           ctx);
}
