/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The timer engine. Due clocks come from the timers in Redis (timer_queue.h) or, without Redis,
 * from PostgreSQL. Commands in ordinary segments fire them, a bounded number at a time. When a
 * claim gets lost, the sweep finds its clocks a second later. A clock that cannot be fired is put
 * back with a growing pause (engine/pauses.h), so that those behind it go on.
 */

#include <stdlib.h>

#include "assignment/engine/engine.h"
#include "assignment/timers/firing.h"
#include "base/assert.h"
#include "base/log.h"
#include "base/metrics.h"
#include "contract/reasons.h"
#include "contract/word.h"
#include "contract/words.h"

#define BUSY_US (5 * US_PER_MS)
#define RETRIES_MOST_US (300 * US_PER_S)
#define LOOK_US US_PER_S /* other replicas also add timers */

static METRIC_DEFINE(fired_total, METRIC_COUNTER, "amends_assignment_clocks_fired_total",
                     "Clocks that breached or whose offer expired.");
static METRIC_DEFINE(stale_total, METRIC_COUNTER, "amends_assignment_clocks_stale_total",
                     "Timers whose clock had moved on.");
static METRIC_DEFINE(firing_gauge, METRIC_GAUGE, "amends_assignment_clocks_firing",
                     "Clocks being fired.");
static METRIC_DEFINE(put_back_total, METRIC_COUNTER, "amends_assignment_clocks_put_back_total",
                     "Firings that failed because of their clock or case; it is tried later.");
static METRIC_DEFINE(stuck_gauge, METRIC_GAUGE, "amends_assignment_clocks_stuck",
                     "Due clocks that this replica could not fire so far.");

struct timers {
    struct assignment *a;
    struct timerq *queue;
    struct firings firings;
    struct pauses retries; /* by the clock's id */
    /* Without Redis: */
    struct loop_timer *timer;
    int64_t next_due_us; /* INT64_MAX = none known */
    int64_t grace_us;    /* fire a clock from PostgreSQL only so late */
    bool looking;
    bool backlog; /* more is due than there was room for */
};

/* -- firing ------------------------------------------------------------------------------------ */

static void show_firing(struct timers *t)
{
    metric_set(&firing_gauge, 0, (int64_t)t->firings.n);
}

static void firing_end(struct firing *f)
{
    struct timers *t = f->owner;
    firings_remove(&t->firings, f);
    show_firing(t);
    if (t->a->stopped || t->firings.n > FIRING_MAX / 2)
        return;
    timerq_resume(t->queue);
    if (t->backlog && !redis_up(t->a->redis))
        loop_timer_start(t->timer, 0);
    t->backlog = false;
}

/* An agent who leaves offers unanswered is absent, whatever presence says. The agent becomes AWAY,
 * and the next offers go to others. */
static void send_away(struct assignment *a, const struct firing *f, const struct absentee *absentee)
{
    const struct tenant *tenant = tenants_by_id(a->service->tenants, f->member.tenant_id);
    if (!absentee->agent_id || !tenant || a->stopped)
        return;
    struct engine_command *gone = engine_command_new(a, tenant, &stream_gone_kind);
    engine_command_agent(gone, absentee->agent_id);
    gone->args.stream = (struct stream_args){.seen_us = absentee->seen_us,
                                             .cause = PRESENCE_CAUSE_OFFERS_UNANSWERED};
    engine_command_submit(gone);
}

/* The timer is done: Redis may forget it. */
static void forget(struct timers *t, const struct firing *f)
{
    if (f->found)
        timerq_remove(t->queue, &f->member);
    else
        timerq_done(t->queue, &f->member);
}

/* Everything may be late when the database is away or overloaded. Then the clock stays claimed, and
 * is due again when the lease ends. */
static bool may_be_anybodys(const struct assignment *a, const struct fault *fault)
{
    switch (fault->code) {
    case FAULT_UNAVAILABLE:
        return fault->reason != ERROR_REASON_DATABASE_AWAY || !pg_up(a->service->pg);
    case FAULT_RESOURCE_EXHAUSTED:
        return fault->reason == ERROR_REASON_OVERLOADED;
    default:
        return fault->code == FAULT_DEADLINE_EXCEEDED;
    }
}

static struct paused_item retry_of(const struct timer_member *m)
{
    return (struct paused_item){.id = m->clock_id, .generation = m->generation};
}

static void tell_put_back(const struct timer_member *m, const struct paused *retry, int64_t now_us)
{
    char case_id[UUID_TEXT_LEN + 1], clock_id[UUID_TEXT_LEN + 1];
    log_warn("assignment", "clock_put_back", LOG_STR("case", uuid_format(&m->case_id, case_id)),
             LOG_STR("clock", uuid_format(&m->clock_id, clock_id)),
             LOG_INT("failures", retry->failures),
             LOG_STR("reason", contract_reason(retry->reason)),
             LOG_INT("again_in_s", (retry->until_us - now_us) / US_PER_S));
}

static void put_back(struct timers *t, const struct firing *f, const struct fault *fault)
{
    const int64_t now_us = engine_now_us(t->a);
    const struct paused_item item = retry_of(&f->member);
    pauses_expire(&t->retries, now_us);
    const struct paused *retry = pauses_failed(&t->retries, &item, fault->reason, now_us);
    metric_add(&put_back_total, 0, 1);
    timerq_put_back(t->queue, &f->member, retry->until_us);
    tell_put_back(&f->member, retry, now_us);
}

static void fired(struct engine_command *command)
{
    struct firing *f = command->ctx;
    struct timers *t = f->owner;
    const struct fault *fault = &command->sub.cmd.fault;
    const enum fault_code code = fault->code;
    if (code == FAULT_OK) {
        metric_add(&fired_total, 0, 1);
        send_away(command->a, f, &command->absentee);
    } else if (code == FAULT_FAILED_PRECONDITION) {
        metric_add(&stale_total, 0, 1);
    }
    if (code == FAULT_OK || code == FAULT_FAILED_PRECONDITION || code == FAULT_NOT_FOUND) {
        const struct paused_item item = retry_of(&f->member);
        pauses_done(&t->retries, &item);
        forget(t, f);
    } else if (!may_be_anybodys(command->a, fault) && !t->a->stopped) {
        put_back(t, f, fault);
    }
    metric_set(&stuck_gauge, 0, (int64_t)t->retries.n);
    firing_end(f);
}

static void fire_for(void *ctx, const struct tenant *tenant)
{
    struct firing *f = ctx;
    struct assignment *a = ((struct timers *)f->owner)->a;
    if (!tenant || a->stopped) {
        firing_end(f);
        return;
    }
    struct engine_command *command = engine_command_new(a, tenant, &fire_clock_kind);
    command->sub.cmd.case_id = f->member.case_id;
    command->args.fire.clock_id = f->member.clock_id;
    command->args.fire.generation = f->member.generation;
    command->args.fire.absentee = &command->absentee;
    command->ended = fired;
    command->ctx = f;
    engine_command_submit(command);
}

/* True when it failed and its pause is not over: another replica, or the sweep, gave it here. */
static bool waits_on(struct timers *t, const struct timer_member *m, bool found)
{
    const struct paused_item item = retry_of(m);
    const struct paused *retry = pauses_find(&t->retries, &item);
    if (!retry || retry->until_us <= engine_now_us(t->a))
        return false;
    if (!found)
        timerq_put_back(t->queue, m, retry->until_us);
    return true;
}

static bool fire_member(struct timers *t, const struct timer_member *m, bool found)
{
    struct firing *f = waits_on(t, m, found) ? NULL : firings_add(&t->firings, m, found);
    if (!f)
        return false;
    show_firing(t);
    tenant_by_id(t->a, m->tenant_id, fire_for, f);
    return true;
}

size_t timers_room(const struct timers *t)
{
    const size_t free = FIRING_MAX - t->firings.n;
    const size_t kept = redis_up(t->a->redis) ? FIRING_FOUND_MAX : FIRING_MAX;
    const size_t room = kept > t->firings.n_found ? kept - t->firings.n_found : 0;
    return room < free ? room : free;
}

size_t timers_firing(const struct timers *t)
{
    return t->firings.n;
}

bool timers_fire(struct timers *t, const struct timer_member *m)
{
    return timers_room(t) > 0 && fire_member(t, m, true);
}

/* -- from Redis -------------------------------------------------------------------------------- */

static size_t room(void *ctx)
{
    const struct timers *t = ctx;
    const size_t most = FIRING_MAX - FIRING_FOUND_MAX;
    const size_t claimed = t->firings.n - t->firings.n_found;
    const size_t free = FIRING_MAX - t->firings.n;
    const size_t room = claimed < most ? most - claimed : 0;
    return room < free ? room : free;
}

/* Fires what was claimed. When the sweep is already firing a clock, the end of that removes the
 * timer. */
static void take(void *ctx, const struct timer_member *members, size_t n)
{
    for (size_t i = 0; i < n; i++)
        (void)fire_member(ctx, &members[i], false);
}

static void lost(void *ctx)
{
    const struct timers *t = ctx;
    sweep_lost(t->a->sweep);
}

void timers_mark(struct timers *t)
{
    timerq_mark(t->queue);
}

/* -- from PostgreSQL --------------------------------------------------------------------------- */

static void arm_timer(struct timers *t)
{
    int64_t delay_us = LOOK_US;
    if (t->a->stopped)
        return;
    if (t->next_due_us != INT64_MAX && t->next_due_us - engine_now_us(t->a) < delay_us)
        delay_us = t->next_due_us - engine_now_us(t->a);
    loop_timer_start(t->timer, delay_us > 0 ? delay_us : 0);
}

/* Without Redis, a look is needed when this clock is due. */
static void hint_due(struct timers *t, int64_t due_us)
{
    if (redis_up(t->a->redis) || due_us >= t->next_due_us)
        return;
    t->next_due_us = due_us;
    if (!t->looking)
        arm_timer(t);
}

void timers_add(struct timers *t, const struct route_timer *timers, size_t n)
{
    timerq_add(t->queue, timers, n, engine_now_us(t->a) + HORIZON_US);
    for (size_t i = 0; i < n; i++)
        hint_due(t, timers[i].due_us);
}

static void found_due(struct assignment *a, size_t found, size_t fired_now, int64_t next_due_us)
{
    (void)fired_now;
    struct timers *t = a->timers;
    const bool known = next_due_us > 0 && next_due_us < INT64_MAX;
    t->looking = false;
    t->next_due_us = known ? next_due_us + t->grace_us : INT64_MAX;
    t->backlog = t->backlog || (found >= FIRING_MAX / 2 && t->firings.n > 0);
    arm_timer(t);
}

/* Every replica looks. The replica with the lease looks at once, and the others a second later, so
 * that they do not all fire the same clocks. */
static void look_for_due(struct timers *t)
{
    t->grace_us = sweep_holder(t->a->sweep) ? 0 : US_PER_S;
    t->looking = true; /* set before the call: without a database the answer comes in it */
    if (due_run(t->a, engine_now_us(t->a) - t->grace_us, found_due))
        return;
    t->looking = false;
    loop_timer_start(t->timer, BUSY_US); /* another look is under way */
}

static void run_without_redis(struct timers *t)
{
    if (t->looking)
        return;
    loop_timer_stop(t->timer);
    if (timers_room(t) > 0) {
        look_for_due(t);
        return;
    }
    t->backlog = true;
    arm_timer(t);
}

void timers_run(struct timers *t)
{
    if (t->a->stopped)
        return;
    if (redis_up(t->a->redis))
        timerq_run(t->queue);
    else
        run_without_redis(t);
}

static void look_again(void *ctx)
{
    struct timers *t = ctx;
    if (!redis_up(t->a->redis))
        timers_run(t); /* else the queue wakes by itself */
}

const char *timers_failure(const struct timers *t, const struct uuid *clock_id)
{
    const struct paused *retry = pauses_of(&t->retries, clock_id, 0);
    return retry ? contract_reason(retry->reason) : NULL;
}

bool timers_idle(const struct timers *t)
{
    return t->firings.n == 0;
}

/* -- life -------------------------------------------------------------------------------------- */

struct timers *timers_new(struct assignment *a)
{
    struct timers *t = calloc(1, sizeof(*t));
    AM_ASSERT(t != NULL);
    const struct timerq_ops ops = {.room = room, .take = take, .lost = lost, .ctx = t};
    metric_register(&fired_total);
    metric_register(&stale_total);
    metric_register(&firing_gauge);
    metric_register(&put_back_total);
    metric_register(&stuck_gauge);
    t->a = a;
    t->next_due_us = INT64_MAX;
    t->retries.most_us = RETRIES_MOST_US;
    firings_init(&t->firings, t);
    t->queue = timerq_new(a->loop, a->redis, a->replica, &ops);
    t->timer = loop_timer_new(a->loop, look_again, t);
    loop_timer_start(t->timer, 0);
    return t;
}

void timers_stop(struct timers *t)
{
    timerq_stop(t->queue);
}

void timers_free(struct timers *t)
{
    if (!t)
        return;
    timerq_free(t->queue);
    loop_timer_free(t->timer);
    free(t);
}
