/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Inside the segment lane.
 *
 *   seg_submit -> account (bounded, a tenant's share) -> lines of its keys (segment_keys.c)
 *        first in all of them -> ready line of its class (segment_queue.c)
 *        -> batch, apart from who crowds the others (segment_share.c)
 *        -> run on a connection (segment_run.c): trip 1, decide, trip 2
 *             -> done | back to the ready line (busy key, AGAIN) | batch again (segment_fail.c)
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

#define SEG_CLASSES 3
#define SEG_CONTENDED_US (3 * US_PER_S)    /* a key that is busy for longer gives UNAVAILABLE */
#define SEG_UNKNOWN_WAIT_US (5 * US_PER_S) /* for a connection that tells what was committed */
#define SEG_BULK_EVERY_US (100 * US_PER_MS)
#define SEG_TIMER_SHARE 4 /* a quarter of the places */
#define SEG_TRIES 2       /* repetitions after a conflict, and after a loss */

struct seg_line;

/* What one tenant holds of one line. It lives as long as the tenant holds something. */
struct seg_account {
    struct list link; /* in its bucket */
    struct seg_line *line;
    uint64_t tenant;
    size_t held; /* accepted and not answered */
};

#define SEG_ACCOUNT_BUCKETS 64

/* One class of commands. */
struct seg_line {
    struct fair *ready;
    size_t capacity;
    size_t held;
    struct list accounts[SEG_ACCOUNT_BUCKETS];
};

/* The lines of all keys: buckets hold the places of all keys that fall into them, oldest first for
 * each key. */
struct seg_keys {
    size_t mask;
    struct list *buckets;
};

/* Commands that run together, and how often that failed. */
struct batch {
    struct list link; /* in seg_lane.again while it waits */
    struct seg_cmd *cmds[SEG_COMMANDS];
    size_t n;
    bool bulk;
    bool crowded;   /* when it was taken, most of its commands were of one tenant ... */
    uint64_t crowd; /* ... and this is the tenant */
    int64_t not_before_us;
    unsigned conflicts, losses;
    bool unknown; /* it may have been committed: `now_us` stays as it was */
    int64_t unknown_since_us;
    int64_t now_us;
};

enum run_state { RUN_IDLE, RUN_READ, RUN_WRITE, RUN_ROLLBACK };

/* A segment connection and the segment on it. */
struct run {
    struct conn *conn;
    struct seg_lane *lane;
    enum run_state state;
    bool sending;        /* read() or write() is being called */
    struct batch *batch; /* fails or commits together; after the decision only those that write */
    struct batch *left;  /* of a batch of unknown outcome: those whose keys somebody holds */
    struct seg seg;
    struct arena arena;
    struct trip trip;
    bool failed;
    struct pg_error error; /* of the trip that failed */
    bool committed;        /* COMMIT was answered */
    size_t commit_at;      /* its place in the trip */
    int64_t started_us;
    uint64_t keys[SEG_KEYS]; /* sorted */
    bool got[SEG_KEYS];
    size_t n_keys;
    struct seg_cmd *answered[SEG_COMMANDS], *busy[SEG_COMMANDS], *again[SEG_COMMANDS];
    size_t n_answered, n_busy, n_again;
    /* Stand for answered commands in their keys' lines until the transaction ends. */
    struct seg_wait ghosts[SEG_KEYS];
    size_t n_ghosts;
    struct seg_cmd ghost;
};

struct seg_lane {
    struct pg *pg;
    struct seg_ops ops;
    struct seg_line lines[SEG_CLASSES];
    struct seg_keys keys;
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
    uint64_t crowd;       /* the tenant who crowded the last batch that had a crowd ... */
    int64_t crowd_us;     /* ... and when that batch was taken */
    bool bulk_running;
    int64_t bulk_last_us;
};

/* -- segment_keys.c: the lines of keys -------------------------------------------------------- */

void keys_init(struct seg_keys *k, size_t expect);
void keys_free(struct seg_keys *k);
/* Takes a place for each key of the command, by order of arrival but behind what runs; sets
 * cmd->blocked. Calls `displaced` for a ready command that is not first any more. */
void keys_enter(struct seg_keys *k, struct seg_cmd *cmd,
                void (*displaced)(struct seg_cmd *cmd, void *ctx), void *ctx);
/* Gives the places back; calls `freed` for each command that has nobody before it any more. */
void keys_leave(struct seg_keys *k, struct seg_cmd *cmd,
                void (*freed)(struct seg_cmd *cmd, void *ctx), void *ctx);
/* Puts `ghosts` (with room for cmd->n_waits) into the places of a command that is about to be
 * answered. */
void keys_haunt(struct seg_cmd *cmd, struct seg_wait *ghosts, struct seg_cmd *ghost);
void keys_leave_ghosts(struct seg_keys *k, struct seg_wait *ghosts, size_t n,
                       void (*freed)(struct seg_cmd *cmd, void *ctx), void *ctx);

/* -- segment_queue.c: accounts, ready lines, batches ------------------------------------------ */

void queue_init(struct seg_lane *l);
void queue_free(struct seg_lane *l);
/* AM_EAGAIN when the line is full or the tenant over its share. */
int queue_admit(struct seg_lane *l, struct seg_cmd *cmd) AM_MUSTCHECK;
/* Into the lines of its keys, and into the ready line if it is first everywhere. */
void queue_enter(struct seg_lane *l, struct seg_cmd *cmd);
/* A command that was in a batch waits again, at the head, not before `delay_us` from now. Takes its
 * places anew when its keys changed. */
void queue_back(struct seg_lane *l, struct seg_cmd *cmd, int64_t delay_us, bool new_keys);
/* Delayed commands whose pause is over become ready; returns when the next is due, or INT64_MAX. */
int64_t queue_undelay(struct seg_lane *l, int64_t now_us);
/* The next batch of what is ready, or NULL. */
struct batch *queue_take(struct seg_lane *l, size_t max_keys);
/* Answers a command: gives everything back, then calls done(). */
void queue_answer(struct seg_lane *l, struct seg_cmd *cmd, const struct fault *fault);
/* Answers everything that waits and does not run. */
void queue_fail(struct seg_lane *l, const struct fault *why);
/* For keys_leave(): nobody is before the command any more. */
void queue_freed(struct seg_cmd *cmd, void *lane);
void queue_show(const struct seg_lane *l); /* lengths into the metrics */
bool seg_expired(const struct seg_cmd *cmd, int64_t now_us);

/* -- segment_share.c: who may be in the next segment ------------------------------------------- */

/* A call was accepted. */
void share_note(struct seg_lane *l, const struct seg_cmd *cmd);
/* Notes a fresh batch: whether most of it is of one tenant. */
void share_taken(struct seg_lane *l, struct batch *b);
/* Sets l->kept and l->others_first for the batch that a free connection takes next. */
void share_decide(struct seg_lane *l, int64_t now_us);
/* How many calls, or bulk commands, the next batch may have. */
size_t share_call_places(const struct seg_lane *l, int64_t now_us);
size_t share_bulk_places(const struct seg_lane *l, int64_t now_us);

/* -- segment_run.c: a segment on its connection ------------------------------------------------ */

struct batch *batch_new(void);
/* Runs a batch on an idle connection; takes it over. */
void run_start(struct run *r, struct batch *b);

/* -- segment_fail.c: batches that run again --------------------------------------------------- */

/* Each takes the batch over. */
void fail_lost(struct seg_lane *l, struct batch *b);    /* nothing was committed */
void fail_unknown(struct seg_lane *l, struct batch *b); /* it may have been */
void fail_error(struct seg_lane *l, struct batch *b, const struct pg_error *error);
/* Those of an unknown batch whose keys somebody still holds: most likely the old session. */
void fail_unknown_busy(struct seg_lane *l, struct batch *b);
/* The next batch whose pause is over, without what has expired; NULL if none. *due is lowered to
 * when the next is due. */
struct batch *again_take(struct seg_lane *l, int64_t now_us, int64_t *due);
/* While no connection is up: answers what cannot wait any longer; all = everything. */
void again_expire(struct seg_lane *l, const struct fault *why, bool all);
