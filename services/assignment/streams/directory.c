/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Knows which agents have a stream on any replica. A table has one row for each agent and replica;
 * the row is written every 10 s and lives for 30 s. An agent whose rows are all dead has no stream.
 * After the time that policy gives, such an agent becomes AWAY, unless presence was set meanwhile.
 * So neither Redis nor the process that had the stream is needed to notice it. Whoever writes the
 * row of an agent who became AWAY in this way makes that agent AVAILABLE again.
 */

#include <search.h>
#include <stdlib.h>

#include "assignment/engine/engine.h"
#include "base/assert.h"
#include "contract/words.h"

#define SEEN_US (10 * US_PER_S) /* how often the rows are written */
#define LIVE_US (30 * US_PER_S)
#define AGAIN_US (US_PER_S / 2) /* after a statement that failed */
#define SEEN_MAX 500            /* agents in one statement */
#define GONE_MAX 1000           /* agents looked at in one sweep */

struct news;

struct directory {
    struct assignment *a;
    struct loop_timer *timer, *again;
    void *waiting;                  /* tree of struct news: to be written */
    struct news *written[SEEN_MAX]; /* those in the present statement */
    size_t n_written;
    bool writing;
    bool sweeping;
    int64_t from_us, last_us;            /* rows that died since are looked at; the last one seen */
    int found;                           /* by the present sweep */
    void (*swept)(struct assignment *a); /* of the present sweep; may be NULL */
};

static int64_t shared_us(const struct directory *d)
{
    return time_shared_us(loop_time(d->a->loop));
}

/* -- AWAY -------------------------------------------------------------------------------------- */

/* An agent that is to become AWAY. */
struct leaving {
    struct directory *d;
    int64_t seen_us;
    int64_t tenant_id;
    char agent_id[];
};

static void streams_forgotten(struct engine_read *r, const struct fault *fault)
{
    (void)r;
    (void)fault; /* the next sweep tries again */
}

/* Rows that have died only: it may have a stream again. */
static void forget_streams(struct directory *d, int64_t tenant_id, const char *agent_id)
{
    struct engine_read *r = engine_read_new(d->a, tenant_id, NULL, streams_forgotten, NULL);
    struct pg_args *args = engine_read_add(r, STMT_STREAM_FORGET);
    pg_arg_int8(args, tenant_id);
    pg_arg_text(args, agent_id);
    pg_arg_time(args, shared_us(d));
    engine_read_start(r);
}

static void made_away(struct engine_command *command)
{
    struct leaving *l = command->ctx;
    const enum fault_code code = command->sub.cmd.fault.code;
    if (!command->a->stopped &&
        (code == FAULT_OK || code == FAULT_FAILED_PRECONDITION || code == FAULT_NOT_FOUND))
        forget_streams(l->d, l->tenant_id, l->agent_id);
    free(l);
}

static void make_away(void *ctx, const struct tenant *t)
{
    struct leaving *l = ctx;
    struct assignment *a = l->d->a;
    const struct policy *p =
        t ? tenants_policy(a->service->tenants, t->id, t->policy_version) : NULL;
    if (!p || a->stopped || engine_now_us(a) - l->seen_us < p->away_after_ms * US_PER_MS) {
        free(l);
        return;
    }
    struct engine_command *command = engine_command_new(a, t, &stream_gone_kind);
    engine_command_agent(command, l->agent_id);
    command->args.stream =
        (struct stream_args){.seen_us = l->seen_us, .cause = PRESENCE_CAUSE_STREAMS_GONE};
    command->ended = made_away;
    command->ctx = l;
    engine_command_submit(command);
}

static void maybe_leave(struct directory *d, int64_t tenant_id, const char *agent_id,
                        int64_t seen_us)
{
    const size_t len = strlen(agent_id) + 1;
    struct leaving *l = calloc(1, sizeof(*l) + len);
    AM_ASSERT(l != NULL);
    *l = (struct leaving){.d = d, .seen_us = seen_us, .tenant_id = tenant_id};
    memcpy(l->agent_id, agent_id, len);
    tenant_by_id(d->a, tenant_id, make_away, l);
}

/* -- back again -------------------------------------------------------------------------------- */

/* An agent with a stream whom the loss of streams had made AWAY. */
struct returning {
    struct directory *d;
    char agent_id[];
};

static void make_available(void *ctx, const struct tenant *t)
{
    struct returning *r = ctx;
    struct assignment *a = r->d->a;
    if (t && !a->stopped) {
        struct engine_command *command = engine_command_new(a, t, &stream_returned_kind);
        engine_command_agent(command, r->agent_id);
        engine_command_submit(command);
    }
    free(r);
}

static void returning_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct directory *d = ((struct engine_read *)pg->ctx)->ctx;
    (void)i;
    for (int row = 0; row < pg_rows_count(rows) && !d->a->stopped; row++) {
        const char *agent_id = pg_text(rows, row, 1);
        const size_t len = strlen(agent_id) + 1;
        struct returning *r = calloc(1, sizeof(*r) + len);
        AM_ASSERT(r != NULL);
        r->d = d;
        memcpy(r->agent_id, agent_id, len);
        tenant_by_id(d->a, pg_int(rows, row, 0), make_available, r);
    }
}

/* -- writing ----------------------------------------------------------------------------------- */

/* Only one statement is in flight, so that two of this process never wait for each other at a row.
 * Changes meanwhile wait; of each agent only the latest is kept. */

struct news {
    int64_t seen_us;
    bool live;
    int64_t tenant_id;
    char agent_id[];
};

static int compare(const void *a, const void *b)
{
    const struct news *x = a, *y = b;
    if (x->tenant_id != y->tenant_id)
        return x->tenant_id < y->tenant_id ? -1 : 1;
    return strcmp(x->agent_id, y->agent_id);
}

/* Takes the news over, unless there is newer news of the same agent. */
static void keep_news(struct directory *d, struct news *n, bool newer)
{
    struct news **known = tsearch(n, &d->waiting, compare);
    AM_ASSERT(known != NULL);
    if (*known == n)
        return;
    if (newer) {
        (*known)->seen_us = n->seen_us;
        (*known)->live = n->live;
    }
    free(n);
}

static void add_news(struct directory *d, int64_t tenant_id, const char *agent_id, bool live)
{
    const size_t len = strlen(agent_id) + 1;
    struct news *n = calloc(1, sizeof(*n) + len);
    AM_ASSERT(n != NULL);
    *n = (struct news){.seen_us = engine_now_us(d->a), .live = live, .tenant_id = tenant_id};
    memcpy(n->agent_id, agent_id, len);
    keep_news(d, n, true);
}

static void write_next(struct directory *d);

static void news_written(struct engine_read *r, const struct fault *fault)
{
    struct directory *d = r->ctx;
    const size_t n = d->n_written;
    d->n_written = 0;
    for (size_t i = 0; i < n; i++) {
        if (fault)
            keep_news(d, d->written[i], false);
        else
            free(d->written[i]);
    }
    d->writing = false;
    if (fault && !d->a->stopped)
        loop_timer_start(d->again, AGAIN_US);
    else
        write_next(d);
}

struct columns {
    struct pg_array tenants, agents, seen, live;
};

static void columns_init(struct columns *c, struct arena *arena)
{
    pg_array_init(&c->tenants, arena, PG_INT8, SEEN_MAX);
    pg_array_init(&c->agents, arena, PG_TEXT, SEEN_MAX);
    pg_array_init(&c->seen, arena, PG_TIMESTAMPTZ, SEEN_MAX);
    pg_array_init(&c->live, arena, PG_TIMESTAMPTZ, SEEN_MAX);
}

/* Moves some of what waits into the statement. */
static void take_news(struct directory *d, struct columns *c, int64_t now_us)
{
    for (size_t i = 0; i < SEEN_MAX && d->waiting; i++) {
        struct news *n = *(struct news **)d->waiting;
        (void)tdelete(n, &d->waiting, compare);
        d->written[d->n_written++] = n;
        pg_array_int(&c->tenants, n->tenant_id);
        pg_array_text(&c->agents, n->agent_id);
        pg_array_time(&c->seen, n->seen_us);
        pg_array_time(&c->live, n->live ? now_us + LIVE_US : now_us - LIVE_US);
    }
}

static void write_next(struct directory *d)
{
    struct columns c;
    if (d->writing || !d->waiting || d->a->stopped)
        return;
    const int64_t now_us = shared_us(d);
    struct engine_read *r = engine_read_new(d->a, 0, returning_rows, news_written, d);
    struct pg_args *args = engine_read_add(r, STMT_STREAM_SEEN);
    d->writing = true;
    columns_init(&c, &r->arena);
    take_news(d, &c, now_us);
    pg_arg_array(args, &c.tenants);
    pg_arg_array(args, &c.agents);
    pg_arg_array(args, &c.seen);
    pg_arg_array(args, &c.live);
    pg_arg_text(args, d->a->replica);
    pg_arg_time(args, now_us);
    engine_read_start(r);
}

static void write_again(void *ctx)
{
    write_next(ctx);
}

static void still_live(void *ctx, int64_t tenant_id, const char *agent_id)
{
    add_news(ctx, tenant_id, agent_id, true);
}

static void seen_again(void *ctx)
{
    struct directory *d = ctx;
    if (d->a->stopped)
        return;
    loop_timer_start(d->timer, SEEN_US);
    hub_each(d->a->hub, still_live, d);
    write_next(d);
}

void directory_opened(struct directory *d, const struct tenant *t, const char *agent_id)
{
    add_news(d, t->id, agent_id, true);
    write_next(d);
}

void directory_closed(struct directory *d, int64_t tenant_id, const char *agent_id)
{
    add_news(d, tenant_id, agent_id, false);
    write_next(d);
}

/* -- the sweep --------------------------------------------------------------------------------- */

static void gone_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct directory *d = ((struct engine_read *)pg->ctx)->ctx;
    (void)i;
    d->found = pg_rows_count(rows);
    for (int row = 0; row < d->found && !d->a->stopped; row++) {
        const int64_t died_us = pg_time_us(rows, row, 4);
        d->last_us = died_us > d->last_us ? died_us : d->last_us;
        const int64_t tenant_id = pg_int(rows, row, 0);
        if (pg_bool(rows, row, 3))
            forget_streams(d, tenant_id, pg_text(rows, row, 1));
        else
            maybe_leave(d, tenant_id, pg_text(rows, row, 1), pg_time_us(rows, row, 2));
    }
}

/* Agents who become AWAY only later must not hold up those behind them. So after a full sweep the
 * next one goes on behind it; after the last one the next begins anew. Rows that died at the same
 * instant as the last one are read again; when all rows of a full sweep have one instant, the next
 * begins after it. */
static void move_on(struct directory *d)
{
    if (d->found < GONE_MAX)
        d->from_us = 0;
    else
        d->from_us = d->last_us > d->from_us ? d->last_us : d->from_us + 1;
}

static void gone_end(struct engine_read *r, const struct fault *fault)
{
    struct directory *d = r->ctx;
    if (!fault)
        move_on(d);
    d->sweeping = false;
    if (d->swept)
        d->swept(d->a);
}

bool directory_sweep(struct directory *d, void (*done)(struct assignment *a))
{
    if (d->sweeping || d->writing || d->a->stopped)
        return false;
    struct engine_read *r = engine_read_new(d->a, 0, gone_rows, gone_end, d);
    struct pg_args *args = engine_read_add(r, STMT_STREAM_GONE);
    d->sweeping = true;
    d->swept = done;
    d->found = 0;
    d->last_us = 0;
    pg_arg_time(args, shared_us(d));
    pg_arg_int4(args, GONE_MAX);
    pg_arg_time(args, d->from_us);
    engine_read_start(r);
    return true;
}

/* -- life -------------------------------------------------------------------------------------- */

struct directory *directory_new(struct assignment *a)
{
    struct directory *d = calloc(1, sizeof(*d));
    AM_ASSERT(d != NULL);
    d->a = a;
    d->again = loop_timer_new(a->loop, write_again, d);
    d->timer = loop_timer_new(a->loop, seen_again, d);
    loop_timer_start(d->timer, SEEN_US);
    return d;
}

void directory_free(struct directory *d)
{
    if (!d)
        return;
    loop_timer_free(d->timer);
    loop_timer_free(d->again);
    tdestroy(d->waiting, free);
    free(d);
}
