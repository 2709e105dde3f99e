/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/internal.h"

#include <signal.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/time.h"

#define LOOK_US US_PER_S

static gpr_timespec next_look(const struct rpc_server *s)
{
    const int64_t in_us = s->looked_us + LOOK_US - time_mono_us();
    return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_micros(in_us, GPR_TIMESPAN));
}

static void pump(struct rpc_server *s)
{
    gpr_timespec look = gpr_inf_past(GPR_CLOCK_MONOTONIC);
    for (;;) {
        grpc_event e = grpc_completion_queue_next(s->cq, look, NULL);
        if (e.type == GRPC_QUEUE_SHUTDOWN)
            return;
        if (e.type == GRPC_OP_COMPLETE)
            tag_run(e.tag, e.success);
        if (e.type == GRPC_OP_COMPLETE && time_mono_us() - s->looked_us < LOOK_US)
            continue;
        rpc_deliver_look(s);
        rpc_asking_look(s);
        look = next_look(s);
    }
}

static void *pump_thread(void *arg)
{
    (void)pthread_setname_np(pthread_self(), "rpc");
    pump(arg);
    return NULL;
}

int rpc_pump_start(struct rpc_server *s)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    AM_ASSERT(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    int err = pthread_create(&s->thread, NULL, pump_thread, s);
    AM_ASSERT(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    if (err == 0)
        return 0;
    log_error("rpc", "thread_failed", LOG_INT("errno", err));
    return AM_EIO;
}

void rpc_pump_join(struct rpc_server *s)
{
    AM_ASSERT(pthread_join(s->thread, NULL) == 0);
}

void rpc_pump_drain_queue(struct rpc_server *s)
{
    pump(s);
}
