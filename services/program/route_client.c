/* SPDX-License-Identifier: Apache-2.0 */

#include "program/route_client.h"

#include <stdlib.h>

#include "amends/v1/assignment_internal_service.pb-c.h"
#include "auth/internal_key.h"
#include "base/assert.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/time.h"
#include "program/route_why.h"

#define ARENA_BYTES (1u << 20)
#define TIMEOUT_MS 500
#define REFUSED_US (60 * US_PER_S) /* how long a refusal is taken as an answer */
#define ROUTE_INDEX 0              /* the service's only method */

struct route_client {
    struct loop *loop;
    struct rpc_client *rpc;
    const struct internal_key *key; /* NULL: callers are believed */
    struct route_why *why;
    struct loop_idle idle;
    bool in_flight;
    bool closing;
    int64_t refused_until_us;
    struct arena arena; /* of the batch under construction; reset when it was packed and sent */
    size_t n_queue, n_timers, n_agents;
    Amends__V1__QueueMember *queue[ROUTE_QUEUE_MAX];
    Amends__V1__TimerMember *timers[ROUTE_TIMERS_MAX];
    Amends__V1__AgentMember *agents[ROUTE_AGENTS_MAX];
};

static struct metric dropped = {
    .name = "amends_route_dropped_total",
    .help = "Route members left to the sweep: the batch was full, or Route is refused.",
    .kind = METRIC_COUNTER};
static struct metric failed = {.name = "amends_route_failed_total",
                               .help =
                                   "Route calls that failed; the sweep finds what they carried.",
                               .kind = METRIC_COUNTER};

static ProtobufCBinaryData id_bytes(const struct uuid *id, struct arena *arena)
{
    struct uuid *copy = ARENA_NEW(arena, struct uuid);
    *copy = *id;
    return (ProtobufCBinaryData){.len = sizeof copy->b, .data = copy->b};
}

static char *text_copy(const char *text, struct arena *arena)
{
    char *copy = arena_strdup(arena, text);
    AM_ASSERT(copy != NULL);
    return copy;
}

static void add_queue(struct route_client *c, const struct route_queue *q)
{
    Amends__V1__QueueMember *m = ARENA_NEW(&c->arena, Amends__V1__QueueMember);
    amends__v1__queue_member__init(m);
    m->tenant_id = q->tenant_id;
    m->case_id = id_bytes(&q->case_id, &c->arena);
    m->level = q->level;
    m->signature = text_copy(q->signature, &c->arena);
    m->score_ms = q->score_ms;
    m->generation = q->generation;
    m->removed = q->removed;
    c->queue[c->n_queue++] = m;
}

static void add_timer(struct route_client *c, const struct route_timer *t)
{
    Amends__V1__TimerMember *m = ARENA_NEW(&c->arena, Amends__V1__TimerMember);
    amends__v1__timer_member__init(m);
    m->tenant_id = t->tenant_id;
    m->case_id = id_bytes(&t->case_id, &c->arena);
    m->clock_id = id_bytes(&t->clock_id, &c->arena);
    m->generation = t->generation;
    m->due_ms = t->due_us / US_PER_MS;
    m->kind = (Amends__V1__ClockKind)t->kind;
    c->timers[c->n_timers++] = m;
}

static void add_agent(struct route_client *c, const struct route_agent *a)
{
    Amends__V1__AgentMember *m = ARENA_NEW(&c->arena, Amends__V1__AgentMember);
    amends__v1__agent_member__init(m);
    m->tenant_id = a->tenant_id;
    m->agent_id = text_copy(a->agent_id, &c->arena);
    m->offers_changed = a->offers_changed;
    m->room = a->room;
    c->agents[c->n_agents++] = m;
}

static bool empty(const struct route_client *c)
{
    return c->n_queue + c->n_timers + c->n_agents == 0;
}

static void flush(struct route_client *c);

/* An assignment service that does not know us does not take Route; its sweep finds what was
 * committed. */
static void take_refusal(struct route_client *c, const char *message)
{
    if (c->refused_until_us == 0)
        log_warn(
            "program", "route_refused", LOG_STR("why", message),
            LOG_STR("so", "assignment finds what is committed here by its sweep, once a second"));
    c->refused_until_us = time_mono_us() + REFUSED_US;
}

static void drop_batch(struct route_client *c)
{
    c->n_queue = c->n_timers = c->n_agents = 0;
    arena_reset(&c->arena);
}

static void sent(void *ctx, enum fault_code code, const char *message,
                 const ProtobufCMessage *reply)
{
    struct route_client *c = ctx;
    (void)reply;
    if (code != FAULT_OK)
        metric_add(&failed, 0, 1);
    if (code == FAULT_PERMISSION_DENIED || code == FAULT_UNAUTHENTICATED)
        take_refusal(c, message);
    if (code == FAULT_UNAVAILABLE || code == FAULT_DEADLINE_EXCEEDED)
        route_why_look(c->why);
    else
        route_why_well(c->why);
    c->in_flight = false;
    flush(c);
}

static void flush(struct route_client *c)
{
    const struct rpc_principal self = {.tenant = SYSTEM_ACTOR,
                                       .id = SYSTEM_ACTOR,
                                       .credential = c->key ? internal_key_text(c->key) : NULL};
    if (c->in_flight || c->closing || empty(c))
        return;
    if (time_mono_us() < c->refused_until_us) {
        metric_add(&dropped, 0, c->n_queue + c->n_timers + c->n_agents);
        drop_batch(c);
        return;
    }
    Amends__V1__RouteRequest request = AMENDS__V1__ROUTE_REQUEST__INIT;
    request.n_queue = c->n_queue;
    request.queue = c->queue;
    request.n_timers = c->n_timers;
    request.timers = c->timers;
    request.n_agents = c->n_agents;
    request.agents = c->agents;
    c->in_flight = true;
    int err = rpc_client_call(c->rpc, &amends__v1__assignment_internal_service__descriptor,
                              ROUTE_INDEX, &self, &request.base, TIMEOUT_MS, sent, c);
    if (err) {
        c->in_flight = false;
        metric_add(&failed, 0, 1);
    }
    drop_batch(c);
}

static void turn_ends(struct loop_idle *idle)
{
    flush(CONTAINER_OF(idle, struct route_client, idle));
}

void route_client_add(struct route_client *c, const struct route *r)
{
    /* Signatures and ids are bounded, so as many members as one call carries fit in the arena. */
    for (size_t i = 0; i < r->n_queue; i++) {
        if (c->n_queue < ROUTE_QUEUE_MAX)
            add_queue(c, &r->queue[i]);
        else
            metric_add(&dropped, 0, 1);
    }
    for (size_t i = 0; i < r->n_timers; i++) {
        if (c->n_timers < ROUTE_TIMERS_MAX)
            add_timer(c, &r->timers[i]);
        else
            metric_add(&dropped, 0, 1);
    }
    for (size_t i = 0; i < r->n_agents; i++) {
        if (c->n_agents < ROUTE_AGENTS_MAX)
            add_agent(c, &r->agents[i]);
        else
            metric_add(&dropped, 0, 1);
    }
    loop_before_sleep(c->loop, &c->idle);
}

bool route_client_quiet(const struct route_client *c)
{
    return !c->in_flight && empty(c);
}

struct route_client *route_client_new(struct loop *loop, struct rpc_server *server,
                                      const char *target, const struct tls_files *tls,
                                      const struct internal_key *key)
{
    struct route_client *c = calloc(1, sizeof *c);
    AM_ASSERT(c != NULL);
    metric_register(&dropped);
    metric_register(&failed);
    c->loop = loop;
    c->key = key;
    c->idle.run = turn_ends;
    arena_init(&c->arena, ARENA_BYTES);
    c->rpc = rpc_client_new(server, target, tls, 1);
    c->why = route_why_new(loop, target, tls);
    return c;
}

void route_client_free(struct route_client *c)
{
    c->closing = true;
    rpc_client_free(c->rpc);
    route_why_free(c->why);
    arena_free(&c->arena);
    free(c);
}
