/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What matching works on: a tenant's best waiting cases, from Redis or from PostgreSQL, and its
 * agents as they are read for matching.
 *
 * Threading: io loop's thread. Ownership: rows and texts lie in the arena given.
 */

#include "assignment/decide/decide.h"
#include "assignment/engine/engine.h"
#include "assignment/matching/pick.h"

#define HEADS_SIGNATURES 512  /* most signatures looked at */
#define HEADS_OF_SIGNATURE 16 /* most cases of each, if no more are asked for */
#define HEADS_MORE_MAX 256

struct heads {
    struct assignment *a;
    struct arena *arena;
    int64_t tenant_id;
    int n_levels;
    size_t more;        /* cases of each signature beyond HEADS_OF_SIGNATURE */
    bool from_database; /* given; set when Redis was away */
    struct pick_case *cases;
    size_t n, cap;
    bool failed; /* neither could be read */
    void (*done)(struct heads *h);
    void *ctx;
};

/* Reads; `done` may run in this call. What PostgreSQL gave is put into Redis. */
void heads_read(struct heads *h);

/* Tells that an offer of this case to the agent was not made. When the case has moved, its entry in
 * Redis is old and is taken out. When the agent does not fit, or nothing can be decided about the
 * case, the same is not proposed again at once. */
void heads_refused(struct heads *h, const struct pick_case *c, const char *agent_id,
                   enum offer_outcome outcome, const struct fault *fault);

/* The fault is about the case, not about the machinery: another case may be offered at once. */
bool heads_stuck_case(const struct fault *fault);

/* Completes the input of a pick: the other policy versions of the tenant that are here, what was
 * refused a moment ago, and the time. */
void heads_complete(const struct heads *h, struct pick_input *in);

/* Rows of STMT_READY and STMT_AGENTS, added to `agents` unless the agent is there already. */
void heads_add_agents(struct rows *agents, int64_t tenant_id, const struct pg_rows *rows,
                      struct arena *arena);

/* Rows of STMT_COOLING. */
struct pick_cooling *heads_cooling(const struct pg_rows *rows, struct arena *arena);

/* The statement that asks for them: the agents' offers that ended within the tenant's cool-down. */
void heads_ask_cooling(struct engine_read *r, int64_t tenant_id, const struct policy *policy,
                       const struct rows *agents);
