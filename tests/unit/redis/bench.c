/* SPDX-License-Identifier: Apache-2.0 */

#include "bench.h"

#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/list.h"

#define WAIT_MS 5000

static const struct redis_script scripts[] = {
    {"echo", "return {KEYS[1], ARGV[1]}"},
    {"busy", "local t = redis.call('TIME')\n"
             "local until_us = t[1] * 1000000 + t[2] + ARGV[1] * 1000\n"
             "repeat t = redis.call('TIME') until t[1] * 1000000 + t[2] > until_us\n"
             "return 1"},
};

static void pause_ms(long ms)
{
    const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&t, NULL);
}

bool bench_wait(_Atomic int *counter, int n)
{
    for (int waited = 0; atomic_load(counter) < n && waited < WAIT_MS; waited += 2)
        pause_ms(2);
    return atomic_load(counter) >= n;
}

bool bench_wait_up(struct bench *b, bool up)
{
    for (int waited = 0; atomic_load(&b->up) != up && waited < WAIT_MS; waited += 2)
        pause_ms(2);
    return atomic_load(&b->up) == up;
}

const char *bench_url(void)
{
    const char *url = getenv("AMENDS_TEST_REDIS");
    if (!url || !*url)
        fail_msg(
            "AMENDS_TEST_REDIS is not set: give the URL of a private Redis, redis://host:port");
    return url;
}

/* -- a function on the loop's thread, waited for ----------------------------------------------- */

struct task {
    struct loop_job job;
    void (*fn)(void *ctx);
    void *ctx;
    sem_t ended;
};

static void task_run(struct loop_job *job)
{
    struct task *t = CONTAINER_OF(job, struct task, job);
    t->fn(t->ctx);
    (void)sem_post(&t->ended);
}

static void on_loop(struct bench *b, void (*fn)(void *ctx), void *ctx)
{
    struct task t = {.job.run = task_run, .fn = fn, .ctx = ctx};
    (void)sem_init(&t.ended, 0, 0);
    loop_post(b->loop, &t.job);
    (void)sem_wait(&t.ended);
    (void)sem_destroy(&t.ended);
}

/* -- life -------------------------------------------------------------------------------------- */

static void on_change(void *ctx, bool up)
{
    struct bench *b = ctx;
    atomic_store(&b->up, up);
    if (!up)
        atomic_fetch_add(&b->downs, 1);
}

static void on_reload(void *ctx)
{
    atomic_fetch_add(&((struct bench *)ctx)->reloads, 1);
}

static void on_message(void *ctx, struct slice text)
{
    if (slice_eq(text, slice_str("wake")))
        atomic_fetch_add(&((struct bench *)ctx)->messages, 1);
}

void bench_start(struct bench *b, const char *url, int64_t timeout_ms, size_t max_outstanding)
{
    memset(b, 0, sizeof(*b));
    const struct redis_config config = {.url = url,
                                        .epoch_key = "test:epoch",
                                        .channel = "test:wake",
                                        .scripts = scripts,
                                        .n_scripts = 2,
                                        .command_timeout_ms = timeout_ms,
                                        .max_outstanding = max_outstanding,
                                        .on_change = on_change,
                                        .on_reload = on_reload,
                                        .on_message = on_message,
                                        .ctx = b};
    b->time = time_source_new();
    b->loop = loop_new(b->time);
    assert_int_equal(redis_new(b->loop, &config, &b->redis), AM_OK);
    assert_int_equal(loop_start_thread(b->loop), AM_OK);
}

static void free_redis(void *ctx)
{
    redis_free(ctx);
}

void bench_stop(struct bench *b)
{
    on_loop(b, free_redis, b->redis);
    loop_stop(b->loop);
    loop_join(b->loop);
    loop_free(b->loop);
    time_source_free(b->time);
}

/* -- commands ---------------------------------------------------------------------------------- */

struct order {
    struct bench *bench;
    const char *words;
    struct answer *answer;
    int script; /* -1 = a command */
};

static void on_reply(void *ctx, const struct redis_reply *reply)
{
    struct answer *a = ctx;
    const struct redis_reply *last = reply;
    if (redis_reply_count(reply))
        last = redis_reply_at(reply, redis_reply_count(reply) - 1);
    struct slice text = redis_reply_text(last);
    a->missing = reply == NULL;
    a->number = redis_reply_int(last);
    (void)snprintf(a->text, sizeof(a->text), "%.*s", (int)text.len,
                   text.data ? (const char *)text.data : "");
    atomic_fetch_add(&a->replies, 1);
}

static void order_run(void *ctx)
{
    const struct order *o = ctx;
    struct arena arena;
    struct redis_args args;
    char *rest;
    arena_init(&arena, 1 << 16);
    redis_args_init(&args, &arena);
    char *copy = strdup(o->words);
    for (char *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
        redis_arg(&args, w);
    if (o->script < 0)
        redis_command(o->bench->redis, &args, on_reply, o->answer);
    else
        redis_eval(o->bench->redis, (size_t)o->script, 1, &args, on_reply, o->answer);
    free(copy);
    arena_free(&arena);
}

void bench_send(struct bench *b, const char *words, struct answer *a)
{
    struct order o = {b, words, a, -1};
    on_loop(b, order_run, &o);
}

void bench_command(struct bench *b, const char *words, struct answer *a)
{
    memset(a, 0, sizeof(*a));
    bench_send(b, words, a);
    assert_true(bench_wait(&a->replies, 1));
}

void bench_eval(struct bench *b, size_t script, const char *words, struct answer *a)
{
    struct order o = {b, words, a, (int)script};
    memset(a, 0, sizeof(*a));
    on_loop(b, order_run, &o);
    assert_true(bench_wait(&a->replies, 1));
}

static void publish(void *ctx)
{
    const struct order *o = ctx;
    redis_publish(o->bench->redis, o->words);
}

void bench_publish(struct bench *b, const char *text)
{
    struct order o = {b, text, NULL, -1};
    on_loop(b, publish, &o);
}

static void loaded(void *ctx)
{
    redis_loaded(ctx);
}

void bench_loaded(struct bench *b)
{
    on_loop(b, loaded, b->redis);
}
