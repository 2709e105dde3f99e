/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A toy business for the tests of common/pg: accounts with a total, numbered entries, and dedup
 * rows, in a schema of the test's own. One replica is a `struct toy`: one pool with its segment
 * operations.
 *
 * Threading: everything on the thread that made the world. Ownership: commands live in the world's
 * arena.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/time.h"
#include "io/loop.h"
#include "pg/segment.h"

struct world;
struct toy;

struct toy_cmd {
    struct pg_seg_cmd cmd;
    struct toy *toy;
    int64_t request, account,
        other;          /* other: a second account whose key is taken, and not written; 0 = none */
    int64_t amount;     /* TOY_BAD makes the database refuse it */
    int64_t extra[4];   /* more of these */
    size_t bytes;       /* what it is said to read */
    int64_t discovered; /* an account that decide finds to be needed: PG_SEG_AGAIN once; 0 = none */
    /* results */
    bool done, replayed, wrote;
    int64_t seq;
    enum fault_code code;
    int reason;
    unsigned decisions;
    uint64_t done_at; /* order of answers in the world */
    uint64_t segment; /* number of the segment that decided it last */
    int slot;
};

#define TOY_BAD INT64_C(-1000000)

/* One replica. */
struct toy {
    struct world *world;
    struct pg *pg;
    struct admin_state state;
    struct pg_seg_ops ops;
    void (*on_read)(struct toy *t, struct pg_seg *seg); /* hooks of a test; may be NULL */
    void (*on_decide)(struct toy *t,
                      struct pg_seg *seg); /* before the first decision of a segment */
    void (*on_write)(struct toy *t, struct pg_seg *seg);
    uint64_t segments;
    size_t last_segment_n;
    int64_t last_now_us;
    bool up, closed;
};

struct world {
    struct time_source *time;
    struct loop *loop;
    char conninfo[1024]; /* with this test's own schema */
    char schema[64];
    struct pg_admin *admin;
    struct arena arena;
    uint64_t answers;
    size_t waiting; /* commands submitted and not answered */
    uint64_t salt;  /* test programs share the lock space of one database */
};

/* Reads AMENDS_TEST_PG, makes an empty schema and its tables. Fails the test with a clear message
 * when it is not set. */
struct world *world_new(const char *name);
void world_free(struct world *w);

/* The world for a process that was forked before it used anything of its parent's: same schema, own
 * connections. */
struct world *world_attach(const char *name);

/* A replica; `segments` and `reads` connections; conninfo NULL = the world's. Waits until it is up
 * unless `conninfo` is given. */
struct toy *toy_new(struct world *w, unsigned segments, unsigned reads, const char *conninfo);
struct toy *toy_new_config(struct world *w, const struct pg_config *given);
void toy_free(struct toy *t);
/* A replica whose `committed` is replaced; the plain one is put into *plain. */
struct toy *toy_new_hooked(struct world *w, const struct pg_config *given,
                           void (*committed)(void *ctx, struct pg_seg *seg),
                           void (**plain)(void *ctx, struct pg_seg *seg));

/* A command that adds `amount` to `account` under `request`. */
struct toy_cmd *toy_cmd(struct toy *t, int64_t request, int64_t account, int64_t amount);
void toy_submit(struct toy_cmd *c);
struct toy_cmd *toy_send(struct toy *t, int64_t request, int64_t account, int64_t amount);
uint64_t toy_key(const struct world *w, const char *kind, int64_t id);

/* Turns the loop until `done` says so; fails the test after `limit_ms`. */
void world_until(struct world *w, bool (*done)(void *ctx), void *ctx, int limit_ms);
/* Turns the loop until every command is answered. */
void world_settle(struct world *w, int limit_ms);
/* Turns the loop for a while. */
void world_turn(struct world *w, int ms);

/* One value of one query. */
int64_t world_int(struct world *w, const char *sql);
void world_exec(struct world *w, const char *sql);

/* Asserts that the accounts, their entries and the dedup rows agree in sum, and that nothing is
 * there twice. */
void world_check(struct world *w);

enum toy_stmt {
    TOY_READ_DEDUP,
    TOY_READ_ACCOUNT,
    TOY_WRITE_ACCOUNT,
    TOY_WRITE_ENTRY,
    TOY_WRITE_DEDUP,
    TOY_GET,
    TOY_SLEEP,
    TOY_FAIL,
    TOY_SLOW_WRITE,
    TOY_STMTS
};
extern const struct pg_stmt toy_stmts[TOY_STMTS];
