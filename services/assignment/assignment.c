/* SPDX-License-Identifier: Apache-2.0 */

#include "assignment/assignment.h"

#include <stdlib.h>

#include "assignment/checkpoints/checkpoints.h"
#include "assignment/engine/engine.h"
#include "assignment/engine/keys.h"
#include "assignment/engine/scripts.h"
#include "assignment/references/references.h"
#include "base/assert.h"

int64_t engine_now_us(const struct assignment *a)
{
    return time_now_us(loop_time(a->loop));
}

/* -- Redis ------------------------------------------------------------------------------------- */

static void on_change(void *ctx, bool up)
{
    struct assignment *a = ctx;
    if (!a->timers || a->stopped)
        return;
    if (!up)
        sweep_lost(a->sweep);
    timers_run(a->timers); /* timers now come from Redis, or no longer */
}

static void on_reload(void *ctx)
{
    struct assignment *a = ctx;
    if (a->sweep && !a->stopped)
        sweep_reload(a->sweep);
}

static void on_message(void *ctx, struct slice text)
{
    struct assignment *a = ctx;
    int64_t tenant_id;
    const char *agent_id;
    if (!a->stopped && member_agent_parse((const char *)text.data, &tenant_id, &agent_id) == AM_OK)
        hub_wake(a->hub, tenant_id, agent_id);
}

static int start_redis(struct assignment *a)
{
    const struct redis_config config = {.url = a->config.redis_url,
                                        .password_file = a->config.redis_password_file,
                                        .tls = a->config.redis_tls,
                                        .epoch_key = KEY_EPOCH,
                                        .channel = KEY_WAKE,
                                        .scripts = engine_scripts,
                                        .n_scripts = SCRIPTS,
                                        .on_change = on_change,
                                        .on_reload = on_reload,
                                        .on_message = on_message,
                                        .ctx = a};
    return redis_new(a->loop, &config, &a->redis);
}

/* -- what was committed ------------------------------------------------------------------------ */

static void wake_streams(struct assignment *a, const struct route_agent *agent)
{
    struct arena arena;
    hub_wake(a->hub, agent->tenant_id, agent->agent_id);
    if (!redis_up(a->redis))
        return;
    arena_init(&arena, 1024);
    redis_publish(a->redis, member_agent(&arena, agent->tenant_id, agent->agent_id));
    arena_free(&arena);
}

static void route_queue(struct assignment *a, const struct route *route)
{
    int64_t last = 0; /* often all are of one tenant */
    engine_queues_put(a, route->queue, route->n_queue);
    for (size_t i = 0; i < route->n_queue; i++) {
        const struct route_queue *q = &route->queue[i];
        if (q->removed || q->level == 0 || q->tenant_id == last)
            continue;
        last = q->tenant_id;
        match_tenant(a->match, last, NULL, false);
    }
}

static void route_agent(struct assignment *a, const struct route_agent *agent)
{
    if (agent->offers_changed)
        wake_streams(a, agent);
    if (agent->room)
        match_tenant(a->match, agent->tenant_id, agent->agent_id, false);
}

void assignment_route(struct assignment *a, const struct route *route)
{
    if (a->stopped)
        return;
    route_queue(a, route);
    timers_add(a->timers, route->timers, route->n_timers);
    for (size_t i = 0; i < route->n_agents; i++)
        route_agent(a, &route->agents[i]);
}

/* -- the test clock ---------------------------------------------------------------------------- */

bool assignment_settled(const struct assignment *a)
{
    return settle_idle(a->settle) && timers_idle(a->timers) && match_idle(a->match) &&
           a->commands_in_flight == 0;
}

void assignment_time_moved(struct assignment *a)
{
    if (a->stopped)
        return;
    settle_moved(a->settle);
    timers_run(a->timers);
}

/* -- life -------------------------------------------------------------------------------------- */

static void start_parts(struct assignment *a)
{
    a->timers = timers_new(a);
    a->audit = audit_new(a);
    a->checkpoints = checkpoints_new(a);
    a->references = references_new(a);
    a->retention = retention_new(a);
    a->sweep = sweep_new(a);
    a->settle = settle_new(a);
    a->match = match_new(a);
    a->hub = hub_new(a);
    a->directory = directory_new(a);
}

int assignment_new(const struct assignment_config *config, struct assignment **out)
{
    struct assignment *a = calloc(1, sizeof(*a));
    AM_ASSERT(a != NULL);
    a->magic = ENGINE_MAGIC;
    a->config = *config;
    a->service = config->service;
    a->loop = config->service->loop;
    list_init(&a->commands);
    const struct uuid replica = uuid_new(time_shared_us(loop_time(a->loop)));
    (void)uuid_format(&replica, a->replica);
    int err = start_redis(a);
    if (!err) {
        start_parts(a);
        err = rpc_register(a, config->server);
    }
    if (err) {
        assignment_free(a);
        return err;
    }
    *out = a;
    return AM_OK;
}

void assignment_stop(struct assignment *a)
{
    AM_ASSERT(a->magic == ENGINE_MAGIC);
    a->stopped = true;
    timers_stop(a->timers);
}

void assignment_free(struct assignment *a)
{
    if (!a)
        return;
    AM_ASSERT(a->magic == ENGINE_MAGIC && list_empty(&a->commands) && a->claims.n == 0);
    a->stopped = true;
    redis_free(a->redis);
    directory_free(a->directory);
    hub_free(a->hub);
    match_free(a->match);
    settle_free(a->settle);
    sweep_free(a->sweep);
    audit_free(a->audit);
    checkpoints_free(a->checkpoints);
    references_free(a->references);
    retention_free(a->retention);
    timers_free(a->timers);
    a->magic = 0;
    free(a);
}
