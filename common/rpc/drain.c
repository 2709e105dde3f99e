/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/internal.h"

#include "base/assert.h"
#include "base/log.h"
#include "base/minmax.h"
#include "base/time.h"
#include "rpc/sockets.h"

/*
 * The way down has three steps. First health says NOT_SERVING, streams get their farewell, and
 * everything that still comes is served: gRPC cannot tell its clients to go away without refusing
 * what is on its way (such calls would get CANCELLED), so we wait until they have gone by the age
 * of their connections, or because they watch health. Then the server takes no new calls, and open
 * ones may finish (grace). Then it cancels all others. The shutdown is over when gRPC has no
 * connection and we have no call. When no call is left, connections have a second to go: a client
 * may be silent, and gRPC 1.51 may queue a call after it has emptied its queue, which nobody will
 * ever answer.
 */

#define LOOK_FIRST_US (10 * US_PER_MS)
#define LOOK_MOST_US (500 * US_PER_MS)
#define LINGER_US US_PER_S

static void on_drained(struct loop_job *job)
{
    struct rpc_server *s = CONTAINER_OF(job, struct rpc_server, drained_job);
    loop_timer_free(s->drain_timer);
    loop_timer_free(s->credential_timer);
    s->drain_timer = NULL;
    s->drained = true;
    log_info("rpc", "drained");
    s->drain_done(s->drain_ctx);
}

/* The connections that are left are cut soon, but not later than at the end of the grace. */
static void on_idle(struct loop_job *job)
{
    struct rpc_server *s = CONTAINER_OF(job, struct rpc_server, idle_job);
    s->idle = true;
    loop_timer_start(s->drain_timer, smaller(LINGER_US, s->grace_ends_us - time_mono_us()));
}

/* When the last connection is gone, the last events of calls and slots may still be on their way.
 * No call can come when no slot is waiting for one. */
void rpc_drain_check(struct rpc_server *s)
{
    if (s->live > 0 || s->posted > 0 || !atomic_load(&s->shutting))
        return;
    if (s->shut) {
        s->drained_job.run = on_drained;
        loop_post(s->loop, &s->drained_job);
    } else if (!s->idle_told) {
        s->idle_told = true;
        s->idle_job.run = on_idle;
        loop_post(s->loop, &s->idle_job);
    }
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
    if (s->idle)
        log_info("rpc", "connections_cut", LOG_STR("why", "their clients did not go"));
    else
        log_warn("rpc", "calls_outlived_grace", LOG_INT("grace_ms", s->config.drain_grace_ms));
    grpc_server_cancel_all_calls(s->grpc);
}

static void shut(struct rpc_server *s)
{
    atomic_store(&s->shutting, true);
    s->grace_ends_us = time_mono_us() + s->config.drain_grace_ms * US_PER_MS;
    loop_timer_start(s->drain_timer, s->config.drain_grace_ms * US_PER_MS);
    s->shutdown_tag.fn = on_shutdown;
    grpc_server_shutdown_and_notify(s->grpc, s->cq, tag_arm(&s->shutdown_tag));
    rpc_health_end(s->health);
    rpc_streams_drain(s);
}

/* -- whether anybody still calls --------------------------------------------------------------- */

static bool is_quiet(const struct rpc_server *s, int64_t now_us)
{
    const int64_t last_us = larger(atomic_load(&s->last_call_us), s->drain_began_us);
    return now_us - last_us >= s->config.drain_quiet_ms * US_PER_MS;
}

/* Connections of add_fd() and of a UNIX socket are not counted: there is always one. */
static bool is_alone(const struct rpc_server *s)
{
    if (s->port == 1 || s->tls_port == 1 || s->port + s->tls_port == 0)
        return false;
    return (s->port == 0 || !sockets_connected(s->port)) &&
           (s->tls_port == 0 || !sockets_connected(s->tls_port));
}

static const char *why_shut(const struct rpc_server *s)
{
    const int64_t now_us = time_mono_us();
    const int64_t spent_us = now_us - s->drain_began_us;
    if (spent_us < s->config.drain_delay_ms * US_PER_MS)
        return NULL;
    if (is_quiet(s, now_us))
        return "no call came";
    if (spent_us >= s->config.drain_timeout_ms * US_PER_MS)
        return "time-out";
    return is_alone(s) ? "no connection" : NULL;
}

/* The pause between two looks grows: a process without callers ends at once, and a busy one does
 * not read the kernel's tables all the time. */
static void look(struct rpc_server *s)
{
    const char *why = why_shut(s);
    if (why) {
        log_info("rpc", "shutting", LOG_STR("why", why));
        shut(s);
        return;
    }
    loop_timer_start(s->drain_timer, s->drain_look_us);
    s->drain_look_us = smaller(2 * s->drain_look_us, LOOK_MOST_US);
}

static void on_timer(void *ctx)
{
    struct rpc_server *s = ctx;
    if (atomic_load(&s->shutting))
        cancel_rest(s);
    else
        look(s);
}

void rpc_server_drain(struct rpc_server *s, void (*done)(void *ctx), void *ctx)
{
    AM_ASSERT(s->started && !s->drain_timer && !s->drained);
    log_info("rpc", "draining", LOG_INT("delay_ms", s->config.drain_delay_ms),
             LOG_INT("quiet_ms", s->config.drain_quiet_ms),
             LOG_INT("timeout_ms", s->config.drain_timeout_ms),
             LOG_INT("grace_ms", s->config.drain_grace_ms));
    s->drain_done = done;
    s->drain_ctx = ctx;
    s->drain_began_us = time_mono_us();
    s->drain_look_us = LOOK_FIRST_US;
    s->drain_timer = loop_timer_new(s->loop, on_timer, s);
    rpc_health_drain(s->health);
    rpc_streams_drain(s);
    look(s);
}
