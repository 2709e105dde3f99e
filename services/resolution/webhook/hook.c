/* SPDX-License-Identifier: Apache-2.0 */

/* A webhook that is served here: what is done with it when anything has changed. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/minmax.h"
#include "contract/words.h"
#include "resolution/delivery/schedule.h"
#include "resolution/delivery/sql.h"
#include "resolution/webhook/impl.h"

#define CONFIG_ARENA_BYTES (1u << 20)
#define READ_ARENA_BYTES (16u << 20)
#define STATUS_GONE 410
/* Whoever took something a moment ago is there: what fails now is the event's own fault. */
#define THERE_US (10 * US_PER_S)

/* -- what the receiver answered ---------------------------------------------------------------- */

static void pause_hook(struct hook *h, int64_t least_us)
{
    uint32_t dice;
    uuid_random_bytes(&dice, sizeof dice);
    h->row.failures++;
    h->row.paused_until =
        webhooks_now_us(h->all) + schedule_pause_us(h->row.failures, dice, least_us);
    h->bad = 0;
    h->taken_us = 0;
    h->probing = true;
    h->dirty = true;
    hook_window_again(h);
    /* What a receiver says may repeat what it was sent: that is for no log. */
    log_info("webhook", "paused", LOG_STR("tenant", h->row.tenant),
             LOG_STR("webhook", h->row.webhook_id), LOG_INT("times", h->row.failures),
             LOG_INT("status", h->last_status),
             LOG_STR("why", h->last_status ? "" : h->last_error));
}

static void disable_hook(struct hook *h)
{
    h->row.state = WEBHOOK_STATE_DISABLED;
    (void)snprintf(h->reason, sizeof h->reason,
                   "the receiver answered 410 Gone: it wants nothing more");
    h->dirty = true;
    log_warn("webhook", "disabled", LOG_STR("tenant", h->row.tenant),
             LOG_STR("webhook", h->row.webhook_id), LOG_STR("why", h->reason));
}

static void went_well(struct hook *h)
{
    h->bad = 0;
    h->taken_us = time_mono_us();
    if (h->row.failures > 0)
        log_info("webhook", "goes_on", LOG_STR("tenant", h->row.tenant),
                 LOG_STR("webhook", h->row.webhook_id));
    h->row.failures = 0;
    h->row.paused_until = 0;
    h->probing = false;
    /* The receiver is there: what it does not take goes apart. */
    hook_window_to_rows(h);
}

static void note_answer(struct hook *h, const struct http_request *r,
                        const struct delivery_answer *a)
{
    h->last_at = webhooks_now_us(h->all);
    h->last_status = r->status;
    (void)snprintf(h->last_error, sizeof h->last_error, "%.*s", DELIVERY_TEXT_BYTES / 2,
                   a->outcome == DELIVERY_TAKEN ? "" : a->text);
    for (char *p = h->last_error; *p; p++)
        if ((unsigned char)*p < ' ' || (unsigned char)*p >= 0x7f)
            *p = ' ';
}

void hook_heard(struct hook *h, const struct http_request *r)
{
    const struct delivery_answer a = hook_send_judge(r);
    note_answer(h, r, &a);
    if (r->end == HTTP_ANSWERED && r->status == STATUS_GONE)
        disable_hook(h);
    else if (a.outcome != DELIVERY_FAILED)
        went_well(h);
    else if (a.wait_us > 0)
        pause_hook(h, a.wait_us);
    else
        h->bad++;
}

/* -- events ------------------------------------------------------------------------------------ */

static void item_failed(struct hook *h, struct item *it, const struct delivery_answer *a)
{
    it->status = a->status;
    free(it->error);
    it->error = strdup(h->last_error);
    if (a->outcome == DELIVERY_REFUSED) {
        it->state = ITEM_ROW;
        it->row_state = DELIVERY_STATE_DEAD;
        it->row_attempts = 1;
        hook_window_drop_body(h, it);
        return;
    }
    it->state = ITEM_FAILED;
    if (it->failed_at == 0)
        it->failed_at = webhooks_now_us(h->all);
}

static void answered(struct http_request *r)
{
    struct sending *s = r->ctx;
    struct hook *h = s->hook;
    struct item *it = hook_window_at(h, s->number);
    const struct delivery_answer a = hook_send_judge(r);
    h->sending--;
    note_answer(h, r, &a);
    if (a.outcome == DELIVERY_TAKEN) {
        it->state = ITEM_DONE;
        hook_window_drop_body(h, it);
        h->delivered++;
        hook_metrics_delivered(a.outcome, webhooks_now_us(h->all) - it->event_at);
    } else {
        item_failed(h, it, &a);
        hook_metrics_delivered(a.outcome, 0);
    }
    hook_heard(h, r);
    if (r->status == STATUS_GONE || h->row.paused_until > webhooks_now_us(h->all))
        hook_window_again(h);
    hook_sending_free(s);
    hook_pump(h);
}

static bool send_next(struct hook *h)
{
    bool out_of_order = false;
    char id[HOOK_EVENT_ID];
    struct arena scratch;
    const uint64_t number = hook_window_next(h, &out_of_order);
    if (number == 0)
        return false;
    struct item *it = hook_window_at(h, number);
    arena_init(&scratch, READ_ARENA_BYTES);
    const char *body = out_of_order ? hook_body_out_of_order(it->body, &scratch) : it->body;
    AM_ASSERT(body != NULL);
    hook_body_event_id(&it->at.case_id, it->at.seq, id);
    struct sending *s = hook_sending_new(h->all, &h->row, id, body, answered);
    arena_free(&scratch);
    s->hook = h;
    s->number = number;
    if (!http_send(h->all->http, &s->request)) {
        hook_sending_free(s);
        return false;
    }
    it->state = ITEM_SENDS;
    h->sending++;
    return true;
}

static bool some_failed(struct hook *h)
{
    for (uint64_t i = h->first; i != h->first + h->n; i++)
        if (hook_window_at(h, i)->state == ITEM_FAILED)
            return true;
    return false;
}

/* -- all of it --------------------------------------------------------------------------------- */

static bool is_paused(const struct hook *h)
{
    return h->row.paused_until > webhooks_now_us(h->all);
}

static void forget(struct hook *h)
{
    if (h->sending == 0 && (h->bytes > 0 || (h->reading && !h->forgot)))
        hook_window_forget(h);
}

static bool may_send(const struct hook *h)
{
    return h->ready && !h->gone && !h->reload && !h->row.locked && !h->all->stopped &&
           h->row.state == WEBHOOK_STATE_ACTIVE && !is_paused(h) && hook_lease_lasts(h);
}

/* The fewer requests there is room for the fewer each webhook may have, so that receivers that let
 * us wait never take all. */
static unsigned most_at_once(const struct hook *h)
{
    const unsigned most = h->probing ? HOOK_PROBES : DELIVERY_RECEIVER_MOST;
    const unsigned fair = 1 + http_room(h->all->http) / 8;
    return fair < most ? fair : most;
}

/* What becomes of failures. When none is under way nobody is left to tell whether the receiver
 * takes anything. */
static void settle_failed(struct hook *h)
{
    const bool there = h->taken_us && time_mono_us() - h->taken_us < THERE_US;
    const bool many = h->bad >= HOOK_BAD_MAX;
    if (!many && (h->bad == 0 || h->sending > 0 || (h->probing && h->reading) || !some_failed(h)))
        return;
    if (there && !many)
        hook_window_to_rows(h);
    else
        pause_hook(h, 0);
}

static void send_all(struct hook *h)
{
    const unsigned most = most_at_once(h);
    hook_rows_pump(h, most);
    while (h->sending < most && may_send(h) && send_next(h))
        ;
    settle_failed(h);
}

static bool is_idle(const struct hook *h)
{
    return h->sending == 0 && h->busy == 0 && h->n_jobs == 0;
}

void hook_pump(struct hook *h)
{
    struct webhooks *w = h->all;
    if (h->pumping)
        return;
    h->pumping = true;
    if (h->ready && !h->gone && !h->reload) {
        if (is_paused(h))
            forget(h);
        else if (h->row.state == WEBHOOK_STATE_ACTIVE && !w->stopped)
            hook_window_read(h);
        if (may_send(h))
            send_all(h);
    }
    /* While it is to be loaded nothing is sent, and it is loaded when no job is left. */
    if (h->gone || h->reload || is_paused(h) || w->stopped)
        hook_rows_give_back(h);
    if (h->ready && !h->gone) {
        hook_write_pump(h);
        hook_held_pump(h);
    }
    if (h->reload && !h->loading && !h->gone && is_idle(h))
        hook_load(h);
    h->pumping = false;
    const bool ended = h->gone || (h->row.state != WEBHOOK_STATE_ACTIVE && !h->dirty);
    if (ended && is_idle(h) && !h->renewing)
        hook_free(h);
}

bool hook_settled(const struct hook *h)
{
    if (h->gone)
        return true;
    if (h->row.state != WEBHOOK_STATE_ACTIVE || h->row.locked)
        return is_idle(h);
    if (h->ready && is_paused(h))
        return is_idle(h) && !h->dirty;
    return h->ready && is_idle(h) && h->fresh && h->rows_fresh && h->n == 0 && !h->dirty;
}

/* -- loading ----------------------------------------------------------------------------------- */

static void load_filter(struct hook *h)
{
    Amends__V1__EventFilter *m =
        amends__v1__event_filter__unpack(NULL, h->row.filter.len, h->row.filter.data);
    AM_ASSERT(event_filter_make(&h->filter, m, &h->config_arena) == AM_OK);
    if (m)
        amends__v1__event_filter__free_unpacked(m, NULL);
}

static bool same_events(const struct hook_row *a, const struct hook_row *b)
{
    return a->personal == b->personal && slice_eq(a->filter, b->filter);
}

static void take_row(struct hook *h, const struct pg_rows *rows)
{
    struct hook_row fresh;
    struct arena arena;
    if (pg_rows_count(rows) == 0) {
        h->gone = true; /* it was deleted */
        return;
    }
    arena_init(&arena, CONFIG_ARENA_BYTES);
    AM_ASSERT(hook_row_load(rows, 0, &arena, &fresh) == AM_OK);
    if (fresh.lease_number != h->row.lease_number) {
        h->gone = true;
        arena_free(&arena);
        return;
    }
    /* What was read by another filter is read again. */
    if (!same_events(&h->row, &fresh)) {
        hook_window_clear(h);
        h->read_at = fresh.cursor;
    }
    arena_free(&h->config_arena);
    h->config_arena = arena;
    h->row = fresh;
    h->n_held = 0;
    h->many_held = false;
    load_filter(h);
}

static void take_held(struct hook *h, const struct pg_rows *rows)
{
    h->many_held = pg_rows_count(rows) > HOOK_HELD_MAX;
    for (int i = 0; i < pg_rows_count(rows) && i < HOOK_HELD_MAX; i++) {
        const struct uuid case_id = pg_uuid(rows, i, 0);
        struct held *e = hook_held_add(h, &case_id);
        e->rows = (int32_t)pg_int(rows, i, 1);
        e->until_us = pg_time_us(rows, i, 2) + HOOK_HOLD_US;
        /* Nobody is before the first one: it was to be woken. */
        e->wake = pg_bool(rows, i, 4);
        e->first_seq = e->wake ? 0 : pg_int(rows, i, 3);
    }
    for (uint64_t i = h->first; i != h->first + h->n; i++) {
        const struct item *it = hook_window_at(h, i);
        struct held *e = it->state == ITEM_ROW && it->row_state == DELIVERY_STATE_WAITING
                             ? hook_held_add(h, &it->at.case_id)
                             : NULL;
        if (!e)
            continue;
        e->rows++;
        e->until_us = larger(e->until_us, it->row_next_at);
    }
}

static void loaded_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct hook *h = ((struct sender_read *)pg->ctx)->ctx;
    if (i == 0)
        take_row(h, rows);
    else if (i == 1 && !h->gone)
        for (int row = 0; row < pg_rows_count(rows); row++)
            hook_key_load(rows, row, h->all->config.masters, &h->row);
    else if (i == 2 && !h->gone)
        take_held(h, rows);
}

static void loaded(struct sender_read *r, const struct fault *fault)
{
    struct hook *h = r->ctx;
    h->loading = false;
    h->busy--;
    if (fault) {
        h->reload = true;
    } else if (!h->gone) {
        h->ready = true;
        h->rows_us = h->read_us = 0;
        h->fresh = h->rows_fresh = false;
        if (h->row.locked)
            log_error("webhook", "secret_locked", LOG_STR("webhook", h->row.webhook_id),
                      LOG_STR("why", "its master key is not in the file of --master-keys"));
    }
    hook_pump(h);
}

void hook_load(struct hook *h)
{
    struct sender_read *r = webhooks_read(h->all, h->row.tenant_id, loaded_rows, loaded, h);
    struct pg_array ids;
    h->loading = true;
    h->reload = false;
    h->busy++;
    struct pg_args *args = sender_read_add(r, STMT_HOOK_GET);
    pg_arg_int8(args, h->row.tenant_id);
    pg_arg_text(args, h->row.webhook_id);
    args = sender_read_add(r, STMT_HOOK_KEYS);
    pg_arg_int8(args, h->row.tenant_id);
    pg_array_init(&ids, &r->arena, PG_TEXT, 1);
    pg_array_text(&ids, h->row.webhook_id);
    pg_arg_array(args, &ids);
    pg_arg_time(args, webhooks_now_us(h->all));
    args = sender_read_add(r, STMT_HOOK_HELD);
    pg_arg_int8(args, h->row.tenant_id);
    pg_arg_text(args, h->receiver);
    pg_arg_int4(args, HOOK_HELD_MAX + 1);
    sender_read_start(r);
}

/* -- life -------------------------------------------------------------------------------------- */

struct hook *hook_new(struct webhooks *w, const struct pg_rows *rows, int row)
{
    struct hook *h = calloc(1, sizeof *h);
    AM_ASSERT(h != NULL);
    h->all = w;
    arena_init(&h->config_arena, CONFIG_ARENA_BYTES);
    arena_init(&h->read_arena, READ_ARENA_BYTES);
    AM_ASSERT(hook_row_load(rows, row, &h->config_arena, &h->row) == AM_OK);
    (void)snprintf(h->receiver, sizeof h->receiver, "%s%s", DELIVERY_HOOK_RECEIVER,
                   h->row.webhook_id);
    list_init(&h->jobs);
    h->first = h->next_send = 1;
    h->read_at = h->row.cursor;
    h->current_at = h->row.current_at;
    h->last_at = h->row.last_at;
    h->last_status = h->row.last_status;
    (void)snprintf(h->last_error, sizeof h->last_error, "%s", h->row.last_error);
    h->probing = h->row.failures > 0;
    list_push_back(&w->served, &h->link);
    w->n_served++;
    return h;
}

void hook_free(struct hook *h)
{
    list_remove(&h->link);
    h->all->n_served--;
    hook_window_clear(h);
    for (size_t i = 0; i < HOOK_KEYS_MAX; i++)
        hook_key_forget(&h->row.keys[i]);
    arena_free(&h->config_arena);
    arena_free(&h->read_arena);
    free(h);
}
