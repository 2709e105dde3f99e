/* SPDX-License-Identifier: Apache-2.0 */
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "io/loop_impl.h"

struct resolve {
    uv_getaddrinfo_t uv;
    struct loop_job refused;
    int status;
    unsigned turn;
    void (*done)(void *ctx, const char *numeric, const char *why);
    void *ctx;
};

static int numeric_text(const struct addrinfo *found, char *text, size_t size)
{
    return getnameinfo(found->ai_addr, found->ai_addrlen, text, (socklen_t)size, NULL, 0,
                       NI_NUMERICHOST);
}

/* Picks one address of the name after the other, and after the last the first again. */
static const struct addrinfo *at_turn(const struct addrinfo *first, unsigned turn)
{
    unsigned n = 0;
    for (const struct addrinfo *a = first; a; a = a->ai_next)
        n++;
    const struct addrinfo *found = first;
    for (unsigned i = n ? turn % n : 0; i > 0; i--)
        found = found->ai_next;
    return found;
}

static void answer(struct resolve *r, const struct addrinfo *first)
{
    const struct addrinfo *found = at_turn(first, r->turn);
    char text[INET6_ADDRSTRLEN + IF_NAMESIZE + 1];
    if (r->status < 0)
        r->done(r->ctx, NULL, uv_strerror(r->status));
    else if (!found || numeric_text(found, text, sizeof(text)) != 0)
        r->done(r->ctx, NULL, "no address");
    else
        r->done(r->ctx, text, NULL);
    free(r);
}

static void on_found(uv_getaddrinfo_t *uv, int status, struct addrinfo *found)
{
    struct resolve *r = CONTAINER_OF(uv, struct resolve, uv);
    r->status = status;
    answer(r, found);
    uv_freeaddrinfo(found);
}

static void on_refused(struct loop_job *job)
{
    answer(CONTAINER_OF(job, struct resolve, refused), NULL);
}

void loop_resolve(struct loop *l, const char *host, const char *port,
                  void (*done)(void *ctx, const char *numeric, const char *why), void *ctx)
{
    loop_resolve_turn(l, host, port, 0, done, ctx);
}

void loop_resolve_turn(struct loop *l, const char *host, const char *port, unsigned turn,
                       void (*done)(void *ctx, const char *numeric, const char *why), void *ctx)
{
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    AM_ASSERT(l->magic == LOOP_MAGIC && loop_on_thread(l) && !l->closed);
    struct resolve *r = calloc(1, sizeof(*r));
    AM_ASSERT(r != NULL);
    r->done = done;
    r->ctx = ctx;
    r->turn = turn;
    r->refused.run = on_refused;
    r->status = uv_getaddrinfo(&l->uv, &r->uv, on_found, host, port, &hints);
    if (r->status < 0)
        loop_post(l, &r->refused);
}
