/* SPDX-License-Identifier: Apache-2.0 */

#include "store/tenants.h"

#include <stdlib.h>

#include "base/assert.h"
#include "store/tenants_impl.h"

#define REFRESH_US (10 * US_PER_S)
#define REFRESH_BYTES (64u << 20) /* a million tenants */

/* -- refresh ---------------------------------------------------------------------------------- */

static void heard(struct tenants *t, struct known *k, int32_t version)
{
    if (version > k->newest)
        k->newest = version;
    known_follow(k);
    if (k->pub.policy_version != k->newest && !known_version(k, k->newest))
        load_start(t, k, k->newest, NULL);
}

static void refresh_rows(struct pg_read *read, size_t i, const struct pg_rows *rows)
{
    struct tenants *t = read->ctx;
    (void)i;
    for (int row = 0; row < pg_rows_count(rows); row++) {
        struct known *k = known_by_id(t, pg_int(rows, row, 0));
        if (k)
            heard(t, k, (int32_t)pg_int(rows, row, 1));
    }
}

static void refresh_done(struct pg_read *read, const struct fault *fault)
{
    struct tenants *t = read->ctx;
    (void)fault; /* the next one will do */
    t->refreshing = false;
    arena_free(&t->refresh_arena);
}

static void refresh(struct tenants *t)
{
    struct pg_array ids;
    t->refreshing = true;
    arena_init(&t->refresh_arena, REFRESH_BYTES);
    t->refresh = (struct pg_read){.n = 1,
                                  .deadline_us = time_mono_us() + TENANTS_READ_US,
                                  .rows = refresh_rows,
                                  .done = refresh_done,
                                  .ctx = t};
    struct pg_args *args = &t->refresh.q[0].args;
    t->refresh.q[0].stmt = STMT_TENANT_VERSIONS;
    pg_array_init(&ids, &t->refresh_arena, PG_INT8, t->n);
    known_ids(t, &ids);
    pg_args_init(args, &t->refresh_arena);
    pg_arg_array(args, &ids);
    pg_read(t->pg, &t->refresh);
}

static void refresh_due(void *ctx)
{
    struct tenants *t = ctx;
    loop_timer_start(t->timer, REFRESH_US);
    known_sweep(t);
    if (!t->refreshing && t->n > 0)
        refresh(t);
}

/* -- the rest --------------------------------------------------------------------------------- */

struct tenants *tenants_new(struct loop *loop)
{
    struct tenants *t = calloc(1, sizeof(*t));
    AM_ASSERT(t != NULL);
    load_metrics();
    known_metrics();
    t->loop = loop;
    list_init(&t->lookups);
    list_init(&t->loads);
    t->timer = loop_timer_new(loop, refresh_due, t);
    return t;
}

void tenants_use(struct tenants *t, struct pg *pg)
{
    t->pg = pg;
    loop_timer_start(t->timer, REFRESH_US);
}

void tenants_free(struct tenants *t)
{
    load_orphan_all(t);
    AM_ASSERT(list_empty(&t->lookups) && !t->refreshing);
    loop_timer_free(t->timer);
    known_free_all(t);
    for (size_t i = 0; i < UNKNOWN_SLOTS; i++)
        free(t->unknown[i].name);
    free(t);
}

const struct tenant *tenants_find(struct tenants *t, const char *name)
{
    const struct known *e = known_by_name(t, name);
    return e ? &e->pub : NULL;
}

const struct tenant *tenants_by_id(struct tenants *t, int64_t id)
{
    const struct known *e = known_by_id(t, id);
    return e ? &e->pub : NULL;
}

bool tenants_quiet(const struct tenants *t)
{
    return list_empty(&t->lookups) && list_empty(&t->loads);
}

const struct policy *tenants_policy(struct tenants *t, int64_t tenant_id, int32_t version)
{
    struct known *k = known_by_id(t, tenant_id);
    if (!k)
        return NULL;
    const struct compiled *c = known_version(k, version);
    if (!c)
        load_start(t, k, version, NULL);
    return c ? c->policy : NULL;
}

size_t tenants_policies(struct tenants *t, int64_t tenant_id, const struct policy **out, size_t max)
{
    const struct known *k = known_by_id(t, tenant_id);
    size_t n = 0;
    for (size_t i = 0; k && i < k->n_policies && n < max; i++)
        if (k->policies[i].policy && k->policies[i].version != k->pub.policy_version)
            out[n++] = k->policies[i].policy;
    return n;
}

void tenants_hold(struct tenants *t, int64_t tenant_id, int32_t version)
{
    struct known *k = known_by_id(t, tenant_id);
    AM_ASSERT(k != NULL);
    struct compiled *c = known_version(k, version);
    AM_ASSERT(c != NULL && c->policy != NULL);
    c->held++;
}

void tenants_release(struct tenants *t, int64_t tenant_id, int32_t version)
{
    struct compiled *c = known_version(known_by_id(t, tenant_id), version);
    AM_ASSERT(c != NULL && c->held > 0);
    c->held--;
}

bool tenants_uncompilable(struct tenants *t, int64_t tenant_id, int32_t version)
{
    struct known *k = known_by_id(t, tenant_id);
    const struct compiled *c = k ? known_version(k, version) : NULL;
    return c && !c->policy;
}

void tenants_current(struct tenants *t, int64_t tenant_id, int32_t version)
{
    struct known *k = known_by_id(t, tenant_id);
    if (k)
        heard(t, k, version);
}

void tenants_add(struct tenants *t, int64_t tenant_id, struct policy *policy)
{
    struct known *k = known_by_id(t, tenant_id);
    AM_ASSERT(k != NULL);
    if (known_version(k, policy->version)) {
        policy_free(policy);
        return;
    }
    const int32_t version = policy->version;
    (void)known_keep(t, k, version, policy);
    heard(t, k, version);
}
