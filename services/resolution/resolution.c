/* SPDX-License-Identifier: Apache-2.0 */
#include "resolution/resolution.h"

#include <stdlib.h>

#include "base/assert.h"
#include "resolution/delivery/deliveries.h"
#include "resolution/mail/mail.h"
#include "resolution/webhook/webhooks.h"

/* Together less than the time that a pod has to exit after its drain (helm/amends). */
#define MAIL_PATIENCE_US (2 * US_PER_S)
#define WRITE_PATIENCE_US US_PER_S
#define LOOK_US (10 * US_PER_MS)

struct resolution {
    struct loop *loop;
    struct deliveries *deliveries;
    struct webhooks *webhooks;
    struct mail_channel *mail; /* NULL = none is sent */
    /* The end. */
    struct loop_timer *look;
    int64_t until_us;
    void (*ended)(void *ctx);
    void *ctx;
};

bool resolution_settled(const struct resolution *r)
{
    return deliveries_settled(r->deliveries) && webhooks_settled(r->webhooks);
}

void resolution_time_moved(struct resolution *r)
{
    deliveries_time_moved(r->deliveries);
    webhooks_time_moved(r->webhooks);
}

/* Until it is written what became of the jobs; who does not see it written sends them again. */
static void look(void *arg)
{
    struct resolution *r = arg;
    if (deliveries_settled(r->deliveries) || time_mono_us() >= r->until_us)
        r->ended(r->ctx);
    else
        loop_timer_start(r->look, LOOK_US);
}

static void channels_ended(void *arg)
{
    struct resolution *r = arg;
    r->until_us = time_mono_us() + WRITE_PATIENCE_US;
    loop_timer_start(r->look, 0);
}

void resolution_stop(struct resolution *r, void (*ended)(void *ctx), void *ctx)
{
    r->ended = ended;
    r->ctx = ctx;
    deliveries_stop(r->deliveries);
    webhooks_stop(r->webhooks);
    if (r->mail)
        mail_channel_stop(r->mail, MAIL_PATIENCE_US, channels_ended, r);
    else
        channels_ended(r);
}

void resolution_free(struct resolution *r)
{
    if (!r)
        return;
    webhooks_free(r->webhooks);
    deliveries_free(r->deliveries);
    mail_channel_free(r->mail);
    loop_timer_free(r->look);
    free(r);
}

static struct webhooks *start_webhooks(const struct resolution_config *config,
                                       struct deliveries *deliveries)
{
    const struct webhooks_config webhooks = {
        .service = config->service,
        .deliveries = deliveries,
        .first_stmt = config->first_stmt,
        .masters = config->masters,
        .ca_file = config->webhook_ca,
        .reach = config->webhook_reach,
        .timeout_ms = config->webhook_timeout_ms,
    };
    return webhooks_new(&webhooks);
}

int resolution_new(const struct resolution_config *config, struct resolution **out)
{
    struct resolution *r = calloc(1, sizeof *r);
    AM_ASSERT(r != NULL);
    r->loop = config->service->loop;
    r->look = loop_timer_new(r->loop, look, r);
    r->deliveries = deliveries_new(config->service, config->first_stmt);
    r->webhooks = start_webhooks(config, r->deliveries);
    if (config->mail)
        r->mail =
            mail_channel_new(config->service, r->deliveries, config->first_stmt, config->mail);
    *out = r;
    const int err = resolution_register(config->server, config->service);
    return err ? err : webhooks_register(config->server, r->webhooks);
}
