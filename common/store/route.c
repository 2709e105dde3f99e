/* SPDX-License-Identifier: Apache-2.0 */

/* What others should hear of after a commit. All of it is a hint: the sweeps find what is lost. */

#include <string.h>

#include "contract/statuses.h"
#include "store/impl.h"

struct routing {
    struct route out;
    struct arena *arena;
};

/* -- queue ------------------------------------------------------------------------------------ */

static void queue_add(struct routing *r, const struct queue_row *q, bool removed)
{
    r->out.queue[r->out.n_queue++] = (struct route_queue){
        .tenant_id = q->tenant_id,
        .case_id = q->case_id,
        .level = q->level,
        .signature = q->signature,
        .score_ms = q->score_ms,
        .generation = q->generation,
        .removed = removed,
    };
}

static bool same_member(const struct queue_row *a, const struct queue_row *b)
{
    return a->level == b->level && a->generation == b->generation &&
           strcmp(a->signature, b->signature) == 0;
}

/* At level 0 an offer stands: nobody else is to find the case. */
static bool in_a_queue(const struct queue_row *q)
{
    return q->level > 0 && q->row.change != ROW_GONE;
}

/* The member as it was is void unless the item kept all that names it. */
static void route_queue(struct routing *r, const struct seg_part *p)
{
    const struct queue_row *was = &p->was_queue;
    bool void_now = !uuid_is_zero(&was->case_id) && was->level > 0, touched = false;
    ROWS_EACH (q, struct queue_row, &p->c->queue) {
        if (q->row.change == ROW_SAME)
            continue;
        touched = true;
        if (!in_a_queue(q))
            continue;
        queue_add(r, q, false);
        void_now = void_now && !same_member(q, was);
    }
    if (touched && void_now)
        queue_add(r, was, true);
}

/* -- timers ----------------------------------------------------------------------------------- */

static void route_timers(struct routing *r, const struct seg_part *p)
{
    ROWS_EACH (k, struct clock_row, &p->c->clocks) {
        if (k->row.change == ROW_SAME || k->next_at == 0)
            continue;
        r->out.timers[r->out.n_timers++] = (struct route_timer){
            .tenant_id = k->tenant_id,
            .case_id = k->case_id,
            .clock_id = k->clock_id,
            .generation = k->generation,
            .due_us = k->next_at,
            .kind = k->kind,
        };
    }
}

/* -- agents ----------------------------------------------------------------------------------- */

static void agent_add(struct routing *r, int64_t tenant_id, const char *id, bool offers, bool room)
{
    for (size_t i = 0; i < r->out.n_agents; i++) {
        struct route_agent *a = &r->out.agents[i];
        if (a->tenant_id == tenant_id && strcmp(a->agent_id, id) == 0) {
            a->offers_changed = a->offers_changed || offers;
            a->room = a->room || room;
            return;
        }
    }
    r->out.agents[r->out.n_agents++] = (struct route_agent){
        .tenant_id = tenant_id, .agent_id = id, .offers_changed = offers, .room = room};
}

/* As the statements say that count an agent's cases. */
static bool counts(int owner_kind, int status)
{
    return owner_kind == OWNER_KIND_AGENT && status_is_counted(status);
}

/* The agent whose case does not count any more has room. */
static void route_freed(struct routing *r, const struct seg_part *p)
{
    const struct case_row *now = &p->c->row;
    if (!p->was_owner_id || !counts(p->was_owner_kind, p->was_status))
        return;
    if (!counts(now->owner_kind, now->status) || strcmp(now->owner_id, p->was_owner_id) != 0)
        agent_add(r, now->tenant_id, p->was_owner_id, false, true);
}

/* An offer that ended without being accepted gives its weight back. */
static void route_offers(struct routing *r, const struct seg_part *p)
{
    ROWS_EACH (o, struct offer_row, &p->c->offers) {
        if (o->row.change == ROW_SAME)
            continue;
        bool held = o->state == AMENDS__V1__OFFER_STATE__OFFER_STATE_PENDING ||
                    o->state == AMENDS__V1__OFFER_STATE__OFFER_STATE_ACCEPTED;
        agent_add(r, o->tenant_id, o->agent_id, true, !held);
    }
}

static void route_agent_row(struct routing *r, const struct agent_row *a)
{
    bool room = a->presence == AMENDS__V1__PRESENCE__PRESENCE_AVAILABLE;
    if (a->row.change != ROW_SAME)
        agent_add(r, a->tenant_id, a->agent_id, true, room);
}

static bool is_told(const struct case_state *c, const char *agent_id)
{
    ROWS_EACH (n, const struct notification_row, &c->notifications)
        if (strcmp(n->recipient, agent_id) == 0)
            return true;
    return false;
}

/* The streams of an agent who is told something of an own case, got it or lost it. Of others who
 * are told, the next look at their notifications finds it. */
static void route_concerned(struct routing *r, const struct seg_part *p)
{
    const struct case_row *now = &p->c->row;
    const char *was = p->was_owner_id ? p->was_owner_id : "";
    const bool moved = strcmp(was, now->owner_id) != 0;
    if (now->owner_kind == OWNER_KIND_AGENT && (moved || is_told(p->c, now->owner_id)))
        agent_add(r, now->tenant_id, now->owner_id, true, false);
    if (p->was_owner_kind == OWNER_KIND_AGENT && moved)
        agent_add(r, now->tenant_id, was, true, false);
}

static void route_agents(struct routing *r, const struct seg_part *p)
{
    ROWS_EACH (a, struct agent_row, &p->d.agents_out) {
        route_agent_row(r, a);
    }
    if (p->d.agent)
        route_agent_row(r, p->d.agent);
    if (!p->c)
        return;
    route_freed(r, p);
    route_offers(r, p);
    route_concerned(r, p);
}

/* -- feeds ------------------------------------------------------------------------------------ */

static bool has_new_event(const struct seg_part *p)
{
    ROWS_EACH (e, struct event_row, &p->c->events) {
        if (e->row.change != ROW_SAME)
            return true;
    }
    return false;
}

static void feed_add(struct routing *r, int64_t tenant_id)
{
    for (size_t i = 0; i < r->out.n_feeds; i++)
        if (r->out.feeds[i] == tenant_id)
            return;
    r->out.feeds[r->out.n_feeds++] = tenant_id;
}

/* -- all -------------------------------------------------------------------------------------- */

/* Room for the most that the parts can say. */
static void routing_init(struct routing *r, struct pg_seg *seg)
{
    size_t queue = 0, timers = 0, agents = 0;
    for (size_t i = 0; i < seg->n; i++) {
        const struct seg_part *p = seg_part_of(seg->user, seg->cmds[i]);
        agents += p->d.agents_out.n + 2;
        if (!p->c)
            continue;
        queue += p->c->queue.n + 1;
        timers += p->c->clocks.n;
        agents += p->c->offers.n + 2;
    }
    *r = (struct routing){.arena = seg->arena};
    r->out.queue = ARENA_ARRAY(seg->arena, struct route_queue, queue);
    r->out.timers = ARENA_ARRAY(seg->arena, struct route_timer, timers);
    r->out.agents = ARENA_ARRAY(seg->arena, struct route_agent, agents);
    r->out.feeds = ARENA_ARRAY(seg->arena, int64_t, seg->n);
}

void store_seg_committed(void *ctx, struct pg_seg *seg)
{
    struct store *s = ctx;
    struct routing r;
    routing_init(&r, seg);
    for (size_t i = 0; i < seg->n; i++) {
        const struct seg_part *p = seg_part_of(seg->user, seg->cmds[i]);
        if (p->c) {
            route_queue(&r, p);
            route_timers(&r, p);
            if (has_new_event(p))
                feed_add(&r, p->c->row.tenant_id);
        }
        route_agents(&r, p);
    }
    if (s->route && r.out.n_queue + r.out.n_timers + r.out.n_agents + r.out.n_feeds > 0)
        s->route(s->ctx, &r.out);
}
