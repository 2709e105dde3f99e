/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "pg/metrics.h"
#include "pg/pool.h"

#define FIRST_PAUSE_US (50 * US_PER_MS)
#define LONGEST_PAUSE_US (1500 * US_PER_MS)
#define NEXT_HOST_PAUSE_US (5 * US_PER_MS)

static void poll_once(struct conn *c);

static void poll_ready(void *ctx, int events)
{
    (void)events;
    poll_once(ctx);
}

/* libpq may have opened another descriptor under the same number, so the watch is made anew each
 * time. */
static void watch_for(struct conn *c, int events)
{
    loop_fd_free(c->watch);
    c->watch = loop_fd_new(c->pg->loop, PQsocket(c->pq), poll_ready, c);
    if (c->watch)
        loop_fd_want(c->watch, events);
    else
        conn_break(c, "watch");
}

static void ignore_notice(void *ctx, const PGresult *res)
{
    (void)ctx;
    (void)res;
}

static void connected(struct conn *c)
{
    loop_fd_free(c->watch);
    c->watch = loop_fd_new(c->pg->loop, PQsocket(c->pq), conn_ready, c);
    (void)PQsetNoticeReceiver(c->pq, ignore_notice, NULL);
    if (!c->watch || PQsetnonblocking(c->pq, 1) != 0 || !PQenterPipelineMode(c->pq)) {
        conn_drop(c, "pipeline mode");
        return;
    }
    loop_fd_want(c->watch, LOOP_READ);
    c->state = CONN_SETUP;
    conn_setup(c);
}

static void poll_once(struct conn *c)
{
    char why[PG_WHY_LEN];
    switch (PQconnectPoll(c->pq)) {
    case PGRES_POLLING_READING:
        watch_for(c, LOOP_READ);
        break;
    case PGRES_POLLING_WRITING:
        watch_for(c, LOOP_WRITE);
        break;
    case PGRES_POLLING_OK:
        connected(c);
        break;
    default:
        conn_drop(c, pg_why(c->pq, why));
    }
}

/* Entries before "dbname" are defaults that the conninfo may override; those after it win. */
static void start_connecting(struct conn *c, const struct target_host *h, const char *hostaddr)
{
    const char *keys[] = {"tcp_user_timeout", "fallback_application_name",
                          "dbname",           "client_encoding",
                          h ? "host" : NULL,  "port",
                          "hostaddr",         NULL};
    const char *values[] = {"10000",
                            c->pg->config.application_name,
                            c->pg->target.conninfo,
                            "UTF8",
                            h ? h->host : NULL,
                            h ? h->port : NULL,
                            hostaddr,
                            NULL};
    c->state = CONN_CONNECT;
    loop_timer_start(c->timer, PG_CONNECT_TIMEOUT_US);
    c->pq = PQconnectStartParams(keys, values, 1);
    if (PQstatus(c->pq) == CONNECTION_BAD) {
        char why[PG_WHY_LEN];
        conn_drop(c, pg_why(c->pq, why));
        return;
    }
    watch_for(c, LOOP_WRITE); /* as if the first poll had asked for it */
}

static const struct target_host *host_of(const struct conn *c)
{
    const struct target *t = &c->pg->target;
    return t->n ? &t->hosts[c->host % t->n] : NULL;
}

static void resolved(void *ctx, const char *numeric, const char *why)
{
    struct conn *c = ctx;
    c->resolving = false;
    if (c->state != CONN_RESOLVE)
        return;
    if (numeric)
        start_connecting(c, host_of(c), numeric);
    else
        conn_drop(c, why);
}

static void try_host(struct conn *c)
{
    const struct target_host *h = host_of(c);
    if (c->resolving) { /* an earlier look-up still runs; its answer would be taken for this one's
                         */
        conn_connect_soon(c, LONGEST_PAUSE_US);
        return;
    }
    if (!h || !target_needs_lookup(h)) {
        start_connecting(c, h, h ? h->hostaddr : NULL);
        return;
    }
    c->state = CONN_RESOLVE;
    c->resolving = true;
    loop_timer_start(c->timer, PG_CONNECT_TIMEOUT_US);
    unsigned turn =
        (unsigned)(c->failures / c->pg->target.n); /* a name may have several addresses */
    loop_resolve_turn(c->pg->loop, h->host, h->port[0] ? h->port : "5432", turn, resolved, c);
}

void conn_connect_soon(struct conn *c, int64_t delay_us)
{
    c->state = CONN_WAIT;
    loop_timer_start(c->timer, delay_us);
}

/* After a working connection was lost, tries again at once. After that it tries the other hosts,
 * and then waits longer each time. */
void conn_retry(struct conn *c)
{
    size_t hosts = c->pg->target.n ? c->pg->target.n : 1;
    unsigned round = (unsigned)(c->failures / hosts);
    int64_t pause = FIRST_PAUSE_US << (round < 6 ? round : 6);
    if (c->failures++ % hosts != 0 || c->failures == 1)
        pause = NEXT_HOST_PAUSE_US;
    if (pause > LONGEST_PAUSE_US)
        pause = LONGEST_PAUSE_US;
    if (c->failures > 1)
        c->host++;
    conn_connect_soon(c, pg_jitter_us(pause / 2, pause));
}

void conn_timer_fired(void *ctx)
{
    struct conn *c = ctx;
    switch (c->state) {
    case CONN_WAIT:
        try_host(c);
        break;
    case CONN_SCHEMA:
        conn_look_at_schema(c);
        break;
    case CONN_POOLED:
        conn_look_at_session(c);
        break;
    case CONN_UP:
        conn_overdue(c);
        break;
    case CONN_CLOSED:
        break;
    default:
        conn_drop(c, "connecting took too long");
    }
}
