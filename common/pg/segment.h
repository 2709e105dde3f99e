/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Segments: group commit decided in C under advisory locks. A segment is one transaction of up to
 * 64 commands of any kinds in two trips on one connection:
 *
 *   trip 1: BEGIN; TRY pg_try_advisory_xact_lock over all keys; the READ statements; Sync
 *   (C decides every command whose keys were all got)
 *   trip 2: the WRITE statements, one a table; COMMIT; Sync
 *
 * Guarantees:
 * - No two commands of one segment, nor of two segments in flight in this process, share a key. So
 *   commands with a common key keep their order.
 * - When another process holds a key, the command goes back to the head of its line for 1 to 5 ms;
 *   after 3 s it is answered UNAVAILABLE.
 * - One bad command fails alone: a segment that fails is halved until the culprit is found.
 * - Large commands run in small company: what a command read is remembered, and a segment takes no
 *   more than it may read. When one has read too much all the same, its commands wait again, each
 *   with its weight, and the small ones behind them are not held up.
 * - When a commit waits for a synchronous standby, its commands are answered UNAVAILABLE,
 *   STANDBY_AWAY after 3 s or before their deadlines, and may be recorded later.
 * - When the reply is lost, the same commands run once more with the same `now`, which tells
 *   whether they had been committed.
 *
 * Threading: io loop's thread. Ownership: a `struct pg_seg_cmd` is embedded in its caller's struct
 * and borrowed from pg_seg_submit() until `done`.
 */

#include "pg/pg.h"

#define PG_SEG_COMMANDS 64
#define PG_SEG_KEYS 256
#define PG_SEG_KEYS_CMD 8
/* What a segment of several commands may read, in bytes. One alone may read what its ops allow. */
#define PG_SEG_READ_BYTES ((size_t)4 << 20)
#define PG_SEG_HEAVY_BYTES (PG_SEG_READ_BYTES / 256)

enum pg_seg_class {
    PG_SEG_CALL,  /* a client's call */
    PG_SEG_TIMER, /* timers and sweeps: at least a quarter of the places when they wait */
    /* Imports, migration: yields to both, but has one segment every 100 ms; a smaller one while
     * there are calls. */
    PG_SEG_BULK,
};

enum pg_seg_verdict {
    PG_SEG_WRITE,  /* has something to write: answered after the commit */
    PG_SEG_ANSWER, /* nothing to write (replay, refusal): answered at once */
    PG_SEG_AGAIN,  /* decide added keys to the command: run it again with them */
};

struct pg_seg_cmd;

/* A command's place in the line for one key. */
struct pg_seg_wait {
    struct list link;
    uint64_t key;
    struct pg_seg_cmd *cmd;
};

struct pg_seg_cmd {
    struct fair_item item; /* .tenant is set by the caller */
    enum pg_seg_class cls;
    int64_t deadline_us; /* monotonic, 0 = none; looked at when it is dequeued, never later */
    /* Repeating it is harmless, or is found out by a dedup row. True for all our commands. */
    bool idempotent;
    size_t n_keys;
    uint64_t keys[PG_SEG_KEYS_CMD]; /* any order, duplicates allowed */
    uint64_t weight_key; /* stands for what it reads, which may be much; 0 = for nothing */
    const char *method;  /* for counting and logs when it fails with INTERNAL */
    /* Called exactly once. `fault` is NULL when the verdict was PG_SEG_ANSWER or the write was
     * committed, else a fault of the machinery: UNAVAILABLE, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED
     * or INTERNAL, with the reason OUTCOME_UNKNOWN where nobody knows what was committed. */
    void (*done)(struct pg_seg_cmd *cmd, const struct fault *fault);
    /* Owned by the segment machinery. */
    int64_t queued_us;
    int64_t first_tried_us;
    unsigned tries;
    int64_t not_before_us;
    int64_t now_us; /* the `now` of the last decision */
    uint64_t seq;   /* order of arrival */
    size_t weight;  /* bytes that it read when it was tried last; 0 = unknown, or few */
    struct pg_seg_account *account;
    struct list link;
    struct pg_seg_wait waits[PG_SEG_KEYS_CMD];
    unsigned n_waits;
    unsigned blocked; /* keys for which somebody is before it */
    bool ready;       /* in a ready line */
    bool running;     /* in a segment, or between two attempts of one */
    bool unknown;     /* an earlier attempt may have been committed */
};

/* One attempt of one segment, as its callbacks see it. */
struct pg_seg {
    struct arena *arena; /* reset before every attempt */
    /* In trip 1: all; in decide: one at a time; in write and committed: those with PG_SEG_WRITE. */
    struct pg_seg_cmd **cmds;
    size_t n;
    int64_t now_us; /* domain time of the decision */
    void *user;     /* the ops' own state for this attempt; NULL when read() is called */
    void *priv;
};

/* Queues one statement of the current trip. */
void pg_seg_send(struct pg_seg *seg, unsigned stmt, const struct pg_args *args);

/* Tells how many bytes the command read. When that is PG_SEG_HEAVY_BYTES or more, later commands
 * with its weight_key are known to read as much. */
void pg_seg_weigh(struct pg_seg *seg, struct pg_seg_cmd *cmd, size_t bytes);

/* What a segment does is given by its owner (common/store). */
struct pg_seg_ops {
    /* Trip 1: pg_seg_send() the READ statements for seg->cmds. */
    void (*read)(void *ctx, struct pg_seg *seg);
    /* The result of the i-th statement sent by read(). Rows are copied out into seg->arena. */
    void (*load)(void *ctx, struct pg_seg *seg, size_t i, const struct pg_rows *rows);
    /* After the last load(): weighs the heavy commands by pg_seg_weigh(). False when the commands
     * read too much together; unless it is only one, none of them is decided then, and each waits
     * again. All must be weighed then, to more than PG_SEG_READ_BYTES in sum, so that they do not
     * meet again. May be NULL. */
    bool (*fits)(void *ctx, struct pg_seg *seg);
    /* Pure: decides one command whose keys are all held. Called once for each attempt. */
    enum pg_seg_verdict (*decide)(void *ctx, struct pg_seg *seg, struct pg_seg_cmd *cmd);
    /* Trip 2: pg_seg_send() the WRITE statements for seg->cmds (those with PG_SEG_WRITE). */
    void (*write)(void *ctx, struct pg_seg *seg);
    /* After the commit, before the commands' done(): wake-ups, routes. May be NULL. */
    void (*committed)(void *ctx, struct pg_seg *seg);
    void *ctx;
};

/* Attaches the ops; before the first pg_seg_submit(). */
void pg_seg_setup(struct pg *pg, const struct pg_seg_ops *ops);

/* Queues a command. When the queue is full or the tenant is over its share, done() gets the refusal
 * in this call. */
void pg_seg_submit(struct pg *pg, struct pg_seg_cmd *cmd);
