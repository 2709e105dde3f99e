/* SPDX-License-Identifier: Apache-2.0 */

#include "case/tenants.h"

#include <stdlib.h>

#include "base/assert.h"
#include "case/tenants_impl.h"

#define REFRESH_US (10 * US_PER_S)

/* -- refresh ---------------------------------------------------------------------------------- */

static void want(struct tenants *t, int32_t tenant_id, int32_t version)
{
    for (size_t i = 0; i < t->n_wanted; i++)
        if (t->wanted[i].tenant_id == tenant_id && t->wanted[i].version == version)
            return;
    if (t->n_wanted < WANTED_MAX)
        t->wanted[t->n_wanted++] = (struct wanted){tenant_id, version};
}

/* A version becomes the current one when its policy is here. */
static void load_version(struct tenants *t, int32_t id, int32_t version)
{
    struct known *e = known_by_id(t, id);
    if (!e || e->pub.policy_version == version)
        return;
    if (known_policy(e, version))
        e->pub.policy_version = version;
    else
        want(t, id, version);
}

static void refresh_rows(struct pg_read *read, size_t i, const struct pg_rows *rows)
{
    struct tenants *t = read->ctx;
    for (int row = 0; row < pg_rows_count(rows); row++) {
        int32_t id = (int32_t)pg_int(rows, row, 0), version = (int32_t)pg_int(rows, row, 1);
        struct known *e = known_by_id(t, id);
        if (read->q[i].stmt == STMT_TENANT_VERSIONS)
            load_version(t, id, version);
        else if (e)
            known_compile(e, version, pg_text(rows, row, 2));
    }
}

static void refresh(struct tenants *t);

/* Versions that were noticed now are fetched at once; one that did not come waits for the next
 * time. */
static void refresh_done(struct pg_read *read, const struct fault *fault)
{
    struct tenants *t = read->ctx;
    bool asked_for_sources = read->n > 1;
    t->refreshing = false;
    arena_free(&t->refresh_arena);
    loop_timer_start(t->timer, REFRESH_US);
    if (!fault && t->n_wanted > 0 && !asked_for_sources)
        refresh(t);
}

/* The sources first: a version whose policy has come becomes current in the same refresh. */
static void add_sources(struct tenants *t)
{
    struct pg_array ids, versions;
    struct pg_args *args = &t->refresh.q[t->refresh.n].args;
    t->refresh.q[t->refresh.n++].stmt = STMT_POLICY_SOURCES;
    pg_array_init(&ids, &t->refresh_arena, PG_INT4, t->n_wanted);
    pg_array_init(&versions, &t->refresh_arena, PG_INT4, t->n_wanted);
    for (size_t i = 0; i < t->n_wanted; i++) {
        pg_array_int(&ids, t->wanted[i].tenant_id);
        pg_array_int(&versions, t->wanted[i].version);
    }
    t->n_wanted = 0;
    pg_args_init(args, &t->refresh_arena);
    pg_arg_array(args, &ids);
    pg_arg_array(args, &versions);
}

static void add_versions(struct tenants *t)
{
    struct pg_array ids;
    struct pg_args *args = &t->refresh.q[t->refresh.n].args;
    t->refresh.q[t->refresh.n++].stmt = STMT_TENANT_VERSIONS;
    pg_array_init(&ids, &t->refresh_arena, PG_INT4, t->n);
    known_ids(t, &ids);
    pg_args_init(args, &t->refresh_arena);
    pg_arg_array(args, &ids);
}

static void refresh(struct tenants *t)
{
    if (t->refreshing || !t->pg || t->n == 0)
        return;
    t->refreshing = true;
    loop_timer_stop(t->timer);
    arena_init(&t->refresh_arena, TENANTS_READ_BYTES);
    t->refresh = (struct pg_read){.deadline_us = clock_mono_us() + TENANTS_READ_US,
                                  .rows = refresh_rows,
                                  .done = refresh_done,
                                  .ctx = t};
    if (t->n_wanted > 0)
        add_sources(t);
    add_versions(t);
    pg_read(t->pg, &t->refresh);
}

static void refresh_due(void *ctx)
{
    struct tenants *t = ctx;
    loop_timer_start(t->timer, REFRESH_US);
    refresh(t);
}

/* -- the rest --------------------------------------------------------------------------------- */

struct tenants *tenants_new(struct loop *loop)
{
    struct tenants *t = calloc(1, sizeof(*t));
    AM_ASSERT(t != NULL);
    t->loop = loop;
    list_init(&t->lookups);
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

const struct tenant *tenants_by_id(struct tenants *t, int32_t id)
{
    const struct known *e = known_by_id(t, id);
    return e ? &e->pub : NULL;
}

const struct policy *tenants_policy(struct tenants *t, int32_t tenant_id, int32_t version)
{
    const struct known *e = known_by_id(t, tenant_id);
    if (!e)
        return NULL;
    const struct policy *policy = known_policy(e, version);
    if (!policy) {
        want(t, tenant_id, version);
        refresh(t);
    }
    return policy;
}
