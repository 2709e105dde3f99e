/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The timers in Redis, seen from one replica. It adds timers, claims due ones in batches, and takes
 * them out when their effect is committed.
 *
 * Timers lie in KEY_TIMER_SHARDS sorted sets, ordered by the millisecond at which they are due.
 * Each replica that is alive serves its part of the shards: it wakes up when their next timer is
 * due. It also claims timers of other shards in two cases: when they are a second late, and when it
 * added them itself and they are due before the replica that serves the shard looks again. So no
 * timer waits for a replica that died or that is overloaded.
 *
 * A claim is one script. It moves members into the set of claimed timers, ordered by the end of
 * their lease, so no two replicas get the same one. The replica takes them out with timerq_done().
 * When a lease ends (because the replica died or the database was away), its members are due again.
 * Nothing becomes wrong when any of this fails: what a timer does depends on the generation of its
 * clock.
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
    /* How many more timers may be claimed now; 0 = none until timerq_resume(). */
    size_t (*room)(void *ctx);
    /* A batch was claimed, at most what room() said. */
    void (*take)(void *ctx, const struct timer_member *members, size_t n);
    /* A shard was lost. The epoch key has been deleted, so a reload follows. May be NULL. */
    void (*lost)(void *ctx);
    void *ctx;
};

struct timerq;

/* `replica` names this process among those alive; borrowed. The redis has engine_scripts. */
struct timerq *timerq_new(struct loop *loop, struct redis *redis, const char *replica,
                          const struct timerq_ops *ops);
/* Frees the queue. Call it after redis_free(), which still answers what was asked. NULL is
 * allowed. */
void timerq_free(struct timerq *q);

/* Adds the timers that are due at `until_us` or before, with one command a shard. Adding one twice
 * does no harm. Without Redis it does nothing. */
void timerq_add(struct timerq *q, const struct route_timer *timers, size_t n, int64_t until_us);
/* Marks all shards. A shard without its mark counts as lost. */
void timerq_mark(struct timerq *q);

/* Looks at once. */
void timerq_run(struct timerq *q);
/* There is room again. */
void timerq_resume(struct timerq *q);

/* The effect of a claimed timer is committed or void. Calls are collected and sent once a turn of
 * the loop. */
void timerq_done(struct timerq *q, const struct timer_member *m);
/* The same for a timer that was found in PostgreSQL and may still wait in its shard. */
void timerq_remove(struct timerq *q, const struct timer_member *m);

/* A claimed timer could not be fired: it is due again at that instant (domain time). */
void timerq_put_back(struct timerq *q, const struct timer_member *m, int64_t due_us);

/* Stops claiming, and leaves the shards to the other replicas at once. */
void timerq_stop(struct timerq *q);
