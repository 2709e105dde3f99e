/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The timers in Redis, seen from one replica: adds them, claims those that are due in batches and
 * takes them out when their effect was committed.
 *
 * Timers lie in KEY_TIMER_SHARDS sorted sets by due millisecond. Each replica that is alive serves
 * its part of the shards: it wakes at their next due instant. What is a second late in the others'
 * shards, or was added here and is due before the one who serves the shard looks again, it claims
 * too, so nothing waits for a replica that died, nor for one that has more than it can do.
 *
 * A claim moves members into the set of claimed ones, by the end of their lease, in one script; no
 * two replicas get the same one. Who claimed takes them out with timerq_done(). A lease that ends
 * (the replica died, the database was away) makes its members due again. Correctness never depends
 * on any of this: what a timer does is conditional on its clock's generation.
 *
 * Threading: io loop's thread. Ownership: borrows the loop, the redis (which is freed first) and
 * the ops.
 */

#include "assignment/engine/keys.h"
#include "io/loop.h"
#include "redis/redis.h"

struct timer_member {
    int64_t tenant_id;
    struct uuid case_id, clock_id;
    int64_t generation;
};

struct timerq_ops {
    /* How many more may be claimed now; 0: none until timerq_resume(). */
    size_t (*room)(void *ctx);
    /* A batch was claimed, at most what room() said. */
    void (*take)(void *ctx, const struct timer_member *members, size_t n);
    /* A shard was lost: the epoch key has been deleted, the reload comes by itself. May be NULL. */
    void (*lost)(void *ctx);
    void *ctx;
};

struct timerq;

/* `replica` names this process among those alive; borrowed. The redis has engine_scripts. */
struct timerq *timerq_new(struct loop *loop, struct redis *redis, const char *replica,
                          const struct timerq_ops *ops);
/* After redis_free(), which answers what was asked: an answer needs the queue. NULL is allowed. */
void timerq_free(struct timerq *q);

/* Adds timers that are due at `until_us` or before, one command a shard; twice does no harm.
 * Without Redis: nothing. */
void timerq_add(struct timerq *q, const struct route_timer *timers, size_t n, int64_t until_us);
/* Marks all shards: one without its mark counts as lost. */
void timerq_mark(struct timerq *q);

/* Looks at once. */
void timerq_run(struct timerq *q);
/* There is room again. */
void timerq_resume(struct timerq *q);

/* The effect of a claimed timer is committed, or it is void. Collected, and sent once a turn. */
void timerq_done(struct timerq *q, const struct timer_member *m);
/* The same for one that was found elsewhere and may still wait in its shard. */
void timerq_remove(struct timerq *q, const struct timer_member *m);

/* Claims no more, and leaves its shards to the others at once. */
void timerq_stop(struct timerq *q);
