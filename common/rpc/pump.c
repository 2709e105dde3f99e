/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/internal.h"

#include <signal.h>

#include "base/assert.h"
#include "base/log.h"

static void pump(struct rpc_server *s)
{
    for (;;) {
        grpc_event e = grpc_completion_queue_next(s->cq, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
        if (e.type == GRPC_QUEUE_SHUTDOWN)
            return;
        AM_ASSERT(e.type == GRPC_OP_COMPLETE);
        tag_run(e.tag, e.success);
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
