/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What `struct pg` is, for the files of this folder, and the limits they share.
 *
 * Threading: io loop's thread. Ownership: the pool owns its connections; statements are borrowed.
 */

#include "io/loop.h"
#include "pg/conn.h"
#include "pg/pg.h"
#include "pg/statements.h"

/* The time that each step of connecting may take: look-up, connecting, session, statements. */
#define PG_CONNECT_TIMEOUT_US (3 * US_PER_S)
/* A trip that has no answer after this time means that the server is frozen or gone. */
#define PG_TRIP_TIMEOUT_US (5 * US_PER_S)
/* When a lane has had no connection for this time, what waits in its queue is refused. */
#define PG_AWAY_US US_PER_S
/* The database's clock is asked for every ten seconds, and sooner while the estimate is coarse. */
#define PG_PROBE_EVERY_US (10 * US_PER_S)
#define PG_PROBE_AGAIN_US US_PER_S
#define PG_TIME_ERROR_US (100 * US_PER_MS) /* a larger error: the process is not ready */
#define PG_TIME_COARSE_US (10 * US_PER_MS) /* a larger error: the estimate is coarse */
/* A commit without an answer for this time may wait for a standby: that is looked into. */
#define PG_COMMIT_SLOW_US US_PER_S
/* Behind a pooler: the other connections of this process have set up their sessions by then. */
#define PG_POOLER_WAIT_US (500 * US_PER_MS)
#define PG_CONNECTIONS_MAX 64

struct read_lane;
struct pg_seg_lane;

/* Whether commits wait for a synchronous standby, as pg_stat_activity told (standby.c). */
struct standby {
    struct trip trip;
    bool asking;
    int64_t asked_us, answered_us;
    int64_t oldest;          /* the process that has waited longest; 0 = none waits */
    int64_t oldest_began_us; /* its statement, of the database's clock ... */
    int64_t oldest_seen_us;  /* ... and when it was seen first */
    bool waits;
    int64_t since_us; /* when it was logged */
};

struct pg {
    uint32_t magic;
    struct loop *loop;
    struct pg_config config;
    struct target target;
    char (*names)[PG_WIRE_NAME]; /* of our own statements (enum pg_own), then of config.stmts */
    struct conn *conns;
    size_t n_conns;
    size_t up[LANES];
    int64_t down_since_us[LANES]; /* since when the lane has no connection; 0 = it has one */
    bool was_up;
    void (*changed)(void *ctx);
    void *changed_ctx;
    struct loop_timer *tick;
    int64_t probe_due_us;
    int64_t trip_us; /* what a round trip takes that asks for nothing, as the probes found */
    struct standby standby;
    struct read_lane *reads;
    struct pg_seg_lane *segs; /* NULL before pg_seg_setup() */
    bool closing;
    void (*closed)(void *ctx);
    void *closed_ctx;
    struct loop_idle close_later;
};

/* A connection came up or went down; called by the connection. */
void pool_conn_up(struct conn *c);
void pool_conn_down(struct conn *c);

/* The name under which the connections have a statement of config.stmts. */
const char *pool_name(const struct pg *pg, unsigned stmt);

/* Asks for the database's clock on this connection when that is due. Called between segments, so
 * that no command waits for it. */
void pool_probe_if_due(struct conn *c);

/* A question for the clock has ended, with an answer or without one: plans the next one soon when
 * the estimate is still coarse. */
void pool_time_asked(struct pg *pg);

/* True while commits wait for a synchronous standby, as far as is known. */
bool pool_commits_wait(const struct pg *pg);

/* Asks whether commits wait for a synchronous standby, unless that was asked a moment ago: what
 * somebody else does in the database takes suspiciously long. */
void pool_suspect_standby(struct pg *pg);

/* Part of the tick: asks when a commit is slow or waited before, and answers who has waited too
 * long. */
void pool_watch_standby(struct pg *pg);

/* True when the lane has had no connection for longer than a caller should have to wait. */
bool pool_away(const struct pg *pg, enum conn_lane lane);

/* Faults of the machinery. They are constants, so that giving one needs no memory. */
extern const struct fault pg_fault_away;       /* UNAVAILABLE, DATABASE_AWAY */
extern const struct fault pg_fault_overloaded; /* RESOURCE_EXHAUSTED, OVERLOADED */
extern const struct fault pg_fault_deadline;   /* DEADLINE_EXCEEDED, DEADLINE */
extern const struct fault pg_fault_defect;     /* INTERNAL, DEFECT */
extern const struct fault pg_fault_draining;   /* UNAVAILABLE, DRAINING */
extern const struct fault pg_fault_unknown;    /* UNAVAILABLE, OUTCOME_UNKNOWN */
extern const struct fault pg_fault_contended;  /* UNAVAILABLE, CONTENDED */
extern const struct fault pg_fault_standby;    /* UNAVAILABLE, STANDBY_AWAY */

/* What to do about an SQLSTATE. */
enum pg_blame {
    PG_BLAME_CONFLICT,  /* 40001, 40P01, 55P03: do the same again after a pause */
    PG_BLAME_SERVER,    /* classes 08, 25, 53, 57, 58: use another connection, or try later */
    PG_BLAME_STALE,     /* 26000, 0A000: the statements of this session must be prepared again */
    PG_BLAME_STATEMENT, /* anything else: the statement itself is at fault */
};
enum pg_blame pg_blame(const char *sqlstate);

/* A random time in [from, to), so that what failed together does not return together. */
int64_t pg_jitter_us(int64_t from_us, int64_t to_us);

/* read.c */
struct read_lane *reads_new(struct pg *pg);
void reads_free(struct read_lane *l);
void reads_attach(struct read_lane *l, struct conn *c);
void reads_dispatch(struct read_lane *l);
void reads_fail_queue(struct read_lane *l, const struct fault *why);
size_t reads_outstanding(const struct read_lane *l);
/* Whether a read that writes what must last has had no answer for PG_COMMIT_SLOW_US. */
bool reads_commit_is_slow(const struct read_lane *l);

/* segment.c */
void segs_free(struct pg_seg_lane *l);
void segs_attach(struct pg_seg_lane *l, struct conn *c);
/* Looks for work at the end of this turn of the loop. */
void segs_wake(struct pg_seg_lane *l);
/* Answers everything that waits, whatever it waits for. */
void segs_fail_queue(struct pg_seg_lane *l, const struct fault *why);
/* While no connection is up: answers what cannot wait any longer. */
void segs_expire(struct pg_seg_lane *l);
size_t segs_outstanding(const struct pg_seg_lane *l);

/* segment_standby.c */
/* Whether a commit has had no answer for PG_COMMIT_SLOW_US. */
bool segs_commit_is_slow(struct pg_seg_lane *l);
/* The process `backend` was seen to wait for a standby. True when it is one of ours and its commit
 * is slow; then its connection is not given up. */
bool segs_commit_waits(struct pg_seg_lane *l, int64_t backend, int64_t now_us);
/* While commits wait for a standby: answers whoever has waited for so long that the caller must
 * hear why. */
void segs_give_up_waiting(struct pg_seg_lane *l);
