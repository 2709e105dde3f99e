/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The assignment service: agents, offers and owners, and the engine behind them - timers, sweeps,
 * matching, streams. It is the only one that touches the queues and timers in Redis.
 *
 * Threading: assignment_new() and assignment_free() on the main thread before and after the loop
 * runs; everything else on the io loop's thread. Ownership: the service, the server and the strings
 * of the config outlive it.
 */

#include "pg/query.h"
#include "shared/service.h"

struct assignment;

struct assignment_config {
    struct service *service;
    struct rpc_server *server;
    const char *redis_url;           /* "" = without Redis */
    const char *redis_password_file; /* "" = the URL's password, if any */
    unsigned first_stmt;             /* where assignment_stmts begin in pg_config.stmts */
};

/* Statements it needs in pg_config.stmts, in this order. */
extern const struct pg_stmt *const assignment_stmts;
extern const size_t assignment_n_stmts;

/* Adds AssignmentService and AssignmentInternalService to the server, starts the engine. AM_EINVAL
 * when the Redis URL cannot be used (logged). */
int assignment_new(const struct assignment_config *config, struct assignment **out) AM_MUSTCHECK;

/* What was committed: by this process, or by others through Route. A hint: nothing waits for it. */
void assignment_route(struct assignment *a, const struct route *route);

/* True when nothing is due now, queued or in flight (/settled). */
bool assignment_settled(const struct assignment *a);

/* The test clock has moved: timers and sweeps run at once. */
void assignment_time_moved(struct assignment *a);

/* Starts nothing any more. Its commands in flight end by themselves, with the database's closing at
 * the latest. */
void assignment_stop(struct assignment *a);

/* After the loop has ended. NULL is allowed. */
void assignment_free(struct assignment *a);
