/* SPDX-License-Identifier: Apache-2.0 */

/* Lua scripts. EVALSHA runs them, and EVAL when the server does not have the script any more (after
 * SCRIPT FLUSH or a failover). */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "redis/client.h"

/* One run of a script. It has its own copy of the words, because they may have to be sent twice. */
struct run {
    struct redis *redis;
    size_t script;
    redis_done *done;
    void *ctx;
    size_t n;
    struct slice words[]; /* EVAL or EVALSHA, script, number of keys, keys and arguments */
};

#define RUN_COMMAND 0
#define RUN_SCRIPT 1
#define RUN_KEYS 2
#define RUN_REST 3
#define KEYS_TEXT_SIZE 12

static struct run *run_new(const struct redis_args *words, size_t n_keys)
{
    size_t bytes = KEYS_TEXT_SIZE;
    for (size_t i = 0; i < words->n; i++)
        bytes += words->words[i].len;
    struct run *run =
        calloc(1, sizeof(*run) + (RUN_REST + words->n) * sizeof(struct slice) + bytes);
    AM_ASSERT(run != NULL);
    run->n = RUN_REST + words->n;
    char *at = (char *)&run->words[run->n];
    int len = snprintf(at, KEYS_TEXT_SIZE, "%zu", n_keys);
    run->words[RUN_KEYS] = slice_of(at, (size_t)len);
    at += KEYS_TEXT_SIZE;
    for (size_t i = 0; i < words->n; i++) {
        if (words->words[i].len)
            memcpy(at, words->words[i].data, words->words[i].len);
        run->words[RUN_REST + i] = slice_of(at, words->words[i].len);
        at += words->words[i].len;
    }
    return run;
}

static void run_end(struct run *run, const redisReply *reply)
{
    bool refused = reply && reply->type == REDIS_REPLY_ERROR;
    if (refused) {
        redis_metrics_error();
        log_warn("redis", "script_failed",
                 LOG_STR("script", run->redis->config.scripts[run->script].name),
                 LOG_STR("why", reply->str));
    } else if (!reply) {
        redis_metrics_away();
    }
    if (run->done)
        run->done(run->ctx, refused ? NULL : (const void *)reply);
    free(run);
}

static void on_whole(void *ctx, const redisReply *reply)
{
    run_end(ctx, reply);
}

static void send_whole(struct run *run)
{
    struct redis *r = run->redis;
    run->words[RUN_COMMAND] = slice_str("EVAL");
    run->words[RUN_SCRIPT] = slice_str(r->config.scripts[run->script].source);
    link_send(r->commands, run->n, run->words, on_whole, run);
}

static void on_by_digest(void *ctx, const redisReply *reply)
{
    struct run *run = ctx;
    if (reply && reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "NOSCRIPT", 8) == 0)
        send_whole(run);
    else
        run_end(run, reply);
}

void redis_eval(struct redis *r, size_t script, size_t n_keys, const struct redis_args *words,
                redis_done *done, void *ctx)
{
    AM_ASSERT(r->magic == REDIS_MAGIC && script < r->config.n_scripts && n_keys <= words->n);
    if (!r->up || link_outstanding(r->commands) >= r->config.max_outstanding) {
        redis_metrics_away();
        if (done)
            done(ctx, NULL);
        return;
    }
    struct run *run = run_new(words, n_keys);
    run->redis = r;
    run->script = script;
    run->done = done;
    run->ctx = ctx;
    redis_metrics_command();
    if (!r->scripts[script].sha[0]) {
        send_whole(run);
        return;
    }
    run->words[RUN_COMMAND] = slice_str("EVALSHA");
    run->words[RUN_SCRIPT] = slice_str(r->scripts[script].sha);
    link_send(r->commands, run->n, run->words, on_by_digest, run);
}

static void on_loaded(void *ctx, const redisReply *reply)
{
    struct script_slot *slot = ctx;
    if (reply && reply->type == REDIS_REPLY_STRING && (size_t)reply->len == REDIS_SHA_LEN)
        memcpy(slot->sha, reply->str, REDIS_SHA_LEN);
    else if (reply && reply->type == REDIS_REPLY_ERROR)
        log_warn("redis", "script_not_loaded", LOG_STR("why", reply->str));
}

void redis_load_scripts(struct redis *r)
{
    for (size_t i = 0; i < r->config.n_scripts; i++) {
        const struct slice words[] = {slice_str("SCRIPT"), slice_str("LOAD"),
                                      slice_str(r->config.scripts[i].source)};
        link_send(r->commands, 3, words, on_loaded, &r->scripts[i]);
    }
}
