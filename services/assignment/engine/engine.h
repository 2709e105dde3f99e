/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Inside assignment only: the engine's struct and its parts. Each part keeps its own state behind a
 * pointer and is used through the functions here:
 *
 *   timers     fires clocks when they fall due, from Redis, else from PostgreSQL
 *   sweep      once a second: what Redis has lost, and who holds the lease of the standing jobs
 *   settle     after the test clock has moved: all of it at once, until nothing is left
 *   match      brings waiting cases and agents with room together
 *   hub        the open streams of offers
 *   directory  which agents have a stream anywhere
 *   retention  erases what policy keeps no longer, and finishes erasures
 *   audit      looks for what must not be, independently of all others
 *   references  gives references to cases that have none
 *   checkpoints  signs the heads of the histories that changed
 *
 * Threading: io loop's thread. Ownership: the engine owns its parts and the commands that it gives
 * itself; the service's parts are borrowed.
 */

#include "assignment/assignment.h"
#include "assignment/matching/claims.h"
#include "assignment/engine/pauses.h"
#include "assignment/decide/decide.h"
#include "assignment/timers/timer_queue.h"
#include "base/list.h"
#include "redis/redis.h"

#define ENGINE_MAGIC 0xa5519001u

struct assignment {
    uint32_t magic;
    bool stopped;
    struct assignment_config config;
    struct service *service;
    struct loop *loop;
    struct redis *redis;
    char replica[UUID_TEXT_LEN + 1]; /* this process, in leases and in the directory */
    struct timers *timers;
    struct sweep *sweep;
    struct audit *audit;
    struct checkpoints *checkpoints;
    struct references *references;
    struct retention *retention;
    struct settle *settle;
    struct match *match;
    struct hub *hub;
    struct directory *directory;
    bool due_running;    /* one look for due clocks at a time */
    int64_t due_from_us; /* the next look begins here: 0, or where a full one ended */
    bool due_partial;    /* the last look did not begin at the beginning */
    bool waiting_running;
    int64_t waiting_after;       /* the tenant behind which the next look begins */
    struct claims claims;        /* cases tried for agents who asked */
    struct pauses refusals;      /* what the decision refused a moment ago */
    unsigned commands_in_flight; /* commands given by the engine itself */
    struct list commands;        /* of struct engine_command */
};

int64_t engine_now_us(const struct assignment *a); /* domain time */

/* -- statements (stmts.c, and the sql.c of each folder) ---------------------------------------- */

enum stmt {
    STMT_DUE,                  /* clocks due at or before, soonest first */
    STMT_NEXT_DUE,             /* when the next one after falls due */
    STMT_SOON,                 /* clocks due from .. to */
    STMT_LEASE,                /* takes or renews a lease */
    STMT_WAITING,              /* tenants with cases that wait */
    STMT_HEADS,                /* a tenant's best waiting cases of each level and signature */
    STMT_READY,                /* a tenant's available agents with their load, longest idle first */
    STMT_AGENTS,               /* the same for agents by id */
    STMT_COOLING,              /* cases that agents declined or let expire a moment ago */
    STMT_ASKED,                /* the dedup row of a RequestAssignment */
    STMT_OFFERS,               /* offers of agents: pending ones and those made since */
    STMT_OFFERS_KEYS,          /* offers by their keys */
    STMT_STREAM_CASES,         /* the cases of agents who watch their work */
    STMT_STREAM_NOTICES,       /* their notifications */
    STMT_STREAM_PRESENCE,      /* their presence */
    STMT_PURGE,                /* dedup rows older than they are kept */
    STMT_AUDIT,                /* open cases, and what the auditor wants to know of them */
    STMT_AUDIT_ENDED,          /* late clocks of other cases */
    STMT_AUDIT_OLDEST,         /* the clock that waits longest */
    STMT_AUDIT_UNSEEN,         /* urgent notifications that nobody has acknowledged */
    STMT_AUDIT_UNDELIVERED,    /* notifications that were not sent in time */
    STMT_STREAM_SEEN,          /* agents have streams here, or none any more */
    STMT_STREAM_GONE,          /* agents whose streams have ended somewhere */
    STMT_STREAM_FORGET,        /* what has ended of an agent's */
    STMT_UNNAMED,              /* cases without a reference */
    STMT_TENANT_NAME,          /* by id */
    STMT_CHECKPOINT_DUE,       /* tenants, and whether each needs a checkpoint */
    STMT_CHECKPOINT_FEED,      /* the next complete events of a tenant's feed */
    STMT_CHECKPOINT_SLICE_PUT, /* writes a slice of heads */
    STMT_CHECKPOINT_SIGN,      /* writes the checkpoint */
    STMT_CHECKPOINT_FORGET,    /* deletes drafts that nobody signed */
    STMTS
};

/* One read of the engine. Its arena lives until `ended` returns. */
struct engine_read {
    struct pg_read pg;
    struct assignment *a;
    struct arena arena;
    void (*ended)(struct engine_read *r, const struct fault *fault);
    void *ctx;
};
struct engine_read *
engine_read_new(struct assignment *a, int64_t tenant_id,
                void (*rows)(struct pg_read *r, size_t i, const struct pg_rows *rows),
                void (*ended)(struct engine_read *r, const struct fault *fault), void *ctx);
struct pg_args *engine_read_add(struct engine_read *r, enum stmt stmt);
void engine_read_start(struct engine_read *r);

/* -- commands of the engine (command.c) -------------------------------------------------------- */

struct engine_command {
    struct submission sub;
    struct list link;
    struct assignment *a;
    struct arena arena;
    union {
        struct fire_clock_args fire;
        struct offer_case_args offer;
        struct stream_args stream;
    } args;
    struct absentee absentee; /* of FireClock */
    /* May be NULL; sub.cmd.fault says how it ended. */
    void (*ended)(struct engine_command *command);
    void *ctx;
};

/* A command of the system for a tenant. The caller fills in the case, the agent and args. */
struct engine_command *engine_command_new(struct assignment *a, const struct tenant *t,
                                          const struct command_kind *kind);
void engine_command_agent(struct engine_command *command, const char *agent_id); /* copies */
void engine_command_submit(struct engine_command *command);

/* -- tenants by id (tenant_by_id.c) ------------------------------------------------------------ */

/* Finds the tenant, loading it if need be; `done` may run in this call. NULL when there is none or
 * the database is away: what was to be done is left to a later sweep. */
void tenant_by_id(struct assignment *a, int64_t id, void (*done)(void *ctx, const struct tenant *t),
                  void *ctx);

/* -- timers (timers.c, due.c) ------------------------------------------------------------------ */

struct timers *timers_new(struct assignment *a);
void timers_free(struct timers *t);
/* Leaves the timers of this replica to the others. */
void timers_stop(struct timers *t);
/* Takes clocks that were started or moved: writes those within the horizon to Redis, or wakes up
 * for them without Redis. */
void timers_add(struct timers *t, const struct route_timer *timers, size_t n);
/* Marks the shards in Redis: when one is lost from now on, sweep_lost() is called. */
void timers_mark(struct timers *t);
/* Looks at once. */
void timers_run(struct timers *t);
bool timers_idle(const struct timers *t);
/* The reason for which this replica could not fire the clock; NULL = it did not fail here. */
const char *timers_failure(const struct timers *t, const struct uuid *clock_id);

/* How many more clocks that the database knows to be due may be fired now, and how many are being
 * fired in all. */
size_t timers_room(const struct timers *t);
size_t timers_firing(const struct timers *t);
/* Fires a clock that the database knows to be due; false when it is being fired already or there is
 * no room. */
bool timers_fire(struct timers *t, const struct timer_member *m);

/* Fires the clocks that by PostgreSQL were due at `cutoff_us`, as far as there is room. `done`,
 * which may be NULL, gets how many were found, how many of these were not being fired yet, and when
 * the next one after them is due (INT64_MAX = there is none; 0 = unknown). Returns false when
 * another look has not ended or there is no room. */
typedef void due_done(struct assignment *a, size_t found, size_t fired, int64_t next_due_us);
bool due_run(struct assignment *a, int64_t cutoff_us, due_done *done);

/* -- sweeps (sweep.c, horizon.c, settle.c) ----------------------------------------------------- */

struct sweep *sweep_new(struct assignment *a);
void sweep_free(struct sweep *s);
/* True on the replica that holds the lease, as far as it knows. */
bool sweep_holder(const struct sweep *s);
/* Redis has to be loaded again; a reload that runs goes on. */
void sweep_reload(struct sweep *s);
/* Redis has to be loaded from the beginning, because what was written is gone. */
void sweep_lost(struct sweep *s);
/* Starts matching for the tenants that have waiting cases. `done` (may be NULL) is called when they
 * are known. Returns false when another look has not ended. */
bool sweep_waiting(struct assignment *a, void (*done)(struct assignment *a, bool known));

/* Loads clocks that fall due within the next 15 minutes into Redis, the soonest first. `loaded` is
 * called when a round from the beginning has ended well. horizon_reload() begins such a round
 * unless one runs; horizon_restart() begins it anew. */
#define HORIZON_US (15 * 60 * US_PER_S)
struct horizon;
struct horizon *horizon_new(struct assignment *a, void (*loaded)(struct assignment *a));
void horizon_free(struct horizon *h);
void horizon_reload(struct horizon *h);
void horizon_restart(struct horizon *h);
void horizon_run(struct horizon *h);

/* The auditor (audit.h). audit_run() is called once a second on the replica that holds the lease,
 * audit_rest() when it does not hold it any more. */
struct audit;
struct audit *audit_new(struct assignment *a);
void audit_free(struct audit *u);
void audit_run(struct audit *u);
void audit_rest(struct audit *u);

/* What policy keeps no longer (retention/retention.h). retention_run() is called once a second on
 * the replica that holds the lease. */
struct retention;
struct retention *retention_new(struct assignment *a);
void retention_free(struct retention *r);
void retention_run(struct retention *r);

struct settle *settle_new(struct assignment *a);
void settle_free(struct settle *s);
void settle_moved(struct settle *s);
bool settle_idle(const struct settle *s);

/* -- queues in Redis (queues.c) ---------------------------------------------------------------- */

/* Puts waiting cases into Redis or takes them out, with one command a queue. */
void engine_queues_put(struct assignment *a, const struct route_queue *items, size_t n);

/* -- matching (match.c) ------------------------------------------------------------------------ */

struct match *match_new(struct assignment *a);
void match_free(struct match *m);
/* A tenant has a waiting case, or an agent with room (`agent_id`, NULL = none in particular).
 * `from_database`: do not ask Redis what waits. */
void match_tenant(struct match *m, int64_t tenant_id, const char *agent_id, bool from_database);
bool match_idle(const struct match *m);

/* -- streams (hub.c, directory.c) -------------------------------------------------------------- */

struct hub *hub_new(struct assignment *a);
void hub_free(struct hub *h);
struct stream_start;
/* Turns the call of an agent into a stream. */
void hub_open(struct hub *h, struct rpc_call *call, const struct tenant *t, const char *agent_id,
              const struct stream_start *start);
/* The agent's offers changed. */
void hub_wake(struct hub *h, int64_t tenant_id, const char *agent_id);
/* Once for each agent with an open stream of this process. */
void hub_each(struct hub *h, void (*each)(void *ctx, int64_t tenant_id, const char *agent_id),
              void *ctx);

struct directory *directory_new(struct assignment *a);
void directory_free(struct directory *d);
void directory_opened(struct directory *d, const struct tenant *t, const char *agent_id);
/* The last stream of the agent in this process is gone. */
void directory_closed(struct directory *d, int64_t tenant_id, const char *agent_id);
/* Makes agents AWAY whose streams are gone everywhere; `done` may be NULL. Returns false when a
 * sweep is under way, or streams are being written. */
bool directory_sweep(struct directory *d, void (*done)(struct assignment *a));

/* -- handlers (rpc/) --------------------------------------------------------------------------- */

int rpc_register(struct assignment *a, struct rpc_server *server) AM_MUSTCHECK;
void rpc_request_assignment(struct rpc_call *call, void *service);
void rpc_route(struct rpc_call *call, void *service);
void rpc_audit_cases(struct rpc_call *call, void *service);
