/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The claim loop of the timer engine with an empty effect: Redis alone, no database.
 *
 *   amends-timers-bench URL TIMERS
 *
 * Adds the timers, all due at one instant a second after the last one was added, and claims and
 * completes them as the engine does. Prints {"seconds": .., "done": ..}: from the instant to when
 * Redis had forgotten the last one. Exits with 1 when that takes more than a minute.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "assignment/scripts.h"
#include "assignment/timer_queue.h"
#include "base/assert.h"

#define PART 1000
#define LEAD_US US_PER_S
#define LOOK_US (5 * US_PER_MS)
#define MOST_US (60 * US_PER_S)
#define ROOM 384 /* as the engine */

struct bench {
    struct loop *loop;
    struct redis *redis;
    struct timerq *queue;
    struct loop_timer *timer;
    size_t timers, added, done;
    int64_t due_us, started_us, end_us;
    bool asked;
};

static int64_t real_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * US_PER_S + t.tv_nsec / 1000;
}

/* -- the engine's part ------------------------------------------------------------------------- */

static size_t room(void *ctx)
{
    (void)ctx;
    return ROOM;
}

static void forgotten(void *ctx, const struct redis_reply *reply)
{
    struct bench *b = ctx;
    (void)reply;
    b->end_us = clock_now_us(loop_clock(b->loop));
    loop_stop(b->loop);
}

/* Commands of a connection are answered in order. */
static void ask_end(struct bench *b)
{
    struct arena arena;
    struct redis_args words;
    arena_init(&arena, 4096);
    redis_args_init(&words, &arena);
    redis_arg(&words, "ZCARD");
    redis_arg(&words, KEY_CLAIMED);
    b->asked = true;
    redis_command(b->redis, &words, forgotten, b);
    arena_free(&arena);
}

static void take(void *ctx, const struct timer_member *members, size_t n)
{
    struct bench *b = ctx;
    for (size_t i = 0; i < n; i++)
        timerq_done(b->queue, &members[i]);
    b->done += n;
}

/* -- adding ------------------------------------------------------------------------------------ */

static void add_part(struct bench *b)
{
    struct route_timer timers[PART];
    size_t n = b->timers - b->added < PART ? b->timers - b->added : PART;
    for (size_t i = 0; i < n; i++)
        timers[i] = (struct route_timer){.tenant_id = 1,
                                         .case_id = uuid_new(b->due_us),
                                         .clock_id = uuid_new(b->due_us),
                                         .generation = 1,
                                         .due_us = b->due_us};
    timerq_add(b->queue, timers, n, INT64_MAX);
    b->added += n;
}

static void begin(struct bench *b)
{
    const struct timerq_ops ops = {.room = room, .take = take, .ctx = b};
    b->queue = timerq_new(b->loop, b->redis, "bench", &ops);
    b->due_us = clock_now_us(loop_clock(b->loop)) + LEAD_US + (int64_t)b->timers * 10;
    timerq_mark(b->queue);
}

static void step(void *ctx)
{
    struct bench *b = ctx;
    loop_timer_start(b->timer, b->added < b->timers ? 0 : LOOK_US);
    if (clock_mono_us() - b->started_us > MOST_US)
        loop_stop(b->loop);
    if (!redis_up(b->redis))
        return;
    if (!b->queue)
        begin(b);
    if (b->added < b->timers)
        add_part(b);
    if (b->done >= b->timers && !b->asked)
        ask_end(b);
}

/* -- life -------------------------------------------------------------------------------------- */

static int run(struct bench *b)
{
    b->started_us = clock_mono_us();
    b->timer = loop_timer_new(b->loop, step, b);
    loop_timer_start(b->timer, LOOK_US);
    loop_run(b->loop);
    timerq_free(b->queue);
    redis_free(b->redis);
    loop_timer_free(b->timer);
    if (!b->end_us) {
        fprintf(stderr, "%zu of %zu timers after a minute\n", b->done, b->timers);
        return 1;
    }
    printf("{\"seconds\": %.3f, \"done\": %zu}\n", (double)(b->end_us - b->due_us) / US_PER_S,
           b->done);
    return 0;
}

int main(int argc, char **argv)
{
    struct bench b = {0};
    if (argc != 3) {
        fprintf(stderr, "usage: amends-timers-bench URL TIMERS\n");
        return 2;
    }
    struct clock *clock = clock_new();
    const int64_t mono_us = clock_mono_us();
    clock_sample(clock, mono_us, clock_mono_us(), real_us());
    const struct redis_config config = {.url = argv[1],
                                        .epoch_key = KEY_EPOCH,
                                        .scripts = engine_scripts,
                                        .n_scripts = SCRIPTS,
                                        .ctx = &b};
    b.timers = strtoul(argv[2], NULL, 10);
    b.loop = loop_new(clock);
    AM_ASSERT(b.timers > 0);
    int rc = redis_new(b.loop, &config, &b.redis) == AM_OK ? run(&b) : 2;
    loop_free(b.loop);
    clock_free(clock);
    return rc;
}
