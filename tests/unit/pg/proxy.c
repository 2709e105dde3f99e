/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/assert.h"

#define PAIRS 32
#define COMMIT_NAME "amends_commit_" /* a digest of its text follows */

struct pair {
    int client, server;
    bool committing; /* COMMIT went through, its reply is to be lost */
};

struct proxy {
    pthread_t thread;
    char folder[64], real_host[256], real_port[16];
    int listener;
    struct pair pairs[PAIRS];
    size_t n;
    _Atomic int mode;
    _Atomic bool ending;
    _Atomic unsigned cuts;
};

static void remember(char *out, size_t cap, const PQconninfoOption *o)
{
    (void)snprintf(out, cap, "%s", o->val ? o->val : "");
}

static void find_server(struct proxy *p, const char *conninfo)
{
    PQconninfoOption *given = PQconninfoParse(conninfo, NULL);
    AM_ASSERT(given != NULL);
    for (const PQconninfoOption *o = given; o->keyword; o++) {
        if (strcmp(o->keyword, "host") == 0)
            remember(p->real_host, sizeof(p->real_host), o);
        if (strcmp(o->keyword, "port") == 0)
            remember(p->real_port, sizeof(p->real_port), o);
    }
    PQconninfoFree(given);
    if (!p->real_port[0])
        (void)snprintf(p->real_port, sizeof(p->real_port), "5432");
}

static int connect_unix(const char *folder, const char *port)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)snprintf(to.sun_path, sizeof(to.sun_path), "%.80s/.s.PGSQL.%.8s", folder, port);
    AM_ASSERT(fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0);
    return fd;
}

static int connect_tcp(const char *address, const char *port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)strtoul(port, NULL, 10))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    AM_ASSERT(inet_pton(AF_INET, strcmp(address, "localhost") == 0 ? "127.0.0.1" : address,
                        &to.sin_addr) == 1);
    AM_ASSERT(fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0);
    return fd;
}

static void cut(struct proxy *p, size_t i)
{
    close(p->pairs[i].client);
    close(p->pairs[i].server);
    p->pairs[i] = p->pairs[--p->n];
}

static void admit(struct proxy *p)
{
    int client = accept(p->listener, NULL, NULL);
    if (client < 0)
        return;
    if (p->mode == PROXY_REFUSE || p->n == PAIRS) {
        close(client);
        return;
    }
    int server = p->real_host[0] == '/' ? connect_unix(p->real_host, p->real_port)
                                        : connect_tcp(p->real_host, p->real_port);
    p->pairs[p->n++] = (struct pair){.client = client, .server = server};
}

static bool forward(int to, const char *data, ssize_t n)
{
    while (n > 0) {
        ssize_t put = send(to, data, (size_t)n, MSG_NOSIGNAL);
        if (put <= 0)
            return false;
        data += put;
        n -= put;
    }
    return true;
}

static bool is_commit(const char *data, ssize_t n)
{
    return memmem(data, (size_t)n, COMMIT_NAME, strlen(COMMIT_NAME)) != NULL;
}

/* False when the pair is to be cut. */
static bool from_client(struct proxy *p, struct pair *pair)
{
    char data[65536];
    ssize_t n = recv(pair->client, data, sizeof(data), 0);
    if (n <= 0)
        return false;
    int mode = p->mode;
    bool lose = (mode == PROXY_LOSE_COMMIT || mode == PROXY_LOSE_REPLY) && is_commit(data, n);
    if (lose) {
        p->mode = PROXY_PASS;
        p->cuts++;
    }
    if (lose && mode == PROXY_LOSE_COMMIT)
        return false;
    pair->committing = lose;
    return forward(pair->server, data, n);
}

static bool from_server(const struct pair *pair)
{
    char data[65536];
    ssize_t n = recv(pair->server, data, sizeof(data), 0);
    if (n <= 0 || pair->committing)
        return false;
    return forward(pair->client, data, n);
}

static void serve(struct proxy *p, struct pollfd *fds, size_t n)
{
    for (size_t i = n; i-- > 0;) {
        bool alive = true;
        if (fds[1 + 2 * i].revents)
            alive = from_client(p, &p->pairs[i]);
        if (alive && fds[2 + 2 * i].revents)
            alive = from_server(&p->pairs[i]);
        if (!alive)
            cut(p, i);
    }
}

static void refuse_all(struct proxy *p)
{
    while (p->n > 0) {
        p->cuts++;
        cut(p, p->n - 1);
    }
}

static void *run(void *arg)
{
    struct proxy *p = arg;
    while (!p->ending) {
        struct pollfd fds[1 + 2 * PAIRS] = {{.fd = p->listener, .events = POLLIN}};
        if (p->mode == PROXY_REFUSE)
            refuse_all(p);
        size_t n = p->n;
        for (size_t i = 0; i < n; i++) {
            fds[1 + 2 * i] = (struct pollfd){.fd = p->pairs[i].client, .events = POLLIN};
            fds[2 + 2 * i] = (struct pollfd){.fd = p->pairs[i].server, .events = POLLIN};
        }
        if (p->mode == PROXY_FREEZE) {
            (void)usleep(2000);
            continue;
        }
        if (poll(fds, 1 + 2 * n, 2) <= 0)
            continue;
        serve(p, fds, n);
        if (fds[0].revents)
            admit(p);
    }
    refuse_all(p);
    return NULL;
}

struct proxy *proxy_new(const char *conninfo)
{
    struct proxy *p = calloc(1, sizeof(*p));
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    AM_ASSERT(p != NULL);
    find_server(p, conninfo);
    (void)snprintf(p->folder, sizeof(p->folder), "/tmp/amends-proxy-XXXXXX");
    AM_ASSERT(mkdtemp(p->folder) != NULL);
    (void)snprintf(at.sun_path, sizeof(at.sun_path), "%s/.s.PGSQL.5432", p->folder);
    p->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    AM_ASSERT(p->listener >= 0 && bind(p->listener, (const struct sockaddr *)&at, sizeof(at)) == 0);
    AM_ASSERT(listen(p->listener, 16) == 0);
    AM_ASSERT(pthread_create(&p->thread, NULL, run, p) == 0);
    return p;
}

void proxy_free(struct proxy *p)
{
    char path[128];
    p->ending = true;
    (void)pthread_join(p->thread, NULL);
    close(p->listener);
    (void)snprintf(path, sizeof(path), "%s/.s.PGSQL.5432", p->folder);
    (void)unlink(path);
    (void)rmdir(p->folder);
    free(p);
}

void proxy_set(struct proxy *p, enum proxy_mode mode)
{
    p->mode = (int)mode;
}

unsigned proxy_cuts(const struct proxy *p)
{
    return p->cuts;
}

void proxy_conninfo(const struct proxy *p, const char *conninfo, char *out, size_t cap)
{
    (void)snprintf(out, cap, "%s host=%s port=5432", conninfo, p->folder);
}
