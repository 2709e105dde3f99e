/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Checks the server when it connects and once a second: is it a primary that does not evict keys,
 * is it still the server to which we wrote, and does it still have what we wrote?
 */

#include <string.h>

#include "base/log.h"
#include "redis/client.h"

void redis_set_up(struct redis *r, bool up)
{
    if (r->up == up)
        return;
    r->up = up;
    redis_metrics_up(up);
    log_info("redis", up ? "up" : "away", LOG_STR("host", r->target.host));
    if (r->config.on_change)
        r->config.on_change(r->config.ctx, up);
}

static void refuse(struct redis *r, const char *event, const char *why)
{
    log_error("redis", event, LOG_STR("host", r->target.host), LOG_STR("why", why));
    redis_metrics_event(EVENT_REFUSED);
    redis_set_up(r, false);
    link_refuse(r->commands);
}

/* The value of "\nname:" in INFO's text, cut to `size`. False when it is not there. */
static bool info_value(const char *info, const char *name, char *out, size_t size)
{
    const size_t len = strlen(name);
    out[0] = '\0';
    for (const char *at = info; (at = strstr(at, name)); at += len) {
        if (at == info || at[-1] != '\n' || at[len] != ':')
            continue;
        size_t n = strcspn(at + len + 1, "\r\n");
        n = n < size ? n : size - 1;
        memcpy(out, at + len + 1, n);
        out[n] = '\0';
        return true;
    }
    return false;
}

/* Keeps the value; true when another one was known before. */
static bool identity_changed(const char *info, const char *name, char known[REDIS_ID_LEN + 1])
{
    char value[REDIS_ID_LEN + 1];
    if (!info_value(info, name, value, sizeof(value)) || strcmp(value, known) == 0)
        return false;
    memcpy(known, value, sizeof(value));
    return true;
}

static void check_info(struct redis *r, const char *info)
{
    char value[32];
    if (!info_value(info, "role", value, sizeof(value)) || strcmp(value, "master") != 0) {
        refuse(r, "not_a_primary",
               "it is a replica, which refuses writes; give the primary's address");
        return;
    }
    if (!info_value(info, "maxmemory_policy", value, sizeof(value)) ||
        strcmp(value, "noeviction") != 0) {
        refuse(r, "evicts_keys",
               "set maxmemory-policy noeviction, because evicted keys are lost silently");
        return;
    }
    r->info_good = true;
    r->other = identity_changed(info, "run_id", r->run_id);
    r->other = identity_changed(info, "master_replid", r->replid) || r->other;
}

static void on_info(void *ctx, const redisReply *reply)
{
    struct redis *r = ctx;
    r->info_good = false;
    if (!reply)
        return;
    if (reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "LOADING", 7) != 0)
        refuse(r, "info_refused", reply->str);
    else if (reply->type == REDIS_REPLY_STRING)
        check_info(r, reply->str);
}

/* True when the epoch is not the one that we know. */
static bool epoch_lost(struct redis *r, const redisReply *reply)
{
    const char *text = reply->type == REDIS_REPLY_STRING ? reply->str : "";
    bool lost = !text[0] || strcmp(text, r->epoch) != 0;
    if (r->epoch_mine_is_newer || !r->config.epoch_key)
        return false;
    (void)strncpy(r->epoch, text, REDIS_EPOCH_LEN);
    return lost;
}

static void on_epoch(void *ctx, const redisReply *reply)
{
    struct redis *r = ctx;
    bool lost = reply && reply->type != REDIS_REPLY_ERROR && epoch_lost(r, reply);
    bool reload = r->fresh || r->other || lost;
    if (!reply || !r->info_good)
        return;
    r->fresh = false;
    r->other = false;
    redis_set_up(r, true);
    if (!reload)
        return;
    redis_metrics_event(EVENT_RELOAD);
    if (r->config.on_reload)
        r->config.on_reload(r->config.ctx);
}

void redis_probe(struct redis *r)
{
    const struct slice info[] = {slice_str("INFO")};
    const struct slice get[] = {slice_str("GET"), slice_str(r->config.epoch_key)};
    const struct slice ping[] = {slice_str("PING")};
    r->epoch_mine_is_newer = false;
    link_send(r->commands, 1, info, on_info, r);
    if (r->config.epoch_key)
        link_send(r->commands, 2, get, on_epoch, r);
    else
        link_send(r->commands, 1, ping, on_epoch, r);
}
