/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Which agents have a stream anywhere: in Redis, as sets of replicas that live 30 s, and in one
 * list of agents by when they were last seen. An agent in that list without a set has no stream:
 * after the time policy says it becomes AWAY, unless presence was set in between. Without Redis
 * only the streams of this process are known; that another process has one is seen by presence_at,
 * which whoever has a stream then moves as often as it would write Redis.
 */

#include <stdlib.h>

#include "assignment/engine.h"
#include "assignment/keys.h"
#include "assignment/scripts.h"
#include "base/assert.h"

#define SEEN_US (10 * US_PER_S) /* how often streams are written */
#define TTL_MS 30000
#define SEEN_MAX 500  /* agents in one call */
#define GONE_MAX 1000 /* agents looked at in one sweep */
#define ARENA_BYTES (1u << 20)

/* Without Redis: an agent whose last stream here closed. */
struct local {
    struct list link;
    int32_t tenant_id;
    int64_t closed_us;
    char agent_id[];
};

struct directory {
    struct assignment *a;
    struct loop_timer *timer;
    struct list locals;
    int64_t touched_us; /* without Redis: when presence_at was moved for all streams */
    bool sweeping;
};

/* An agent that is to become AWAY. */
struct leaving {
    struct directory *d;
    int64_t seen_us;
    int64_t seen_ms; /* the score in Redis */
    int32_t tenant_id;
    char agent_id[];
};

/* -- AWAY -------------------------------------------------------------------------------------- */

static void locals_remove(struct directory *d, int32_t tenant_id, const char *agent_id);

static void forget(const struct leaving *l)
{
    struct arena arena;
    struct redis_args args;
    if (!engine_has_redis(l->d->a)) {
        locals_remove(l->d, l->tenant_id, l->agent_id);
        return;
    }
    arena_init(&arena, ARENA_BYTES);
    redis_args_init(&args, &arena);
    redis_arg(&args, KEY_WATCHED);
    redis_arg(&args, member_agent(&arena, l->tenant_id, l->agent_id));
    redis_arg_int(&args, l->seen_ms);
    redis_eval(l->d->a->redis, SCRIPT_FORGET, 1, &args, NULL, NULL);
    arena_free(&arena);
}

static void left(struct own *o)
{
    struct leaving *l = o->ctx;
    const enum fault_code code = o->cmd.fault.code;
    if (code == FAULT_OK || code == FAULT_FAILED_PRECONDITION || code == FAULT_NOT_FOUND)
        forget(l);
    free(l);
}

static void leave(void *ctx, const struct tenant *t)
{
    struct leaving *l = ctx;
    struct assignment *a = l->d->a;
    const struct policy *p =
        t ? tenants_policy(a->service->tenants, t->id, t->policy_version) : NULL;
    if (!p || a->stopped || engine_now_us(a) - l->seen_us < p->away_after_ms * US_PER_MS) {
        free(l);
        return;
    }
    struct own *o = own_new(a, t, &stream_gone_kind);
    own_agent(o, l->agent_id);
    o->args.stream.seen_us = l->seen_us;
    o->ended = left;
    o->ctx = l;
    own_submit(o);
}

static void maybe_leave(struct directory *d, int32_t tenant_id, const char *agent_id,
                        int64_t seen_us)
{
    const size_t len = strlen(agent_id) + 1;
    struct leaving *l = calloc(1, sizeof(*l) + len);
    AM_ASSERT(l != NULL);
    *l = (struct leaving){
        .d = d, .seen_us = seen_us, .seen_ms = seen_us / US_PER_MS, .tenant_id = tenant_id};
    memcpy(l->agent_id, agent_id, len);
    tenant_by_id(d->a, tenant_id, leave, l);
}

/* -- without Redis ----------------------------------------------------------------------------- */

static void locals_remove(struct directory *d, int32_t tenant_id, const char *agent_id)
{
    LIST_FOR_EACH_SAFE (it, &d->locals) {
        struct local *l = CONTAINER_OF(it, struct local, link);
        if (l->tenant_id == tenant_id && strcmp(l->agent_id, agent_id) == 0) {
            list_remove(&l->link);
            free(l);
        }
    }
}

static void locals_add(struct directory *d, int32_t tenant_id, const char *agent_id)
{
    const size_t len = strlen(agent_id) + 1;
    struct local *l = calloc(1, sizeof(*l) + len);
    AM_ASSERT(l != NULL);
    l->tenant_id = tenant_id;
    l->closed_us = engine_now_us(d->a);
    memcpy(l->agent_id, agent_id, len);
    list_push_back(&d->locals, &l->link);
}

/* presence_at tells other processes that the agent has a stream. */
static void touch_presence(struct directory *d, const struct tenant *t, const char *agent_id)
{
    struct own *o = own_new(d->a, t, &stream_opened_kind);
    own_agent(o, agent_id);
    own_submit(o);
}

static void touch_again(void *ctx, int32_t tenant_id, const char *agent_id)
{
    struct directory *d = ctx;
    const struct tenant *t = tenants_by_id(d->a->service->tenants, tenant_id);
    if (t)
        touch_presence(d, t, agent_id);
}

static void touch_all(struct directory *d)
{
    const int64_t now_us = engine_now_us(d->a);
    if (now_us - d->touched_us < SEEN_US)
        return;
    d->touched_us = now_us;
    hub_each(d->a->hub, touch_again, d);
}

static void locals_sweep(struct directory *d)
{
    LIST_FOR_EACH_SAFE (it, &d->locals) {
        struct local *l = CONTAINER_OF(it, struct local, link);
        maybe_leave(d, l->tenant_id, l->agent_id, l->closed_us);
    }
}

/* -- in Redis ---------------------------------------------------------------------------------- */

struct writing {
    struct directory *d;
    struct arena arena;
    struct redis_args args;
    size_t n;
};

static void writing_begin(struct writing *w)
{
    arena_init(&w->arena, ARENA_BYTES);
    redis_args_init(&w->args, &w->arena);
    w->n = 0;
    redis_arg(&w->args, KEY_WATCHED);
    redis_arg(&w->args, KEY_STREAMS_PREFIX);
    redis_arg(&w->args, w->d->a->replica);
    redis_arg_int(&w->args, engine_now_us(w->d->a) / US_PER_MS);
}

static void writing_end(struct writing *w, enum script script)
{
    if (w->n > 0)
        redis_eval(w->d->a->redis, script, 1, &w->args, NULL, NULL);
    arena_free(&w->arena);
}

static void write_seen(void *ctx, int32_t tenant_id, const char *agent_id)
{
    struct writing *w = ctx;
    if (w->n == SEEN_MAX) {
        writing_end(w, SCRIPT_SEEN);
        writing_begin(w);
    }
    if (w->n == 0)
        redis_arg_int(&w->args, TTL_MS);
    redis_arg(&w->args, member_agent(&w->arena, tenant_id, agent_id));
    w->n++;
}

static void seen_again(void *ctx)
{
    struct directory *d = ctx;
    struct writing w = {.d = d};
    if (d->a->stopped)
        return;
    loop_timer_start(d->timer, SEEN_US);
    if (!engine_has_redis(d->a))
        return;
    writing_begin(&w);
    hub_each(d->a->hub, write_seen, &w);
    writing_end(&w, SCRIPT_SEEN);
}

void directory_opened(struct directory *d, const struct tenant *t, const char *agent_id)
{
    struct writing w = {.d = d};
    if (!engine_has_redis(d->a)) {
        locals_remove(d, t->id, agent_id);
        touch_presence(d, t, agent_id);
        return;
    }
    writing_begin(&w);
    write_seen(&w, t->id, agent_id);
    writing_end(&w, SCRIPT_SEEN);
}

void directory_closed(struct directory *d, int32_t tenant_id, const char *agent_id)
{
    struct writing w = {.d = d};
    if (!engine_has_redis(d->a)) {
        locals_remove(d, tenant_id, agent_id);
        locals_add(d, tenant_id, agent_id);
        return;
    }
    writing_begin(&w);
    redis_arg(&w.args, member_agent(&w.arena, tenant_id, agent_id));
    w.n = 1;
    writing_end(&w, SCRIPT_CLOSED);
}

/* -- the sweep --------------------------------------------------------------------------------- */

struct sweeping {
    struct directory *d;
    void (*done)(struct assignment *a);
};

static void gone(void *ctx, const struct redis_reply *reply)
{
    struct sweeping *s = ctx;
    struct directory *d = s->d;
    d->sweeping = false;
    for (size_t i = 0; i + 1 < redis_reply_count(reply) && !d->a->stopped; i += 2) {
        struct slice text = redis_reply_text(redis_reply_at(reply, i));
        int64_t seen_ms = redis_reply_int(redis_reply_at(reply, i + 1));
        int32_t tenant_id;
        const char *agent_id;
        if (text.data &&
            member_agent_parse((const char *)text.data, &tenant_id, &agent_id) == AM_OK)
            maybe_leave(d, tenant_id, agent_id, seen_ms * US_PER_MS);
    }
    if (s->done)
        s->done(d->a);
    free(s);
}

static void ask_gone(struct directory *d, struct sweeping *s)
{
    struct arena arena;
    struct redis_args args;
    const int64_t now_ms = engine_now_us(d->a) / US_PER_MS;
    arena_init(&arena, ARENA_BYTES);
    redis_args_init(&args, &arena);
    redis_arg(&args, KEY_WATCHED);
    redis_arg(&args, KEY_STREAMS_PREFIX);
    redis_arg_int(&args, now_ms - SEEN_US / US_PER_MS);
    redis_arg_int(&args, now_ms);
    redis_arg_int(&args, GONE_MAX);
    redis_eval(d->a->redis, SCRIPT_GONE, 1, &args, gone, s);
    arena_free(&arena);
}

void directory_sweep(struct directory *d, void (*done)(struct assignment *a))
{
    if (!engine_has_redis(d->a)) {
        touch_all(d);
        locals_sweep(d);
    }
    if (!redis_up(d->a->redis) || d->sweeping) {
        if (done)
            done(d->a);
        return;
    }
    struct sweeping *s = calloc(1, sizeof(*s));
    AM_ASSERT(s != NULL);
    *s = (struct sweeping){.d = d, .done = done};
    d->sweeping = true;
    ask_gone(d, s);
}

/* -- life -------------------------------------------------------------------------------------- */

struct directory *directory_new(struct assignment *a)
{
    struct directory *d = calloc(1, sizeof(*d));
    AM_ASSERT(d != NULL);
    d->a = a;
    list_init(&d->locals);
    d->timer = loop_timer_new(a->loop, seen_again, d);
    loop_timer_start(d->timer, SEEN_US);
    return d;
}

void directory_free(struct directory *d)
{
    if (!d)
        return;
    loop_timer_free(d->timer);
    LIST_FOR_EACH_SAFE (it, &d->locals)
        free(CONTAINER_OF(it, struct local, link));
    free(d);
}
