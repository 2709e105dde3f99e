/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "pg/metrics.h"
#include "pg/pace.h"
#include "pg/pool.h"

/*
 * Reads are of two kinds. Light ones share a connection: up to DEPTH of them, expected to take
 * TURN_US together, are sent without waiting for answers, which hides the round trip. Heavy are
 * those of which pace_is_heavy(), and those that write, whose end waits for the disk. A connection
 * has one heavy read at most, and one connection never has any (when there are two or more), so
 * that light reads always find a place where nothing long is before them. Light reads go first, but
 * they fill a connection only for TURN_US, and a heavy one may then follow: so neither kind
 * starves.
 *
 * What a read will take is learned from those before it: see pace.h.
 */
#define DEPTH 8
#define TURN_US (5 * US_PER_MS)

#define STATEMENT_TIMED_OUT "57014"

enum read_kind { READ_LIGHT, READ_HEAVY, READ_KINDS };

struct read_slot {
    struct trip trip;
    struct conn *conn;
    struct pg_read *read; /* NULL = free */
    enum read_kind kind;
    int64_t expected_us, sent_us;
    PGresult *results[PG_READ_STMTS];
};

struct read_conn {
    struct read_lane *lane;
    size_t busy, heavy;
    int64_t expected_us;               /* of all that is in flight */
    int64_t ended_us;                  /* when the last answer had been dealt with */
    struct read_slot slots[DEPTH + 1]; /* one more, for a heavy read behind light ones */
};

struct read_lane {
    struct pg *pg;
    struct fair *queues[READ_KINDS];
    size_t in_flight, heavy;
    struct pace_table paces;
    bool *writes; /* of each statement */
};

static bool read_result(struct trip *t, size_t i, PGresult *res);
static void read_end(struct trip *t, enum trip_end end);

/* A word that some statement has for another reason costs that one only its place among the light
 * ones. */
static bool has_writing(const char *sql)
{
    return strstr(sql, "insert into ") || strstr(sql, "update ") || strstr(sql, "delete from ");
}

static bool *find_writing(const struct pg_config *config)
{
    bool *writes = calloc(config->n_stmts + 1, sizeof(*writes));
    AM_ASSERT(writes != NULL);
    for (size_t i = 0; i < config->n_stmts; i++)
        writes[i] = has_writing(config->stmts[i].sql);
    return writes;
}

struct read_lane *reads_new(struct pg *pg)
{
    struct read_lane *l = calloc(1, sizeof(*l));
    AM_ASSERT(l != NULL);
    l->pg = pg;
    l->writes = find_writing(&pg->config);
    for (size_t i = 0; i < READ_KINDS; i++)
        l->queues[i] = fair_new(pg->config.queue);
    return l;
}

void reads_free(struct read_lane *l)
{
    for (size_t i = 0; i < l->pg->n_conns; i++)
        if (l->pg->conns[i].lane == LANE_READ)
            free(l->pg->conns[i].user);
    for (size_t i = 0; i < READ_KINDS; i++)
        fair_free(l->queues[i]);
    free(l->writes);
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
    for (size_t i = 0; i <= DEPTH; i++)
        rc->slots[i].conn = c;
    c->user = rc;
}

size_t reads_outstanding(const struct read_lane *l)
{
    return l->in_flight + fair_len(l->queues[READ_LIGHT]) + fair_len(l->queues[READ_HEAVY]);
}

static void show_queue(const struct read_lane *l)
{
    metric_set(&pg_metric_queue, PG_QUEUE_READ, (int64_t)reads_outstanding(l));
}

bool reads_commit_is_slow(const struct read_lane *l)
{
    const int64_t now = time_mono_us();
    for (size_t i = 0; i < l->pg->n_conns; i++) {
        const struct conn *c = &l->pg->conns[i];
        const struct read_conn *rc = c->lane == LANE_READ ? c->user : NULL;
        for (size_t k = 0; rc && k <= DEPTH; k++)
            if (rc->slots[k].read && rc->slots[k].read->lasting &&
                now - rc->slots[k].sent_us >= PG_COMMIT_SLOW_US)
                return true;
    }
    return false;
}

/* -- what a read will take --------------------------------------------------------------------- */

static struct pace expected(const struct read_lane *l, const struct pg_read *r)
{
    return pace_expected(&l->paces, r->item.tenant, r->q[0].stmt);
}

static bool writes(const struct read_lane *l, const struct pg_read *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (l->writes[r->q[i].stmt])
            return true;
    return false;
}

static enum read_kind kind_of(const struct read_lane *l, const struct pg_read *r,
                              const struct pace *p)
{
    return pace_is_heavy(p) || writes(l, r) ? READ_HEAVY : READ_LIGHT;
}

/* Answers come one after the other: a read took the time since it was sent, or since the answer
 * before it, but for the round trip. */
static void learn(struct read_lane *l, const struct read_slot *slot, int64_t now_us)
{
    const struct read_conn *rc = slot->conn->user;
    const struct pg_read *r = slot->read;
    const int64_t since_us = slot->sent_us > rc->ended_us ? slot->sent_us : rc->ended_us;
    pace_learn(&l->paces, r->item.tenant, r->q[0].stmt, now_us - since_us - l->pg->trip_us,
               (int64_t)r->bytes);
}

/* -- sending ----------------------------------------------------------------------------------- */

static bool takes(const struct read_conn *rc, enum read_kind kind, int64_t us)
{
    if (kind == READ_HEAVY)
        return rc->heavy == 0;
    return rc->busy == 0 || (rc->busy < DEPTH && rc->expected_us + us <= TURN_US);
}

/* How many connections may have a heavy read. */
static size_t heavy_most(const struct read_lane *l)
{
    size_t up = l->pg->up[LANE_READ];
    return up > 1 ? up - 1 : 1;
}

/* A light read would rather wait for others of its kind than for a heavy one, which may take longer
 * than is expected. */
static int64_t wait_on(const struct read_conn *rc, enum read_kind kind)
{
    return rc->expected_us + (kind == READ_LIGHT && rc->heavy > 0 ? TURN_US : 0);
}

static struct conn *least_busy(struct read_lane *l, enum read_kind kind, int64_t us)
{
    struct conn *best = NULL;
    if (kind == READ_HEAVY && l->heavy >= heavy_most(l))
        return NULL;
    for (size_t i = 0; i < l->pg->n_conns; i++) {
        struct conn *c = &l->pg->conns[i];
        const struct read_conn *rc = c->user, *least = best ? best->user : NULL;
        if (c->lane != LANE_READ || c->state != CONN_UP || c->broken || !takes(rc, kind, us))
            continue;
        const int64_t wait = wait_on(rc, kind), shortest = best ? wait_on(least, kind) : 0;
        if (!best || wait < shortest || (wait == shortest && rc->busy < least->busy))
            best = c;
    }
    return best;
}

static struct read_slot *free_slot(struct read_conn *rc)
{
    size_t i = 0;
    while (rc->slots[i].read)
        i++;
    AM_ASSERT(i <= DEPTH);
    return &rc->slots[i];
}

/* Counts the read of a slot in (1) or out (-1). */
static void count_read(struct read_lane *l, const struct read_slot *slot, int by)
{
    struct read_conn *rc = slot->conn->user;
    rc->busy += (size_t)by;
    rc->expected_us += by * slot->expected_us;
    l->in_flight += (size_t)by;
    if (slot->kind == READ_LIGHT)
        return;
    rc->heavy += (size_t)by;
    l->heavy += (size_t)by;
}

static void send_read(struct read_lane *l, struct conn *c, struct pg_read *r, enum read_kind kind,
                      int64_t us)
{
    struct read_conn *rc = c->user;
    struct read_slot *slot = free_slot(rc);
    slot->read = r;
    slot->kind = kind;
    slot->expected_us = us;
    slot->sent_us = time_mono_us();
    slot->trip = (struct trip){.result = read_result, .end = read_end, .ctx = slot};
    count_read(l, slot, 1);
    conn_trip_begin(c, &slot->trip);
    for (size_t i = 0; i < r->n; i++) {
        conn_send(c, pool_name(l->pg, r->q[i].stmt), &r->q[i].args);
    }
    conn_trip_sync(c);
    metric_add(&pg_metric_trips, PG_TRIP_PLAIN, 1);
}

/* Takes the next read of one kind. A light one that is known to be heavy by now is put among
 * those. */
static struct pg_read *take_read(struct read_lane *l, enum read_kind kind, int64_t *us)
{
    for (struct fair_item *item; (item = fair_take(l->queues[kind]));) {
        struct pg_read *r = CONTAINER_OF(item, struct pg_read, item);
        const struct pace p = expected(l, r);
        *us = p.us;
        if (kind == READ_HEAVY || kind_of(l, r, &p) == READ_LIGHT)
            return r;
        if (fair_push(l->queues[READ_HEAVY], item) != AM_OK)
            fair_push_head(l->queues[READ_HEAVY], item); /* it was let in before */
    }
    return NULL;
}

/* The next read of one kind, with the connection for it; NULL when there is none or no place. */
static struct pg_read *next_read(struct read_lane *l, enum read_kind kind, int64_t *us,
                                 struct conn **c)
{
    struct pg_read *r = take_read(l, kind, us);
    if (!r)
        return NULL;
    *c = least_busy(l, kind, *us);
    if (*c)
        return r;
    fair_push_next(l->queues[kind], &r->item);
    return NULL;
}

static void dispatch(struct read_lane *l, enum read_kind kind)
{
    int64_t us = 0;
    struct conn *c = NULL;
    for (struct pg_read *r; (r = next_read(l, kind, &us, &c));) {
        int64_t now = time_mono_us();
        if (r->tries == 0)
            metric_observe_us(&pg_metric_queue_wait, PG_QUEUE_READ, now - r->queued_us);
        if (r->deadline_us && now >= r->deadline_us)
            r->done(r, &pg_fault_deadline);
        else
            send_read(l, c, r, kind, us);
    }
}

void reads_dispatch(struct read_lane *l)
{
    dispatch(l, READ_LIGHT);
    dispatch(l, READ_HEAVY);
    show_queue(l);
}

static struct fair *queue_of(struct read_lane *l, const struct pg_read *r)
{
    const struct pace p = expected(l, r);
    return l->queues[kind_of(l, r, &p)];
}

void pg_read(struct pg *pg, struct pg_read *r)
{
    AM_ASSERT(r->n > 0 && r->n <= PG_READ_STMTS);
    r->tries = 0;
    r->bytes = 0;
    r->item.home = NULL;
    r->queued_us = time_mono_us();
    if (pg->closing || pool_away(pg, LANE_READ)) {
        r->done(r, pg->closing ? &pg_fault_draining : &pg_fault_away);
        return;
    }
    if (r->lasting && pool_commits_wait(pg)) {
        r->done(r, &pg_fault_standby);
        return;
    }
    if (fair_push(queue_of(pg->reads, r), &r->item) != AM_OK) {
        metric_add(&pg_metric_shed, PG_QUEUE_READ, 1);
        r->done(r, &pg_fault_overloaded);
        return;
    }
    reads_dispatch(pg->reads);
}

void reads_fail_queue(struct read_lane *l, const struct fault *why)
{
    for (size_t i = 0; i < READ_KINDS; i++) {
        for (struct fair_item *item; (item = fair_take(l->queues[i]));) {
            struct pg_read *r = CONTAINER_OF(item, struct pg_read, item);
            r->done(r, why);
        }
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

/* Shows the results, but not when they are larger than the caller is prepared for. */
static const struct fault *deliver_rows(struct read_slot *slot, struct pg_read *r)
{
    r->bytes = 0;
    for (size_t i = 0; i < r->n; i++)
        r->bytes += PQresultMemorySize(slot->results[i]);
    if (r->bytes_most && r->bytes > r->bytes_most)
        return &pg_fault_large;
    if (r->rows)
        for (size_t i = 0; i < r->n; i++)
            r->rows(r, i, (const struct pg_rows *)(const void *)slot->results[i]);
    return NULL;
}

static void repeat_read(struct read_lane *l, struct pg_read *r, const struct fault *or_else)
{
    if (r->lasting && pool_commits_wait(l->pg)) {
        r->done(r, &pg_fault_standby);
        return;
    }
    if (r->tries++ > 0 || l->pg->closing) {
        r->done(r, l->pg->closing ? &pg_fault_draining : or_else);
        return;
    }
    metric_add(&pg_metric_read_retries, 0, 1);
    fair_push_head(queue_of(l, r), &r->item);
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
    const struct fault *fault = end == TRIP_OK ? deliver_rows(slot, r) : NULL;
    if (end == TRIP_OK)
        learn(l, slot, time_mono_us());
    clear_results(slot);
    count_read(l, slot, -1);
    slot->read = NULL;
    if (end == TRIP_OK)
        r->done(r, fault);
    else if (end == TRIP_ERROR)
        refused_read(l, slot, r);
    else
        repeat_read(l, r, &pg_fault_away);
    rc->ended_us = time_mono_us();
    reads_dispatch(l);
}
