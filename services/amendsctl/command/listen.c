/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/command/listen.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <jansson.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "amendsctl/out.h"
#include "resolution/webhook/sign.h"

#define SECRET_MAX 256
#define BODY_MAX (4u << 20)
#define LATE_S 300
#define USUAL_ADDRESS "127.0.0.1:8000"
#define WRONG_USE 2

struct listener {
    char secret[SECRET_MAX];
    bool json;
};

/* A request that is arriving. */
struct arriving {
    char *body;
    size_t len;
    bool too_long;
};

/* -- what arrives ------------------------------------------------------------------------------ */

static const char *header(struct MHD_Connection *c, const char *name)
{
    const char *value = MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
    return value ? value : "";
}

/* NULL: it is good. */
static const char *wrong(const struct listener *l, struct MHD_Connection *c, struct slice body)
{
    const char *at = header(c, "webhook-timestamp");
    const int64_t off_s = (int64_t)time(NULL) - strtoll(at, NULL, 10);
    if (!*header(c, "webhook-id") || !*at || !*header(c, "webhook-signature"))
        return "a header of Standard Webhooks is missing";
    if (!hook_verify(l->secret, header(c, "webhook-signature"), header(c, "webhook-id"), at, body))
        return "no signature is right";
    return off_s > LATE_S || off_s < -LATE_S ? "the timestamp is more than five minutes off" : NULL;
}

static const char *text(const json_t *event, const char *name)
{
    const char *value = json_string_value(json_object_get(event, name));
    return value ? value : "-";
}

static void print(const struct listener *l, struct MHD_Connection *c, const struct arriving *a,
                  const char *why)
{
    json_t *event = json_loadb(a->body ? a->body : "", a->len, 0, NULL);
    if (l->json && event) {
        char *line = json_dumps(event, JSON_COMPACT);
        out_line("%s", line ? line : "");
        free(line);
    } else {
        out_line("%s  %s  %s%s", text(event, "time"), header(c, "webhook-id"), text(event, "type"),
                 json_is_true(json_object_get(event, "amendsoutoforder")) ? "  out of order" : "");
    }
    if (why)
        out_error("amendsctl: %s: %s", header(c, "webhook-id"), why);
    json_decref(event);
    (void)out_flush();
}

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, const char *what)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(strlen(what), (void *)(uintptr_t)what,
                                                             MHD_RESPMEM_PERSISTENT);
    const enum MHD_Result result = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return result;
}

static void add(struct arriving *a, const char *data, size_t len)
{
    char *more = a->len + len > BODY_MAX ? NULL : realloc(a->body, a->len + len + 1);
    if (!more) {
        a->too_long = true;
        return;
    }
    memcpy(more + a->len, data, len);
    a->body = more;
    a->len += len;
}

static enum MHD_Result handle(void *ctx, struct MHD_Connection *c, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *len, void **state)
{
    const struct listener *l = ctx;
    struct arriving *a = *state;
    (void)url;
    (void)version;
    if (!a) {
        *state = calloc(1, sizeof *a);
        return *state ? MHD_YES : MHD_NO;
    }
    if (*len > 0) {
        add(a, data, *len);
        *len = 0;
        return MHD_YES;
    }
    if (strcmp(method, MHD_HTTP_METHOD_POST) != 0)
        return answer(c, MHD_HTTP_METHOD_NOT_ALLOWED, "only POST\n");
    if (a->too_long)
        return answer(c, MHD_HTTP_CONTENT_TOO_LARGE, "too long\n");
    const char *why = wrong(l, c, slice_of(a->body, a->len));
    print(l, c, a, why);
    return answer(c, why ? MHD_HTTP_UNAUTHORIZED : MHD_HTTP_OK, why ? why : "");
}

static void completed(void *ctx, struct MHD_Connection *c, void **state,
                      enum MHD_RequestTerminationCode code)
{
    struct arriving *a = *state;
    (void)ctx;
    (void)c;
    (void)code;
    if (a)
        free(a->body);
    free(a);
    *state = NULL;
}

/* -- the command ------------------------------------------------------------------------------- */

static bool read_secret(const char *path, struct listener *l)
{
    FILE *file = fopen(path, "r");
    const bool read = file && fgets(l->secret, sizeof l->secret, file);
    if (file)
        (void)fclose(file);
    l->secret[strcspn(l->secret, " \r\n")] = '\0';
    if (read && (strncmp(l->secret, "whsec_", 6) == 0 || strncmp(l->secret, "whpk_", 5) == 0))
        return true;
    out_error("amendsctl: %s: has no line that begins with whsec_ or whpk_", path);
    return false;
}

static bool read_address(const char *given, struct sockaddr_in *out)
{
    char host[64];
    const char *colon = strrchr(given, ':');
    char *end = NULL;
    const unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;
    *out = (struct sockaddr_in){.sin_family = AF_INET};
    if (colon && (size_t)(colon - given) < sizeof host && port > 0 && port <= UINT16_MAX && !*end) {
        (void)snprintf(host, sizeof host, "%.*s", (int)(colon - given), given);
        out->sin_port = htons((uint16_t)port);
        if (inet_pton(AF_INET, host, &out->sin_addr) == 1)
            return true;
    }
    out_error("amendsctl: --listen: \"%s\" is no address such as " USUAL_ADDRESS, given);
    return false;
}

static int serve(struct listener *l, const char *address)
{
    struct sockaddr_in at;
    sigset_t ends;
    int which;
    if (!read_address(address, &at))
        return WRONG_USE;
    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGINT);
    (void)sigaddset(&ends, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &ends, NULL);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD, ntohs(at.sin_port), NULL, NULL, handle, l,
        MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_NOTIFY_COMPLETED, completed, NULL, MHD_OPTION_END);
    if (!daemon) {
        out_error("amendsctl: nobody can listen on %s; it may be in use", address);
        return 1;
    }
    out_error("amendsctl: listening on http://%s; end it with Ctrl-C", address);
    (void)sigwait(&ends, &which);
    MHD_stop_daemon(daemon);
    return 0;
}

int listen_run(const struct ctl *c)
{
    struct listener l = {.json = c->line->json};
    const char *address = c->line->local[LOCAL_LISTEN];
    int code = 1;
    if (read_secret(c->line->file, &l))
        code = serve(&l, address && *address ? address : USUAL_ADDRESS);
    explicit_bzero(l.secret, sizeof l.secret);
    return code;
}
