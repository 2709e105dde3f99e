/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The streams of this process. The offers of every agent with a stream are read once a second,
 * whatever Redis says, and so is all else of those who watch their work (hub_work.c); a wake-up by
 * Redis reads them at once. One statement reads the offers of many agents.
 */

#include <search.h>
#include <stdlib.h>

#include "assignment/engine/engine.h"
#include "assignment/engine/keys.h"
#include "assignment/streams/hub_impl.h"
#include "base/assert.h"
#include "base/metrics.h"

#define TICK_US US_PER_S
#define BATCHES_MAX 4
#define OFFERS_MAX 1000 /* of one agent in one look */
/* A commit may become visible after a commit that was decided later, so each look reads again a
 * part of the time of the last one. */
#define OVERLAP_US (10 * US_PER_S)

static METRIC_DEFINE(streams_gauge, METRIC_GAUGE, "amends_assignment_offer_streams",
                     "Open streams of offers.");
static METRIC_DEFINE(looks_total, METRIC_COUNTER, "amends_assignment_offer_looks_total",
                     "Statements that read the offers of agents with streams.");

static int by_agent(const void *a, const void *b)
{
    const struct watched *x = a, *y = b;
    if (x->tenant_id != y->tenant_id)
        return x->tenant_id < y->tenant_id ? -1 : 1;
    return strcmp(x->agent_id, y->agent_id);
}

static struct watched *find_watched(struct hub *h, int64_t tenant_id, const char *agent_id)
{
    const struct watched key = {.tenant_id = tenant_id, .agent_id = (char *)(uintptr_t)agent_id};
    struct watched **found = tfind(&key, &h->by_agent, by_agent);
    return found ? *found : NULL;
}

static void make_due(struct watched *w)
{
    if (w->polling) {
        w->again = true;
        return;
    }
    if (!list_empty(&w->due))
        return;
    list_push_back(&w->hub->due, &w->due);
    loop_before_sleep(w->hub->a->loop, &w->hub->idle);
}

static void free_watched(struct watched *w)
{
    list_remove(&w->due);
    list_remove(&w->link);
    free(w->agent_id);
    free(w);
}

/* -- results ----------------------------------------------------------------------------------- */

static void take_row(const struct watched *w, const struct pg_rows *rows, int row)
{
    const struct offer_row o = {.tenant_id = w->tenant_id,
                                .case_id = pg_uuid(rows, row, 1),
                                .offer_id = pg_uuid(rows, row, 2),
                                .state = (int16_t)pg_int(rows, row, 3),
                                .generation = pg_int(rows, row, 4),
                                .weight = (int32_t)pg_int(rows, row, 5),
                                .pulled = pg_bool(rows, row, 6),
                                .created_at = pg_time_us(rows, row, 7),
                                .expires_at = pg_time_us(rows, row, 8),
                                .decided_at = pg_time_us(rows, row, 9)};
    LIST_FOR_EACH (it, &w->streams) {
        stream_merge(CONTAINER_OF(it, struct stream, link), &o);
    }
}

static void batch_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct batch *b = ((struct engine_read *)pg->ctx)->ctx;
    const bool keys = b->parts[i] == PART_KEYS;
    AM_ASSERT(i < b->n_parts);
    if (!keys && b->parts[i] != PART_OFFERS) {
        hub_work_rows(b, b->parts[i], rows);
        return;
    }
    for (int row = 0; row < pg_rows_count(rows); row++) {
        size_t ord = (size_t)pg_int(rows, row, 0) - 1;
        AM_ASSERT(ord < (keys ? b->n_keys : b->n));
        take_row(keys ? b->of_key[ord] : b->of[ord], rows, row);
    }
}

static void watched_ended(struct watched *w, int64_t now_us, bool ok)
{
    w->polling = false;
    hub_work_ended(w, now_us, ok);
    if (list_empty(&w->streams)) {
        free_watched(w);
        return;
    }
    if (ok) {
        w->since_us = now_us - OVERLAP_US;
        LIST_FOR_EACH_SAFE (it, &w->streams) {
            stream_known(CONTAINER_OF(it, struct stream, link));
        }
    }
    if (w->again)
        make_due(w);
    w->again = false;
}

static void start_batches(struct hub *h);

static void batch_ended(struct engine_read *r, const struct fault *fault)
{
    struct batch *b = r->ctx;
    struct hub *h = b->hub;
    for (size_t i = 0; i < b->n; i++)
        watched_ended(b->of[i], b->now_us, fault == NULL);
    h->batches--;
    if (!h->a->stopped && !fault)
        start_batches(h);
}

/* -- looks ------------------------------------------------------------------------------------- */

struct keys {
    struct batch *b;
    struct watched *w;
    struct arena *arena;
    struct pg_array tenants, cases, offers, agents;
    size_t cap;
};

static void add_key(void *ctx, const struct uuid *case_id, const struct uuid *offer_id)
{
    struct keys *k = ctx;
    struct batch *b = k->b;
    if (b->n_keys == k->cap) {
        struct watched **of_key = ARENA_ARRAY(k->arena, struct watched *, k->cap * 2);
        memcpy(of_key, b->of_key, b->n_keys * sizeof(struct watched *));
        b->of_key = of_key;
        k->cap *= 2;
    }
    b->of_key[b->n_keys++] = k->w;
    pg_array_int(&k->tenants, k->w->tenant_id);
    pg_array_uuid(&k->cases, case_id);
    pg_array_uuid(&k->offers, offer_id);
    pg_array_text(&k->agents, k->w->agent_id);
}

/* Pending offers that a stream has told of are also read by key: such an offer may end long after
 * it was made. */
static void ask_keys(struct engine_read *r, struct batch *b)
{
    struct keys k = {.b = b, .arena = &r->arena, .cap = BATCH_MAX};
    b->of_key = ARENA_ARRAY(&r->arena, struct watched *, k.cap);
    pg_array_init(&k.tenants, &r->arena, PG_INT8, k.cap);
    pg_array_init(&k.cases, &r->arena, PG_UUID, k.cap);
    pg_array_init(&k.offers, &r->arena, PG_UUID, k.cap);
    pg_array_init(&k.agents, &r->arena, PG_TEXT, k.cap);
    for (size_t i = 0; i < b->n; i++) {
        k.w = b->of[i];
        LIST_FOR_EACH (it, &k.w->streams) {
            stream_pending(CONTAINER_OF(it, struct stream, link), add_key, &k);
        }
    }
    if (b->n_keys == 0)
        return;
    struct pg_args *args = engine_read_add(r, STMT_OFFERS_KEYS);
    b->parts[b->n_parts++] = PART_KEYS;
    pg_arg_array(args, &k.tenants);
    pg_arg_array(args, &k.cases);
    pg_arg_array(args, &k.offers);
    pg_arg_array(args, &k.agents);
}

static void ask_agents(struct engine_read *r, struct batch *b)
{
    struct pg_args *args = engine_read_add(r, STMT_OFFERS);
    b->parts[b->n_parts++] = PART_OFFERS;
    struct pg_array tenants, agents, since;
    pg_array_init(&tenants, &r->arena, PG_INT8, b->n);
    pg_array_init(&agents, &r->arena, PG_TEXT, b->n);
    pg_array_init(&since, &r->arena, PG_TIMESTAMPTZ, b->n);
    for (size_t i = 0; i < b->n; i++) {
        pg_array_int(&tenants, b->of[i]->tenant_id);
        pg_array_text(&agents, b->of[i]->agent_id);
        pg_array_time(&since, b->of[i]->since_us);
    }
    pg_arg_array(args, &tenants);
    pg_arg_array(args, &agents);
    pg_arg_array(args, &since);
    pg_arg_int4(args, OFFERS_MAX);
}

static void take_due(struct hub *h, struct batch *b)
{
    struct list *link;
    while (b->n < BATCH_MAX && (link = list_pop_front(&h->due))) {
        struct watched *w = CONTAINER_OF(link, struct watched, due);
        w->polling = true;
        b->of[b->n++] = w;
        LIST_FOR_EACH (it, &w->streams) {
            stream_prune(CONTAINER_OF(it, struct stream, link), w->since_us);
        }
    }
}

static void start_batches(struct hub *h)
{
    while (h->batches < BATCHES_MAX && !list_empty(&h->due) && !h->a->stopped) {
        struct engine_read *r = engine_read_new(h->a, 0, batch_rows, batch_ended, NULL);
        struct batch *b = ARENA_NEW(&r->arena, struct batch);
        r->ctx = b;
        b->hub = h;
        b->now_us = engine_now_us(h->a);
        take_due(h, b);
        ask_agents(r, b);
        ask_keys(r, b);
        hub_work_ask(r, b);
        h->batches++;
        metric_add(&looks_total, 0, 1);
        engine_read_start(r);
    }
}

static void turn_ends(struct loop_idle *idle)
{
    start_batches(CONTAINER_OF(idle, struct hub, idle));
}

static void hub_tick(void *ctx)
{
    struct hub *h = ctx;
    if (h->a->stopped)
        return;
    LIST_FOR_EACH (it, &h->watched) {
        struct watched *w = CONTAINER_OF(it, struct watched, link);
        make_due(w);
        LIST_FOR_EACH (s, &w->streams) {
            stream_beat(CONTAINER_OF(s, struct stream, link));
        }
    }
    loop_timer_start(h->timer, TICK_US);
}

void hub_wake(struct hub *h, int64_t tenant_id, const char *agent_id)
{
    struct watched *w = find_watched(h, tenant_id, agent_id);
    if (w)
        make_due(w);
}

void hub_each(struct hub *h, void (*each)(void *ctx, int64_t tenant_id, const char *agent_id),
              void *ctx)
{
    LIST_FOR_EACH (it, &h->watched) {
        const struct watched *w = CONTAINER_OF(it, struct watched, link);
        if (!list_empty(&w->streams))
            each(ctx, w->tenant_id, w->agent_id);
    }
}

/* -- streams ----------------------------------------------------------------------------------- */

static void stream_gone(struct stream *s, void *ctx)
{
    struct watched *w = ctx;
    struct hub *h = w->hub;
    list_remove(&s->link);
    if (list_empty(&w->streams))
        directory_closed(h->a->directory, w->tenant_id, w->agent_id);
    metric_add(&streams_gauge, 0, -1); /* last: whoever sees it finds the end noted */
    if (!list_empty(&w->streams))
        return;
    tdelete(w, &h->by_agent, by_agent);
    if (!w->polling)
        free_watched(w);
}

static struct watched *watched_new(struct hub *h, const struct tenant *t, const char *agent_id)
{
    struct watched *w = calloc(1, sizeof(*w));
    AM_ASSERT(w != NULL);
    w->hub = h;
    w->tenant_id = t->id;
    w->tenant = t;
    w->agent_id = strdup(agent_id);
    AM_ASSERT(w->agent_id != NULL);
    w->since_us = engine_now_us(h->a) - OVERLAP_US;
    list_init(&w->streams);
    list_init(&w->due);
    list_push_back(&h->watched, &w->link);
    AM_ASSERT(tsearch(w, &h->by_agent, by_agent) != NULL);
    return w;
}

void hub_open(struct hub *h, struct rpc_call *call, const struct tenant *t, const char *agent_id,
              const struct stream_start *start)
{
    struct watched *w = find_watched(h, t->id, agent_id);
    if (!w)
        w = watched_new(h, t, agent_id);
    struct stream *s = stream_open(h->a, call, t, agent_id, start, stream_gone, w);
    list_push_back(&w->streams, &s->link);
    metric_add(&streams_gauge, 0, 1);
    directory_opened(h->a->directory, t, agent_id);
    make_due(w);
}

/* -- life -------------------------------------------------------------------------------------- */

struct hub *hub_new(struct assignment *a)
{
    struct hub *h = calloc(1, sizeof(*h));
    AM_ASSERT(h != NULL);
    metric_register(&streams_gauge);
    metric_register(&looks_total);
    h->a = a;
    h->idle.run = turn_ends;
    list_init(&h->watched);
    list_init(&h->due);
    h->timer = loop_timer_new(a->loop, hub_tick, h);
    loop_timer_start(h->timer, TICK_US);
    return h;
}

/* The drain has closed every stream before this. */
void hub_free(struct hub *h)
{
    if (!h)
        return;
    loop_timer_free(h->timer);
    LIST_FOR_EACH_SAFE (it, &h->watched) {
        struct watched *w = CONTAINER_OF(it, struct watched, link);
        tdelete(w, &h->by_agent, by_agent);
        free_watched(w);
    }
    free(h);
}
