/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The timer engine: wakes at the next due instant, claims what is due from Redis (or, without it,
 * finds it in PostgreSQL) and fires it, a bounded number at once. A claimed member that gets lost
 * is found by the sweep a second later.
 */

#include <stdlib.h>

#include "assignment/engine.h"
#include "assignment/keys.h"
#include "assignment/parts.h"
#include "assignment/scripts.h"
#include "base/assert.h"
#include "base/log.h"
#include "base/metrics.h"

#define FIRING_MAX 256
#define BUSY_US (5 * US_PER_MS)
#define LOOK_US US_PER_S /* other replicas add timers too */
#define ARENA_BYTES (64u << 10)

static METRIC_DEFINE(fired_total, METRIC_COUNTER, "amends_assignment_clocks_fired_total",
                     "Clocks that breached or whose offer expired.");
static METRIC_DEFINE(stale_total, METRIC_COUNTER, "amends_assignment_clocks_stale_total",
                     "Timers whose clock had moved on.");
static METRIC_DEFINE(firing_gauge, METRIC_GAUGE, "amends_assignment_clocks_firing_count",
                     "Clocks being fired.");

struct timers {
    struct assignment *a;
    struct loop_timer *timer;
    int64_t next_due_us; /* INT64_MAX = none known */
    struct list firing;  /* of struct firing */
    size_t n_firing;
    int64_t grace_us; /* how long after its instant a clock found in PostgreSQL is fired */
    bool claiming;
    bool backlog; /* more is due than there was room for */
};

struct firing {
    struct list link;
    struct timers *t;
    struct timer_member member;
};

/* -- waking ------------------------------------------------------------------------------------ */

static void arm(struct timers *t)
{
    int64_t delay_us = LOOK_US;
    if (t->a->stopped)
        return;
    if (t->next_due_us != INT64_MAX && t->next_due_us - engine_now_us(t->a) < delay_us)
        delay_us = t->next_due_us - engine_now_us(t->a);
    loop_timer_start(t->timer, delay_us > 0 ? delay_us : 0);
}

void timers_hint(struct timers *t, int64_t due_us)
{
    if (due_us >= t->next_due_us)
        return;
    t->next_due_us = due_us;
    if (!t->claiming)
        arm(t);
}

static void wake(void *ctx)
{
    timers_run(ctx);
}

/* -- firing ------------------------------------------------------------------------------------ */

static void firing_end(struct firing *f)
{
    struct timers *t = f->t;
    list_remove(&f->link);
    free(f);
    t->n_firing--;
    metric_set(&firing_gauge, 0, (int64_t)t->n_firing);
    if (t->backlog && t->n_firing <= FIRING_MAX / 2) {
        t->backlog = false;
        loop_timer_start(t->timer, 0);
    }
}

/* Who leaves offers unanswered is not there, whatever presence says: the next ones go to others. */
static void find_absentee(struct assignment *a, const struct own *o, const struct firing *f)
{
    const Amends__V1__Case *c = (const Amends__V1__Case *)o->cmd.case_after;
    const struct tenant *tenant = tenants_by_id(a->service->tenants, f->member.tenant_id);
    int64_t seen_us = 0;
    const char *agent_id = c ? offer_absentee(c, &f->member.clock_id, &seen_us) : NULL;
    if (!agent_id || !tenant || a->stopped)
        return;
    struct own *gone = own_new(a, tenant, &stream_gone_kind);
    own_agent(gone, agent_id);
    gone->args.stream.seen_us = seen_us;
    own_submit(gone);
}

static void fired(struct own *o)
{
    struct firing *f = o->ctx;
    if (!fault_is_set(&o->cmd.fault)) {
        metric_add(&fired_total, 0, 1);
        find_absentee(o->a, o, f);
    } else if (o->cmd.fault.code == FAULT_FAILED_PRECONDITION)
        metric_add(&stale_total, 0, 1);
    firing_end(f);
}

static void fire_for(void *ctx, const struct tenant *tenant)
{
    struct firing *f = ctx;
    if (!tenant || f->t->a->stopped) {
        firing_end(f);
        return;
    }
    struct own *o = own_new(f->t->a, tenant, &fire_clock_kind);
    o->cmd.case_id = f->member.case_id;
    o->args.fire.clock_id = f->member.clock_id;
    o->args.fire.generation = f->member.generation;
    o->ended = fired;
    o->ctx = f;
    own_submit(o);
}

static bool is_firing(const struct timers *t, const struct timer_member *m)
{
    LIST_FOR_EACH (it, &t->firing) {
        const struct timer_member *f = &CONTAINER_OF(it, struct firing, link)->member;
        if (f->generation == m->generation && uuid_eq(&f->clock_id, &m->clock_id))
            return true;
    }
    return false;
}

size_t timers_room(const struct timers *t)
{
    return t->n_firing < FIRING_MAX ? FIRING_MAX - t->n_firing : 0;
}

void timers_fire(struct timers *t, const struct timer_member *m)
{
    if (is_firing(t, m))
        return;
    AM_ASSERT(timers_room(t) > 0);
    struct firing *f = calloc(1, sizeof(*f));
    AM_ASSERT(f != NULL);
    f->t = t;
    f->member = *m;
    list_push_back(&t->firing, &f->link);
    t->n_firing++;
    metric_set(&firing_gauge, 0, (int64_t)t->n_firing);
    tenant_by_id(t->a, m->tenant_id, fire_for, f);
}

/* -- from Redis -------------------------------------------------------------------------------- */

static void fire_member(struct timers *t, struct slice text)
{
    struct timer_member m;
    if (!text.data || member_timer_parse((const char *)text.data, &m.tenant_id, &m.case_id,
                                         &m.clock_id, &m.generation) != AM_OK)
        log_warn("assignment", "bad_timer_member");
    else if (timers_room(t) > 0)
        timers_fire(t, &m);
}

static void claimed(void *ctx, const struct redis_reply *reply)
{
    struct timers *t = ctx;
    int64_t next_ms = redis_reply_int(redis_reply_at(reply, 0));
    t->claiming = false;
    if (t->a->stopped)
        return;
    t->next_due_us = reply && next_ms >= 0 ? next_ms * US_PER_MS : INT64_MAX;
    for (size_t i = 1; i < redis_reply_count(reply); i++)
        fire_member(t, redis_reply_text(redis_reply_at(reply, i)));
    if (t->next_due_us <= engine_now_us(t->a) && timers_room(t) == 0) {
        t->backlog = true;
        t->next_due_us = INT64_MAX;
    }
    arm(t);
}

static void claim(struct timers *t)
{
    struct arena arena;
    struct redis_args args;
    arena_init(&arena, ARENA_BYTES);
    redis_args_init(&args, &arena);
    for (unsigned shard = 0; shard < KEY_TIMER_SHARDS; shard++)
        redis_arg(&args, key_timers(&arena, shard));
    redis_arg_int(&args, engine_now_us(t->a) / US_PER_MS);
    redis_arg_int(&args, (int64_t)timers_room(t));
    t->claiming = true;
    redis_eval(t->a->redis, SCRIPT_CLAIM, KEY_TIMER_SHARDS, &args, claimed, t);
    arena_free(&arena);
}

/* -- from PostgreSQL --------------------------------------------------------------------------- */

static void found_due(struct assignment *a, size_t found, int64_t next_due_us)
{
    struct timers *t = a->timers;
    const bool known = next_due_us > 0 && next_due_us < INT64_MAX;
    t->claiming = false;
    t->next_due_us = known ? next_due_us + t->grace_us : INT64_MAX;
    t->backlog = t->backlog || (found >= FIRING_MAX / 2 && t->n_firing > 0);
    arm(t);
}

/* Every replica looks; all but the one with the lease leave it a second, so that they do not fire
 * the same clocks. */
static void look(struct timers *t)
{
    t->grace_us = sweep_holder(t->a->sweep) ? 0 : US_PER_S;
    t->claiming = true; /* before the call: without a database the answer comes in it */
    if (due_run(t->a, engine_now_us(t->a) - t->grace_us, found_due))
        return;
    t->claiming = false;
    loop_timer_start(t->timer, BUSY_US); /* another look is under way */
}

void timers_run(struct timers *t)
{
    if (t->a->stopped || t->claiming)
        return;
    loop_timer_stop(t->timer);
    if (timers_room(t) == 0) {
        t->backlog = true;
        arm(t);
    } else if (redis_up(t->a->redis)) {
        claim(t);
    } else {
        look(t);
    }
}

bool timers_idle(const struct timers *t)
{
    return t->n_firing == 0;
}

/* -- life -------------------------------------------------------------------------------------- */

struct timers *timers_new(struct assignment *a)
{
    struct timers *t = calloc(1, sizeof(*t));
    AM_ASSERT(t != NULL);
    metric_register(&fired_total);
    metric_register(&stale_total);
    metric_register(&firing_gauge);
    t->a = a;
    t->next_due_us = INT64_MAX;
    list_init(&t->firing);
    t->timer = loop_timer_new(a->loop, wake, t);
    loop_timer_start(t->timer, 0);
    return t;
}

void timers_free(struct timers *t)
{
    if (!t)
        return;
    loop_timer_free(t->timer);
    LIST_FOR_EACH_SAFE (it, &t->firing)
        free(CONTAINER_OF(it, struct firing, link));
    free(t);
}
