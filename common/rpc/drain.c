/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/internal.h"

#include "base/assert.h"
#include "base/time.h"
#include "base/log.h"

/*
 * The shutdown has three steps. First the server answers NOT_SERVING, while load balancers notice
 * (delay). Then it takes no new calls, and open ones may finish (grace). Then it cancels all
 * others. The shutdown is over when gRPC has no connection and we have no call.
 */

static void on_drained(struct loop_job *job)
{
    struct rpc_server *s = CONTAINER_OF(job, struct rpc_server, drained_job);
    loop_timer_free(s->drain_timer);
    s->drain_timer = NULL;
    s->drained = true;
    log_info("rpc", "drained");
    s->drain_done(s->drain_ctx);
}

/* When the last connection is gone, the last events of calls and slots may still be on their way.
 * No call can come when no slot is waiting for one. */
void rpc_drain_check(struct rpc_server *s)
{
    if (!s->shut || s->live > 0 || s->posted > 0)
        return;
    s->drained_job.run = on_drained;
    loop_post(s->loop, &s->drained_job);
}

/* The rpc thread. */
static void on_shutdown(struct tag *tag, bool ok)
{
    struct rpc_server *s = CONTAINER_OF(tag, struct rpc_server, shutdown_tag);
    (void)ok;
    s->shut = true;
    rpc_drain_check(s);
}

static void cancel_rest(struct rpc_server *s)
{
    log_warn("rpc", "calls_outlived_grace", LOG_INT("grace_ms", s->config.drain_grace_ms));
    grpc_server_cancel_all_calls(s->grpc);
}

static void shut(struct rpc_server *s)
{
    atomic_store(&s->shutting, true);
    loop_timer_start(s->drain_timer, s->config.drain_grace_ms * US_PER_MS);
    s->shutdown_tag.fn = on_shutdown;
    grpc_server_shutdown_and_notify(s->grpc, s->cq, tag_arm(&s->shutdown_tag));
    rpc_streams_drain(s);
}

static void on_timer(void *ctx)
{
    struct rpc_server *s = ctx;
    if (atomic_load(&s->shutting))
        cancel_rest(s);
    else
        shut(s);
}

void rpc_server_drain(struct rpc_server *s, void (*done)(void *ctx), void *ctx)
{
    AM_ASSERT(s->started && !s->drain_timer && !s->drained);
    log_info("rpc", "draining", LOG_INT("delay_ms", s->config.drain_delay_ms),
             LOG_INT("grace_ms", s->config.drain_grace_ms));
    s->drain_done = done;
    s->drain_ctx = ctx;
    s->drain_timer = loop_timer_new(s->loop, on_timer, s);
    rpc_health_drain(s->health);
    if (s->config.drain_delay_ms > 0)
        loop_timer_start(s->drain_timer, s->config.drain_delay_ms * US_PER_MS);
    else
        shut(s);
}
