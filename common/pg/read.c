/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "pg/metrics.h"
#include "pg/pool.h"

/* How many reads may be sent on one connection without an answer: enough to hide the round trip,
 * and few enough that a slow read holds up only these. */
#define DEPTH 8

#define STATEMENT_TIMED_OUT "57014"

struct read_slot {
    struct trip trip;
    struct conn *conn;
    struct pg_read *read; /* NULL = free */
    PGresult *results[PG_READ_STMTS];
};

struct read_conn {
    struct read_lane *lane;
    size_t busy;
    struct read_slot slots[DEPTH];
};

struct read_lane {
    struct pg *pg;
    struct fair *queue;
    size_t in_flight;
};

static bool read_result(struct trip *t, size_t i, PGresult *res);
static void read_end(struct trip *t, enum trip_end end);

struct read_lane *reads_new(struct pg *pg)
{
    struct read_lane *l = calloc(1, sizeof(*l));
    AM_ASSERT(l != NULL);
    l->pg = pg;
    l->queue = fair_new(pg->config.queue);
    return l;
}

void reads_free(struct read_lane *l)
{
    for (size_t i = 0; i < l->pg->n_conns; i++)
        if (l->pg->conns[i].lane == LANE_READ)
            free(l->pg->conns[i].user);
    fair_free(l->queue);
    free(l);
}

void reads_attach(struct read_lane *l, struct conn *c)
{
    struct read_conn *rc = c->user;
    if (rc)
        return;
    rc = calloc(1, sizeof(*rc));
    AM_ASSERT(rc != NULL);
    rc->lane = l;
    for (size_t i = 0; i < DEPTH; i++)
        rc->slots[i].conn = c;
    c->user = rc;
}

size_t reads_outstanding(const struct read_lane *l)
{
    return l->in_flight + fair_len(l->queue);
}

static void show_queue(const struct read_lane *l)
{
    metric_set(&pg_metric_queue, PG_QUEUE_READ, (int64_t)reads_outstanding(l));
}

/* -- sending ----------------------------------------------------------------------------------- */

static struct conn *least_busy(struct read_lane *l)
{
    struct conn *best = NULL;
    size_t least = DEPTH;
    for (size_t i = 0; i < l->pg->n_conns; i++) {
        struct conn *c = &l->pg->conns[i];
        struct read_conn *rc = c->user;
        if (c->lane != LANE_READ || c->state != CONN_UP || c->broken || rc->busy >= least)
            continue;
        best = c;
        least = rc->busy;
    }
    return best;
}

static struct read_slot *free_slot(struct read_conn *rc)
{
    size_t i = 0;
    while (rc->slots[i].read)
        i++;
    AM_ASSERT(i < DEPTH);
    return &rc->slots[i];
}

static void send_read(struct read_lane *l, struct conn *c, struct pg_read *r)
{
    struct read_conn *rc = c->user;
    struct read_slot *slot = free_slot(rc);
    slot->read = r;
    slot->trip = (struct trip){.result = read_result, .end = read_end, .ctx = slot};
    rc->busy++;
    l->in_flight++;
    conn_trip_begin(c, &slot->trip);
    for (size_t i = 0; i < r->n; i++) {
        AM_ASSERT(r->q[i].stmt < l->pg->config.n_stmts);
        conn_send(c, l->pg->config.stmts[r->q[i].stmt].name, &r->q[i].args);
    }
    conn_trip_sync(c);
    metric_add(&pg_metric_trips, PG_TRIP_PLAIN, 1);
}

void reads_dispatch(struct read_lane *l)
{
    for (struct conn *c; fair_len(l->queue) > 0 && (c = least_busy(l));) {
        struct pg_read *r = CONTAINER_OF(fair_take(l->queue), struct pg_read, item);
        int64_t now = time_mono_us();
        if (r->tries == 0)
            metric_observe_us(&pg_metric_queue_wait, PG_QUEUE_READ, now - r->queued_us);
        if (r->deadline_us && now >= r->deadline_us)
            r->done(r, &pg_fault_deadline);
        else
            send_read(l, c, r);
    }
    show_queue(l);
}

void pg_read(struct pg *pg, struct pg_read *r)
{
    AM_ASSERT(r->n > 0 && r->n <= PG_READ_STMTS);
    r->tries = 0;
    r->item.home = NULL;
    r->queued_us = time_mono_us();
    if (pg->closing || pool_away(pg, LANE_READ)) {
        r->done(r, pg->closing ? &pg_fault_draining : &pg_fault_away);
        return;
    }
    if (fair_push(pg->reads->queue, &r->item) != AM_OK) {
        metric_add(&pg_metric_shed, PG_QUEUE_READ, 1);
        r->done(r, &pg_fault_overloaded);
        return;
    }
    reads_dispatch(pg->reads);
}

void reads_fail_queue(struct read_lane *l, const struct fault *why)
{
    for (struct fair_item *item; (item = fair_take(l->queue));) {
        struct pg_read *r = CONTAINER_OF(item, struct pg_read, item);
        r->done(r, why);
    }
    show_queue(l);
}

/* -- answers ----------------------------------------------------------------------------------- */

/* Keeps the result until the read has ended, so that a read which fails in the middle and is
 * repeated shows no row twice. */
static bool read_result(struct trip *t, size_t i, PGresult *res)
{
    struct read_slot *slot = t->ctx;
    slot->results[i] = res;
    return true;
}

static void clear_results(struct read_slot *slot)
{
    for (size_t i = 0; i < PG_READ_STMTS; i++) {
        PQclear(slot->results[i]);
        slot->results[i] = NULL;
    }
}

static void deliver_rows(struct read_slot *slot, struct pg_read *r)
{
    if (r->rows)
        for (size_t i = 0; i < r->n; i++)
            r->rows(r, i, (const struct pg_rows *)(const void *)slot->results[i]);
}

static void repeat_read(struct read_lane *l, struct pg_read *r, const struct fault *or_else)
{
    if (r->tries++ > 0 || l->pg->closing) {
        r->done(r, l->pg->closing ? &pg_fault_draining : or_else);
        return;
    }
    metric_add(&pg_metric_read_retries, 0, 1);
    fair_push_head(l->queue, &r->item);
}

static void refused_read(struct read_lane *l, struct read_slot *slot, struct pg_read *r)
{
    const struct pg_error *e = &slot->trip.error;
    enum pg_blame blame = pg_blame(e->sqlstate);
    if (blame == PG_BLAME_STALE)
        conn_break(slot->conn, "stale statements");
    if (strcmp(e->sqlstate, STATEMENT_TIMED_OUT) == 0) {
        r->done(r, &pg_fault_deadline);
        return;
    }
    if (blame != PG_BLAME_STATEMENT) {
        repeat_read(l, r, blame == PG_BLAME_CONFLICT ? &pg_fault_contended : &pg_fault_away);
        return;
    }
    log_error("pg", "read_failed", LOG_STR("sqlstate", e->sqlstate),
              LOG_STR("statement", l->pg->config.stmts[r->q[e->statement].stmt].name));
    r->done(r, &pg_fault_defect);
}

static void read_end(struct trip *t, enum trip_end end)
{
    struct read_slot *slot = t->ctx;
    struct read_conn *rc = slot->conn->user;
    struct read_lane *l = rc->lane;
    struct pg_read *r = slot->read;
    if (end == TRIP_OK)
        deliver_rows(slot, r);
    clear_results(slot);
    slot->read = NULL;
    rc->busy--;
    l->in_flight--;
    if (end == TRIP_OK)
        r->done(r, NULL);
    else if (end == TRIP_ERROR)
        refused_read(l, slot, r);
    else
        repeat_read(l, r, &pg_fault_away);
    reads_dispatch(l);
}
