/* SPDX-License-Identifier: Apache-2.0 */

#include "assignment/streams/resume.h"
#include "assignment/streams/resume_sign.h"
#include "assignment/streams/stream_impl.h"

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

size_t stream_told_offers(const struct stream *s, struct resume_offer told[RESUME_OFFERS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_seen && n < RESUME_OFFERS_MAX; i++) {
        const struct seen *e = &s->seen[i];
        if (e->told == OFFER_STATE_PENDING)
            told[n++] = (struct resume_offer){e->row.case_id, e->row.offer_id};
    }
    return n;
}

static char *write_token(const struct stream *s, struct arena *arena)
{
    struct resume_offer told[RESUME_OFFERS_MAX];
    const size_t n = stream_told_offers(s, told);
    const struct resume_owner owner = {
        .service = s->a->service, .tenant_id = s->tenant_id, .agent_id = s->agent_id};
    return resume_sign(arena, &owner, resume_write(arena, told, n));
}

/* What the client was told before. The first look finds out what became of it. */
static void take_told(struct stream *s, const struct resume_offer *told, size_t n)
{
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

static void take_token(struct stream *s, const struct stream_start *start)
{
    struct resume_offer told[RESUME_OFFERS_MAX];
    if (start->work)
        take_told(s, start->work->offers, start->work->n_offers);
    else
        take_told(s, told, resume_read(start->resume_token, told));
}

/* -- sending ----------------------------------------------------------------------------------- */

void stream_send(struct stream *s, const ProtobufCMessage *message)
{
    s->next_beat_us = time_mono_us() + s->heartbeat_us;
    rpc_stream_send(s->call, message);
    arena_reset(&s->arena);
}

static void send_message(struct stream *s, Amends__V1__WatchOffersResponse *m)
{
    m->server_time = message_time(engine_now_us(s->a), &s->arena);
    m->resume_token = write_token(s, &s->arena);
    stream_send(s, &m->base);
}

bool stream_may_show(struct stream *s, ProtobufCMessage *message)
{
    struct fault fault;
    fault_init(&fault, &s->arena);
    return show_personal(s->a->service, s->call, s->tenant_id, message, NULL, false, &s->arena,
                         &fault);
}

/* `read` has its case while it is pending. */
static Amends__V1__Case *case_of(struct stream *s, const struct store_read *read)
{
    if (!read || read->case_rows.n == 0)
        return NULL;
    return message_case_row(ROW_AT(&read->case_rows, const struct case_row, 0), &s->arena);
}

static void send_offer(struct stream *s, struct seen *e, const struct store_read *read)
{
    e->told = e->row.state;
    if (s->work) {
        stream_work_offer(s, &e->row, read);
        return;
    }
    Amends__V1__WatchOffersResponse m = AMENDS__V1__WATCH_OFFERS_RESPONSE__INIT;
    m.offer = message_offer(&e->row, &s->arena);
    m.case_ = e->row.state == OFFER_STATE_PENDING ? case_of(s, read) : NULL;
    AM_ASSERT(m.offer != NULL);
    if (!stream_may_show(s, &m.base))
        m.case_ = NULL; /* GetCase shows it, when it can be recorded again */
    send_message(s, &m);
}

static void free_stream(struct stream *s)
{
    arena_free(&s->arena);
    work_state_free(s->work);
    free(s->seen);
    free(s);
}

bool stream_read_done(struct stream *s, const struct store_read *r)
{
    s->reading = false;
    if (s->closed) {
        free_stream(s);
        return false;
    }
    if (!rpc_stream_busy(s->call) && !fault_is_set(&r->fault))
        return true;
    arena_reset(&s->arena);
    return false;
}

static void case_read(struct store_read *r)
{
    struct stream *s = r->ctx;
    if (!stream_read_done(s, r))
        return;
    struct seen *e = find_seen(s, &s->reading_offer);
    if (e && e->told != e->row.state)
        send_offer(s, e, r);
    else
        arena_reset(&s->arena);
}

void stream_read_case(struct stream *s, const struct uuid *case_id,
                      void (*done)(struct store_read *r))
{
    const struct case_filter filter = {
        .by_id = true, .first_id = *case_id, .last_id = *case_id, .limit = 1};
    s->reading = true;
    s->read = (struct store_read){.arena = &s->arena,
                                  .tenant_id = s->tenant_id,
                                  .tenant = s->tenant,
                                  .deadline_us = time_mono_us() + READ_US,
                                  .done = done,
                                  .ctx = s};
    store_list_cases(s->a->service->store, &s->read, &filter);
}

static void send_mark(struct stream *s, bool snapshot_complete)
{
    Amends__V1__WatchOffersResponse m = AMENDS__V1__WATCH_OFFERS_RESPONSE__INIT;
    m.snapshot_complete = snapshot_complete;
    if (s->work)
        stream_work_mark(s, snapshot_complete);
    else
        send_message(s, &m);
}

/* False: there is none to tell. */
static bool send_next_offer(struct stream *s)
{
    for (size_t i = 0; i < s->n_seen; i++) {
        struct seen *e = &s->seen[i];
        if (e->told == e->row.state)
            continue;
        s->reading_offer = e->row.offer_id;
        if (e->row.state == OFFER_STATE_PENDING)
            stream_read_case(s, &e->row.case_id, case_read);
        else
            send_offer(s, e, NULL);
        return true;
    }
    return false;
}

/* Only one message is in flight. The end of each asks for the next. */
static void send_next(struct stream *s)
{
    if (s->closed || s->reading || !s->snapshot_known || rpc_stream_busy(s->call))
        return;
    if (send_next_offer(s) || (s->work && stream_work_next(s)))
        return;
    if (!s->snapshot_sent && (!s->work || stream_work_caught_up(s))) {
        s->snapshot_sent = true;
        send_mark(s, true);
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
    send_mark(s, false);
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
    s->work = start->work ? work_state_new(start->work) : NULL;
    take_token(s, start);
    rpc_stream_open(call, &ops, s);
    return s;
}
