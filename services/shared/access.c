/* SPDX-License-Identifier: Apache-2.0 */

#include "shared/access.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/minmax.h"
#include "contract/reasons.h"

#define RECORDS_MOST 8192
#define SOON_ROWS (RECORDS_MOST / 4) /* so many do not wait for their second */
#define PLACES (2 * RECORDS_MOST)    /* of the hash table; a power of two */
#define TEXT_BYTES (8u << 20)        /* the longest texts of that many records need half of it */
#define SLICE_ROWS 500
#define SLICE_BYTES (2u << 20)
#define FLUSH_US US_PER_S
#define BEAT_FLUSHES 10 /* an idle writer says every tenth time that it is there */
#define WRITE_US (10 * US_PER_S)
#define RETRY_MS 1000

static METRIC_DEFINE(written_total, METRIC_COUNTER, "amends_access_records_written_total",
                     "Access records that were written to the database.");
static METRIC_DEFINE(waiting_gauge, METRIC_GAUGE, "amends_access_records_waiting",
                     "Access records that are not written yet; at 8192 reads are refused.");
static METRIC_DEFINE(refused_total, METRIC_COUNTER, "amends_access_records_refused_total",
                     "Calls that were refused because their access could not be recorded.");

/* Records of one time. One gathers while the other one is written. */
struct bank {
    struct arena texts;
    struct access_row rows[RECORDS_MOST];
    size_t n, written;
    uint32_t places[PLACES]; /* of rows, from 1; 0 = free */
};

/* Somebody who waits until a number is written. */
struct waiter {
    int64_t number;
    void (*done)(void *ctx, const struct fault *fault);
    void *ctx;
    struct waiter *next;
};

struct access {
    struct loop *loop;
    struct store *store;
    struct loop_timer *timer;
    struct bank *banks[2];
    unsigned gathering; /* which of them */
    struct access_writer writer;
    int64_t number; /* of the last record */
    unsigned idle;  /* flushes without a record */
    bool begun;     /* the writer's row is there */
    bool writing, stopping;
    size_t sent; /* rows of the slice under way */
    struct arena slice;
    struct store_read read;
    struct waiter *waiters;
    void (*stopped)(void *ctx);
    void *stopped_ctx;
};

static void flush(struct access *a);

/* -- noting ------------------------------------------------------------------------------------ */

static uint64_t hash_of(const struct shown *s)
{
    const struct slice parts[] = {slice_of(&s->tenant_id, sizeof(s->tenant_id)),
                                  slice_str(s->principal),
                                  slice_str(s->via),
                                  slice_str(s->method),
                                  slice_of(s->case_id.b, sizeof(s->case_id.b)),
                                  slice_str(s->customer_id),
                                  slice_of(&s->fields, sizeof(s->fields))};
    return digest_key(parts, sizeof(parts) / sizeof(*parts));
}

static bool same(const struct access_row *r, const struct shown *s)
{
    return r->tenant_id == s->tenant_id && uuid_eq(&r->case_id, &s->case_id) &&
           (uint32_t)r->fields == s->fields && strcmp(r->principal, s->principal) == 0 &&
           strcmp(r->method, s->method) == 0 && strcmp(r->customer_id, s->customer_id) == 0 &&
           strcmp(r->via, s->via) == 0;
}

/* The place of an equal record, or a free one. The table is never more than half full. */
static uint32_t *place_of(struct bank *b, const struct shown *s)
{
    size_t at = hash_of(s) & (PLACES - 1);
    while (b->places[at] && !same(&b->rows[b->places[at] - 1], s))
        at = (at + 1) & (PLACES - 1);
    return &b->places[at];
}

static const char *copy(struct bank *b, const char *text)
{
    const char *out = arena_strdup(&b->texts, text);
    AM_ASSERT(out != NULL); /* the texts of a record are bounded */
    return out;
}

static void add_row(struct access *a, struct bank *b, const struct shown *s)
{
    b->rows[b->n++] = (struct access_row){.tenant_id = s->tenant_id,
                                          .at = time_now_us(loop_time(a->loop)),
                                          .writer = a->writer.writer,
                                          .number = ++a->number,
                                          .principal = copy(b, s->principal),
                                          .via = copy(b, s->via),
                                          .method = copy(b, s->method),
                                          .case_id = s->case_id,
                                          .customer_id = copy(b, s->customer_id),
                                          .fields = (int32_t)s->fields,
                                          .reads = 1};
}

static size_t waiting(const struct access *a)
{
    return a->banks[0]->n - a->banks[0]->written + a->banks[1]->n - a->banks[1]->written;
}

bool access_note(struct access *a, const struct shown *s)
{
    struct bank *b = a->banks[a->gathering];
    uint32_t *place = place_of(b, s);
    if (*place) {
        b->rows[*place - 1].reads++;
        return true;
    }
    if (b->n == RECORDS_MOST) {
        metric_add(&refused_total, 0, 1);
        return false;
    }
    add_row(a, b, s);
    *place = (uint32_t)b->n;
    if (b->n >= SOON_ROWS && !a->writing)
        loop_timer_start(a->timer, 0);
    metric_set(&waiting_gauge, 0, (int64_t)waiting(a));
    return true;
}

bool access_has_room(const struct access *a)
{
    return a->banks[a->gathering]->n <= RECORDS_MOST / 2;
}

void access_fault(struct fault *fault)
{
    fault_set(fault, FAULT_UNAVAILABLE, ERROR_REASON_ACCESS_UNRECORDED,
              "access records cannot be written now, and personal data is shown only with one");
    fault->retry_ms = RETRY_MS;
}

bool access_quiet(const struct access *a)
{
    return !a->writing && waiting(a) == 0;
}

/* -- writing ----------------------------------------------------------------------------------- */

static void empty(struct bank *b)
{
    arena_reset(&b->texts);
    b->n = b->written = 0;
    memset(b->places, 0, sizeof(b->places));
}

/* Everybody whose record is written, or all when that failed. */
static void tell_waiters(struct access *a, const struct fault *fault)
{
    struct waiter **at = &a->waiters;
    while (*at) {
        struct waiter *w = *at;
        if (!fault && w->number > a->writer.number) {
            at = &w->next;
            continue;
        }
        *at = w->next;
        w->done(w->ctx, fault);
        free(w);
        at = &a->waiters; /* done() may have added one */
    }
}

static void end_stop(struct access *a)
{
    void (*stopped)(void *ctx) = a->stopped;
    a->stopped = NULL;
    if (stopped)
        stopped(a->stopped_ctx);
}

static void written(struct store_read *read)
{
    struct access *a = read->ctx;
    struct bank *b = a->banks[!a->gathering];
    const bool failed = fault_is_set(&read->fault);
    a->writing = false;
    if (!failed) {
        a->begun = true;
        b->written += a->sent;
        metric_add(&written_total, 0, (int64_t)a->sent);
    } else if (a->sent > 0) {
        log_warn("access", "records_not_written", LOG_INT("waiting", (int64_t)waiting(a)));
    }
    metric_set(&waiting_gauge, 0, (int64_t)waiting(a));
    tell_waiters(a, failed ? &read->fault : NULL);
    if (failed && a->stopping)
        end_stop(a); /* the gap is told: this writer has not ended */
    else if (!failed)
        flush(a);
}

static void write_slice(struct access *a, struct bank *b, bool last)
{
    const int64_t now_us = time_shared_us(loop_time(a->loop));
    const struct access_row *rows = &b->rows[b->written];
    a->sent = smaller(b->n - b->written, SLICE_ROWS);
    a->writing = true;
    a->idle = 0;
    a->writer.written_at = now_us;
    if (a->sent > 0)
        a->writer.number = rows[a->sent - 1].number;
    if (last)
        a->writer.ended_at = now_us;
    arena_reset(&a->slice);
    a->read = (struct store_read){
        .arena = &a->slice, .deadline_us = time_mono_us() + WRITE_US, .done = written, .ctx = a};
    store_write_access(a->store, &a->read, &a->writer, rows, a->sent, a->waiters != NULL);
}

/* Takes the other bank when the last one is written, and writes its next slice. */
static void flush(struct access *a)
{
    struct bank *b = a->banks[!a->gathering];
    if (a->writing)
        return;
    if (b->written == b->n) {
        empty(b);
        a->gathering = !a->gathering;
        b = a->banks[!a->gathering];
    }
    if (b->n > b->written)
        write_slice(a, b, false);
    else if (a->stopping && !a->writer.ended_at)
        write_slice(a, b, true);
    else if (a->stopping)
        end_stop(a);
}

static void tick(void *ctx)
{
    struct access *a = ctx;
    if (a->stopping)
        return;
    loop_timer_start(a->timer, FLUSH_US);
    if (waiting(a) > 0)
        flush(a);
    else if ((!a->begun || ++a->idle >= BEAT_FLUSHES) && !a->writing)
        write_slice(a, a->banks[!a->gathering], false);
}

void access_write(struct access *a, const struct shown *shown,
                  void (*done)(void *ctx, const struct fault *fault), void *ctx)
{
    struct arena arena;
    struct fault fault;
    arena_init(&arena, 4096);
    fault_init(&fault, &arena);
    access_fault(&fault);
    if (!access_note(a, shown)) {
        done(ctx, &fault);
    } else {
        struct waiter *w = calloc(1, sizeof(*w));
        AM_ASSERT(w != NULL);
        *w = (struct waiter){.number = a->number, .done = done, .ctx = ctx, .next = a->waiters};
        a->waiters = w;
        flush(a);
    }
    arena_free(&arena);
}

/* -- life -------------------------------------------------------------------------------------- */

static struct bank *bank_new(void)
{
    struct bank *b = calloc(1, sizeof(*b));
    AM_ASSERT(b != NULL);
    arena_init(&b->texts, TEXT_BYTES);
    return b;
}

struct access *access_new(struct loop *loop, struct store *store)
{
    struct access *a = calloc(1, sizeof(*a));
    AM_ASSERT(a != NULL);
    metric_register(&written_total);
    metric_register(&waiting_gauge);
    metric_register(&refused_total);
    a->loop = loop;
    a->store = store;
    a->banks[0] = bank_new();
    a->banks[1] = bank_new();
    arena_init(&a->slice, SLICE_BYTES);
    a->writer.begun_at = time_shared_us(loop_time(loop));
    a->writer.writer = uuid_new(a->writer.begun_at);
    a->timer = loop_timer_new(loop, tick, a);
    loop_timer_start(a->timer, FLUSH_US);
    return a;
}

void access_stop(struct access *a, void (*done)(void *ctx), void *ctx)
{
    a->stopping = true;
    a->stopped = done;
    a->stopped_ctx = ctx;
    if (!a->begun && a->number == 0)
        end_stop(a); /* it never wrote, so nobody misses it */
    else
        flush(a);
}

void access_free(struct access *a)
{
    if (!a)
        return;
    loop_timer_free(a->timer);
    for (unsigned i = 0; i < 2; i++) {
        arena_free(&a->banks[i]->texts);
        free(a->banks[i]);
    }
    arena_free(&a->slice);
    free(a);
}
