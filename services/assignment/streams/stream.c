/* SPDX-License-Identifier: Apache-2.0 */

#include "assignment/streams/resume.h"
#include "assignment/streams/resume_sign.h"
#include "assignment/streams/stream.h"

#include <stdlib.h>

#include "amends/v1/assignment_service.pb-c.h"
#include "base/assert.h"
#include "case/message/message.h"
#include "contract/words.h"
#include "shared/show.h"

#define ARENA_BYTES (64u << 20) /* a case with all its parts; memory is taken as needed */
#define READ_US (2 * US_PER_S)
#define SEEN_FIRST 8

struct seen {
    struct offer_row row;
    int16_t told; /* the state the client knows; 0 = none */
};

/* -- what is known ----------------------------------------------------------------------------- */

static struct seen *find_seen(struct stream *s, const struct uuid *offer_id)
{
    for (size_t i = 0; i < s->n_seen; i++) {
        if (uuid_eq(&s->seen[i].row.offer_id, offer_id))
            return &s->seen[i];
    }
    return NULL;
}

static struct seen *add_seen(struct stream *s)
{
    if (s->n_seen == s->cap_seen) {
        s->cap_seen = s->cap_seen ? s->cap_seen * 2 : SEEN_FIRST;
        s->seen = reallocarray(s->seen, s->cap_seen, sizeof(*s->seen));
        AM_ASSERT(s->seen != NULL);
    }
    return &s->seen[s->n_seen++];
}

/* An offer ends only once. So a row that says PENDING, although the offer was seen ended, is an old
 * one. An offer that had ended before the snapshot is no change to tell. */
void stream_merge(struct stream *s, const struct offer_row *row)
{
    struct seen *e = find_seen(s, &row->offer_id);
    const bool known = e != NULL;
    if (known && (row->state == OFFER_STATE_PENDING || e->row.state != OFFER_STATE_PENDING))
        return;
    if (!known)
        e = add_seen(s);
    int16_t told = known ? e->told : 0;
    if (!s->snapshot_known && row->state != OFFER_STATE_PENDING && told != OFFER_STATE_PENDING)
        told = row->state;
    e->row = *row;
    e->row.agent_id = s->agent_id;
    e->row.decline_reason = "";
    e->told = told;
}

void stream_prune(struct stream *s, int64_t made_before_us)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->n_seen; i++) {
        const struct seen *e = &s->seen[i];
        if (e->row.state == OFFER_STATE_PENDING || e->told != e->row.state ||
            e->row.created_at >= made_before_us)
            s->seen[kept++] = *e;
    }
    s->n_seen = kept;
}

void stream_pending(const struct stream *s,
                    void (*each)(void *ctx, const struct uuid *case_id,
                                 const struct uuid *offer_id),
                    void *ctx)
{
    for (size_t i = 0; i < s->n_seen; i++) {
        if (s->seen[i].row.state == OFFER_STATE_PENDING)
            each(ctx, &s->seen[i].row.case_id, &s->seen[i].row.offer_id);
    }
}

/* -- the resume token -------------------------------------------------------------------------- */

static char *write_token(const struct stream *s, struct arena *arena)
{
    struct resume_offer told[RESUME_OFFERS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < s->n_seen && n < RESUME_OFFERS_MAX; i++) {
        const struct seen *e = &s->seen[i];
        if (e->told == OFFER_STATE_PENDING)
            told[n++] = (struct resume_offer){e->row.case_id, e->row.offer_id};
    }
    const struct resume_owner owner = {
        .service = s->a->service, .tenant_id = s->tenant_id, .agent_id = s->agent_id};
    return resume_sign(arena, &owner, resume_write(arena, told, n));
}

/* What the client was told before. The first look finds out what became of it. */
static void take_token(struct stream *s, const char *token)
{
    struct resume_offer told[RESUME_OFFERS_MAX];
    const size_t n = resume_read(token, told);
    for (size_t i = 0; i < n; i++) {
        struct seen *e = add_seen(s);
        *e = (struct seen){.told = OFFER_STATE_PENDING};
        e->row = (struct offer_row){.case_id = told[i].case_id,
                                    .offer_id = told[i].offer_id,
                                    .state = OFFER_STATE_PENDING,
                                    .agent_id = s->agent_id,
                                    .decline_reason = ""};
    }
}

/* -- sending ----------------------------------------------------------------------------------- */

static void send_message(struct stream *s, Amends__V1__WatchOffersResponse *m)
{
    m->server_time = message_time(engine_now_us(s->a), &s->arena);
    m->resume_token = write_token(s, &s->arena);
    s->next_beat_us = time_mono_us() + s->heartbeat_us;
    rpc_stream_send(s->call, &m->base);
    arena_reset(&s->arena);
}

static bool may_show(struct stream *s, Amends__V1__WatchOffersResponse *m)
{
    struct fault fault;
    fault_init(&fault, &s->arena);
    return show_personal(s->a->service, s->call, s->tenant_id, &m->base, NULL, false, &s->arena,
                         &fault);
}

static void send_offer(struct stream *s, struct seen *e, Amends__V1__Case *c)
{
    Amends__V1__WatchOffersResponse m = AMENDS__V1__WATCH_OFFERS_RESPONSE__INIT;
    m.offer = message_offer(&e->row, &s->arena);
    m.case_ = e->row.state == OFFER_STATE_PENDING ? c : NULL;
    AM_ASSERT(m.offer != NULL);
    if (!may_show(s, &m))
        m.case_ = NULL; /* GetCase shows it, when it can be recorded again */
    e->told = e->row.state;
    send_message(s, &m);
}

static void send_next(struct stream *s);

static void free_stream(struct stream *s)
{
    arena_free(&s->arena);
    free(s->seen);
    free(s);
}

static void case_read(struct store_read *r)
{
    struct stream *s = r->ctx;
    struct seen *e = find_seen(s, &s->reading_offer);
    s->reading = false;
    if (s->closed) {
        free_stream(s);
        return;
    }
    if (rpc_stream_busy(s->call) || !e || e->told == e->row.state || fault_is_set(&r->fault)) {
        arena_reset(&s->arena); /* a failed read is repeated after the next look */
        return;
    }
    bool exists = r->n_cases == 1 && r->cases[0].exists;
    send_offer(s, e, exists ? message_case(&r->cases[0], false, &s->arena) : NULL);
}

static void read_case(struct stream *s, const struct seen *e)
{
    s->reading = true;
    s->reading_offer = e->row.offer_id;
    s->read = (struct store_read){.arena = &s->arena,
                                  .tenant_id = s->tenant_id,
                                  .tenant = s->tenant,
                                  .deadline_us = time_mono_us() + READ_US,
                                  .done = case_read,
                                  .ctx = s};
    store_read_cases(s->a->service->store, &s->read, &e->row.case_id, 1, CASE_ROW);
}

/* Only one message is in flight. The end of each asks for the next. */
static void send_next(struct stream *s)
{
    if (s->closed || s->reading || !s->snapshot_known || rpc_stream_busy(s->call))
        return;
    for (size_t i = 0; i < s->n_seen; i++) {
        struct seen *e = &s->seen[i];
        if (e->told == e->row.state)
            continue;
        if (e->row.state == OFFER_STATE_PENDING)
            read_case(s, e);
        else
            send_offer(s, e, NULL);
        return;
    }
    if (!s->snapshot_sent) {
        Amends__V1__WatchOffersResponse m = AMENDS__V1__WATCH_OFFERS_RESPONSE__INIT;
        m.snapshot_complete = true;
        s->snapshot_sent = true;
        send_message(s, &m);
    }
}

void stream_known(struct stream *s)
{
    s->snapshot_known = true;
    send_next(s);
}

void stream_beat(struct stream *s)
{
    if (s->closed || s->reading || !s->snapshot_sent || rpc_stream_busy(s->call) ||
        time_mono_us() < s->next_beat_us)
        return;
    Amends__V1__WatchOffersResponse m = AMENDS__V1__WATCH_OFFERS_RESPONSE__INIT;
    send_message(s, &m);
}

/* -- the call ---------------------------------------------------------------------------------- */

static void on_sent(struct rpc_call *call, void *ctx)
{
    (void)call;
    send_next(ctx);
}

static void on_closed(struct rpc_call *call, void *ctx)
{
    struct stream *s = ctx;
    (void)call;
    s->closed = true;
    s->gone(s, s->ctx);
    s->call = NULL;
    if (!s->reading)
        free_stream(s);
}

struct stream *stream_open(struct assignment *a, struct rpc_call *call, const struct tenant *t,
                           const char *agent_id, const struct stream_start *start,
                           void (*gone)(struct stream *s, void *ctx), void *ctx)
{
    static const struct rpc_stream_ops ops = {.sent = on_sent, .closed = on_closed};
    struct stream *s = calloc(1, sizeof(*s));
    AM_ASSERT(s != NULL);
    s->a = a;
    s->call = call;
    s->tenant_id = t->id;
    s->tenant = t->name;
    s->agent_id = agent_id;
    s->heartbeat_us = start->heartbeat_s * US_PER_S;
    s->next_beat_us = time_mono_us() + s->heartbeat_us;
    s->gone = gone;
    s->ctx = ctx;
    arena_init(&s->arena, ARENA_BYTES);
    take_token(s, start->resume_token);
    rpc_stream_open(call, &ops, s);
    return s;
}
