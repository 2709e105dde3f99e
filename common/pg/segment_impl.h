/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Inside the segment lane.
 *
 *   pg_seg_submit -> account (bounded, a tenant's share) -> lines of its keys (segment_keys.c)
 *        first in all of them -> ready line of its class (segment_queue.c)
 *        -> batch, apart from who crowds the others (segment_share.c), and no heavier than a
 *           segment may be (segment_weight.c)
 *        -> run on a connection (segment_run.c): trip 1, decide, trip 2
 *             (a commit that waits for a standby: segment_standby.c)
 *             -> done | back to the ready line (busy key, AGAIN, too large together)
 *                  | batch again (segment_fail.c)
 *
 * A command keeps its places in its keys' lines until it is answered, whatever happens in between.
 * So nothing overtakes it, and no two commands that run share a key.
 *
 * Threading: io loop's thread. Ownership: commands belong to their callers until they are
 * answered; a segment owns its arena.
 */

#include "pg/pool.h"
#include "pg/segment.h"
#include "pg/statements.h"

#define PG_SEG_CLASSES 3
#define PG_SEG_CONTENDED_US (3 * US_PER_S)    /* a key that is busy for longer gives UNAVAILABLE */
#define PG_SEG_STANDBY_US (3 * US_PER_S)      /* no caller waits longer for a standby */
#define PG_SEG_UNKNOWN_WAIT_US (5 * US_PER_S) /* for a connection that tells what was committed */
#define PG_SEG_BULK_EVERY_US (100 * US_PER_MS)
#define PG_SEG_TIMER_SHARE 4 /* a quarter of the places */
#define PG_SEG_TRIES 2       /* repetitions after a conflict, and after a loss */

struct pg_seg_line;

/* What one tenant holds of one line. It lives as long as the tenant holds something. */
struct pg_seg_account {
    struct list link; /* in its bucket */
    struct pg_seg_line *line;
    uint64_t tenant;
    size_t held; /* accepted and not answered */
};

#define PG_SEG_ACCOUNT_BUCKETS 64

/* One class of commands. */
struct pg_seg_line {
    struct fair *ready;
    size_t capacity;
    size_t held;
    struct list accounts[PG_SEG_ACCOUNT_BUCKETS];
};

/* The lines of all keys: buckets hold the places of all keys that fall into them, oldest first for
 * each key. */
struct pg_seg_keys {
    size_t mask;
    struct list *buckets;
};

/* How many bytes the commands of a key read: of the keys that read many, one a place. */
#define PG_SEG_WEIGHTS 4096
struct pg_seg_weights {
    struct pg_seg_weight {
        uint64_t key;
        size_t bytes; /* 0 = the place is empty */
    } at[PG_SEG_WEIGHTS];
};

/* Commands that run together, and how often that failed. */
struct pg_seg_batch {
    struct list link; /* in pg_seg_lane.again while it waits */
    struct pg_seg_cmd *cmds[PG_SEG_COMMANDS];
    size_t n;
    bool bulk;
    bool crowded;   /* when it was taken, most of its commands were of one tenant ... */
    uint64_t crowd; /* ... and this is the tenant */
    int64_t not_before_us;
    unsigned conflicts, losses;
    size_t n_keys; /* of all of its commands when it was taken */
    size_t weight; /* bytes that they are known to read */
    bool unknown;  /* it may have been committed: `now_us` stays as it was */
    int64_t unknown_since_us;
    int64_t now_us;
};

enum pg_seg_run_state { PG_SEG_RUN_IDLE, PG_SEG_RUN_READ, PG_SEG_RUN_WRITE, PG_SEG_RUN_ROLLBACK };

/* A segment connection and the segment on it. */
struct pg_seg_run {
    struct conn *conn;
    struct pg_seg_lane *lane;
    enum pg_seg_run_state state;
    bool sending; /* read() or write() is being called */
    /* Fails or commits together; after the decision only those that write. */
    struct pg_seg_batch *batch;
    struct pg_seg_batch *left; /* of a batch of unknown outcome: those whose keys somebody holds */
    struct pg_seg seg;
    struct arena arena;
    struct trip trip;
    bool failed;
    bool large;            /* its commands read too much together */
    struct pg_error error; /* of the trip that failed */
    bool committed;        /* COMMIT was answered */
    size_t commit_at;      /* its place in the trip */
    int64_t started_us;
    int64_t commit_us;          /* when COMMIT was sent, and ... */
    int64_t waits_us;           /* ... when it was last seen to wait for a standby; 0 = never */
    uint64_t keys[PG_SEG_KEYS]; /* sorted */
    bool got[PG_SEG_KEYS];
    size_t n_keys;
    struct pg_seg_cmd *answered[PG_SEG_COMMANDS], *busy[PG_SEG_COMMANDS], *again[PG_SEG_COMMANDS];
    size_t n_answered, n_busy, n_again;
    /* Stand for answered commands in their keys' lines until the transaction ends. */
    struct pg_seg_wait ghosts[PG_SEG_KEYS];
    size_t n_ghosts;
    struct pg_seg_cmd ghost;
};

struct pg_seg_lane {
    struct pg *pg;
    struct pg_seg_ops ops;
    struct pg_seg_line lines[PG_SEG_CLASSES];
    struct pg_seg_keys keys;
    struct pg_seg_weights weights;
    struct list parked;  /* commands that are not the first ones for all their keys */
    struct list delayed; /* commands whose pause is not over, soonest first */
    struct list again;   /* batches that wait for a connection or the end of their pause */
    struct loop_timer *timer;
    struct loop_idle idle;
    uint64_t next_seq;
    size_t held;          /* all classes */
    uint64_t last_tenant; /* of the last call ... */
    int64_t called_us;    /* ... and when that was accepted */
    int64_t mixed_us;     /* when a call was of another tenant than the one before it */
    bool kept;            /* the next batch leaves out the calls of one tenant ... */
    uint64_t kept_from;   /* ... and this is the tenant */
    bool others_first;    /* they are left out only because others go before them */
    unsigned passed;      /* batches in a row that went before the crowd */
    bool timer_first;     /* the next batch begins with a timer's command: it is heavy */
    uint64_t crowd;       /* the tenant who crowded the last batch that had a crowd ... */
    int64_t crowd_us;     /* ... and when that batch was taken */
    bool bulk_running;
    int64_t bulk_last_us;
};

/* -- segment_keys.c: the lines of keys -------------------------------------------------------- */

void pg_seg_keys_init(struct pg_seg_keys *k, size_t expect);
void pg_seg_keys_free(struct pg_seg_keys *k);
/* Takes a place for each key of the command, by order of arrival but behind what runs; sets
 * cmd->blocked. Calls `displaced` for a ready command that is not first any more. */
void pg_seg_keys_enter(struct pg_seg_keys *k, struct pg_seg_cmd *cmd,
                       void (*displaced)(struct pg_seg_cmd *cmd, void *ctx), void *ctx);
/* Gives the places back; calls `freed` for each command that has nobody before it any more. */
void pg_seg_keys_leave(struct pg_seg_keys *k, struct pg_seg_cmd *cmd,
                       void (*freed)(struct pg_seg_cmd *cmd, void *ctx), void *ctx);
/* Puts `ghosts` (with room for cmd->n_waits) into the places of a command that is about to be
 * answered. */
void pg_seg_keys_haunt(struct pg_seg_cmd *cmd, struct pg_seg_wait *ghosts,
                       struct pg_seg_cmd *ghost);
void pg_seg_keys_leave_ghosts(struct pg_seg_keys *k, struct pg_seg_wait *ghosts, size_t n,
                              void (*freed)(struct pg_seg_cmd *cmd, void *ctx), void *ctx);

/* -- segment_queue.c: accounts, ready lines, batches ------------------------------------------ */

void pg_seg_queue_init(struct pg_seg_lane *l);
void pg_seg_queue_free(struct pg_seg_lane *l);
/* AM_EAGAIN when the line is full or the tenant over its share. */
int pg_seg_queue_admit(struct pg_seg_lane *l, struct pg_seg_cmd *cmd) AM_MUSTCHECK;
/* Into the lines of its keys, and into the ready line if it is first everywhere. */
void pg_seg_queue_enter(struct pg_seg_lane *l, struct pg_seg_cmd *cmd);
/* A command that was in a batch waits again, at the head, not before `delay_us` from now. Takes its
 * places anew when its keys changed. */
void pg_seg_queue_back(struct pg_seg_lane *l, struct pg_seg_cmd *cmd, int64_t delay_us,
                       bool new_keys);
/* Delayed commands whose pause is over become ready; returns when the next is due, or INT64_MAX. */
int64_t pg_seg_queue_undelay(struct pg_seg_lane *l, int64_t now_us);
/* The next batch of what is ready, or NULL. */
struct pg_seg_batch *pg_seg_queue_take(struct pg_seg_lane *l, size_t max_keys);
/* Answers a command: gives everything back, then calls done(). */
void pg_seg_queue_answer(struct pg_seg_lane *l, struct pg_seg_cmd *cmd, const struct fault *fault);
/* Answers everything that waits and does not run. */
void pg_seg_queue_fail(struct pg_seg_lane *l, const struct fault *why);
/* For pg_seg_keys_leave(): nobody is before the command any more. */
void pg_seg_queue_freed(struct pg_seg_cmd *cmd, void *lane);
void pg_seg_queue_show(const struct pg_seg_lane *l); /* lengths into the metrics */
bool pg_seg_expired(const struct pg_seg_cmd *cmd, int64_t now_us);

/* -- segment_standby.c: commits that wait for a standby ---------------------------------------- */

/* True when each connection that is up has a commit that has waited for PG_SEG_STANDBY_US. */
bool pg_seg_all_stuck(struct pg_seg_lane *l);
/* The fault for a command that others kept from its keys or rows for too long. */
const struct fault *pg_seg_who_holds(const struct pg_seg_lane *l);

/* -- segment_weight.c: how much commands read ------------------------------------------------- */

/* Notes that these commands are too much for one segment, where nothing more is known of them. */
void pg_seg_weigh_all(struct pg_seg_lane *l, struct pg_seg_batch *b);
/* What the command is known to read; 0 = unknown, or few bytes. */
size_t pg_seg_weight_of(const struct pg_seg_lane *l, const struct pg_seg_cmd *cmd);

/* -- segment_share.c: who may be in the next segment ------------------------------------------- */

/* A call was accepted. */
void pg_seg_share_note(struct pg_seg_lane *l, const struct pg_seg_cmd *cmd);
/* Notes a fresh batch: whether most of it is of one tenant. */
void pg_seg_share_taken(struct pg_seg_lane *l, struct pg_seg_batch *b);
/* Sets l->kept and l->others_first for the batch that a free connection takes next. */
void pg_seg_share_decide(struct pg_seg_lane *l, int64_t now_us);
/* How many calls, or bulk commands, the next batch may have. */
size_t pg_seg_share_call_places(const struct pg_seg_lane *l, int64_t now_us);
size_t pg_seg_share_bulk_places(const struct pg_seg_lane *l, int64_t now_us);

/* -- segment_run.c: a segment on its connection ------------------------------------------------ */

struct pg_seg_batch *pg_seg_batch_new(void);
/* Runs a batch on an idle connection; takes it over. */
void pg_seg_run_start(struct pg_seg_run *r, struct pg_seg_batch *b);

/* -- segment_fail.c: batches that run again --------------------------------------------------- */

/* Each takes the batch over. */
void pg_seg_fail_lost(struct pg_seg_lane *l, struct pg_seg_batch *b);    /* nothing was committed */
void pg_seg_fail_unknown(struct pg_seg_lane *l, struct pg_seg_batch *b); /* it may have been */
void pg_seg_fail_error(struct pg_seg_lane *l, struct pg_seg_batch *b, const struct pg_error *error);
/* They read too much together, and cannot be mixed with others: of unknown outcome. */
void pg_seg_fail_large(struct pg_seg_lane *l, struct pg_seg_batch *b);
/* Those of an unknown batch whose keys somebody still holds: most likely the old session. */
void pg_seg_fail_unknown_busy(struct pg_seg_lane *l, struct pg_seg_batch *b);
/* The next batch whose pause is over, without what has expired; NULL if none. *due is lowered to
 * when the next is due. */
struct pg_seg_batch *pg_seg_again_take(struct pg_seg_lane *l, int64_t now_us, int64_t *due);
/* While no connection is up: answers what cannot wait any longer; all = everything. */
void pg_seg_again_expire(struct pg_seg_lane *l, const struct fault *why, bool all);
