/* SPDX-License-Identifier: Apache-2.0 */
#include "io/admin.h"

#include <microhttpd.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/time.h"
#include "base/log.h"
#include "base/metrics.h"
#include "io/cutoff.h"

#define ADMIN_MAGIC 0xad314001u
#define BEAT_LATE_US (10 * US_PER_S)
#define CONNECTIONS_MAX 64u
#define CONNECTIONS_PEER_MAX 8u
#define IDLE_TIMEOUT_S 5u
#define CONNECTION_US (5 * US_PER_S)
#define BACKLOG 64
#define LIVEZ "/livez"
#define TEXT_TYPE "text/plain; charset=utf-8"

struct admin {
    uint32_t magic;
    const struct admin_state *state;
    int64_t started_us;
    uint16_t port;
    const char *only; /* the one page there is; NULL = all */
    struct MHD_Daemon *daemon;
    struct cutoff *cutoff;
};

struct page {
    const char *path;
    enum MHD_Result (*show)(const struct admin *a, struct MHD_Connection *c);
};

static enum MHD_Result reply(struct MHD_Connection *c, unsigned status, struct MHD_Response *r,
                             const char *type)
{
    if (!r)
        return MHD_NO;
    (void)MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    (void)MHD_add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    (void)MHD_add_response_header(r, MHD_HTTP_HEADER_CONNECTION, "close");
    enum MHD_Result result = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return result;
}

static enum MHD_Result reply_text(struct MHD_Connection *c, unsigned status, const char *text)
{
    char *copy = strdup(text);
    AM_ASSERT(copy != NULL);
    return reply(c, status,
                 MHD_create_response_from_buffer(strlen(copy), copy, MHD_RESPMEM_MUST_FREE),
                 TEXT_TYPE);
}

static enum MHD_Result show_metrics(const struct admin *a, struct MHD_Connection *c)
{
    (void)a;
    size_t len = 0;
    char *text = metrics_render(&len);
    return reply(c, MHD_HTTP_OK, MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE),
                 "text/plain; version=0.0.4; charset=utf-8");
}

bool admin_live(int64_t started_us, int64_t beat_us, int64_t now_us)
{
    int64_t last_us = beat_us > started_us ? beat_us : started_us;
    return now_us - last_us <= BEAT_LATE_US;
}

static enum MHD_Result show_livez(const struct admin *a, struct MHD_Connection *c)
{
    if (admin_live(a->started_us, atomic_load(&a->state->loop_beat_us), time_mono_us()))
        return reply_text(c, MHD_HTTP_OK, "ok\n");
    return reply_text(c, MHD_HTTP_SERVICE_UNAVAILABLE, "the io loop does not turn\n");
}

bool admin_ready(const struct admin_state *state)
{
    return atomic_load(&state->schema_ok) && atomic_load(&state->postgres_ok) &&
           atomic_load(&state->time_ok) && !atomic_load(&state->missing_zone) &&
           !atomic_load(&state->secret_awaited) && !atomic_load(&state->draining);
}

static const char *postgres_text(const struct admin_state *s)
{
    if (atomic_load(&s->postgres_ok))
        return "";
    return atomic_load(&s->pooler_refused) ? " postgres (transaction pooling)" : " postgres";
}

static enum MHD_Result show_readyz(const struct admin *a, struct MHD_Connection *c)
{
    const struct admin_state *s = a->state;
    const char *zone = atomic_load(&s->missing_zone);
    char text[256];
    if (admin_ready(s))
        return reply_text(c, MHD_HTTP_OK, "ok\n");
    (void)snprintf(text, sizeof(text), "not ready:%s%s%s%s%s%.100s%s%s\n",
                   atomic_load(&s->schema_ok) ? "" : " schema", postgres_text(s),
                   atomic_load(&s->time_ok) ? "" : " clock",
                   atomic_load(&s->secret_awaited) ? " secret" : "", zone ? " time zone " : "",
                   zone ? zone : "",
                   zone ? " (needed by policy or cases, not in this tz database)" : "",
                   atomic_load(&s->draining) ? " draining" : "");
    return reply_text(c, MHD_HTTP_SERVICE_UNAVAILABLE, text);
}

#ifdef AMENDS_TEST_CLOCK
static enum MHD_Result show_settled(const struct admin *a, struct MHD_Connection *c)
{
    const char *asked = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "generation");
    uint64_t settled = atomic_load(&a->state->settled_generation);
    char text[32];
    (void)snprintf(text, sizeof(text), "%llu\n", (unsigned long long)settled);
    bool is_settled = !asked || settled >= strtoull(asked, NULL, 10);
    return reply_text(c, is_settled ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, text);
}
#endif

static const struct page pages[] = {
    {"/metrics", show_metrics},
    {LIVEZ, show_livez},
    {"/readyz", show_readyz},
#ifdef AMENDS_TEST_CLOCK
    {"/settled", show_settled},
#endif
};

static const struct page *find_page(const struct admin *a, const char *path)
{
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
        if (strcmp(path, pages[i].path) == 0 && (!a->only || strcmp(path, a->only) == 0))
            return &pages[i];
    return NULL;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *path,
                                  const char *method, const char *version, const char *body,
                                  size_t *body_len, void **request)
{
    (void)version;
    (void)body;
    (void)body_len;
    (void)request;
    const struct admin *a = ctx;
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return reply_text(c, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
    const struct page *page = find_page(a, path);
    return page ? page->show(a, c) : reply_text(c, MHD_HTTP_NOT_FOUND, "no such page\n");
}

/* A connection is for one request and has one time limit. MHD tells its end before it closes the
 * socket. */
static void on_connection(void *ctx, struct MHD_Connection *c, void **socket,
                          enum MHD_ConnectionNotificationCode what)
{
    struct admin *a = ctx;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
        *socket = info ? cutoff_add(a->cutoff, info->connect_fd) : NULL;
    } else {
        cutoff_remove(a->cutoff, *socket);
        *socket = NULL;
    }
}

static void AM_PRINTF(2, 0) on_log(void *ctx, const char *fmt, va_list args)
{
    (void)ctx;
    char text[256];
    (void)vsnprintf(text, sizeof(text), fmt, args);
    text[strcspn(text, "\n")] = '\0';
    log_warn("admin", "http", LOG_STR("text", text));
}

static int cannot(const char *call, const char *address, int err)
{
    log_error("admin", "cannot_listen", LOG_STR("call", call), LOG_STR("address", address),
              LOG_INT("errno", err));
    return AM_EIO;
}

/* "host:port", "[v6]:port" or ":port"; the last colon parts them. */
static int look_up(const char *address, struct addrinfo **out)
{
    char host[256];
    const char *colon = strrchr(address, ':');
    size_t len = colon ? (size_t)(colon - address) : 0;
    if (!colon || colon[1] == '\0' || len >= sizeof(host))
        return AM_EINVAL;
    bool bracketed = len >= 2 && address[0] == '[' && address[len - 1] == ']';
    (void)snprintf(host, sizeof(host), "%.*s", (int)(bracketed ? len - 2 : len),
                   address + bracketed);
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    return getaddrinfo(host[0] ? host : NULL, colon + 1, &hints, out) == 0 ? AM_OK : AM_EINVAL;
}

static int open_socket(const struct addrinfo *where, const char *address, uint16_t *port)
{
    const int on = 1;
    struct sockaddr_storage bound;
    socklen_t size = sizeof(bound);
    char service[8];
    int fd = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return cannot("socket", address, errno);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, where->ai_addr, where->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        int err = errno;
        (void)close(fd);
        return cannot("bind", address, err);
    }
    AM_ASSERT(getsockname(fd, (struct sockaddr *)&bound, &size) == 0);
    AM_ASSERT(getnameinfo((struct sockaddr *)&bound, size, NULL, 0, service, sizeof(service),
                          NI_NUMERICSERV) == 0);
    *port = (uint16_t)strtoul(service, NULL, 10);
    return fd;
}

static int start_daemon(struct admin *a, int fd, const char *address)
{
    a->daemon = MHD_start_daemon(
        MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ERROR_LOG, 0, NULL, NULL,
        on_request, a, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        CONNECTIONS_PEER_MAX, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_TIMEOUT_S,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, a, MHD_OPTION_END);
    if (a->daemon)
        return AM_OK;
    (void)close(fd);
    return cannot("MHD_start_daemon", address, errno);
}

static void free_admin(struct admin *a)
{
    cutoff_free(a->cutoff);
    a->magic = 0;
    free(a);
}

static int start_pages(const char *address, const struct admin_state *state, const char *only,
                       struct admin **out)
{
    struct addrinfo *where = NULL;
    uint16_t port = 0;
    if (look_up(address, &where) != AM_OK)
        return AM_EINVAL;
    int fd = open_socket(where, address, &port);
    freeaddrinfo(where);
    if (fd < 0)
        return fd;
    struct admin *a = calloc(1, sizeof(*a));
    AM_ASSERT(a != NULL);
    *a = (struct admin){.magic = ADMIN_MAGIC,
                        .state = state,
                        .started_us = time_mono_us(),
                        .port = port,
                        .only = only,
                        .cutoff = cutoff_new(CONNECTION_US)};
    int err = a->cutoff ? start_daemon(a, fd, address) : AM_EIO;
    if (err) {
        free_admin(a);
        return err;
    }
    *out = a;
    return AM_OK;
}

int admin_start(const char *address, const struct admin_state *state, struct admin **out)
{
    return start_pages(address, state, NULL, out);
}

int admin_start_livez(const char *address, const struct admin_state *state, struct admin **out)
{
    return start_pages(address, state, LIVEZ, out);
}

uint16_t admin_port(const struct admin *a)
{
    AM_ASSERT(a->magic == ADMIN_MAGIC);
    return a->port;
}

void admin_stop(struct admin *a)
{
    if (!a)
        return;
    AM_ASSERT(a->magic == ADMIN_MAGIC);
    MHD_stop_daemon(a->daemon);
    free_admin(a);
}
