/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Inside common/redis only: one hiredis connection on the loop. It looks the name up, connects,
 * authenticates and selects the database; then it sends commands, each with a time limit. A late
 * reply drops the connection: replies come in the order of the commands, so if one were lost, all
 * later ones would be taken for the wrong command's.
 *
 * Threading: io loop's thread. Ownership: the owner holds the link; hiredis' context lives and dies
 * inside it.
 */

#include <hiredis/async.h>
#include <hiredis/hiredis.h>

#include "base/list.h"
#include "io/loop.h"
#include "io/tls_files.h"
#include "redis/redis.h"
#include "redis/url.h"

struct link;

struct link_ops {
    /* The link is connected and authenticated, and the database is selected. */
    void (*opened)(void *ctx);
    /* The link was open and is not any more. Every outstanding command has been answered. */
    void (*lost)(void *ctx);
    void *ctx;
};

typedef void link_reply(void *ctx, const redisReply *reply);

/* `name` is a constant for logs; `target` is borrowed, and so is `tls`, what a target with TLS is
 * connected by: NULL = the CAs of the system. */
struct link *link_new(struct loop *loop, const char *name, const struct redis_target *target,
                      const struct tls_files *tls, int64_t timeout_ms, const struct link_ops *ops);

/* Drops the connection without calling `lost` and frees the link. */
void link_free(struct link *l);

bool link_open(const struct link *l);
size_t link_outstanding(const struct link *l);

/* Sends one command. `done` is called once, with NULL when there is no reply. An error reply is
 * given as it is. */
void link_send(struct link *l, size_t n, const struct slice *words, link_reply *done, void *ctx);

/* Subscribes to a channel. `message` gets every message until the connection is gone. From then on
 * the link can do nothing else. */
void link_subscribe(struct link *l, const char *channel,
                    void (*message)(void *ctx, struct slice text), void *ctx);

/* Drops the connection and tries again after the longest pause, because this server cannot be
 * used. */
void link_refuse(struct link *l);
