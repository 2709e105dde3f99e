/* SPDX-License-Identifier: Apache-2.0 */

/* The cursor, together with the rows of what it passes that was not delivered. */

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/digest.h"
#include "contract/words.h"
#include "resolution/webhook/impl.h"

#define EVERY_US (50 * US_PER_MS)
#define IDLE_US (5 * US_PER_S) /* where nothing was sent, the place alone is written rarely */
#define AGAIN_US (500 * US_PER_MS)

static METRIC_DEFINE(rows_total, METRIC_COUNTER, "amends_webhook_set_aside_total",
                     "Events that a webhook did not take at once and that got a row.");

void hook_write_metrics(void)
{
    metric_register(&rows_total);
}

/* The same for the same event, so that it never has two rows. */
static struct uuid id_of(const struct hook *h, const struct feed_position *at)
{
    struct uuid id;
    uint8_t hash[DIGEST_LEN];
    struct digest_ctx *d = digest_begin();
    digest_add_field(d, h->row.webhook_id, strlen(h->row.webhook_id));
    digest_add_field(d, &at->case_id, sizeof at->case_id);
    digest_add_field(d, &at->seq, sizeof at->seq);
    digest_end(d, hash);
    memcpy(&id, hash, sizeof id);
    return id;
}

/* How many items from the first on have ended. */
static uint64_t ended_items(struct hook *h)
{
    uint64_t n = 0;
    while (n < h->n && hook_window_at(h, h->first + n)->state >= ITEM_ROW)
        n++;
    return n;
}

/* -- the statements ---------------------------------------------------------------------------- */

static void arg_time_or_null(struct pg_args *args, int64_t us)
{
    if (us)
        pg_arg_time(args, us);
    else
        pg_arg_null(args);
}

static void array_time_or_null(struct pg_array *a, int64_t us)
{
    if (us)
        pg_array_time(a, us);
    else
        pg_array_null(a);
}

static void arg_lease(struct pg_args *args, const struct hook *h)
{
    pg_arg_int8(args, h->row.tenant_id);
    pg_arg_text(args, h->row.webhook_id);
    pg_arg_text(args, deliveries_replica(h->all->config.deliveries));
    pg_arg_int8(args, h->row.lease_number);
}

static void arg_place(struct pg_args *args, const struct feed_position *at)
{
    pg_arg_int4(args, at->epoch);
    pg_arg_int8(args, at->xid);
    pg_arg_uuid(args, &at->case_id);
    pg_arg_int8(args, at->seq);
}

static void add_move(struct hook *h, struct sender_read *r, const struct feed_position *to)
{
    struct pg_args *args = sender_read_add(r, STMT_HOOK_MOVE);
    /* What was read is told only when nothing of it is left. */
    const bool all = h->writing_n == h->n && !h->behind;
    if (all)
        h->row.current_at = h->current_at;
    arg_lease(args, h);
    arg_place(args, to);
    pg_arg_time(args, h->row.current_at);
    arg_time_or_null(args, h->row.paused_until);
    pg_arg_int4(args, h->row.failures);
    pg_arg_int8(args, h->writing_delivered);
    arg_time_or_null(args, h->last_at);
    pg_arg_int4(args, h->last_status);
    pg_arg_text(args, h->last_error);
    pg_arg_int4(args, h->row.state);
    pg_arg_text(args, h->reason);
}

enum { FAIL_ARRAYS = 9 };

static void add_row(struct pg_array a[FAIL_ARRAYS], const struct hook *h, const struct item *it,
                    int64_t now_us)
{
    const struct uuid id = id_of(h, &it->at);
    const bool waits = it->row_state == DELIVERY_STATE_WAITING;
    pg_array_uuid(&a[0], &id);
    pg_array_uuid(&a[1], &it->at.case_id);
    pg_array_int(&a[2], it->at.seq);
    pg_array_int(&a[3], it->row_state);
    pg_array_int(&a[4], it->row_attempts);
    array_time_or_null(&a[5], waits ? it->row_next_at : 0);
    array_time_or_null(&a[6], waits ? 0 : now_us);
    pg_array_int(&a[7], it->status);
    pg_array_text(&a[8], it->error ? it->error : "");
}

static void add_rows(struct hook *h, struct sender_read *r, uint32_t rows)
{
    static const enum pg_type types[FAIL_ARRAYS] = {PG_UUID,        PG_UUID, PG_INT8,
                                                    PG_INT2,        PG_INT4, PG_TIMESTAMPTZ,
                                                    PG_TIMESTAMPTZ, PG_INT4, PG_TEXT};
    struct pg_array a[FAIL_ARRAYS];
    struct pg_args *args = sender_read_add(r, STMT_HOOK_FAIL);
    const int64_t now_us = webhooks_now_us(h->all);
    for (size_t i = 0; i < FAIL_ARRAYS; i++)
        pg_array_init(&a[i], &r->arena, types[i], rows);
    for (uint64_t i = 0; i < h->writing_n; i++) {
        const struct item *it = hook_window_at(h, h->first + i);
        if (it->state == ITEM_ROW)
            add_row(a, h, it, now_us);
    }
    arg_lease(args, h);
    pg_arg_text(args, h->receiver);
    for (size_t i = 0; i < 5; i++)
        pg_arg_array(args, &a[i]);
    pg_arg_time(args, now_us);
    for (size_t i = 5; i < FAIL_ARRAYS; i++)
        pg_arg_array(args, &a[i]);
}

/* -- the trip ---------------------------------------------------------------------------------- */

static void moved_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct hook *h = ((struct sender_read *)pg->ctx)->ctx;
    /* The cursor is the first statement; without the lease it has no row. */
    if (i == 0 && pg_rows_count(rows) == 0)
        h->gone = true;
    else if (i == 0 && pg_int(rows, 0, 0) != h->row.generation)
        h->reload = true;
}

static void moved(struct sender_read *r, const struct fault *fault)
{
    struct hook *h = r->ctx;
    h->writing = false;
    h->busy--;
    h->write_us = time_mono_us() + (fault ? AGAIN_US : EVERY_US);
    if (fault) {
        h->dirty = true;
        h->delivered += h->writing_delivered;
    } else if (!h->gone) {
        hook_window_pop(h, h->writing_n);
        if (h->rows_written)
            h->rows_us = 0;
    }
    h->writing_delivered = 0;
    hook_pump(h);
}

static uint32_t count_rows(struct hook *h)
{
    uint32_t rows = 0;
    for (uint64_t i = 0; i < h->writing_n; i++)
        rows += hook_window_at(h, h->first + i)->state == ITEM_ROW;
    return rows;
}

/* Of what was forgotten something may not be read again, because it has ended. */
static struct feed_position behind_all(struct hook *h)
{
    const struct item *last = h->n > 0 ? hook_window_at(h, h->first + h->n - 1) : NULL;
    return last && feed_position_cmp(&h->read_at, &last->at) < 0 ? last->at : h->read_at;
}

static void write_now(struct hook *h)
{
    struct sender_read *r = webhooks_read(h->all, h->row.tenant_id, moved_rows, moved, h);
    h->writing_n = ended_items(h);
    h->writing_delivered = h->delivered;
    const uint32_t rows = count_rows(h);
    if (h->writing_n == h->n)
        h->row.cursor = h->read_at = behind_all(h);
    else if (h->writing_n > 0)
        h->row.cursor = hook_window_at(h, h->first + h->writing_n - 1)->at;
    add_move(h, r, &h->row.cursor);
    if (rows > 0)
        add_rows(h, r, rows);
    metric_add(&rows_total, 0, rows);
    h->rows_written = rows > 0;
    h->delivered = 0;
    h->dirty = false;
    h->writing = true;
    h->busy++;
    sender_read_start(r);
}

void hook_write_pump(struct hook *h)
{
    const int64_t now_us = time_mono_us();
    if (h->writing || h->renewing || h->gone || now_us < h->write_us)
        return;
    const bool idle_moved = feed_position_cmp(&h->row.cursor, &h->read_at) < 0 && h->n == 0 &&
                            now_us >= h->write_us + IDLE_US;
    if (h->dirty || idle_moved || ended_items(h) > 0)
        write_now(h);
}
