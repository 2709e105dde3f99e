/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Finds a pooler that gives every transaction another session. Settings, prepared statements and
 * what a plan is made by belong to a session: under transaction pooling a statement meets those of
 * another connection, or of another version of the program, by luck.
 *
 * Each connection leaves a mark in its session. Behind a pooler it waits until the others have left
 * theirs, and looks whether its own is still there; it looks again whenever the clock is asked for.
 * That a pooler is there shows in the process id: the one that was named when the connection was
 * accepted is not the one that answers.
 */

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/assert.h"
#include "base/log.h"
#include "pg/pool.h"

static const struct pg_rows *rows_of(const PGresult *res)
{
    return (const struct pg_rows *)(const void *)res;
}

void conn_mark_session(struct conn *c)
{
    char sql[128];
    uint64_t mark = 0;
    AM_ASSERT(getrandom(&mark, sizeof(mark), 0) == sizeof(mark));
    (void)snprintf(c->mark, sizeof(c->mark), "%016llx", (unsigned long long)mark);
    (void)snprintf(sql, sizeof(sql),
                   "select pg_backend_pid(), set_config('amends.session', '%s', false)", c->mark);
    conn_send_text(c, sql);
}

void conn_session_marked(struct conn *c, const PGresult *res)
{
    c->backend = pg_int(rows_of(res), 0, 0);
    c->pooled = c->backend != PQbackendPID(c->pq);
}

/* All connections that go through the pooler are of no use, not only this one. */
static void refuse(struct conn *c)
{
    struct pg *pg = c->pg;
    log_error("pg", "transaction_pooling",
              LOG_STR("why", "the pooler gives each transaction another session: let it pool"
                             " sessions (pool_mode = session), or connect to PostgreSQL itself"));
    if (pg->config.state)
        pg->config.state->pooler_refused = true;
    for (size_t i = 0; i < pg->n_conns; i++)
        if (pg->conns[i].pooled)
            conn_break(&pg->conns[i], "transaction pooling");
}

void conn_ask_for_mark(struct conn *c)
{
    conn_send_text(c, "select current_setting('amends.session', true)");
}

bool conn_has_mark(struct conn *c, const PGresult *res)
{
    bool same = strcmp(pg_text(rows_of(res), 0, 0), c->mark) == 0;
    if (!same)
        refuse(c);
    return same;
}

static bool look_result(struct trip *t, size_t i, PGresult *res)
{
    struct conn *c = t->ctx;
    (void)i;
    c->marked = conn_has_mark(c, res);
    return false;
}

static void look_end(struct trip *t, enum trip_end end)
{
    struct conn *c = t->ctx;
    if (end == TRIP_OK && c->marked)
        conn_came_up(c);
    else if (end != TRIP_LOST)
        conn_break(c, "transaction pooling");
}

void conn_look_at_session(struct conn *c)
{
    c->marked = false;
    c->state = CONN_SETUP; /* the timer now measures how long the answer takes */
    c->setup = (struct trip){.result = look_result, .end = look_end, .ctx = c};
    conn_trip_begin(c, &c->setup);
    conn_ask_for_mark(c);
    conn_trip_sync(c);
}

void conn_wait_for_others(struct conn *c)
{
    c->state = CONN_POOLED;
    loop_timer_start(c->timer, PG_POOLER_WAIT_US);
}
