/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timers in Redis with an empty effect: adds timers that are all due at one instant, claims
 * them as the engine does (assignment/timers/timer_queue.h) and takes each out at once. Prints one
 * JSON object: how many were fired and the seconds from the instant until Redis had forgotten the
 * last. Exit code 1 when one came twice or early.
 *
 *   amends-fire --redis redis://127.0.0.1:6379 --timers 100000
 */

#include <stdio.h>
#include <stdlib.h>

#include "assignment/engine/keys.h"
#include "assignment/engine/scripts.h"
#include "assignment/timers/timer_queue.h"
#include "base/assert.h"
#include "base/options.h"
#include "io/loop.h"
#include "redis/redis.h"

#define SLICE 2000
#define AGAIN_US (2 * US_PER_MS)
#define GIVE_UP_US (120 * US_PER_S)

struct fire {
    const char *url;
    int64_t timers, room, lead_ms;
    struct loop *loop;
    struct redis *redis;
    struct timerq *queue;
    struct loop_timer *step, *finish, *limit;
    struct loop_idle last_turn;
    bool *fired; /* by number */
    int64_t added, done, due_us, ended_us;
    const char *wrong; /* why the run does not count */
};

static void end(struct fire *f, const char *wrong)
{
    if (!f->wrong)
        f->wrong = wrong;
    loop_stop(f->loop);
}

static void give_up(void *ctx)
{
    end(ctx, "not all were fired in time");
}

/* -- adding ------------------------------------------------------------------------------------ */

/* The number lies in the last bytes: they say the shard. */
static struct uuid id_of(int64_t number)
{
    struct uuid id = {{0x01, 0x9a, 0xc0, 0xff, 0xee, 0x70, 0x70, 0, 0x80}};
    for (size_t i = 0; i < 4; i++)
        id.b[sizeof(id.b) - 1 - i] = (uint8_t)(number >> (8 * i));
    return id;
}

static int64_t number_of(const struct uuid *id)
{
    int64_t number = 0;
    for (size_t i = sizeof(id->b) - 4; i < sizeof(id->b); i++)
        number = number << 8 | id->b[i];
    return number;
}

static void added(void *ctx, const struct redis_reply *reply)
{
    struct fire *f = ctx;
    if (!reply)
        end(f, "Redis went away");
    else if (f->added < f->timers)
        loop_timer_start(f->step, 0);
    else if (time_now_us(loop_time(f->loop)) > f->due_us)
        end(f, "adding the timers took longer than the lead");
}

/* Asks for anything: the answer comes behind those to what was sent before. */
static void ask(struct fire *f, redis_done *answered)
{
    struct arena arena;
    struct redis_args args;
    arena_init(&arena, 4096);
    redis_args_init(&args, &arena);
    redis_arg(&args, "ZCARD");
    redis_arg(&args, KEY_CLAIMED);
    redis_command(f->redis, &args, answered, f);
    arena_free(&arena);
}

static void add_slice(struct fire *f)
{
    static struct route_timer slice[SLICE];
    size_t n = 0;
    for (; n < SLICE && f->added < f->timers; n++, f->added++)
        slice[n] = (struct route_timer){.tenant_id = 1,
                                        .case_id = id_of(f->added),
                                        .clock_id = id_of(f->added),
                                        .generation = 1,
                                        .due_us = f->due_us};
    timerq_add(f->queue, slice, n, f->due_us);
    ask(f, added);
}

static void step(void *ctx)
{
    struct fire *f = ctx;
    if (!redis_up(f->redis)) {
        loop_timer_start(f->step, AGAIN_US);
        return;
    }
    if (f->added == 0) {
        timerq_mark(f->queue);
        redis_loaded(f->redis);
        f->due_us = time_now_us(loop_time(f->loop)) + f->lead_ms * US_PER_MS;
    }
    add_slice(f);
}

/* -- firing ------------------------------------------------------------------------------------ */

static size_t room(void *ctx)
{
    return (size_t)((const struct fire *)ctx)->room;
}

static void forgotten(void *ctx, const struct redis_reply *reply)
{
    struct fire *f = ctx;
    f->ended_us = time_now_us(loop_time(f->loop));
    end(f, reply && redis_reply_int(reply) == 0 ? NULL : "claimed timers are left");
}

static void finish(void *ctx)
{
    ask(ctx, forgotten);
}

/* The command that takes the last ones out goes at the end of this turn, too. */
static void turn_ended(struct loop_idle *idle)
{
    struct fire *f = CONTAINER_OF(idle, struct fire, last_turn);
    loop_timer_start(f->finish, 0);
}

static void fire(struct fire *f, const struct timer_member *m)
{
    const int64_t number = number_of(&m->clock_id);
    if (number >= f->timers || f->fired[number])
        end(f, "a timer came twice");
    else
        f->fired[number] = true;
    timerq_done(f->queue, m);
    f->done++;
}

static void take(void *ctx, const struct timer_member *members, size_t n)
{
    struct fire *f = ctx;
    if (time_now_us(loop_time(f->loop)) < f->due_us)
        end(f, "a timer came early");
    for (size_t i = 0; i < n; i++)
        fire(f, &members[i]);
    if (f->done == f->timers)
        loop_before_sleep(f->loop, &f->last_turn);
}

/* -- main -------------------------------------------------------------------------------------- */

static int parse(struct fire *f, int argc, char **argv)
{
    const struct option_spec table[] = {
        {"redis", OPTION_STRING, &f->url, 0, 0, "URL", "emptied by the caller"},
        {"timers", OPTION_INT, &f->timers, 1, 10000000, "N", "all due at one instant"},
        {"room", OPTION_INT, &f->room, 1, 1000, "N", "most in one claim"},
        {"lead-ms", OPTION_INT, &f->lead_ms, 0, 60000, "MS", "from the first added to the instant"},
    };
    size_t words = 0;
    *f = (struct fire){.url = "", .timers = 100000, .room = 384, .lead_ms = 5000};
    return options_parse(table, sizeof(table) / sizeof(table[0]), argc, argv,
                         "amends-fire: the timers in Redis with an empty effect", NULL, 0, &words);
}

static void run(struct fire *f)
{
    const struct timerq_ops ops = {.room = room, .take = take, .ctx = f};
    f->queue = timerq_new(f->loop, f->redis, "bench", &ops);
    f->step = loop_timer_new(f->loop, step, f);
    f->finish = loop_timer_new(f->loop, finish, f);
    f->limit = loop_timer_new(f->loop, give_up, f);
    f->last_turn.run = turn_ended;
    loop_timer_start(f->step, 0);
    loop_timer_start(f->limit, GIVE_UP_US);
    loop_run(f->loop);
    redis_free(f->redis); /* first: it answers what was asked */
    timerq_free(f->queue);
    loop_timer_free(f->step);
    loop_timer_free(f->finish);
    loop_timer_free(f->limit);
}

static int report(const struct fire *f)
{
    if (f->wrong) {
        (void)fprintf(stderr, "amends-fire: %s\n", f->wrong);
        return 1;
    }
    printf("{\"done\": %lld, \"seconds\": %.6f}\n", (long long)f->done,
           (double)(f->ended_us - f->due_us) / US_PER_S);
    return 0;
}

int main(int argc, char **argv)
{
    static struct fire f;
    if (parse(&f, argc, argv) != AM_OK)
        return 2;
    const struct redis_config config = {
        .url = f.url, .epoch_key = KEY_EPOCH, .scripts = engine_scripts, .n_scripts = SCRIPTS};
    struct time_source *time = time_source_new();
    f.loop = loop_new(time);
    f.fired = calloc((size_t)f.timers, sizeof(*f.fired));
    AM_ASSERT(f.fired != NULL);
    if (redis_new(f.loop, &config, &f.redis) != AM_OK)
        return 2;
    run(&f);
    loop_free(f.loop);
    time_source_free(time);
    free(f.fired);
    return report(&f);
}
