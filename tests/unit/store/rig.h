/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the tests of the store share: a database of their own on the server that AMENDS_TEST_PG
 * names, and a loop with a pg on it that runs on the test's own thread until something is done.
 *
 * Threading: one thread. Ownership: the rig owns all it makes; rig_free() drops the database.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "store/store.h"

struct rig {
    char name[64]; /* of its database; "" = another rig's */
    char conninfo[512];
    struct pg_admin *sql; /* a plain connection for the test's own statements */
    struct time_source *time;
    struct loop *loop;
    struct pg *pg;
    struct pg_stmt *stmts; /* the store's, then the rig's own */
    struct tenants *tenants;
    struct store *store;
    struct masters masters;
    struct customer_keys *keys; /* NULL but for rig_seal() */
    struct arena arena;
    /* What the store told to route. */
    void (*route)(void *ctx, const struct route *r);
    unsigned routes;
};

/* The id of the tenant "demo": a large one, so that what cuts it off is found. */
#define RIG_TENANT "4611686018427387905"

/* A database with that name and the schema; `extra` statements follow the store's own. */
struct rig *rig_new(const char *name, const struct pg_stmt *extra, size_t n_extra);
/* Another process on the same database: a loop, a pg and a store of its
 * own. Freed before `first`. */
struct rig *rig_join(const struct rig *first);
/* Connects: loop and pg; with the store unless `ops` are the test's own. */
void rig_connect(struct rig *r, const struct pg_seg_ops *ops);
/* Seals what is personal from now on, under a master key of this name (a digit, which is its key,
 * too). Behind rig_connect(), which does it as well when AMENDS_TEST_SEALED is set. */
void rig_seal(struct rig *r, char master);
void rig_free(struct rig *r);

/* Runs the loop until *done is true; fails the test after ten seconds. */
void rig_run(struct rig *r, const bool *done);

/* One turn of the loop, without waiting. */
void rig_turn(struct rig *r);

/* One turn of the loop, which sleeps until there is something to do. */
void rig_wait(struct rig *r);

/* Statements of the test's own: no result, or the first value of the first row. */
void rig_exec(struct rig *r, const char *fmt, ...) AM_PRINTF(2, 3);
const char *rig_value(struct rig *r, const char *fmt, ...) AM_PRINTF(2, 3);
int64_t rig_int(struct rig *r, const char *fmt, ...) AM_PRINTF(2, 3);

/* Gives the only tenant of the database the id RIG_TENANT. */
void rig_number_tenant(struct rig *r);

/* Makes all indexes again, in the other order: what a statement's plan must not depend on. */
void rig_turn_indexes(struct rig *r);

/* Makes the n-th secondary index again, as a migration would that adds it: the last one of its
 * table. Returns its name, "" when there are not so many. */
const char *rig_index_last(struct rig *r, unsigned n);

/* The conninfo of another database on the same server. */
void rig_conninfo(char *out, size_t cap, const char *database);
