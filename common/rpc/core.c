/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/core.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>

#include <grpc/grpc.h>
#include <grpc/support/log.h>

#include "base/assert.h"
#include "base/log.h"
#include "rpc/tls_words.h"

/* What the library calls an error, although a client did it and was told so. */
static const char *const mistakes_of_clients[] = {
    "Compression algorithm ",         /* a compressed request, which is refused */
    "Invalid compression algorithm ", /* likewise */
};

static bool is_mistake_of_client(const char *text)
{
    for (size_t i = 0; i < sizeof(mistakes_of_clients) / sizeof(mistakes_of_clients[0]); i++)
        if (strncmp(text, mistakes_of_clients[i], strlen(mistakes_of_clients[i])) == 0)
            return true;
    return false;
}

static enum log_level level_of(const gpr_log_func_args *args)
{
    if (args->severity == GPR_LOG_SEVERITY_ERROR)
        return is_mistake_of_client(args->message) ? LOG_DEBUG : LOG_ERROR;
    return args->severity == GPR_LOG_SEVERITY_INFO ? LOG_INFO : LOG_DEBUG;
}

/* Whoever is misconfigured tries again and again: a warning, in words that say what is wrong. The
 * end of a connection is what a port scan or a load balancer's check does. */
static bool is_handshake(const gpr_log_func_args *args)
{
    const char *words = tls_words_of_log(args->message);
    if (!words)
        return false;
    log_at(strstr(args->message, "unexpected eof") ? LOG_DEBUG : LOG_WARN, "tls",
           "handshake_failed", LOG_STR("why", words), LOG_STR("library", args->message));
    return true;
}

static void forward(gpr_log_func_args *args)
{
    if (is_handshake(args))
        return;
    const struct log_pair pairs[] = {
        LOG_STR("text", args->message),
        LOG_STR("file", args->file),
        LOG_INT("line", args->line),
        {0},
    };
    log_write(level_of(args), "grpc", "message", pairs);
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
