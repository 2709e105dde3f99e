/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One connection in pipeline mode on the io loop. Work is sent as trips: a trip is some statements
 * and one Sync. Trips are answered in the order in which they were sent. An error makes the server
 * skip the rest of that trip, but not the trips behind it.
 *
 *   WAIT --> RESOLVE --> CONNECT --> SETUP --> UP
 *    ^          |           |        ^   |     |
 *    |          |           |        v   |     |
 *    |          |           |     SCHEMA |     |
 *    |          |           |        |   |     |
 *    +----------+-----------+--------+---+-----+
 *
 * Any failure leads back to WAIT. SETUP asks for the version of the schema: while that is too old
 * the connection stays in SCHEMA and asks again in a second. Behind a pooler POOLED comes between
 * SETUP and UP (pooler.c). Only conn_close() leads to CLOSED,
 * from any state.
 *
 * Threading: io loop's thread. Ownership: trips are embedded in their owners and borrowed until
 * `end`.
 */

#include <libpq-fe.h>

#include "base/list.h"
#include "io/loop.h"
#include "pg/query.h"
#include "pg/target.h"

struct pg;
struct conn;

enum trip_end {
    TRIP_OK,    /* every statement went well */
    TRIP_ERROR, /* one failed, see `error`; the connection lives */
    TRIP_LOST,  /* the connection went before the answer to Sync */
};

/* The first error of a trip. `where` names the constraint or table, never data. */
struct pg_error {
    char sqlstate[6]; /* "" = none */
    size_t statement; /* index in the trip */
    char where[64];
};

struct trip {
    struct list link;
    size_t sent; /* statements */
    size_t done; /* how many of them were answered without an error */
    bool failed;
    struct pg_error error;
    /* Gets one statement's result. A callee that returns true keeps it and calls PQclear() itself.
     * May be NULL. */
    bool (*result)(struct trip *t, size_t i, PGresult *res);
    /* Called once, as the last callback. The trip may be used again at once. */
    void (*end)(struct trip *t, enum trip_end end);
    void *ctx;
};

enum conn_lane { LANE_SEGMENT, LANE_READ, LANES };

enum conn_state {
    CONN_WAIT,
    CONN_RESOLVE,
    CONN_CONNECT,
    CONN_SETUP,
    CONN_SCHEMA,
    CONN_POOLED,
    CONN_UP,
    CONN_CLOSED
};

struct conn {
    struct pg *pg;
    enum conn_lane lane;
    enum conn_state state;
    PGconn *pq;
    struct loop_fd *watch;
    /* What it measures depends on the state: the pause, the time-out of connecting, or the time-out
     * of the oldest trip. */
    struct loop_timer *timer;
    struct loop_idle later;
    struct list trips; /* oldest first */
    size_t n_trips;
    bool answered;      /* the current statement's result has come, its end has not */
    const char *broken; /* why the connection is dropped at the end of this turn, or NULL */
    bool resolving;     /* a look-up of the name is under way and will call back */
    unsigned failures;  /* attempts since the last success */
    size_t host;        /* of the target, for the next attempt */
    struct trip setup, probe;
    bool probing;
    int64_t probe_start_us;
    int32_t schema;
    int64_t lock_table; /* places in the server's lock table */
    int64_t backend;    /* the process that serves the session */
    char mark[24];      /* what it left in its session */
    bool pooled;        /* a pooler stands between */
    bool marked;        /* the session that answered has the mark */
    void *user;         /* belongs to the lane */
};

/* conn.c: trips and loss */
void conn_init(struct conn *c, struct pg *pg, enum conn_lane lane);
/* Ends all trips as lost and closes the connection for good. A look-up of the name may still be
 * under way: wait for conn_idle() before conn_free(). */
void conn_close(struct conn *c);
/* True when the connection is closed and nothing will call back. */
bool conn_idle(const struct conn *c);
void conn_free(struct conn *c);

/* Begins a trip; the statements that follow are part of it, until conn_trip_sync() ends it. */
void conn_trip_begin(struct conn *c, struct trip *t);
/* Adds one prepared statement to the trip that was begun last. */
void conn_send(struct conn *c, const char *name, const struct pg_args *args);
/* Adds one statement as text, without parameters. */
void conn_send_text(struct conn *c, const char *sql);
/* Adds the preparation of a statement. */
void conn_prepare(struct conn *c, const char *name, const char *sql);
void conn_trip_sync(struct conn *c);

/* Drops the connection at the end of this turn, because it is of no use any more: its statements
 * are stale, or an answer is overdue. `why` is a constant. */
void conn_break(struct conn *c, const char *why);
/* Drops the connection now: its trips end as lost and the next attempt is planned. */
void conn_drop(struct conn *c, const char *why);
/* The time of the oldest trip is over: drops the connection, unless the answer has arrived and only
 * waits in the socket to be read. */
void conn_overdue(struct conn *c);
/* The server is known to work on the oldest trip: its time begins anew. */
void conn_works(struct conn *c);
/* Reads input, writes output and hands out answers; the loop calls it when the socket is ready. */
void conn_ready(void *ctx, int events);

/* connect.c: from WAIT to SETUP */
void conn_connect_soon(struct conn *c, int64_t delay_us);
void conn_retry(struct conn *c); /* plans the next attempt by what failed so far */
void conn_timer_fired(void *ctx);

/* setup.c: from SETUP to UP */
void conn_setup(struct conn *c);
void conn_probe(struct conn *c); /* asks for the database's clock */
void conn_look_at_schema(struct conn *c);
void conn_came_up(struct conn *c);

/* pooler.c. The first and the third add a statement to the trip that was begun last; the second and
 * the fourth take its result. conn_has_mark() tells false when another session answered, and then
 * drops all connections that go through the pooler. */
void conn_mark_session(struct conn *c);
void conn_session_marked(struct conn *c, const PGresult *res);
void conn_ask_for_mark(struct conn *c);
bool conn_has_mark(struct conn *c, const PGresult *res);
/* From SETUP to POOLED; the timer then calls conn_look_at_session(), which leads to UP. */
void conn_wait_for_others(struct conn *c);
void conn_look_at_session(struct conn *c);
