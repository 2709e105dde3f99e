/* SPDX-License-Identifier: Apache-2.0 */

#include "redis/redis.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/uuid.h"
#include "redis/client.h"

#define TIMEOUT_MS 1000
#define OUTSTANDING_MAX 8192
#define PROBE_US US_PER_S

/* -- connections ------------------------------------------------------------------------------- */

static void commands_opened(void *ctx)
{
    struct redis *r = ctx;
    redis_metrics_event(EVENT_CONNECT);
    r->fresh = true;
    redis_load_scripts(r);
    redis_probe(r);
}

static void commands_lost(void *ctx)
{
    struct redis *r = ctx;
    redis_metrics_event(EVENT_LOST);
    redis_set_up(r, false);
}

static void on_message(void *ctx, struct slice text)
{
    struct redis *r = ctx;
    if (r->config.on_message)
        r->config.on_message(r->config.ctx, text);
}

static void channel_opened(void *ctx)
{
    struct redis *r = ctx;
    link_subscribe(r->channel, r->config.channel, on_message, r);
}

static void channel_lost(void *ctx)
{
    (void)ctx; /* wake-ups are missing until it is back; everybody looks once a second anyway */
}

static void probe_again(void *ctx)
{
    struct redis *r = ctx;
    if (link_open(r->commands))
        redis_probe(r);
    loop_timer_start(r->probe, PROBE_US);
}

/* -- life -------------------------------------------------------------------------------------- */

static int find_target(struct redis *r)
{
    const char *why = NULL;
    const char *file = r->config.password_file;
    int err = redis_url_parse(r->config.url, &r->target, &why);
    if (!err && file && *file)
        err = redis_password_read(file, &r->target, &why);
    if (err)
        log_error("redis", "cannot_be_used", LOG_STR("why", why));
    return err;
}

static void start_links(struct redis *r)
{
    const struct link_ops commands = {commands_opened, commands_lost, r};
    const struct link_ops channel = {channel_opened, channel_lost, r};
    const int64_t timeout_ms = r->config.command_timeout_ms;
    r->commands = link_new(r->loop, "commands", &r->target, r->config.tls, timeout_ms, &commands);
    if (r->config.channel)
        r->channel = link_new(r->loop, "channel", &r->target, r->config.tls, timeout_ms, &channel);
    r->probe = loop_timer_new(r->loop, probe_again, r);
    loop_timer_start(r->probe, PROBE_US);
}

static struct redis *make_redis(struct loop *loop, const struct redis_config *config)
{
    struct redis *r = calloc(1, sizeof(*r));
    AM_ASSERT(r != NULL);
    r->magic = REDIS_MAGIC;
    r->loop = loop;
    r->config = *config;
    if (r->config.command_timeout_ms <= 0)
        r->config.command_timeout_ms = TIMEOUT_MS;
    if (r->config.max_outstanding == 0)
        r->config.max_outstanding = OUTSTANDING_MAX;
    r->scripts = calloc(config->n_scripts + 1, sizeof(*r->scripts));
    AM_ASSERT(r->scripts != NULL);
    for (size_t i = 0; i < config->n_scripts; i++)
        r->scripts[i].redis = r;
    return r;
}

int redis_new(struct loop *loop, const struct redis_config *config, struct redis **out)
{
    struct redis *r = make_redis(loop, config);
    redis_metrics_register();
    (void)signal(SIGPIPE, SIG_IGN); /* hiredis writes by write(2), which would raise SIGPIPE */
    if (config->url && *config->url) {
        if (find_target(r) != AM_OK) {
            redis_free(r);
            return AM_EINVAL;
        }
        start_links(r);
    }
    *out = r;
    return AM_OK;
}

void redis_free(struct redis *r)
{
    if (!r)
        return;
    AM_ASSERT(r->magic == REDIS_MAGIC);
    r->up = false;
    link_free(r->commands);
    link_free(r->channel);
    if (r->probe)
        loop_timer_free(r->probe);
    r->magic = 0;
    free(r->scripts);
    free(r);
}

bool redis_up(const struct redis *r)
{
    return r->up;
}

/* -- commands ---------------------------------------------------------------------------------- */

struct call {
    redis_done *done;
    void *ctx;
};

static void call_end(void *ctx, const redisReply *reply)
{
    struct call *c = ctx;
    bool refused = reply && reply->type == REDIS_REPLY_ERROR;
    if (refused) {
        redis_metrics_error();
        log_warn("redis", "command_failed", LOG_STR("why", reply->str));
    } else if (!reply) {
        redis_metrics_away();
    }
    if (c->done)
        c->done(c->ctx, refused ? NULL : (const void *)reply);
    free(c);
}

void redis_command(struct redis *r, const struct redis_args *words, redis_done *done, void *ctx)
{
    AM_ASSERT(r->magic == REDIS_MAGIC);
    struct call *c = calloc(1, sizeof(*c));
    AM_ASSERT(c != NULL);
    c->done = done;
    c->ctx = ctx;
    if (!r->up || link_outstanding(r->commands) >= r->config.max_outstanding) {
        call_end(c, NULL);
        return;
    }
    redis_metrics_command();
    link_send(r->commands, words->n, words->words, call_end, c);
}

void redis_publish(struct redis *r, const char *text)
{
    const struct slice words[] = {slice_str("PUBLISH"), slice_str(r->config.channel),
                                  slice_str(text)};
    if (r->up && link_outstanding(r->commands) < r->config.max_outstanding)
        link_send(r->commands, 3, words, NULL, NULL);
}

void redis_loaded(struct redis *r)
{
    uint8_t random[REDIS_EPOCH_LEN / 2];
    uuid_random_bytes(random, sizeof(random));
    for (size_t i = 0; i < sizeof(random); i++)
        (void)snprintf(r->epoch + 2 * i, 3, "%02x", random[i]);
    const struct slice words[] = {slice_str("SET"), slice_str(r->config.epoch_key),
                                  slice_str(r->epoch)};
    r->epoch_mine_is_newer = true;
    if (r->up)
        link_send(r->commands, 3, words, NULL, NULL);
}
