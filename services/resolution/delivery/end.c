/* SPDX-License-Identifier: Apache-2.0 */

/* What came of jobs, into their rows. While the database is away the ends wait, until the leases of
 * their rows have run out: then others have sent them again. */

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/utf8.h"
#include "contract/words.h"
#include "resolution/delivery/impl.h"
#include "resolution/delivery/schedule.h"

#define AGAIN_US (500 * US_PER_MS)

static const char *const outcomes[] = {"taken", "failed", "refused", "not_needed", "put_off", NULL};
static METRIC_DEFINE_LABEL(ends_total, METRIC_COUNTER, "amends_delivery_attempts_total",
                           "Attempts to deliver notifications, by what came of them.", "outcome",
                           outcomes);
static METRIC_DEFINE(dead_total, METRIC_COUNTER, "amends_delivery_dead_total",
                     "Deliveries of notifications that were given up.");

/* -- what becomes of the row ------------------------------------------------------------------- */

/* Receivers say what they like: what is no text would be refused by the database, with all ends
 * that are written together with it. */
static void copy_error(char out[DELIVERY_TEXT_BYTES + 1], const char *text)
{
    const size_t len = text ? strlen(text) : 0;
    size_t at = 0;
    for (size_t i = 0, n; i < len; i += n ? n : 1) {
        n = utf8_next(text + i, len - i);
        const size_t bytes = n ? n : 1;
        if (at + bytes > DELIVERY_TEXT_BYTES)
            break;
        const bool plain = n > 1 || (n == 1 && (unsigned char)text[i] >= ' ' && text[i] != 0x7f);
        memcpy(out + at, plain ? text + i : " ", bytes);
        at += bytes;
    }
    out[at] = '\0';
}

static void finish(struct delivery_end *e, int state, int64_t now_us)
{
    e->state = (int16_t)state;
    e->next_at = 0;
    e->finished_at = now_us;
    metric_add(&dead_total, 0, state == DELIVERY_STATE_DEAD);
}

static void fail(struct delivery_end *e, const struct delivery_answer *a, int64_t now_us)
{
    uint32_t dice;
    uuid_random_bytes(&dice, sizeof dice);
    const int64_t wait_us = schedule_wait_us(e->attempts, dice, a->wait_us);
    if (wait_us < 0)
        finish(e, DELIVERY_STATE_DEAD, now_us);
    else
        e->next_at = now_us + wait_us;
}

static void judge(struct delivery_end *e, const struct delivery_answer *a, int64_t now_us)
{
    switch (a->outcome) {
    case DELIVERY_TAKEN:
        finish(e, DELIVERY_STATE_DELIVERED, now_us);
        break;
    case DELIVERY_FAILED:
        fail(e, a, now_us);
        break;
    case DELIVERY_REFUSED:
        finish(e, DELIVERY_STATE_DEAD, now_us);
        break;
    case DELIVERY_NOT_NEEDED:
        finish(e, DELIVERY_STATE_NOT_NEEDED, now_us);
        break;
    default:
        e->attempts--; /* it was none */
        e->next_at = now_us + a->wait_us;
        break;
    }
}

static struct delivery_end *end_of(const struct delivery_job *job, const struct delivery_answer *a)
{
    struct delivery_end *e = calloc(1, sizeof *e);
    AM_ASSERT(e != NULL);
    e->tenant_id = job->row.tenant_id;
    e->delivery_id = job->row.delivery_id;
    e->was_attempts = e->attempts = job->row.attempts;
    e->state = DELIVERY_STATE_WAITING;
    e->status = a->status;
    copy_error(e->error, a->text);
    judge(e, a, deliveries_now_us(job->deliveries));
    return e;
}

/* -- writing ----------------------------------------------------------------------------------- */

static void add_end(struct pg_array arrays[], const struct delivery_end *e)
{
    pg_array_int(&arrays[0], e->tenant_id);
    pg_array_uuid(&arrays[1], &e->delivery_id);
    pg_array_int(&arrays[2], e->was_attempts);
    pg_array_int(&arrays[3], e->state);
    pg_array_int(&arrays[4], e->attempts);
    if (e->next_at)
        pg_array_time(&arrays[5], e->next_at);
    else
        pg_array_null(&arrays[5]);
    if (e->finished_at)
        pg_array_time(&arrays[6], e->finished_at);
    else
        pg_array_null(&arrays[6]);
    pg_array_int(&arrays[7], e->status);
    pg_array_text(&arrays[8], e->error);
}

static void free_list(struct list *ends)
{
    for (struct list *it; (it = list_pop_front(ends));)
        free(CONTAINER_OF(it, struct delivery_end, link));
}

static void written(struct sender_read *r, const struct fault *fault)
{
    struct deliveries *d = r->ctx;
    d->flushing = false;
    if (fault && !d->stopped) {
        while (!list_empty(&d->writing)) {
            struct list *it = d->writing.prev;
            list_remove(it);
            list_push_front(&d->ends, it);
        }
        loop_timer_start(d->retry, AGAIN_US);
        return;
    }
    free_list(&d->writing);
    d->n_ends = 0;
    LIST_FOR_EACH (it, &d->ends)
        d->n_ends++;
    if (d->n_ends > 0)
        loop_before_sleep(d->service->loop, &d->flush);
    if (d->starved)
        delivery_take_begin(d);
}

static void write_ends(struct deliveries *d)
{
    static const enum pg_type types[] = {PG_INT8,        PG_UUID,        PG_INT4, PG_INT2, PG_INT4,
                                         PG_TIMESTAMPTZ, PG_TIMESTAMPTZ, PG_INT4, PG_TEXT};
    enum { COLUMNS = sizeof types / sizeof *types };
    struct pg_array arrays[COLUMNS];
    struct sender_read *r = deliveries_read(d, 0, NULL, written);
    struct pg_args *args = sender_read_add(r, STMT_DELIVERY_END);
    for (size_t i = 0; i < COLUMNS; i++)
        pg_array_init(&arrays[i], &r->arena, types[i], DELIVERY_ENDS);
    for (size_t n = 0; n < DELIVERY_ENDS && !list_empty(&d->ends); n++) {
        struct list *it = list_pop_front(&d->ends);
        list_push_back(&d->writing, it);
        add_end(arrays, CONTAINER_OF(it, struct delivery_end, link));
    }
    for (size_t i = 0; i < COLUMNS; i++)
        pg_arg_array(args, &arrays[i]);
    pg_arg_text(args, d->replica);
    d->flushing = true;
    sender_read_start(r);
}

static void flush(struct loop_idle *idle)
{
    struct deliveries *d = CONTAINER_OF(idle, struct deliveries, flush);
    if (!d->flushing && !list_empty(&d->ends))
        write_ends(d);
}

static void retry(void *ctx)
{
    flush(&((struct deliveries *)ctx)->flush);
}

void delivery_done(struct delivery_job *job, const struct delivery_answer *answer)
{
    struct deliveries *d = job->deliveries;
    AM_ASSERT(!job->answered && (unsigned)answer->outcome < DELIVERY_OUTCOMES);
    job->answered = true;
    metric_add(&ends_total, answer->outcome, 1);
    list_push_back(&d->ends, &end_of(job, answer)->link);
    d->n_ends++;
    if (job->channel)
        d->busy[job->channel - d->channels]--;
    d->n_jobs--;
    list_remove(&job->link);
    arena_free(&job->arena);
    free(job);
    loop_before_sleep(d->service->loop, &d->flush);
}

void delivery_end_init(struct deliveries *d)
{
    metric_register(&ends_total);
    metric_register(&dead_total);
    list_init(&d->ends);
    list_init(&d->writing);
    d->flush.run = flush;
    d->retry = loop_timer_new(d->service->loop, retry, d);
}

void delivery_end_free(struct deliveries *d)
{
    loop_timer_free(d->retry);
    free_list(&d->ends);
    free_list(&d->writing);
}
