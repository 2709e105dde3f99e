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
    const char *redis_url;             /* "" = without Redis */
    const char *redis_password_file;   /* "" = the URL's password, if any */
    const struct tls_files *redis_tls; /* for rediss://; NULL = the CAs of the system */
    int64_t checkpoint_interval_s;     /* how long at least between two of a tenant */
    unsigned first_stmt;               /* where assignment_stmts begin in pg_config.stmts */
};

/* Statements it needs in pg_config.stmts, in this order. */
extern const struct pg_stmt *const assignment_stmts;
extern const size_t assignment_n_stmts;

/* Adds AssignmentService and AssignmentInternalService to the server and starts the engine. Returns
 * AM_EINVAL when the Redis URL cannot be used, which is logged. */
int assignment_new(const struct assignment_config *config, struct assignment **out) AM_MUSTCHECK;

/* Takes what was committed by this process, or by another one through Route. It is a hint: nothing
 * waits for it. */
void assignment_route(struct assignment *a, const struct route *route);

/* True when nothing is due now, queued or in flight (/settled). */
bool assignment_settled(const struct assignment *a);

/* The test clock has moved: timers and sweeps run at once. */
void assignment_time_moved(struct assignment *a);

/* From now on nothing new is started. Commands in flight end by themselves, at the latest when the
 * database is closed. */
void assignment_stop(struct assignment *a);

/* Frees the service after the loop has ended. NULL is allowed. */
void assignment_free(struct assignment *a);
