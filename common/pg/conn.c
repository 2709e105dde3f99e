/* SPDX-License-Identifier: Apache-2.0 */
#include "pg/conn.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "pg/metrics.h"
#include "pg/pool.h"

static const char *lane_name(const struct conn *c)
{
    return c->lane == LANE_SEGMENT ? "segment" : "read";
}

static void run_later(struct loop_idle *idle)
{
    struct conn *c = CONTAINER_OF(idle, struct conn, later);
    if (c->broken && c->pq)
        conn_drop(c, c->broken);
}

void conn_init(struct conn *c, struct pg *pg, enum conn_lane lane)
{
    memset(c, 0, sizeof(*c));
    c->pg = pg;
    c->lane = lane;
    c->later.run = run_later;
    c->timer = loop_timer_new(pg->loop, conn_timer_fired, c);
    list_init(&c->trips);
}

/* -- loss -------------------------------------------------------------------------------------- */

static void shut_conn(struct conn *c)
{
    loop_timer_stop(c->timer);
    loop_fd_free(c->watch);
    c->watch = NULL;
    PQfinish(c->pq);
    c->pq = NULL;
    c->broken = NULL;
    c->answered = false;
    c->probing = false;
}

static void end_all_lost(struct conn *c)
{
    struct list lost;
    list_init(&lost);
    for (struct list *l; (l = list_pop_front(&c->trips));)
        list_push_back(&lost, l);
    c->n_trips = 0;
    for (struct list *l; (l = list_pop_front(&lost));) {
        struct trip *t = CONTAINER_OF(l, struct trip, link);
        t->end(t, TRIP_LOST);
    }
}

void conn_drop(struct conn *c, const char *why)
{
    bool was_up = c->state == CONN_UP;
    log_warn("pg", was_up ? "connection_lost" : "connect_failed", LOG_STR("lane", lane_name(c)),
             LOG_STR("why", why), LOG_INT("in_flight", (int64_t)c->n_trips));
    metric_add(was_up ? &pg_metric_lost : &pg_metric_connect_failed, 0, 1);
    shut_conn(c);
    if (was_up)
        c->failures = 0;
    conn_retry(c);
    if (was_up)
        pool_conn_down(c);
    end_all_lost(c);
}

void conn_break(struct conn *c, const char *why)
{
    if (c->broken || !c->pq)
        return;
    c->broken = why;
    loop_before_sleep(c->pg->loop, &c->later);
}

void conn_close(struct conn *c)
{
    bool was_up = c->state == CONN_UP;
    shut_conn(c);
    c->state = CONN_CLOSED;
    if (was_up)
        pool_conn_down(c);
    end_all_lost(c);
}

bool conn_idle(const struct conn *c)
{
    return c->state == CONN_CLOSED && !c->resolving && !c->later.waiting;
}

void conn_free(struct conn *c)
{
    AM_ASSERT(conn_idle(c) && c->n_trips == 0);
    loop_timer_free(c->timer);
    c->timer = NULL;
}

/* -- sending ----------------------------------------------------------------------------------- */

void conn_trip_begin(struct conn *c, struct trip *t)
{
    AM_ASSERT(c->pq != NULL);
    t->sent = 0;
    t->done = 0;
    t->failed = false;
    t->error.sqlstate[0] = '\0';
    t->error.where[0] = '\0';
    if (c->n_trips++ == 0)
        loop_timer_start(c->timer,
                         c->state == CONN_UP ? PG_TRIP_TIMEOUT_US : PG_CONNECT_TIMEOUT_US);
    list_push_back(&c->trips, &t->link);
}

static struct trip *newest_trip(struct conn *c)
{
    AM_ASSERT(!list_empty(&c->trips));
    return CONTAINER_OF(c->trips.prev, struct trip, link);
}

/* libpq refuses only when the connection is gone or there is no memory. Then nothing of this trip
 * will be answered; it ends as lost, together with the connection. */
static void check_sent(struct conn *c, int accepted)
{
    newest_trip(c)->sent++;
    if (!accepted)
        conn_break(c, "send");
}

static const int all_binary[PG_PARAMS_MAX] = {[0 ... PG_PARAMS_MAX - 1] = 1};

void conn_send(struct conn *c, const char *name, const struct pg_args *args)
{
    if (!args || args->n == 0)
        check_sent(c, PQsendQueryPrepared(c->pq, name, 0, NULL, NULL, NULL, 1));
    else
        check_sent(c, PQsendQueryPrepared(c->pq, name, args->n, args->values, args->lengths,
                                          all_binary, 1));
}

void conn_send_text(struct conn *c, const char *sql)
{
    check_sent(c, PQsendQueryParams(c->pq, sql, 0, NULL, NULL, NULL, NULL, 1));
}

void conn_prepare(struct conn *c, const char *name, const char *sql)
{
    check_sent(c, PQsendPrepare(c->pq, name, sql, 0, NULL));
}

static void flush_output(struct conn *c)
{
    int left = PQflush(c->pq);
    if (left < 0)
        conn_break(c, "flush");
    else
        loop_fd_want(c->watch, left ? LOOP_READ | LOOP_WRITE : LOOP_READ);
}

void conn_trip_sync(struct conn *c)
{
    if (!PQpipelineSync(c->pq))
        conn_break(c, "sync");
    flush_output(c);
}

/* -- answers ----------------------------------------------------------------------------------- */

static void note_field(const PGresult *res, int field, char *out, size_t cap)
{
    const char *value = PQresultErrorField(res, field);
    if (value)
        (void)snprintf(out, cap, "%s", value);
}

static void note_error(struct trip *t, const PGresult *res)
{
    if (t->failed)
        return;
    t->failed = true;
    t->error.statement = t->done;
    note_field(res, PG_DIAG_SQLSTATE, t->error.sqlstate, sizeof(t->error.sqlstate));
    note_field(res, PG_DIAG_TABLE_NAME, t->error.where, sizeof(t->error.where));
    note_field(res, PG_DIAG_CONSTRAINT_NAME, t->error.where, sizeof(t->error.where));
}

static void end_oldest(struct conn *c)
{
    struct trip *t = CONTAINER_OF(list_pop_front(&c->trips), struct trip, link);
    c->answered = false;
    if (--c->n_trips > 0)
        loop_timer_start(c->timer, PG_TRIP_TIMEOUT_US);
    else
        loop_timer_stop(c->timer);
    t->end(t, t->failed ? TRIP_ERROR : TRIP_OK);
}

/* Takes the result over. */
static void take_result(struct conn *c, PGresult *res)
{
    struct trip *t = CONTAINER_OF(c->trips.next, struct trip, link);
    bool kept = false;
    switch (PQresultStatus(res)) {
    case PGRES_PIPELINE_SYNC:
        PQclear(res);
        end_oldest(c);
        return;
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
        if (t->result)
            kept = t->result(t, t->done, res);
        c->answered = true;
        break;
    case PGRES_PIPELINE_ABORTED:
        break;
    default:
        note_error(t, res);
    }
    if (!kept)
        PQclear(res);
}

/* A NULL result ends the results of one statement. Two of them in a row mean that libpq waits for
 * more input. */
static bool take_one(struct conn *c)
{
    PGresult *res = PQgetResult(c->pq);
    if (res) {
        take_result(c, res);
        return true;
    }
    if (!c->answered)
        return false;
    c->answered = false;
    CONTAINER_OF(c->trips.next, struct trip, link)->done++;
    return true;
}

/* The callbacks may send on this connection, and may close it. */
static void take_answers(struct conn *c)
{
    unsigned empty = 0;
    while (c->pq && c->n_trips > 0 && empty < 2 && !PQisBusy(c->pq))
        empty = take_one(c) ? 0 : empty + 1;
}

void conn_ready(void *ctx, int events)
{
    struct conn *c = ctx;
    bool alive = !(events & LOOP_READ) || PQconsumeInput(c->pq) != 0;
    take_answers(c); /* what came before the end of the stream is taken, too */
    if (!c->pq)
        return;
    if (!alive || PQstatus(c->pq) == CONNECTION_BAD) {
        char why[PG_WHY_LEN];
        conn_drop(c, pg_why(c->pq, why));
        return;
    }
    flush_output(c);
}

void conn_works(struct conn *c)
{
    if (c->state == CONN_UP && c->n_trips > 0)
        loop_timer_start(c->timer, PG_TRIP_TIMEOUT_US);
}

/* When this process itself was stopped for a while, its timers run first although answers have been
 * waiting. So it looks for answers before it gives up. */
void conn_overdue(struct conn *c)
{
    conn_ready(c, LOOP_READ);
    if (c->state == CONN_UP && c->n_trips > 0 && !loop_timer_active(c->timer))
        conn_drop(c, "no answer in time");
}
