/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Inside the timers in Redis: timer_queue.c claims, timer_queue_out.c writes.
 *
 * Threading: io loop's thread. Ownership: the queue owns its claims; Redis is borrowed.
 */

#include "assignment/timers/timer_queue.h"

#define TIMERQ_LOOK_US US_PER_S /* who is alive, and what others added or left */
#define TIMERQ_BATCH_MOST 1000  /* Lua's unpack() has room for two words of each */
#define TIMERQ_ARENA_BYTES (1u << 20)

/* Members that are to be taken out, as the words of a command. */
struct taking_out {
    struct arena arena;
    struct redis_args args;
    size_t n;
};

struct timerq {
    struct loop *loop;
    struct redis *redis;
    const char *replica;
    struct timerq_ops ops;
    struct loop_timer *wake, *look;
    bool mine[KEY_TIMER_SHARDS];  /* served by this replica */
    bool asked[KEY_TIMER_SHARDS]; /* of others, but the next claim takes from them all the same */
    int64_t next_due_us;          /* domain time; INT64_MAX = none known */
    int64_t claimed_at_us;        /* monotonic: when the last claim was sent */
    unsigned asking;              /* claims and looks that Redis has not answered */
    unsigned first;               /* the next claim begins with this shard: none is always last */
    bool claiming;
    bool look_all; /* the next claim looks at all shards */
    bool starved;  /* there was no room */
    bool stopped;
    struct loop_idle flush;
    struct taking_out done;                      /* from the claimed ones */
    struct taking_out removed[KEY_TIMER_SHARDS]; /* from their shards */
};

/* Tells when a timer of the shard is due. The queue wakes up for it, unless the replica that serves
 * the shard looks before. */
void timerq_hint(struct timerq *q, unsigned shard, int64_t due_us);
/* Takes out a member that is no timer of ours. */
void timerq_done_text(struct timerq *q, const char *member);
void timerq_out_init(struct timerq *q);
/* Drops what was collected. */
void timerq_out_free(struct timerq *q);
