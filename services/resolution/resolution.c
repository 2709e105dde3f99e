/* SPDX-License-Identifier: Apache-2.0 */
#include "resolution/resolution.h"

#include <stdlib.h>

#include "base/assert.h"
#include "resolution/delivery/deliveries.h"
#include "resolution/webhook/webhooks.h"

struct resolution {
    struct deliveries *deliveries;
    struct webhooks *webhooks;
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

void resolution_stop(struct resolution *r)
{
    deliveries_stop(r->deliveries);
    webhooks_stop(r->webhooks);
}

void resolution_free(struct resolution *r)
{
    if (!r)
        return;
    webhooks_free(r->webhooks);
    deliveries_free(r->deliveries);
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
    r->deliveries = deliveries_new(config->service, config->first_stmt);
    r->webhooks = start_webhooks(config, r->deliveries);
    *out = r;
    const int err = resolution_register(config->server, config->service);
    return err ? err : webhooks_register(config->server, r->webhooks);
}
