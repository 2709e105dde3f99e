/* SPDX-License-Identifier: Apache-2.0 */
#include "resolution/webhook/webhooks.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/minmax.h"
#include "contract/words.h"
#include "resolution/webhook/impl.h"

#define TICK_US (20 * US_PER_MS)
#define IDLE_TICK_US (500 * US_PER_MS)
#define COUNT_US (30 * US_PER_S)
#define CONNECT_MS 3000
#define DAY_US (24 * 3600 * US_PER_S)

static const char *const outcomes[] = {"taken", "failed", "refused", NULL};
static METRIC_DEFINE_LABEL(attempts_total, METRIC_COUNTER, "amends_webhook_attempts_total",
                           "Events that were sent to webhooks, by what came of it.", "outcome",
                           outcomes);
static METRIC_DEFINE(lag_seconds, METRIC_HISTOGRAM, "amends_webhook_event_age_seconds",
                     "How old an event was when a webhook took it.");
static METRIC_DEFINE(served_gauge, METRIC_GAUGE, "amends_webhook_served",
                     "Webhooks that this replica serves.");
static METRIC_DEFINE(paused_gauge, METRIC_GAUGE, "amends_webhook_paused",
                     "Those of them that are paused, because the receiver fails everything.");
static METRIC_DEFINE(lag_gauge, METRIC_GAUGE, "amends_webhook_lag_seconds",
                     "How far behind the one of them is that lags most.");
static METRIC_DEFINE(disabled_gauge, METRIC_GAUGE, "amends_webhook_disabled",
                     "Webhooks of all tenants that are disabled; counted by one replica.");
static METRIC_DEFINE(behind_gauge, METRIC_GAUGE, "amends_webhook_day_behind",
                     "Active webhooks of all tenants that are more than a day behind; counted by "
                     "one replica.");

int64_t webhooks_now_us(const struct webhooks *w)
{
    return time_now_us(loop_time(w->service->loop));
}

struct sender_read *
webhooks_read(struct webhooks *w, int64_t tenant_id,
              void (*rows)(struct pg_read *r, size_t i, const struct pg_rows *rows),
              void (*ended)(struct sender_read *r, const struct fault *fault), void *ctx)
{
    return sender_read_new(w->service, w->config.first_stmt, tenant_id, rows, ended, ctx);
}

/* -- figures ----------------------------------------------------------------------------------- */

void hook_metrics_delivered(enum delivery_outcome outcome, int64_t lag_us)
{
    if (outcome <= DELIVERY_REFUSED)
        metric_add(&attempts_total, outcome, 1);
    if (outcome == DELIVERY_TAKEN)
        metric_observe_us(&lag_seconds, 0, lag_us);
}

static void late_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    (void)pg;
    (void)i;
    metric_set(&disabled_gauge, 0, pg_int(rows, 0, 0));
    metric_set(&behind_gauge, 0, pg_int(rows, 0, 1));
}

static void late_ended(struct sender_read *r, const struct fault *fault)
{
    (void)fault;
    ((struct webhooks *)r->ctx)->counting = false;
}

static void count_late(struct webhooks *w)
{
    if (!deliveries_holds_lease(w->config.deliveries)) {
        metric_set(&disabled_gauge, 0, 0);
        metric_set(&behind_gauge, 0, 0);
        return;
    }
    w->counting = true;
    struct sender_read *r = webhooks_read(w, 0, late_rows, late_ended, w);
    pg_arg_time(sender_read_add(r, STMT_HOOK_LATE), webhooks_now_us(w) - DAY_US);
    sender_read_start(r);
}

static void count_served(struct webhooks *w)
{
    const int64_t now_us = webhooks_now_us(w);
    int64_t paused = 0, lag_us = 0;
    LIST_FOR_EACH (it, &w->served) {
        const struct hook *h = CONTAINER_OF(it, struct hook, link);
        paused += h->row.paused_until > now_us;
        lag_us = larger(lag_us, now_us - h->row.current_at);
    }
    metric_set(&served_gauge, 0, (int64_t)w->n_served);
    metric_set(&paused_gauge, 0, paused);
    metric_set(&lag_gauge, 0, lag_us / US_PER_S);
}

/* -- ticks ------------------------------------------------------------------------------------- */

static void tick(void *ctx)
{
    struct webhooks *w = ctx;
    const int64_t now_us = time_mono_us();
    loop_timer_start(w->tick, w->n_served > 0 ? TICK_US : IDLE_TICK_US);
    if (!pg_up(w->service->pg))
        return;
    if (!w->stopped)
        hook_lease_tick(w);
    if (!w->stopped && !w->counting && now_us >= w->count_us) {
        w->count_us = now_us + COUNT_US;
        count_late(w);
    }
    LIST_FOR_EACH_SAFE (it, &w->served)
        hook_pump(CONTAINER_OF(it, struct hook, link));
    if (now_us >= w->figures_us) {
        w->figures_us = now_us + US_PER_S;
        count_served(w);
    }
}

bool webhooks_settled(const struct webhooks *w)
{
    if (w->claiming)
        return false;
    LIST_FOR_EACH (it, &w->served)
        if (!hook_settled(CONTAINER_OF(it, struct hook, link)))
            return false;
    return true;
}

void webhooks_time_moved(struct webhooks *w)
{
    LIST_FOR_EACH (it, &w->served) {
        struct hook *h = CONTAINER_OF(it, struct hook, link);
        h->fresh = h->rows_fresh = false;
        h->read_us = h->rows_us = 0;
    }
    w->claim_us = 0;
    loop_timer_start(w->tick, 0);
}

/* -- notifications ----------------------------------------------------------------------------- */

struct fan {
    struct delivery_job *job;
    int64_t webhooks;
};

static void fan_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    (void)i;
    ((struct fan *)((struct sender_read *)pg->ctx)->ctx)->webhooks = pg_int(rows, 0, 0);
}

/* Policy may name a webhook that nobody has made yet, or that is disabled for a while, so it is
 * tried again. */
static void fanned_out(struct sender_read *r, const struct fault *fault)
{
    struct fan *fan = r->ctx;
    struct delivery_answer a = {.outcome = DELIVERY_TAKEN};
    if (fault)
        a = (struct delivery_answer){.outcome = DELIVERY_PUT_OFF, .wait_us = US_PER_S};
    else if (fan->webhooks == 0)
        a = (struct delivery_answer){.outcome = DELIVERY_FAILED,
                                     .text = "no webhook of the name that policy gives is active"};
    delivery_done(fan->job, &a);
    free(fan);
}

/* The row of a notification becomes one for each webhook that gets it. */
static void fan_out(void *ctx, struct delivery_job *job)
{
    struct webhooks *w = ctx;
    struct fan *fan = calloc(1, sizeof *fan);
    AM_ASSERT(fan != NULL);
    fan->job = job;
    struct sender_read *r = webhooks_read(w, job->row.tenant_id, fan_rows, fanned_out, fan);
    struct pg_args *args = sender_read_add(r, STMT_HOOK_FAN_OUT);
    pg_arg_int8(args, job->row.tenant_id);
    pg_arg_uuid(args, &job->row.notification_id);
    pg_arg_uuid(args, &job->row.case_id);
    pg_arg_time(args, webhooks_now_us(w));
    pg_arg_text(args, job->row.receiver);
    sender_read_start(r);
}

/* -- new events -------------------------------------------------------------------------------- */

static void woken(struct feed_listener *listener, int64_t tenant_id)
{
    struct webhooks *w = CONTAINER_OF(listener, struct webhooks, listener);
    if (w->stopped || !pg_up(w->service->pg))
        return;
    LIST_FOR_EACH_SAFE (it, &w->served) {
        struct hook *h = CONTAINER_OF(it, struct hook, link);
        if (h->row.tenant_id != tenant_id)
            continue;
        hook_window_woken(h);
        hook_pump(h);
    }
}

/* -- life -------------------------------------------------------------------------------------- */

static void register_metrics(void)
{
    struct metric *const all[] = {&attempts_total, &lag_seconds,    &served_gauge, &paused_gauge,
                                  &lag_gauge,      &disabled_gauge, &behind_gauge};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        metric_register(all[i]);
    hook_write_metrics();
}

struct webhooks *webhooks_new(const struct webhooks_config *config)
{
    struct webhooks *w = calloc(1, sizeof *w);
    AM_ASSERT(w != NULL);
    w->config = *config;
    w->service = config->service;
    list_init(&w->served);
    list_init(&w->sendings);
    register_metrics();
    const struct http_config http = {.loop = w->service->loop,
                                     .ca_file = config->ca_file,
                                     .reach = config->reach,
                                     .at_once = HOOK_REQUESTS_MAX,
                                     .connect_timeout_ms = CONNECT_MS,
                                     .timeout_ms = config->timeout_ms};
    w->http = http_new(&http);
    const struct delivery_channel channel = {.name = "webhook",
                                             .kinds =
                                                 DELIVERY_BIT(DELIVERY_KIND_NOTIFICATION_WEBHOOK),
                                             .at_once = DELIVERY_RECEIVER_MOST,
                                             .send = fan_out,
                                             .ctx = w};
    deliveries_join(config->deliveries, &channel);
    w->listener.woken = woken;
    feed_wake_listen(w->service->wake, &w->listener);
    w->tick = loop_timer_new(w->service->loop, tick, w);
    loop_timer_start(w->tick, 0);
    return w;
}

void webhooks_stop(struct webhooks *w)
{
    w->stopped = true;
    hook_lease_release(w);
}

void webhooks_free(struct webhooks *w)
{
    if (!w)
        return;
    loop_timer_free(w->tick);
    http_free(w->http);
    LIST_FOR_EACH_SAFE (it, &w->sendings)
        hook_sending_free(CONTAINER_OF(it, struct sending, link));
    LIST_FOR_EACH_SAFE (it, &w->served)
        hook_free(CONTAINER_OF(it, struct hook, link));
    free(w);
}
