/* SPDX-License-Identifier: Apache-2.0 */

#include "redis/link.h"

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
    int64_t timeout_us;
    struct link_ops ops;
    enum link_state state;
    redisAsyncContext *ac; /* from LINK_CONNECTING on */
    struct loop_fd *fd;
    int wanted;
    struct loop_timer *retry;
    struct loop_timer *limit; /* of the connect, then of the oldest command */
    struct list pending;      /* of struct pending, oldest first: the order of the replies */
    size_t n_pending;
    int64_t connect_limit_us;
    unsigned fails;
    unsigned greetings;
    bool doomed; /* to be dropped in the next turn: never inside a callback of hiredis */
    bool freed;  /* by its owner, while a look-up is under way */
    void (*message)(void *ctx, struct slice text);
    void *message_ctx;
};

struct pending {
    struct list link;
    struct link *owner;
    int64_t sent_us;
    link_reply *done;
    void *ctx;
};

/* -- losing the connection ----------------------------------------------------------------------- */

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

/* hiredis has let go of the context, or never had one. */
static void closed(struct link *l)
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

/* Only outside of hiredis' callbacks: inside, it would put the freeing off. Every pending command
 * is answered by this. */
static void drop(struct link *l)
{
    redisAsyncContext *ac = l->ac;
    l->ac = NULL;
    if (ac)
        redisAsyncFree(ac);
    closed(l);
}

static void drop_soon(struct link *l)
{
    l->doomed = true;
    loop_timer_start(l->limit, 0);
}

static void limit_passed(void *ctx)
{
    struct link *l = ctx;
    int64_t now_us = clock_mono_us();
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

/* -- commands ------------------------------------------------------------------------------------ */

static void on_reply(redisAsyncContext *ac, void *reply, void *privdata)
{
    struct pending *p = privdata;
    (void)ac;
    list_remove(&p->link);
    p->owner->n_pending--;
    if (p->done)
        p->done(p->ctx, reply);
    free(p);
}

static void send_now(struct link *l, size_t n, const struct slice *words, link_reply *done,
                     void *ctx)
{
    struct pending *p = calloc(1, sizeof(*p));
    AM_ASSERT(p != NULL);
    *p = (struct pending){
        .owner = l, .sent_us = clock_mono_us(), .done = done, .ctx = ctx};
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
        send_now(l, n, words, done, ctx);
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
        drop_soon(l);
}

/* -- opening ------------------------------------------------------------------------------------- */

static void opened(struct link *l)
{
    l->state = LINK_OPEN;
    l->fails = 0;
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
        drop_soon(l);
    } else if (--l->greetings == 0 && !l->doomed) {
        opened(l);
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
        send_now(l, 3, words, on_greeted, l);
    else
        send_now(l, 2, plain, on_greeted, l);
}

static void select_db(struct link *l)
{
    char db[8];
    (void)snprintf(db, sizeof(db), "%d", l->target->db);
    const struct slice words[] = {slice_str("SELECT"), slice_str(db)};
    if (!l->target->db)
        return;
    l->greetings++;
    send_now(l, 2, words, on_greeted, l);
}

static void on_connect(const redisAsyncContext *ac, int status)
{
    struct link *l = ac->data;
    if (l->ac != ac)
        return;
    if (status != REDIS_OK) {
        log_warn("redis", "connect_failed", LOG_STR("link", l->name),
                 LOG_STR("host", l->target->host), LOG_STR("why", ac->errstr));
        closed(l); /* hiredis frees the context after this callback */
        return;
    }
    l->state = LINK_GREETING;
    (void)redisEnableKeepAlive(&l->ac->c);
    authenticate(l);
    select_db(l);
    if (l->greetings == 0)
        opened(l);
}

static void on_disconnect(const redisAsyncContext *ac, int status)
{
    struct link *l = ac->data;
    (void)status;
    if (l->ac != ac)
        return;
    log_warn("redis", "disconnected", LOG_STR("link", l->name), LOG_STR("host", l->target->host),
             LOG_STR("why", ac->errstr ? ac->errstr : "closed"));
    closed(l);
}

/* -- hiredis on the loop ------------------------------------------------------------------------- */

static void on_ready(void *ctx, int events)
{
    struct link *l = ctx;
    redisAsyncContext *ac = l->ac;
    if (ac && events & LOOP_READ)
        redisAsyncHandleRead(ac);
    if (ac && l->ac == ac && events & LOOP_WRITE)
        redisAsyncHandleWrite(ac);
}

static void want(struct link *l, int add, int remove)
{
    l->wanted = (l->wanted | add) & ~remove;
    if (l->fd)
        loop_fd_want(l->fd, l->wanted);
}

static void add_read(void *l)
{
    want(l, LOOP_READ, 0);
}

static void del_read(void *l)
{
    want(l, 0, LOOP_READ);
}

static void add_write(void *l)
{
    want(l, LOOP_WRITE, 0);
}

static void del_write(void *l)
{
    want(l, 0, LOOP_WRITE);
}

static void cleanup(void *ctx)
{
    struct link *l = ctx;
    loop_fd_free(l->fd);
    l->fd = NULL;
    l->wanted = 0;
}

static int attach(struct link *l, redisAsyncContext *ac)
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
    /* Asks for the write event that tells of the connection. */
    (void)redisAsyncSetConnectCallback(ac, on_connect);
    return AM_OK;
}

static void connect_to(struct link *l, const char *numeric)
{
    redisAsyncContext *ac = redisAsyncConnect(numeric, atoi(l->target->port));
    l->state = LINK_CONNECTING;
    if (!ac || ac->err || attach(l, ac) != AM_OK) {
        log_warn("redis", "connect_failed", LOG_STR("link", l->name),
                 LOG_STR("host", l->target->host), LOG_STR("why", ac ? ac->errstr : "memory"));
        if (ac)
            redisAsyncFree(ac);
        closed(l);
        return;
    }
    l->connect_limit_us = clock_mono_us() + l->timeout_us;
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
    closed(l);
}

static void try_again(void *ctx)
{
    struct link *l = ctx;
    l->state = LINK_RESOLVING;
    loop_resolve(l->loop, l->target->host, l->target->port, on_resolved, l);
}

/* -- life ---------------------------------------------------------------------------------------- */

struct link *link_new(struct loop *loop, const char *name, const struct redis_target *target,
                      int64_t timeout_ms, const struct link_ops *ops)
{
    struct link *l = calloc(1, sizeof(*l));
    AM_ASSERT(l != NULL);
    l->magic = LINK_MAGIC;
    l->loop = loop;
    l->name = name;
    l->target = target;
    l->timeout_us = timeout_ms * US_PER_MS;
    l->ops = *ops;
    list_init(&l->pending);
    l->retry = loop_timer_new(loop, try_again, l);
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
        drop_soon(l);
}
