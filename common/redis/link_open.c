/* SPDX-License-Identifier: Apache-2.0 */

/* Opens a connection from a name, and attaches hiredis to the loop. */

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "redis/link_impl.h"

/* -- opening ----------------------------------------------------------------------------------- */

static void link_opened(struct link *l)
{
    l->state = LINK_OPEN;
    loop_timer_stop(l->limit);
    l->ops.opened(l->ops.ctx);
}

static void on_greeted(void *ctx, const redisReply *reply)
{
    struct link *l = ctx;
    if (l->state != LINK_GREETING)
        return;
    if (!reply || reply->type == REDIS_REPLY_ERROR) {
        log_error("redis", "greeting_refused", LOG_STR("link", l->name),
                  LOG_STR("host", l->target->host), LOG_STR("why", reply ? reply->str : "closed"));
        link_drop_soon(l);
    } else if (--l->greetings == 0 && !l->doomed) {
        link_opened(l);
    }
}

static void authenticate(struct link *l)
{
    const struct redis_target *t = l->target;
    const struct slice words[] = {slice_str("AUTH"), slice_str(t->user), slice_str(t->password)};
    const struct slice plain[] = {words[0], words[2]};
    if (!t->password[0])
        return;
    l->greetings++;
    if (t->user[0])
        link_send_now(l, 3, words, on_greeted, l);
    else
        link_send_now(l, 2, plain, on_greeted, l);
}

static void select_db(struct link *l)
{
    char db[8];
    (void)snprintf(db, sizeof(db), "%d", l->target->db);
    const struct slice words[] = {slice_str("SELECT"), slice_str(db)};
    if (!l->target->db)
        return;
    l->greetings++;
    link_send_now(l, 2, words, on_greeted, l);
}

static void on_connect(const redisAsyncContext *ac, int status)
{
    struct link *l = ac->data;
    if (l->ac != ac)
        return;
    if (status != REDIS_OK) {
        log_warn("redis", "connect_failed", LOG_STR("link", l->name),
                 LOG_STR("host", l->target->host), LOG_STR("why", ac->errstr));
        link_closed(l); /* hiredis frees the context after this callback */
        return;
    }
    l->state = LINK_GREETING;
    (void)redisEnableKeepAlive(&l->ac->c);
    authenticate(l);
    select_db(l);
    if (l->greetings == 0)
        link_opened(l);
}

static void on_disconnect(const redisAsyncContext *ac, int status)
{
    struct link *l = ac->data;
    (void)status;
    if (l->ac != ac)
        return;
    log_warn("redis", "disconnected", LOG_STR("link", l->name), LOG_STR("host", l->target->host),
             LOG_STR("why", ac->errstr ? ac->errstr : "closed"));
    link_closed(l);
}

/* -- hiredis on the loop ----------------------------------------------------------------------- */

static void on_ready(void *ctx, int events)
{
    struct link *l = ctx;
    redisAsyncContext *ac = l->ac;
    if (ac && events & LOOP_READ)
        redisAsyncHandleRead(ac);
    if (ac && l->ac == ac && events & LOOP_WRITE)
        redisAsyncHandleWrite(ac);
}

static void want_events(struct link *l, int add, int remove)
{
    l->wanted = (l->wanted | add) & ~remove;
    if (l->fd)
        loop_fd_want(l->fd, l->wanted);
}

static void add_read(void *l)
{
    want_events(l, LOOP_READ, 0);
}

static void del_read(void *l)
{
    want_events(l, 0, LOOP_READ);
}

static void add_write(void *l)
{
    want_events(l, LOOP_WRITE, 0);
}

static void del_write(void *l)
{
    want_events(l, 0, LOOP_WRITE);
}

static void cleanup(void *ctx)
{
    struct link *l = ctx;
    loop_fd_free(l->fd);
    l->fd = NULL;
    l->wanted = 0;
}

static int attach_events(struct link *l, redisAsyncContext *ac)
{
    l->fd = loop_fd_new(l->loop, ac->c.fd, on_ready, l);
    if (!l->fd)
        return AM_EIO;
    l->ac = ac;
    ac->data = l;
    ac->ev.data = l;
    ac->ev.addRead = add_read;
    ac->ev.delRead = del_read;
    ac->ev.addWrite = add_write;
    ac->ev.delWrite = del_write;
    ac->ev.cleanup = cleanup;
    (void)redisAsyncSetDisconnectCallback(ac, on_disconnect);
    /* Setting this callback makes hiredis ask for the write event that reports the connection. */
    (void)redisAsyncSetConnectCallback(ac, on_connect);
    return AM_OK;
}

static void connect_to(struct link *l, const char *numeric)
{
    redisAsyncContext *ac = redisAsyncConnect(numeric, (int)strtol(l->target->port, NULL, 10));
    const char *why = ac ? ac->errstr : "memory";
    l->state = LINK_CONNECTING;
    if (!ac || ac->err || link_encrypt(l, ac, &why) != AM_OK || attach_events(l, ac) != AM_OK) {
        log_warn("redis", "connect_failed", LOG_STR("link", l->name),
                 LOG_STR("host", l->target->host), LOG_STR("why", why));
        if (ac)
            redisAsyncFree(ac);
        link_closed(l);
        return;
    }
    l->connect_limit_us = time_mono_us() + l->timeout_us;
    loop_timer_start(l->limit, l->timeout_us);
}

static void on_resolved(void *ctx, const char *numeric, const char *why)
{
    struct link *l = ctx;
    if (l->freed) {
        free(l);
        return;
    }
    if (numeric) {
        connect_to(l, numeric);
        return;
    }
    log_warn("redis", "resolve_failed", LOG_STR("link", l->name), LOG_STR("host", l->target->host),
             LOG_STR("why", why));
    link_closed(l);
}

void link_try(void *ctx)
{
    struct link *l = ctx;
    l->state = LINK_RESOLVING;
    loop_resolve(l->loop, l->target->host, l->target->port, on_resolved, l);
}
