/* SPDX-License-Identifier: Apache-2.0 */
#include "resolution/resolution.h"

#include <stdlib.h>

#include "base/assert.h"
#include "resolution/delivery/deliveries.h"

struct resolution {
    struct deliveries *deliveries;
};

bool resolution_settled(const struct resolution *r)
{
    return deliveries_settled(r->deliveries);
}

void resolution_time_moved(struct resolution *r)
{
    deliveries_time_moved(r->deliveries);
}

void resolution_stop(struct resolution *r)
{
    deliveries_stop(r->deliveries);
}

void resolution_free(struct resolution *r)
{
    if (!r)
        return;
    deliveries_free(r->deliveries);
    free(r);
}

int resolution_new(const struct resolution_config *config, struct resolution **out)
{
    struct resolution *r = calloc(1, sizeof *r);
    AM_ASSERT(r != NULL);
    r->deliveries = deliveries_new(config->service, config->first_stmt);
    *out = r;
    return resolution_register(config->server, config->service);
}
