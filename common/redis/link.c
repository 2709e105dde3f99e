/* SPDX-License-Identifier: Apache-2.0 */

#include "redis/link_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/uuid.h"
#include "redis/wire_out.h"

#define LINK_MAGIC 0x11ed1500u
#define BACKOFF_FIRST_US (50 * US_PER_MS)
#define BACKOFF_MAX_US (5 * US_PER_S)
#define BACKOFF_DOUBLINGS 7

struct pending {
    struct list link;
    struct link *owner;
    int64_t sent_us;
    link_reply *done;
    void *ctx;
};

/* -- losing the connection --------------------------------------------------------------------- */

static int64_t backoff_us(const struct link *l)
{
    unsigned doublings = l->fails < BACKOFF_DOUBLINGS ? l->fails : BACKOFF_DOUBLINGS;
    int64_t most = BACKOFF_FIRST_US << doublings;
    uint32_t jitter;
    uuid_random_bytes(&jitter, sizeof(jitter));
    if (most > BACKOFF_MAX_US)
        most = BACKOFF_MAX_US;
    return most / 2 + (int64_t)(jitter % (uint32_t)(most / 2));
}

/* Called when hiredis has freed the context, or never had one. */
void link_closed(struct link *l)
{
    bool was_open = l->state == LINK_OPEN;
    l->ac = NULL;
    l->state = LINK_IDLE;
    l->doomed = false;
    l->greetings = 0;
    l->message = NULL;
    loop_timer_stop(l->limit);
    loop_timer_start(l->retry, backoff_us(l));
    l->fails++;
    if (was_open)
        l->ops.lost(l->ops.ctx);
}

/* Frees the context, which answers every pending command. Call it only outside of the callbacks of
 * hiredis: inside one, hiredis would free it later. */
static void drop(struct link *l)
{
    redisAsyncContext *ac = l->ac;
    l->ac = NULL;
    if (ac)
        redisAsyncFree(ac);
    link_closed(l);
}

void link_drop_soon(struct link *l)
{
    l->doomed = true;
    loop_timer_start(l->limit, 0);
}

static void limit_passed(void *ctx)
{
    struct link *l = ctx;
    int64_t now_us = time_mono_us();
    int64_t due_us = l->connect_limit_us;
    if (l->state == LINK_OPEN && list_empty(&l->pending) && !l->doomed)
        return;
    if (l->state == LINK_OPEN && !l->doomed)
        due_us = CONTAINER_OF(l->pending.next, struct pending, link)->sent_us + l->timeout_us;
    if (!l->doomed && now_us < due_us) {
        loop_timer_start(l->limit, due_us - now_us);
        return;
    }
    if (!l->doomed)
        log_warn("redis", "timed_out", LOG_STR("link", l->name), LOG_STR("host", l->target->host));
    drop(l);
}

/* -- commands ---------------------------------------------------------------------------------- */

/* The server has answered. That it took the connection says little: it may end the connection for
 * the certificate that it was shown, or because it speaks TLS and we do not. */
static void well(struct link *l)
{
    if (!l->doomed)
        l->fails = 0;
}

static void on_reply(redisAsyncContext *ac, void *reply, void *privdata)
{
    struct pending *p = privdata;
    (void)ac;
    list_remove(&p->link);
    p->owner->n_pending--;
    if (reply)
        well(p->owner);
    if (p->done)
        p->done(p->ctx, reply);
    free(p);
}

void link_send_now(struct link *l, size_t n, const struct slice *words, link_reply *done, void *ctx)
{
    struct pending *p = calloc(1, sizeof(*p));
    AM_ASSERT(p != NULL);
    *p = (struct pending){.owner = l, .sent_us = time_mono_us(), .done = done, .ctx = ctx};
    list_push_back(&l->pending, &p->link);
    l->n_pending++;
    if (l->ac && wire_out(l->ac, n, words, on_reply, p) == AM_OK) {
        if (l->state == LINK_OPEN && !loop_timer_active(l->limit))
            loop_timer_start(l->limit, l->timeout_us);
        return;
    }
    on_reply(NULL, NULL, p);
}

void link_send(struct link *l, size_t n, const struct slice *words, link_reply *done, void *ctx)
{
    AM_ASSERT(l->magic == LINK_MAGIC && n > 0);
    if (l->state == LINK_OPEN && !l->doomed)
        link_send_now(l, n, words, done, ctx);
    else if (done)
        done(ctx, NULL);
}

/* Items of a pub/sub message: "message", channel, text. */
#define MESSAGE_ITEMS 3

static void on_message(redisAsyncContext *ac, void *data, void *privdata)
{
    const redisReply *r = data;
    struct link *l = privdata;
    if (!r || ac != l->ac || r->type != REDIS_REPLY_ARRAY || r->elements != MESSAGE_ITEMS ||
        !l->message)
        return;
    well(l);
    if (r->element[0]->type == REDIS_REPLY_STRING && r->element[2]->type == REDIS_REPLY_STRING &&
        strcmp(r->element[0]->str, "message") == 0)
        l->message(l->message_ctx, slice_of(r->element[2]->str, (size_t)r->element[2]->len));
}

void link_subscribe(struct link *l, const char *channel,
                    void (*message)(void *ctx, struct slice text), void *ctx)
{
    const struct slice words[] = {slice_str("SUBSCRIBE"), slice_str(channel)};
    AM_ASSERT(l->magic == LINK_MAGIC && l->state == LINK_OPEN);
    l->message = message;
    l->message_ctx = ctx;
    if (wire_out(l->ac, 2, words, on_message, l) != AM_OK)
        link_drop_soon(l);
}

/* -- life -------------------------------------------------------------------------------------- */

struct link *link_new(struct loop *loop, const char *name, const struct redis_target *target,
                      const struct tls_files *tls, int64_t timeout_ms, const struct link_ops *ops)
{
    struct link *l = calloc(1, sizeof(*l));
    AM_ASSERT(l != NULL);
    l->magic = LINK_MAGIC;
    l->loop = loop;
    l->name = name;
    l->target = target;
    l->tls = tls;
    l->timeout_us = timeout_ms * US_PER_MS;
    l->ops = *ops;
    list_init(&l->pending);
    l->retry = loop_timer_new(loop, link_try, l);
    l->limit = loop_timer_new(loop, limit_passed, l);
    loop_timer_start(l->retry, 0);
    return l;
}

void link_free(struct link *l)
{
    if (!l)
        return;
    AM_ASSERT(l->magic == LINK_MAGIC);
    redisAsyncContext *ac = l->ac;
    bool looking_up = l->state == LINK_RESOLVING;
    l->ac = NULL;
    l->state = LINK_IDLE;
    if (ac)
        redisAsyncFree(ac);
    AM_ASSERT(list_empty(&l->pending));
    loop_timer_free(l->retry);
    loop_timer_free(l->limit);
    l->freed = true;
    l->magic = 0;
    if (!looking_up)
        free(l);
}

bool link_open(const struct link *l)
{
    return l && l->state == LINK_OPEN && !l->doomed;
}

size_t link_outstanding(const struct link *l)
{
    return l->n_pending;
}

void link_refuse(struct link *l)
{
    l->fails = BACKOFF_DOUBLINGS;
    if (l->state == LINK_OPEN)
        link_drop_soon(l);
}
