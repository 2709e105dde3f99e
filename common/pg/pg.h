/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * PostgreSQL: the connections of one process (pipeline mode, non-blocking, on the io loop), the
 * read lane and, through pg/segment.h, the segments.
 *
 * Threading: io loop's thread. Ownership: a `struct pg_read` is embedded in its caller's struct and
 * borrowed from pg_read() until its callback.
 */

#include "base/fault.h"
#include "io/admin.h"
#include "io/fair.h"
#include "io/loop.h"
#include "pg/query.h"

struct pg;

struct pg_config {
    const char *conninfo;         /* libpq keywords or URI; "" = libpq's environment */
    unsigned segment_connections; /* default 2 */
    unsigned read_connections;    /* default 2 */
    unsigned queue; /* places in the segment queue and in each read queue (default 4096) */
    const char *application_name; /* "amends-intake" */
    const struct pg_stmt *stmts;  /* all statements of the process */
    size_t n_stmts;
    int32_t schema_needed;      /* ready only when the schema is at least this (0 = do not look) */
    struct admin_state *state;  /* schema_ok, postgres_ok, time_ok are written here; may be NULL */
    bool reads_only;            /* no connections for segments */
    const char *const *methods; /* NULL-terminated, at most 64: label values for commands that
                                   failed alone; may be NULL */
};

/*
 * Starts connecting at once; keeps reconnecting with capped, jittered back-off until pg_close().
 * Copies `config`; what it points to must outlive the pool, but for conninfo.
 * While a lane (segments, reads) has no connection its work waits for about a second, then it is
 * answered UNAVAILABLE, DATABASE_AWAY, and new work at once.
 */
struct pg *pg_new(struct loop *loop, const struct pg_config *config);

/* True when at least one segment and one read connection are up. */
bool pg_up(const struct pg *pg);

/* Called on every change of pg_up() (the services' readiness). */
void pg_on_change(struct pg *pg, void (*changed)(void *ctx), void *ctx);

/* True when nothing is queued and nothing is in flight. */
bool pg_quiet(const struct pg *pg);

/* Fails everything that is queued or in flight with DRAINING, or with OUTCOME_UNKNOWN where nobody
 * knows what was committed, and closes all connections. `done` is called when they are closed, in a
 * later turn. Must not be called from inside a callback of this folder. */
void pg_close(struct pg *pg, void (*done)(void *ctx), void *ctx);
void pg_free(struct pg *pg);

/* -- reads --------------------------------------------------------------------------------- */

#define PG_READ_STMTS 12

/* What a read writes is not awaited on a standby. A statement whose writing must outlive a failover
 * sets synchronous_commit, for its transaction, to this setting of its session. */
#define PG_LASTING "amends.synchronous_commit"

/* One read: some statements sent together with one Sync. They see one snapshot (repeatable read),
 * so that a case and its parts are of one version. */
struct pg_read {
    struct fair_item item; /* .tenant is set by the caller */
    int64_t deadline_us;   /* monotonic, 0 = none; looked at when dequeued */
    size_t n;
    struct {
        unsigned stmt; /* index in pg_config.stmts */
        struct pg_args args;
    } q[PG_READ_STMTS];
    /* It writes what must outlive a failover, by PG_LASTING: refused with STANDBY_AWAY while
     * commits wait for a standby. */
    bool lasting;
    size_t bytes_most; /* results that take more memory are not shown; 0 = no bound */
    /* Gets each statement's result, in order, once all of them went well: of a read that failed or
     * is repeated nothing is shown. May be NULL. */
    void (*rows)(struct pg_read *r, size_t i, const struct pg_rows *rows);
    /* Called once. `fault` is NULL when all went well, else UNAVAILABLE, DEADLINE_EXCEEDED,
     * RESOURCE_EXHAUSTED or INTERNAL; &pg_fault_large when the results pass `bytes_most`. */
    void (*done)(struct pg_read *r, const struct fault *fault);
    void *ctx;
    /* Owned by the read lane. */
    unsigned tries; /* reads are repeated once on another connection */
    int64_t queued_us;
    size_t bytes; /* what the results took */
};

/* RESOURCE_EXHAUSTED, TOO_LARGE: see pg_read.bytes_most. */
extern const struct fault pg_fault_large;

/*
 * Queues a read; tenants have turns. Reads that are expected to take more than two milliseconds or
 * to give more than 128 KB, by what those before them did, and those that write, wait in a queue of
 * their own: see read.c. So whoever reads much should read in slices of at most 256 KB or 5 ms. A
 * refusal comes through `done` too, in this call.
 */
void pg_read(struct pg *pg, struct pg_read *read);

/* -- for tools ---------------------------------------------------------------------------- */

/* A blocking connection for `amends migrate` and `amends check`: never on the io loop. */
struct pg_admin;
/* AM_ECONN when it cannot connect (logged). */
int pg_admin_open(const char *conninfo, struct pg_admin **out) AM_MUSTCHECK;
/* Runs text that may hold several statements, and logs each five seconds that the server still owes
 * the answer. AM_EIO when one is refused, AM_ECONN when the
 * connection is lost. Both are logged with the server's message, so the text must never be one that
 * a client sent. */
int pg_admin_exec(struct pg_admin *a, const char *sql) AM_MUSTCHECK;
/* Runs text as pg_admin_exec() does, and tells what may go well another time: AM_EAGAIN when a lock
 * was not free in time or two transactions waited for each other, AM_ETIMEDOUT when
 * statement_timeout ended it; neither is logged, and a transaction that the text began is rolled
 * back. While it runs, `still` is called every `every_ms` (at least 1); it may be NULL, and must
 * not use the connection. */
int pg_admin_try(struct pg_admin *a, const char *sql, int every_ms, void (*still)(void *ctx),
                 void *ctx) AM_MUSTCHECK;
/* One statement with `n` text parameters; the first column of the first row goes into `out` (""
 * when there is none). Errors as pg_admin_exec(); AM_ERANGE when it does not fit. */
int pg_admin_value(struct pg_admin *a, const char *sql, const char *const *params, int n, char *out,
                   size_t cap) AM_MUSTCHECK;
/* Whether a pooler stands between: then the process that answers is not the one that was named when
 * the connection was accepted, and what belongs to a session may belong to another caller. */
int pg_admin_pooled(struct pg_admin *a, bool *pooled) AM_MUSTCHECK;
void pg_admin_close(struct pg_admin *a);
