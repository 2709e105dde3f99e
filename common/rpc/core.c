/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/core.h"

#include <signal.h>
#include <stdlib.h>
#include <pthread.h>

#include <grpc/grpc.h>
#include <grpc/support/log.h>

#include "base/assert.h"
#include "base/log.h"

static void forward(gpr_log_func_args *args)
{
    enum log_level level = args->severity == GPR_LOG_SEVERITY_ERROR  ? LOG_ERROR
                           : args->severity == GPR_LOG_SEVERITY_INFO ? LOG_INFO
                                                                     : LOG_DEBUG;
    const struct log_pair pairs[] = {
        LOG_STR("text", args->message),
        LOG_STR("file", args->file),
        LOG_INT("line", args->line),
        {0},
    };
    log_write(level, "grpc", "message", pairs);
}

void core_init(void)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    AM_ASSERT(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    grpc_init();
    AM_ASSERT(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    if (!getenv("GRPC_VERBOSITY"))
        gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR);
    gpr_set_log_function(forward);
}

void core_shutdown(void)
{
    grpc_shutdown();
}
