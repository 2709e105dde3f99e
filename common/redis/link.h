/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Inside common/redis only: one hiredis connection on the loop - resolve, connect, authenticate,
 * select the database; then commands with a time limit each. A reply that is late drops the
 * connection: replies are positional, so one that is lost would shift all that follow.
 *
 * Threading: io loop's thread. Ownership: the owner holds the link; hiredis' context lives and dies
 * inside it.
 */

#include <hiredis/async.h>
#include <hiredis/hiredis.h>

#include "base/list.h"
#include "io/loop.h"
#include "redis/redis.h"
#include "redis/url.h"

struct link;

struct link_ops {
    /* Connected, authenticated, the database selected. */
    void (*opened)(void *ctx);
    /* It was open and is not any more; every outstanding command has been answered. */
    void (*lost)(void *ctx);
    void *ctx;
};

typedef void link_reply(void *ctx, const redisReply *reply);

/* `name` is a constant for logs; `target` is borrowed. */
struct link *link_new(struct loop *loop, const char *name, const struct redis_target *target,
                      int64_t timeout_ms, const struct link_ops *ops);

/* Drops the connection without a word to `lost` and frees it. */
void link_free(struct link *l);

bool link_open(const struct link *l);
size_t link_outstanding(const struct link *l);

/* Sends one command; `done` once: NULL when there is no reply. An error reply is given as it is. */
void link_send(struct link *l, size_t n, const struct slice *words, link_reply *done, void *ctx);

/* Subscribes: `message` gets every message until the connection is gone. The link can do nothing
 * else afterwards. */
void link_subscribe(struct link *l, const char *channel,
                    void (*message)(void *ctx, struct slice text), void *ctx);

/* Drops the connection and tries again after the longest pause: the server cannot be used. */
void link_refuse(struct link *l);
