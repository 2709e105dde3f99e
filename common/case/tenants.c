/* SPDX-License-Identifier: Apache-2.0 */

#include "case/tenants.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "case/store_impl.h"

#define REFRESH_US (10 * US_PER_S)
#define UNKNOWN_US US_PER_S
#define LOOKUP_US (2 * US_PER_S)
#define LOOKUP_BYTES (4u << 20)
#define UNKNOWN_SLOTS 256
/* Versions asked for in one refresh; the others are asked for again by whoever needs them. */
#define WANTED_MAX 64

/* A tenant and its compiled policies, by version. */
struct known {
    struct tenant pub;
    struct policy **policies;
    size_t n_policies;
};

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
    struct list waiters;
    char name[];
};

/* A name that was not there a moment ago; a few are kept, so that inventing names costs no memory.
 */
struct unknown {
    char *name;
    int64_t until_us;
};

struct wanted {
    int32_t tenant_id, version;
};

struct tenants {
    struct loop *loop;
    struct pg *pg;
    struct loop_timer *timer;
    void *by_name, *by_id; /* tsearch() trees of struct known */
    size_t n;
    struct list lookups;
    struct unknown unknown[UNKNOWN_SLOTS];
    struct wanted wanted[WANTED_MAX];
    size_t n_wanted;
    struct pg_read refresh;
    struct arena refresh_arena;
    bool refreshing;
};

/* -- entries
 * -----------------------------------------------------------------------------------------------
 */

static int cmp_name(const void *a, const void *b)
{
    return strcmp(((const struct known *)a)->pub.name, ((const struct known *)b)->pub.name);
}

static int cmp_id(const void *a, const void *b)
{
    int32_t x = ((const struct known *)a)->pub.id, y = ((const struct known *)b)->pub.id;
    return x < y ? -1 : x > y;
}

static struct known *find_name(const struct tenants *t, const char *name)
{
    const struct known key = {.pub.name = name};
    struct known **e = tfind(&key, (void *const *)&t->by_name, cmp_name);
    return e ? *e : NULL;
}

static struct known *find_id(const struct tenants *t, int32_t id)
{
    const struct known key = {.pub.id = id};
    struct known **e = tfind(&key, (void *const *)&t->by_id, cmp_id);
    return e ? *e : NULL;
}

static struct known *known_add(struct tenants *t, int32_t id, const char *name, int32_t version)
{
    struct known *e = calloc(1, sizeof(*e));
    AM_ASSERT(e != NULL);
    e->pub = (struct tenant){.id = id, .name = strdup(name), .policy_version = version};
    AM_ASSERT(e->pub.name != NULL && tsearch(e, &t->by_name, cmp_name) != NULL &&
              tsearch(e, &t->by_id, cmp_id) != NULL);
    t->n++;
    return e;
}

static void known_free(void *entry)
{
    struct known *e = entry;
    for (size_t i = 0; i < e->n_policies; i++)
        policy_free(e->policies[i]);
    free(e->policies);
    free((void *)(uintptr_t)e->pub.name);
    free(e);
}

static const struct policy *known_policy(const struct known *e, int32_t version)
{
    for (size_t i = 0; i < e->n_policies; i++)
        if (e->policies[i]->version == version)
            return e->policies[i];
    return NULL;
}

/* Compiles a source unless its version is here already: versions never change. */
static void known_compile(struct known *e, int32_t version, const char *source)
{
    struct arena arena;
    struct fault fault;
    if (known_policy(e, version))
        return;
    arena_init(&arena, LOOKUP_BYTES);
    fault_init(&fault, &arena);
    struct policy *policy = policy_compile(version, source, &fault);
    if (policy) {
        e->policies = reallocarray(e->policies, e->n_policies + 1, sizeof(*e->policies));
        AM_ASSERT(e->policies != NULL);
        e->policies[e->n_policies++] = policy;
    } else {
        log_error("tenants", "policy_does_not_compile", LOG_STR("tenant", e->pub.name),
                  LOG_INT("version", version));
    }
    arena_free(&arena);
}

/* -- names that are not there
 * ------------------------------------------------------------------------------- */

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
    return u->name && strcmp(u->name, name) == 0 && clock_mono_us() < u->until_us;
}

static void unknown_add(struct tenants *t, const char *name)
{
    struct unknown *u = unknown_slot(t, name);
    free(u->name);
    u->name = strdup(name);
    u->until_us = clock_mono_us() + UNKNOWN_US;
}

static void tell_unknown(const char *name, struct arena *arena,
                         void (*done)(void *, const struct tenant *, const struct fault *),
                         void *ctx)
{
    struct fault fault;
    fault_init(&fault, arena);
    fault_set(&fault, FAULT_UNAUTHENTICATED, "TENANT_UNKNOWN", "there is no tenant %s", name);
    done(ctx, NULL, &fault);
}

/* -- look-ups
 * ------------------------------------------------------------------------------------------------
 */

static void lookup_rows(struct pg_read *read, size_t i, const struct pg_rows *rows)
{
    struct lookup *l = read->ctx;
    (void)i;
    for (int row = 0; row < pg_rows_count(rows); row++) {
        int32_t id = (int32_t)pg_int(rows, row, 0);
        if (!l->found)
            l->found = find_id(l->t, id);
        if (!l->found)
            l->found = known_add(l->t, id, l->name, (int32_t)pg_int(rows, row, 1));
        known_compile(l->found, (int32_t)pg_int(rows, row, 2), pg_text(rows, row, 3));
    }
}

static void tell_fault(struct waiter *w, const struct fault *fault)
{
    struct fault copy;
    fault_copy(&copy, w->arena, fault);
    w->done(w->ctx, NULL, &copy);
}

static void lookup_done(struct pg_read *read, const struct fault *fault)
{
    struct lookup *l = read->ctx;
    struct list *link;
    list_remove(&l->link);
    if (!fault && !l->found)
        unknown_add(l->t, l->name);
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
    memcpy(l->name, name, len);
    l->t = t;
    arena_init(&l->arena, LOOKUP_BYTES);
    list_init(&l->waiters);
    list_push_back(&t->lookups, &l->link);
    l->read = (struct pg_read){.n = 1,
                               .deadline_us = clock_mono_us() + LOOKUP_US,
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
    if (known) {
        done(ctx, known, NULL);
        return;
    }
    if (unknown_lately(t, name)) {
        tell_unknown(name, arena, done, ctx);
        return;
    }
    struct waiter *w = ARENA_NEW(arena, struct waiter);
    *w = (struct waiter){.arena = arena, .done = done, .ctx = ctx};
    struct lookup *l = lookup_find(t, name);
    if (l) {
        wait_for(l, w);
        return;
    }
    l = lookup_new(t, name);
    wait_for(l, w);
    pg_read(t->pg, &l->read);
}

/* -- refresh
 * -------------------------------------------------------------------------------------------------
 */

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
    struct known *e = find_id(t, id);
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
        struct known *e = find_id(t, id);
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

static void collect(const void *node, VISIT visit, void *array)
{
    const struct known *e = *(const struct known *const *)node;
    if (visit == postorder || visit == leaf)
        pg_array_int(array, e->pub.id);
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
    twalk_r(t->by_id, collect, &ids);
    pg_args_init(args, &t->refresh_arena);
    pg_arg_array(args, &ids);
}

static void refresh(struct tenants *t)
{
    if (t->refreshing || !t->pg || t->n == 0)
        return;
    t->refreshing = true;
    loop_timer_stop(t->timer);
    arena_init(&t->refresh_arena, LOOKUP_BYTES);
    t->refresh = (struct pg_read){.deadline_us = clock_mono_us() + LOOKUP_US,
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

/* -- the rest
 * -------------------------------------------------------------------------------------------------
 */

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

static void known_keep(void *entry)
{
    (void)entry;
}

void tenants_free(struct tenants *t)
{
    AM_ASSERT(list_empty(&t->lookups) && !t->refreshing);
    loop_timer_free(t->timer);
    tdestroy(t->by_name, known_keep);
    tdestroy(t->by_id, known_free);
    for (size_t i = 0; i < UNKNOWN_SLOTS; i++)
        free(t->unknown[i].name);
    free(t);
}

const struct tenant *tenants_find(struct tenants *t, const char *name)
{
    const struct known *e = find_name(t, name);
    return e ? &e->pub : NULL;
}

const struct tenant *tenants_by_id(struct tenants *t, int32_t id)
{
    const struct known *e = find_id(t, id);
    return e ? &e->pub : NULL;
}

const struct policy *tenants_policy(struct tenants *t, int32_t tenant_id, int32_t version)
{
    const struct known *e = find_id(t, tenant_id);
    if (!e)
        return NULL;
    const struct policy *policy = known_policy(e, version);
    if (!policy) {
        want(t, tenant_id, version);
        refresh(t);
    }
    return policy;
}
