/* SPDX-License-Identifier: Apache-2.0 */

/* From a name to a tenant with its current policy: one look-up at a time for a name, whoever else
 * asks waits for it. */

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "contract/reasons.h"
#include "store/tenants_impl.h"

#define UNKNOWN_US US_PER_S

/* Somebody waiting for a look-up; lies in the waiter's arena. */
struct waiter {
    struct list link;
    struct arena *arena;
    void (*done)(void *ctx, const struct tenant *tenant, const struct fault *fault);
    void *ctx;
};

/* One look-up of a name. */
struct lookup {
    struct list link;
    struct tenants *t;
    struct pg_read read;
    struct arena arena;
    struct known *found;
    struct tenants_wait policy;
    struct list waiters;
    char name[];
};

/* -- names that are not there ----------------------------------------------------------------- */

static struct unknown *unknown_slot(struct tenants *t, const char *name)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (const char *p = name; *p; p++)
        h = (h ^ (uint8_t)*p) * 16777619u;
    return &t->unknown[h % UNKNOWN_SLOTS];
}

static bool unknown_lately(struct tenants *t, const char *name)
{
    const struct unknown *u = unknown_slot(t, name);
    return u->name && strcmp(u->name, name) == 0 && time_mono_us() < u->until_us;
}

static void unknown_add(struct tenants *t, const char *name)
{
    struct unknown *u = unknown_slot(t, name);
    free(u->name);
    u->name = strdup(name);
    u->until_us = time_mono_us() + UNKNOWN_US;
}

static void tell_unknown(const char *name, struct arena *arena,
                         void (*done)(void *, const struct tenant *, const struct fault *),
                         void *ctx)
{
    struct fault fault;
    fault_init(&fault, arena);
    fault_set(&fault, FAULT_UNAUTHENTICATED, ERROR_REASON_TENANT_UNKNOWN, "there is no tenant %s",
              name);
    done(ctx, NULL, &fault);
}

/* -- look-ups --------------------------------------------------------------------------------- */

static void lookup_rows(struct pg_read *read, size_t i, const struct pg_rows *rows)
{
    struct lookup *l = read->ctx;
    (void)i;
    if (pg_rows_count(rows) == 0)
        return;
    const int64_t id = pg_int(rows, 0, 0);
    l->found = known_by_id(l->t, id);
    if (!l->found)
        l->found = known_add(l->t, id, l->name, (int32_t)pg_int(rows, 0, 1));
}

static void tell_fault(struct waiter *w, const struct fault *fault)
{
    struct fault copy;
    fault_copy(&copy, w->arena, fault);
    w->done(w->ctx, NULL, &copy);
}

static void lookup_end(struct lookup *l, const struct fault *fault)
{
    struct list *link;
    list_remove(&l->link);
    while ((link = list_pop_front(&l->waiters))) {
        struct waiter *w = CONTAINER_OF(link, struct waiter, link);
        if (fault)
            tell_fault(w, fault);
        else if (l->found)
            w->done(w->ctx, &l->found->pub, NULL);
        else
            tell_unknown(l->name, w->arena, w->done, w->ctx);
    }
    arena_free(&l->arena);
    free(l);
}

/* A tenant whose policy cannot be had is there all the same: whoever needs it hears why. */
static void lookup_loaded(struct tenants_wait *wait, const struct policy *policy,
                          const struct fault *fault)
{
    (void)policy;
    (void)fault;
    lookup_end(CONTAINER_OF(wait, struct lookup, policy), NULL);
}

static void lookup_done(struct pg_read *read, const struct fault *fault)
{
    struct lookup *l = read->ctx;
    if (!fault && l->found) {
        l->policy.done = lookup_loaded;
        tenants_load(l->t, l->found->pub.id, l->found->pub.policy_version, &l->policy);
        return;
    }
    if (!fault)
        unknown_add(l->t, l->name);
    lookup_end(l, fault);
}

static struct lookup *lookup_find(struct tenants *t, const char *name)
{
    LIST_FOR_EACH (it, &t->lookups) {
        struct lookup *l = CONTAINER_OF(it, struct lookup, link);
        if (strcmp(l->name, name) == 0)
            return l;
    }
    return NULL;
}

static struct lookup *lookup_new(struct tenants *t, const char *name)
{
    size_t len = strlen(name);
    struct lookup *l = calloc(1, sizeof(*l) + len + 1);
    AM_ASSERT(l != NULL);
    memcpy(l->name, name, len + 1);
    l->t = t;
    arena_init(&l->arena, TENANTS_READ_BYTES);
    list_init(&l->waiters);
    list_push_back(&t->lookups, &l->link);
    l->read = (struct pg_read){.n = 1,
                               .deadline_us = time_mono_us() + TENANTS_READ_US,
                               .rows = lookup_rows,
                               .done = lookup_done,
                               .ctx = l};
    l->read.q[0].stmt = STMT_TENANT_BY_NAME;
    pg_args_init(&l->read.q[0].args, &l->arena);
    pg_arg_text(&l->read.q[0].args, l->name);
    return l;
}

static void wait_for(struct lookup *l, struct waiter *w)
{
    list_push_back(&l->waiters, &w->link);
}

void tenants_get(struct tenants *t, const char *name, struct arena *arena,
                 void (*done)(void *ctx, const struct tenant *tenant, const struct fault *fault),
                 void *ctx)
{
    const struct tenant *known = tenants_find(t, name);
    struct lookup *l = lookup_find(t, name);
    if (known && !l) {
        done(ctx, known, NULL);
        return;
    }
    if (unknown_lately(t, name)) {
        tell_unknown(name, arena, done, ctx);
        return;
    }
    struct waiter *w = ARENA_NEW(arena, struct waiter);
    *w = (struct waiter){.arena = arena, .done = done, .ctx = ctx};
    if (l) {
        wait_for(l, w);
        return;
    }
    l = lookup_new(t, name);
    wait_for(l, w);
    pg_read(t->pg, &l->read);
}
