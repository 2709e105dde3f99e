/* SPDX-License-Identifier: Apache-2.0 */

/* amends-receive: a receiver of webhooks for the bench. It answers 204 to everything on the port of
 * its first argument, and writes after each line of standard input how many requests it has had. */

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Atomic long requests;

static enum MHD_Result handle(void *ctx, struct MHD_Connection *c, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *len, void **state)
{
    static int begun;
    (void)url;
    (void)method;
    (void)version;
    (void)data;
    if (!*state) {
        *state = &begun;
        return MHD_YES;
    }
    if (*len > 0) {
        *len = 0;
        return MHD_YES;
    }
    atomic_fetch_add(&requests, 1);
    return MHD_queue_response(c, MHD_HTTP_NO_CONTENT, ctx);
}

int main(int argc, char **argv)
{
    char line[16], empty[] = "";
    struct MHD_Response *none = MHD_create_response_from_buffer(0, empty, MHD_RESPMEM_PERSISTENT);
    struct MHD_Daemon *daemon =
        argc == 2 && none
            ? MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, (uint16_t)strtoul(argv[1], NULL, 10),
                               NULL, NULL, handle, none, MHD_OPTION_END)
            : NULL;
    if (!daemon)
        return 1;
    while (fgets(line, sizeof line, stdin)) {
        (void)printf("%ld\n", atomic_load(&requests));
        (void)fflush(stdout);
    }
    MHD_stop_daemon(daemon);
    MHD_destroy_response(none);
    return 0;
}
