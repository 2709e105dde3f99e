/* SPDX-License-Identifier: Apache-2.0 */

/* The timers in Redis, on a real server: each is claimed once by some replica, even when others
 * have died. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "assignment/engine/scripts.h"
#include "assignment/timers/timer_queue.h"
#include "base/assert.h"
#include "base/list.h"

#define WAIT_US (10 * US_PER_S)
#define LOOK_US (2 * US_PER_MS)
#define TIMERS_MAX 4000

/* One replica: takes up to `room` at once, and completes what it took unless it holds it. */
struct replica {
    struct timerq *queue;
    size_t room, taken, in_flight;
    bool hold;
    int lost;
};

static struct {
    struct time_source *time;
    struct loop *loop;
    struct redis *redis;
    struct loop_timer *timer;
    struct replica replicas[2];
    unsigned times[TIMERS_MAX]; /* how often each was taken */
    bool (*until)(void);
    int64_t started_us;
    int64_t number, sum; /* the last reply, all of them */
    int replies;
} world;

/* -- replicas ---------------------------------------------------------------------------------- */

static size_t room(void *ctx)
{
    const struct replica *r = ctx;
    return r->room - r->in_flight;
}

static void take(void *ctx, const struct timer_member *members, size_t n)
{
    struct replica *r = ctx;
    assert_true(n <= r->room - r->in_flight);
    r->taken += n;
    r->in_flight += r->hold ? n : 0;
    for (size_t i = 0; i < n; i++) {
        assert_in_range(members[i].generation, 0, TIMERS_MAX - 1);
        world.times[members[i].generation]++;
        if (!r->hold)
            timerq_done(r->queue, &members[i]);
    }
}

static void lost(void *ctx)
{
    ((struct replica *)ctx)->lost++;
}

static void replica_start(size_t i, const char *name)
{
    struct replica *r = &world.replicas[i];
    const struct timerq_ops ops = {.room = room, .take = take, .lost = lost, .ctx = r};
    *r = (struct replica){.room = 300};
    r->queue = timerq_new(world.loop, world.redis, name, &ops);
}

/* -- the loop, on this thread ------------------------------------------------------------------ */

static int64_t now_us(void)
{
    return time_now_us(world.time);
}

static void look(void *ctx)
{
    (void)ctx;
    if (world.until() || time_mono_us() - world.started_us > WAIT_US)
        loop_stop(world.loop);
    else
        loop_timer_start(world.timer, LOOK_US);
}

static void answered(void *ctx, const struct redis_reply *reply)
{
    (void)ctx;
    world.number = reply ? redis_reply_int(reply) : -1;
    world.sum += world.number;
    world.replies++;
}

static void send(const char *words)
{
    struct arena arena;
    struct redis_args args;
    char copy[256];
    (void)snprintf(copy, sizeof(copy), "%s", words);
    arena_init(&arena, 4096);
    redis_args_init(&args, &arena);
    for (char *save = NULL, *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
        redis_arg(&args, w);
    redis_command(world.redis, &args, answered, NULL);
    arena_free(&arena);
}

/* -- a test: begins when Redis is up and empty, ends when `until` says so ---------------------- */

struct story {
    void (*begin)(void);
    bool (*until)(void);
};
static const struct story *story;

static bool emptied(void)
{
    static bool asked;
    if (!redis_up(world.redis)) {
        asked = false;
        return false;
    }
    if (!asked)
        send("FLUSHDB");
    asked = true;
    if (world.replies == 0)
        return false;
    asked = false;
    world.until = story->until;
    story->begin();
    return false;
}

static void play(const struct story *s)
{
    const struct redis_config config = {.url = getenv("AMENDS_TEST_REDIS"),
                                        .epoch_key = KEY_EPOCH,
                                        .scripts = engine_scripts,
                                        .n_scripts = SCRIPTS};
    memset(&world, 0, sizeof(world));
    story = s;
    world.time = time_source_new();
    world.started_us = time_mono_us();
    time_sample(world.time, world.started_us, world.started_us, 1800000000 * US_PER_S);
    world.loop = loop_new(world.time);
    assert_non_null(config.url);
    assert_int_equal(redis_new(world.loop, &config, &world.redis), AM_OK);
    world.until = emptied;
    world.timer = loop_timer_new(world.loop, look, NULL);
    loop_timer_start(world.timer, 0);
    loop_run(world.loop);
    redis_free(world.redis);
    for (size_t i = 0; i < 2; i++)
        timerq_free(world.replicas[i].queue);
    loop_timer_free(world.timer);
    loop_free(world.loop);
    time_source_free(world.time);
}

static void add(struct timerq *q, size_t n, int64_t due_us)
{
    struct route_timer timers[TIMERS_MAX];
    for (size_t i = 0; i < n; i++)
        timers[i] = (struct route_timer){.tenant_id = 1,
                                         .case_id = uuid_new(due_us),
                                         .clock_id = uuid_new(due_us),
                                         .generation = (int64_t)i,
                                         .due_us = due_us};
    timerq_add(q, timers, n, INT64_MAX);
}

static size_t taken(void)
{
    return world.replicas[0].taken + world.replicas[1].taken;
}

static void assert_each_once(size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_int_equal(world.times[i], 1);
    assert_int_equal(taken(), n);
}

/* -- claims ------------------------------------------------------------------------------------ */

static void two_begin(void)
{
    replica_start(0, "a");
    replica_start(1, "b");
    add(world.replicas[0].queue, TIMERS_MAX, now_us() - US_PER_S / 2);
}

static bool nothing_claimed(void)
{
    static int expected; /* replies, with the one to the last question */
    if (taken() < TIMERS_MAX || world.replies < expected)
        return false;
    if (expected > 0 && world.number == 0)
        return true;
    expected = world.replies + 1;
    send("ZCARD " KEY_CLAIMED);
    return false;
}

static void two_replicas_get_each_timer_once(void **state)
{
    (void)state;
    play(&(struct story){two_begin, nothing_claimed});
    assert_each_once(TIMERS_MAX);
    assert_int_equal(world.number, 0);
}

static int64_t due_us, taken_us;

static void later_begin(void)
{
    replica_start(0, "a");
    due_us = now_us() + 300 * US_PER_MS;
    add(world.replicas[0].queue, 1, due_us);
}

static bool one_taken(void)
{
    if (taken() > 0)
        taken_us = now_us();
    return taken() > 0;
}

static void a_timer_is_taken_when_it_is_due_and_not_before(void **state)
{
    (void)state;
    play(&(struct story){later_begin, one_taken});
    assert_each_once(1);
    assert_true(taken_us >= due_us);
}

static void lease_begin(void)
{
    send("ZADD " KEY_CLAIMED " 1 "
         "1/01900000-0000-7000-8000-000000000001/01900000-0000-7000-8000-000000000002/0");
    replica_start(0, "a");
}

static void what_a_dead_replica_claimed_is_taken_when_its_lease_has_ended(void **state)
{
    (void)state;
    play(&(struct story){lease_begin, one_taken});
    assert_each_once(1);
}

static void held_begin(void)
{
    replica_start(0, "a");
    world.replicas[0].hold = true;
    add(world.replicas[0].queue, TIMERS_MAX, now_us());
}

static bool second_look(void)
{
    return time_mono_us() - world.started_us > 2 * US_PER_S;
}

static void no_more_is_claimed_than_there_is_room_for(void **state)
{
    (void)state;
    play(&(struct story){held_begin, second_look});
    assert_int_equal(taken(), world.replicas[0].room);
}

/* -- shards ------------------------------------------------------------------------------------ */

/* Another replica is registered but never serves its shards, which are half of all. */
static void absent_begin(void)
{
    char words[64];
    (void)snprintf(words, sizeof(words), "ZADD " KEY_REPLICAS " %lld zz",
                   (long long)(time_shared_us(world.time) / US_PER_MS + 60000));
    send(words);
    replica_start(0, "a");
}

static bool absent_done(void)
{
    static bool added;
    if (!added && time_mono_us() - world.started_us > 300 * US_PER_MS) {
        added = true; /* it knows of the other one by now */
        add(world.replicas[0].queue, 200, now_us() + 3 * US_PER_S / 2);
    }
    return taken() == 200;
}

static void what_nobody_serves_is_taken_a_second_late(void **state)
{
    (void)state;
    play(&(struct story){absent_begin, absent_done});
    assert_each_once(200);
}

static bool soon_is_added;

static void soon_begin(void)
{
    soon_is_added = false;
    absent_begin();
}

static bool soon_done(void)
{
    if (!soon_is_added && time_mono_us() - world.started_us > 300 * US_PER_MS) {
        soon_is_added = true;
        due_us = now_us() + 100 * US_PER_MS;
        add(world.replicas[0].queue, 200, due_us);
    }
    taken_us = now_us();
    return taken() == 200;
}

/* What is taken within a second was not taken because it was late. A busy machine may lose that
 * second once, so the story is played again. */
static void who_adds_a_timer_that_is_due_soon_takes_it_itself(void **state)
{
    bool in_time = false;
    (void)state;
    for (int i = 0; i < 5 && !in_time; i++) {
        play(&(struct story){soon_begin, soon_done});
        assert_each_once(200);
        in_time = taken_us - due_us < US_PER_S;
    }
    assert_true(in_time);
}

static void lost_begin(void)
{
    replica_start(0, "a");
    timerq_mark(world.replicas[0].queue);
    send("SET " KEY_EPOCH " x");
    send("DEL amends:t:3");
}

static bool lost_told(void)
{
    return world.replicas[0].lost > 0;
}

static void a_lost_shard_is_told_of(void **state)
{
    (void)state;
    play(&(struct story){lost_begin, lost_told});
    assert_int_equal(world.replicas[0].lost, 1);
}

static void whole_begin(void)
{
    replica_start(0, "a");
    timerq_mark(world.replicas[0].queue);
}

static void whole_shards_are_not(void **state)
{
    (void)state;
    play(&(struct story){whole_begin, second_look});
    assert_int_equal(world.replicas[0].lost, 0);
}

static void bad_begin(void)
{
    send("ZADD amends:t:0 1 nonsense");
    replica_start(0, "a");
}

static bool bad_gone(void)
{
    static bool asked;
    if (!asked && time_mono_us() - world.started_us > US_PER_S / 2) {
        asked = true;
        world.sum = 0;
        send("ZCARD amends:t:0");
        send("ZCARD " KEY_CLAIMED);
    }
    return world.replies == 4; /* FLUSHDB and ZADD came before */
}

static void what_is_no_timer_is_thrown_away(void **state)
{
    (void)state;
    play(&(struct story){bad_begin, bad_gone});
    assert_int_equal(taken(), 0);
    assert_int_equal(world.sum, 0);
}

/* -- the end ----------------------------------------------------------------------------------- */

static void asking_begin(void)
{
    replica_start(0, "a");
    add(world.replicas[0].queue, 1, now_us() + US_PER_S * 3600);
}

/* Ends while a claim has no answer from Redis yet. */
static bool asked_again(void)
{
    if (redis_up(world.redis))
        timerq_run(world.replicas[0].queue);
    return true;
}

static void a_claim_may_be_under_way_at_the_end(void **state)
{
    (void)state;
    play(&(struct story){asking_begin, asked_again});
    assert_int_equal(taken(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_replicas_get_each_timer_once),
        cmocka_unit_test(a_timer_is_taken_when_it_is_due_and_not_before),
        cmocka_unit_test(what_a_dead_replica_claimed_is_taken_when_its_lease_has_ended),
        cmocka_unit_test(no_more_is_claimed_than_there_is_room_for),
        cmocka_unit_test(what_nobody_serves_is_taken_a_second_late),
        cmocka_unit_test(who_adds_a_timer_that_is_due_soon_takes_it_itself),
        cmocka_unit_test(a_lost_shard_is_told_of),
        cmocka_unit_test(whole_shards_are_not),
        cmocka_unit_test(what_is_no_timer_is_thrown_away),
        cmocka_unit_test(a_claim_may_be_under_way_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
