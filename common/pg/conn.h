/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One connection in pipeline mode on the io loop. Work is sent as trips: some statements and one
 * Sync. Trips are answered in the order in which they were sent; an error makes the server skip the
 * rest of its own trip only.
 *
 *   WAIT --> RESOLVE --> CONNECT --> SETUP --> UP
 *    ^          |           |         | ^ |     |      SETUP asks for the schema; too old: SCHEMA,
 * and SETUP again in a second |          |           |         v | |     | |          |           |
 * SCHEMA |     |
 *    +----------+-----------+-------------+-----+      any failure; CLOSED by conn_close() only
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
    size_t done; /* of those, answered without error */
    bool failed;
    struct pg_error error;
    /* One statement's result; the callee may keep it (returns true: it will PQclear it). May be
     * NULL. */
    bool (*result)(struct trip *t, size_t i, PGresult *res);
    /* Once, last. The trip may be used again at once. */
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
    CONN_UP,
    CONN_CLOSED
};

struct conn {
    struct pg *pg;
    enum conn_lane lane;
    enum conn_state state;
    PGconn *pq;
    struct loop_fd *watch;
    struct loop_timer
        *timer; /* the state's own: pause, time-out of connecting, of the oldest trip */
    struct loop_idle later;
    struct list trips; /* oldest first */
    size_t n_trips;
    bool answered;      /* the current statement's result came; its end is still to come */
    const char *broken; /* why it is dropped at the end of this turn, or NULL */
    bool resolving;     /* a look-up is on its way and will call back */
    unsigned failures;  /* attempts since the last success */
    size_t host;        /* of the target, for the next attempt */
    struct trip setup, probe;
    bool probing;
    int64_t probe_start_us;
    int32_t schema;
    int64_t lock_table; /* places in the server's lock table */
    void *user;         /* of the lane */
};

/* conn.c: trips and loss */
void conn_init(struct conn *c, struct pg *pg, enum conn_lane lane);
/* Ends all trips as lost, closes at once and for good. A look-up may still be on its way: see
 * conn_idle(). */
void conn_close(struct conn *c);
bool conn_idle(const struct conn *c); /* closed, and nothing will call back */
void conn_free(struct conn *c);

void conn_trip_begin(struct conn *c, struct trip *t);
/* One named statement of the trip begun last. */
void conn_send(struct conn *c, const char *name, const struct pg_args *args);
/* One statement as text, without parameters. */
void conn_send_text(struct conn *c, const char *sql);
/* Prepares a statement. */
void conn_prepare(struct conn *c, const char *name, const char *sql);
void conn_trip_sync(struct conn *c);

/* The connection is of no use any more (stale statements, time-out): drops it at the end of this
 * turn. */
void conn_break(struct conn *c, const char *why);
/* Drops it now: trips end as lost, the next attempt is planned. */
void conn_drop(struct conn *c, const char *why);
/* The oldest trip had its time: drops the connection unless its answer lies in the socket. */
void conn_overdue(struct conn *c);
/* Input, output and answers; called when the descriptor is ready. */
void conn_ready(void *ctx, int events);

/* connect.c: from WAIT to SETUP */
void conn_connect_soon(struct conn *c, int64_t delay_us);
void conn_retry(struct conn *c); /* plans the next attempt by what failed so far */
void conn_timer_fired(void *ctx);

/* setup.c: from SETUP to UP */
void conn_setup(struct conn *c);
void conn_probe(struct conn *c); /* asks for the database's clock */
void conn_look_at_schema(struct conn *c);
