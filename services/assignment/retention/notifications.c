/* SPDX-License-Identifier: Apache-2.0 */
#include "assignment/retention/notifications.h"

#include <stdio.h>
#include <stdlib.h>

#include "assignment/retention/retention.h"
#include "base/assert.h"
#include "base/metrics.h"
#include "contract/check.h"
#include "store/lists/notifications.h"
#include "store/private.h"

#define REST_US (10 * US_PER_S) /* between two rounds over all tenants */
#define TENANTS_MOST 100
#define ARENA_BYTES (256u << 10)
#define WAIT_US (30 * US_PER_S)

static METRIC_DEFINE(purged_total, METRIC_COUNTER, "amends_retention_notifications_purged_total",
                     "Notifications that policy keeps no longer.");

struct old_notifications {
    struct assignment *a;
    bool running;
    int64_t rest_until_us; /* monotonic */
    struct arena arena;
    struct store_read read;
    struct private_tenant tenants[TENANTS_MOST]; /* of the round */
    size_t n_tenants, next_tenant;
    int64_t last_tenant;
    const struct tenant *tenant; /* whose recipients are gone through; NULL = none's */
    int16_t years;
    char after[CHECK_PRINCIPAL_BYTES_MAX + 1]; /* the slice begins behind this recipient */
};

static void begin_read(struct old_notifications *o, void (*done)(struct store_read *read))
{
    arena_reset(&o->arena);
    o->read = (struct store_read){.arena = &o->arena,
                                  .tenant_id = o->tenant ? o->tenant->id : 0,
                                  .tenant = o->tenant ? o->tenant->name : "",
                                  .deadline_us = time_mono_us() + WAIT_US,
                                  .done = done,
                                  .ctx = o};
}

/* -- a tenant's -------------------------------------------------------------------------------- */

/* What could not be read comes again with the next round. */
static void purged(struct store_read *read)
{
    struct old_notifications *o = read->ctx;
    o->running = false;
    if (fault_is_set(&read->fault)) {
        o->tenant = NULL;
        return;
    }
    metric_add(&purged_total, 0, read->deleted);
    const char *last = ROW_AT(&read->found, const struct notification_sweep, 0)->last;
    if (read->deleted > 0)
        return; /* these recipients may have more */
    (void)snprintf(o->after, sizeof o->after, "%s", last);
    if (!*last)
        o->tenant = NULL;
}

static void purge(struct old_notifications *o)
{
    begin_read(o, purged);
    store_purge_notifications(o->a->service->store, &o->read, o->after,
                              retention_cutoff_us(engine_now_us(o->a), o->years));
}

/* -- tenants ----------------------------------------------------------------------------------- */

static void tenant_known(void *ctx, const struct tenant *t)
{
    struct old_notifications *o = ctx;
    const struct policy *p =
        t ? tenants_policy(o->a->service->tenants, t->id, t->policy_version) : NULL;
    o->running = false;
    o->after[0] = '\0';
    o->years = p ? p->retention_notification_years : 0;
    o->tenant = o->years > 0 ? t : NULL;
}

static void tenants_read(struct store_read *read)
{
    struct old_notifications *o = read->ctx;
    const struct rows *found = &read->found;
    o->running = false;
    o->next_tenant = o->n_tenants = 0;
    if (fault_is_set(&read->fault))
        return;
    ROWS_EACH (t, const struct private_tenant, found) {
        o->last_tenant = t->tenant_id;
        o->tenants[o->n_tenants++] = *t;
    }
    if (found->n > 0)
        return;
    o->last_tenant = 0;
    o->rest_until_us = time_mono_us() + REST_US;
}

static void next_tenant(struct old_notifications *o)
{
    if (o->next_tenant < o->n_tenants) {
        tenant_by_id(o->a, o->tenants[o->next_tenant++].tenant_id, tenant_known, o);
        return;
    }
    begin_read(o, tenants_read);
    store_read_tenants(o->a->service->store, &o->read, o->last_tenant, TENANTS_MOST);
}

/* -- life -------------------------------------------------------------------------------------- */

void old_notifications_run(struct old_notifications *o)
{
    const bool at_rest = !o->tenant && o->next_tenant == o->n_tenants && o->last_tenant == 0 &&
                         time_mono_us() < o->rest_until_us;
    if (o->running || o->a->stopped || at_rest)
        return;
    o->running = true;
    if (o->tenant)
        purge(o);
    else
        next_tenant(o);
}

struct old_notifications *old_notifications_new(struct assignment *a)
{
    struct old_notifications *o = calloc(1, sizeof(*o));
    AM_ASSERT(o != NULL);
    metric_register(&purged_total);
    o->a = a;
    arena_init(&o->arena, ARENA_BYTES);
    return o;
}

void old_notifications_free(struct old_notifications *o)
{
    if (!o)
        return;
    arena_free(&o->arena);
    free(o);
}
