/* SPDX-License-Identifier: Apache-2.0 */

/* AssignmentInternalService.Route: the same as assignment_route(), from another process. */

#include "amends/v1/assignment_internal_service.pb-c.h"
#include "assignment/engine/engine.h"
#include "case/people/signature.h"
#include "contract/check.h"
#include "contract/reasons.h"

static struct uuid take_id(struct fault *fault, const char *field, const ProtobufCBinaryData *bytes)
{
    struct uuid id = {{0}};
    if (bytes->len != sizeof(id.b))
        fault_violation(fault, field, "is not 16 bytes");
    else
        memcpy(id.b, bytes->data, sizeof(id.b));
    return id;
}

static void take_queue(struct route *route, const Amends__V1__RouteRequest *r, struct arena *arena,
                       struct fault *fault)
{
    route->queue = ARENA_ARRAY(arena, struct route_queue, r->n_queue + 1);
    for (; route->n_queue < r->n_queue; route->n_queue++) {
        const Amends__V1__QueueMember *m = r->queue[route->n_queue];
        route->queue[route->n_queue] =
            (struct route_queue){.tenant_id = m->tenant_id,
                                 .case_id = take_id(fault, "queue.case_id", &m->case_id),
                                 .level = (int16_t)m->level,
                                 .signature = m->signature,
                                 .score_ms = m->score_ms,
                                 .generation = m->generation,
                                 .removed = m->removed};
        check_text(fault, "queue.signature", m->signature, QUEUE_SIGNATURE_BYTES_MAX, false);
        if (m->level < 0 || m->level > POLICY_LEVELS_MAX)
            fault_violation(fault, "queue.level", "is not from 0 to %d", POLICY_LEVELS_MAX);
    }
}

/* The contract counts in milliseconds, rounded down. The last microsecond of it is taken, so that a
 * timer is never early. */
static int64_t due_us(int64_t ms)
{
    const int64_t most_ms = INT64_MAX / US_PER_MS - 1;
    if (ms < 0)
        return 0; /* refused by the caller */
    return (ms < most_ms ? ms : most_ms) * US_PER_MS + US_PER_MS - 1;
}

static void take_timers(struct route *route, const Amends__V1__RouteRequest *r, struct arena *arena,
                        struct fault *fault)
{
    route->timers = ARENA_ARRAY(arena, struct route_timer, r->n_timers + 1);
    for (; route->n_timers < r->n_timers; route->n_timers++) {
        const Amends__V1__TimerMember *m = r->timers[route->n_timers];
        route->timers[route->n_timers] =
            (struct route_timer){.tenant_id = m->tenant_id,
                                 .case_id = take_id(fault, "timers.case_id", &m->case_id),
                                 .clock_id = take_id(fault, "timers.clock_id", &m->clock_id),
                                 .generation = m->generation,
                                 .due_us = due_us(m->due_ms),
                                 .kind = (int16_t)m->kind};
        if (m->due_ms < 0)
            fault_violation(fault, "timers.due_ms", "must not be negative");
    }
}

static void take_agents(struct route *route, const Amends__V1__RouteRequest *r, struct arena *arena,
                        struct fault *fault)
{
    route->agents = ARENA_ARRAY(arena, struct route_agent, r->n_agents + 1);
    for (; route->n_agents < r->n_agents; route->n_agents++) {
        const Amends__V1__AgentMember *m = r->agents[route->n_agents];
        check_text(fault, "agents.agent_id", m->agent_id, CHECK_PRINCIPAL_BYTES_MAX, true);
        route->agents[route->n_agents] = (struct route_agent){.tenant_id = m->tenant_id,
                                                              .agent_id = m->agent_id,
                                                              .offers_changed = m->offers_changed,
                                                              .room = m->room};
    }
}

static void check_count(struct fault *fault, const char *field, size_t n, size_t most)
{
    if (n > most)
        fault_violation(fault, field, "has %zu items, more than %zu", n, most);
}

void rpc_route(struct rpc_call *call, void *service)
{
    const Amends__V1__RouteRequest *r = (const void *)rpc_call_request(call);
    Amends__V1__RouteResponse response = AMENDS__V1__ROUTE_RESPONSE__INIT;
    struct arena *arena = rpc_call_arena(call);
    struct route route = {0};
    struct fault fault;
    fault_init(&fault, arena);
    check_count(&fault, "queue", r->n_queue, ROUTE_QUEUE_MAX);
    check_count(&fault, "timers", r->n_timers, ROUTE_TIMERS_MAX);
    check_count(&fault, "agents", r->n_agents, ROUTE_AGENTS_MAX);
    take_queue(&route, r, arena, &fault);
    take_timers(&route, r, arena, &fault);
    take_agents(&route, r, arena, &fault);
    if (fault_is_set(&fault)) {
        rpc_fail(call, &fault);
        return;
    }
    assignment_route(service, &route);
    rpc_reply(call, &response.base);
}
