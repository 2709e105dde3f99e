/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The store: the segment operations over the tables of the case (reads its snapshots, writes what
 * commands changed, tells what to route), and plain reads of cases, events and agents on the read
 * lane.
 *
 * Threading: io loop's thread. Ownership: the store borrows the pg and the tenants; commands and
 * reads are borrowed until their callback.
 */

#include "case/model/state.h"
#include "store/sealing/customer_keys.h"
#include "store/submission.h"
#include "store/tenants.h"
#include "pg/pg.h"

struct store;
struct feed_now;
struct work_counts;

/* Statements the store needs in pg_config.stmts, in this order, before any other. Their texts are
 * made before main() from the descriptions of the tables (store/table.h). */
extern const struct pg_stmt *const store_stmts;
extern const size_t store_n_stmts;

/* -- routes: what other processes should hear of after a commit -------------------------------- */

/* A member of a level's queue that is to be there, or one that is void: an item that changed level,
 * signature or generation gives both. A case with a standing offer (level 0) is in no queue. */
struct route_queue {
    int64_t tenant_id;
    struct uuid case_id;
    int16_t level;
    const char *signature;
    int64_t score_ms, generation;
    bool removed;
};
/* A clock that was started or moved and its next instant; those that ended are found stale when
 * they fire. */
struct route_timer {
    int64_t tenant_id;
    struct uuid case_id, clock_id;
    int64_t generation, due_us;
    int16_t kind;
};
/* `offers_changed`: the agent's streams have something to read. `room`: the agent may have room now
 * (a case does not count any more, an offer ended unaccepted, the agent is available): a hint. */
struct route_agent {
    int64_t tenant_id;
    const char *agent_id;
    bool offers_changed, room;
};
/* Most members of each sort that one call of Route carries; the contract tells them. */
#define ROUTE_QUEUE_MAX 500
#define ROUTE_TIMERS_MAX 1000
#define ROUTE_AGENTS_MAX 500
/* `feeds`: the tenants that have new events, each once. Other processes hear of these through Redis
 * (shared/feed_wake.h), not by Route. */
struct route {
    size_t n_queue, n_timers, n_agents, n_feeds;
    struct route_queue *queue;
    struct route_timer *timers;
    struct route_agent *agents;
    int64_t *feeds;
};

/* `route` is called after every commit that changed queue items, clocks, offers or agents, or wrote
 * events; its argument is borrowed. */
struct store *store_new(struct pg *pg, struct loop *loop, struct tenants *tenants,
                        void (*route)(void *ctx, const struct route *r), void *ctx);
void store_free(struct store *s);

/* From now on what is personal is sealed, and opened, with the keys of customers
 * (store/sealing/sealed.h). Borrowed. */
void store_use_keys(struct store *s, struct customer_keys *keys);

bool store_seals(const struct store *s);

/* Destroys the key of a customer, if it was made until then; at once when nothing is sealed. */
void store_destroy_key(struct store *s, int64_t tenant_id, const char *customer_id,
                       int64_t made_until_us, struct customer_keys_wait *wait);

/* Finds out about the key of a customer, and when it was made then; 0 = there is none. */
void store_ask_key(struct store *s, int64_t tenant_id, const char *customer_id,
                   struct customer_keys_wait *wait);
int64_t store_key_made_us(struct store *s, int64_t tenant_id, const char *customer_id);

/* The first of the statements of customers' keys in store_stmts. */
extern const unsigned store_stmt_customer_keys;

/* Makes the fault UNAVAILABLE / TIME_ZONE_MISSING: another replica may have the zone. */
void fault_time_zone(struct fault *fault, const char *zone);

/* Computes the keys, queues the command. `finished` may run in this call. */
void store_submit(struct store *s, struct submission *sub);

/* -- reads ------------------------------------------------------------------------------------- */

/* What a list shows of a case beside its row: when something is next due in it (0 = nothing is),
 * and the clock that says so. */
struct listed {
    int64_t due_at;
    int16_t due_kind;
};

/* How far a list of cases walked: behind `at` and `case_id` it is not known, when it `stopped`. */
struct list_walked {
    int most; /* rows */
    bool by_due, by_id;
    int64_t opened_from;
    bool stopped, ended;
    int rows; /* that were looked at */
    int64_t at;
    struct uuid case_id;
};

/* A read. Its result lies in its arena; `done` is called once. */

struct store_read {
    struct pg_read pg;
    struct arena *arena;
    int64_t tenant_id;
    const char *tenant;
    int64_t deadline_us;
    size_t bytes_most; /* it fails with `too_large` when its results pass this; 0 = no bound */
    bool too_large;
    struct fault fault; /* set when it failed */
    void (*done)(struct store_read *r);
    void *ctx;
    /* Asked before each further slice of a read that is made of several; may be NULL. True when
     * nobody waits for the result any more: then the read ends with DEADLINE_EXCEEDED. */
    bool (*gone)(struct store_read *r);
    void *waiter; /* whom gone() asks */
    /* store_read_cases(): in the order asked for; .exists = false where missing. */
    struct case_state *cases;
    size_t n_cases;
    /* store_read_events(): rows of struct event_row and event_private_row, by seq. */
    struct rows events, privates;
    /* store_read_agents() / store_list_agents(). */
    struct rows agents;
    /* store_list_cases(): case_row rows in the order of the list; beside each its struct listed. */
    struct rows case_rows, listed;
    struct list_walked walk;
    /* The reads of policy: struct policy_row. */
    struct rows policies;
    /* store_read_migrating(). */
    struct rows migrating; /* struct migrating_row */
    /* The reads of store/private.h, store/lists/notifications.h and store/lists/bounces.h. */
    struct rows found, gaps;
    int64_t deleted;
    /* store/keys.h: struct key_row; how many the tenant has. */
    struct rows keys;
    int64_t n_keys_all, n_keys_working, n_keys_admin;
    /* The reads of checkpoints (store/checkpoint.h). */
    struct rows checkpoints; /* struct checkpoint_row */
    struct rows heads_now;   /* struct head_now_row */
    struct rows case_ids;    /* struct uuid */
    struct slice heads;
    /* The reads of the feed (store/lists/feed.h): struct feed_row. */
    struct rows feed;
    struct feed_now *feed_now;
    /* The reads of work lists (store/lists/work_list.h). */
    struct rows work;   /* struct work_item */
    struct rows owners; /* struct work_owner */
    struct work_counts *counts;
    int counts_most;
    /* Owned by the store. */
    size_t feed_limit, feed_bytes; /* as asked for */
    struct store *store;
    struct case_slices *slices;
    int64_t since_us;
    struct customer_keys_wait key_wait;
};

/* How much of a case is read. */
enum case_depth {
    CASE_ROW,   /* its row and its place in the queue */
    CASE_PARTS, /* and its parts, but without words: the long texts of contacts, signals and acts */
    CASE_WORDS, /* with the newest of them: see STORE_WORDS_BYTES */
    CASE_PROOF, /* and the steps of its ladder, on which nothing is decided */
};

/* How many bytes of words of each kind are read with a case (one text may pass it), the newest. The
 * others are words_unread; store_read_words() goes on from there. */
#define STORE_WORDS_BYTES (64 << 10)

/*
 * Up to 100 rows of cases, all of one instant, or one case with its parts. RESOURCE_EXHAUSTED /
 * TOO_LARGE when they do not fit into the read's arena; so for all reads.
 *
 * A case with many parts is read in slices, so that nobody waits long behind it. They are of one
 * version: when the case changes meanwhile it is read again, the second time in one slice.
 */
void store_read_cases(struct store *s, struct store_read *r, const struct uuid *ids, size_t n,
                      enum case_depth depth);

/* The case that has the reference, as stored, in `case_ids`: none when no case of the tenant has
 * it. */
void store_find_case(struct store *s, struct store_read *r, const char *reference);

enum words_of { WORDS_OF_SIGNALS, WORDS_OF_CONTACTS, WORDS_OF_ACTS, WORDS_OF };

/* Where a page of words ended: a signal's number, else time and id. All zero = at the newest. */
struct words_place {
    int64_t at;
    struct uuid id;
    int32_t number;
};

/* Signals, contacts or acts of a case with their words, newest first: those before a place, until
 * their words pass `bytes`, at most `limit`, at least one. They are in cases[0], oldest first, with
 * the case's row and nothing else of it. */
void store_read_words(struct store *s, struct store_read *r, const struct uuid *case_id,
                      enum words_of of, const struct words_place *before, size_t bytes, int limit);

/* Events with seq > after_seq, at most `limit`, and the case row (cases[0]), of one instant. A
 * private part that was erased has no row. */
void store_read_events(struct store *s, struct store_read *r, const struct uuid *case_id,
                       int64_t after_seq, int limit);

/* Agents with their load, in any order; those that do not exist are left out. */
void store_read_agents(struct store *s, struct store_read *r, const char *const *agent_ids,
                       size_t n);
/* Agents with id > after, by id, at most `limit`. */
void store_list_agents(struct store *s, struct store_read *r, const char *after, int limit);

struct case_filter {
    const char *customer_id, *owner_id; /* NULL or "" = any */
    const char *failure_code;           /* the code or a branch of codes; NULL or "" = any */
    uint32_t statuses;                  /* 1u << CaseStatus, each; 0 = any */
    int64_t opened_from, opened_until;  /* 0 = no bound */
    int level;                          /* 0 = any */
    int owner_kind;                     /* OwnerKind; 0 = any */
    const char *order_reference, *external_reference; /* NULL or "" = any */
    int64_t due_before;                               /* something is due before; 0 = any */
    bool by_id;                                       /* ids from `first_id` to `last_id` */
    struct uuid first_id, last_id;
    /* Soonest due first, and only cases in which something is due; else newest first. With
     * `by_id` or an external reference: the greatest id first. */
    bool by_due;
    /* The page begins behind this place: the time by which the list goes (due, else opened) and the
     * case's id; 0 = at the beginning. */
    int64_t after_at;
    struct uuid after_case_id;
    int limit;
    int walk_most; /* rows to look at; 0 = STORE_LIST_ROWS */
};

/* A list that looked at so many rows stops, although it found fewer than its limit. */
#define STORE_LIST_ROWS 5000

/* The cases that pass all filters. When read->walk.stopped is set they are not all: the list goes
 * on behind the place that `walk` tells. */
void store_list_cases(struct store *s, struct store_read *r, const struct case_filter *f);

/* -- policy versions -------------------------------------------------------------------------- */

/* A version as it is stored. Not a row of the snapshot: it has no mark of change. */
struct policy_row {
    int32_t version, previous; /* the one before it; 0 = it is the first */
    int64_t created_at;
    const char *created_by, *source; /* source "": in lists; "default": the bundle that ships */
    bool current;
};

/* One version (0 = the current one), in `policies`: none when there is no such version. With the
 * agents of these ids in `agents`: n = 0 for none. */
void store_read_policy(struct store *s, struct store_read *r, int32_t version,
                       const char *const *agent_ids, size_t n);
/* Versions before this one (0 = all), newest first, at most `limit`, without sources. */
void store_list_policies(struct store *s, struct store_read *r, int32_t before, int limit);
/* Makes the source the tenant's current version if the current one is `expected`: the new version
 * is in `policies`; none when another one is current. Repeating it is harmless. */
void store_apply_policy(struct store *s, struct store_read *r, int32_t expected, const char *source,
                        const char *creator, int64_t now_us);

/* -- cases to migrate ------------------------------------------------------------------------- */

struct migrating_row {
    int64_t opened_at;
    struct uuid case_id;
    bool wanted; /* it is not of the version to move to, and of the one to move from */
};

/* Open cases (not closed, withdrawn or merged) strictly after (opened_at, case_id), in that order,
 * at most `limit`; `from` 0 = of any version. */
void store_read_migrating(struct store *s, struct store_read *r, const struct migrating_row *after,
                          int32_t from, int32_t to, int limit);
