/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Inside common/redis only: the link's struct, and what its two files do for each other. See
 * redis/link.h.
 *
 * Threading: io loop's thread. Ownership: the link owns its connection; hiredis frees a context
 * after its last callback.
 */

#include "redis/link.h"

enum link_state {
    LINK_IDLE,      /* waiting for the next try */
    LINK_RESOLVING, /* the name is being looked up */
    LINK_CONNECTING,
    LINK_GREETING, /* AUTH and SELECT are on their way */
    LINK_OPEN,
};

struct link {
    uint32_t magic;
    struct loop *loop;
    const char *name;
    const struct redis_target *target;
    const struct tls_files *tls; /* NULL = the CAs of the system */
    int64_t timeout_us;
    struct link_ops ops;
    enum link_state state;
    redisAsyncContext *ac; /* from LINK_CONNECTING on */
    struct loop_fd *fd;
    int wanted;
    struct loop_timer *retry;
    struct loop_timer *limit; /* for connecting, then for the oldest command */
    struct list pending;      /* of struct pending; oldest first, as the replies come */
    size_t n_pending;
    int64_t connect_limit_us;
    unsigned fails;
    unsigned greetings;
    bool doomed; /* it is dropped in the next turn: never inside a callback of hiredis */
    bool freed;  /* its owner has freed it while a look-up is under way */
    void (*message)(void *ctx, struct slice text);
    void *message_ctx;
};

/* link.c */

/* hiredis has let go of the context, or never had one. */
void link_closed(struct link *l);
/* Drops the link in the next turn, because hiredis forbids it inside its callbacks. */
void link_drop_soon(struct link *l);
/* Sends a command whatever the state of the link: AUTH and SELECT go out before it is open. */
void link_send_now(struct link *l, size_t n, const struct slice *words, link_reply *done,
                   void *ctx);

/* link_tls.c: encrypts a connection that is being made, if the target says so. AM_EIO with the
 * reason, a constant, in *why. */
int link_encrypt(struct link *l, redisAsyncContext *ac, const char **why) AM_MUSTCHECK;

/* link_open.c: begins to connect. */
void link_try(void *ctx);
