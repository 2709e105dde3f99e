/* SPDX-License-Identifier: Apache-2.0 */

/* The tenants that this process knows, by name and by id, with their compiled policies. */

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/metrics.h"
#include "store/tenants_impl.h"

static METRIC_DEFINE(held, METRIC_GAUGE, "amends_policy_versions",
                     "Policy versions that are held compiled.");

/* -- entries ---------------------------------------------------------------------------------- */

static int cmp_name(const void *a, const void *b)
{
    return strcmp(((const struct known *)a)->pub.name, ((const struct known *)b)->pub.name);
}

static int cmp_id(const void *a, const void *b)
{
    int64_t x = ((const struct known *)a)->pub.id, y = ((const struct known *)b)->pub.id;
    return x < y ? -1 : x > y;
}

struct known *known_by_name(const struct tenants *t, const char *name)
{
    const struct known key = {.pub.name = name};
    struct known **k = tfind(&key, (void *const *)&t->by_name, cmp_name);
    return k ? *k : NULL;
}

struct known *known_by_id(const struct tenants *t, int64_t id)
{
    const struct known key = {.pub.id = id};
    struct known **k = tfind(&key, (void *const *)&t->by_id, cmp_id);
    return k ? *k : NULL;
}

struct known *known_add(struct tenants *t, int64_t id, const char *name, int32_t version)
{
    struct known *k = calloc(1, sizeof(*k));
    AM_ASSERT(k != NULL);
    k->name = strdup(name);
    k->pub = (struct tenant){.id = id, .name = k->name, .policy_version = version};
    k->newest = version;
    AM_ASSERT(k->name != NULL && tsearch(k, &t->by_name, cmp_name) != NULL &&
              tsearch(k, &t->by_id, cmp_id) != NULL);
    t->n++;
    return k;
}

static void known_free(void *known)
{
    struct known *k = known;
    for (size_t i = 0; i < k->n_policies; i++)
        policy_free(k->policies[i].policy);
    free(k->policies);
    free(k->name);
    free(k);
}

/* -- versions --------------------------------------------------------------------------------- */

static struct compiled *find(struct known *k, int32_t version)
{
    for (size_t i = 0; i < k->n_policies; i++)
        if (k->policies[i].version == version)
            return &k->policies[i];
    return NULL;
}

struct compiled *known_version(struct known *k, int32_t version)
{
    struct compiled *c = find(k, version);
    if (c && c->policy)
        c->unused = 0;
    return c;
}

struct compiled *known_keep(struct tenants *t, struct known *k, int32_t version,
                            struct policy *policy)
{
    k->policies = reallocarray(k->policies, k->n_policies + 1, sizeof(struct compiled));
    AM_ASSERT(k->policies != NULL);
    k->policies[k->n_policies++] = (struct compiled){.version = version, .policy = policy};
    metric_set(&held, 0, (int64_t)++t->n_policies);
    known_follow(k);
    return &k->policies[k->n_policies - 1];
}

void known_follow(struct known *k)
{
    const struct compiled *c = find(k, k->newest);
    if (c && c->policy)
        k->pub.policy_version = k->newest;
}

struct sweep {
    struct tenants *t;
    unsigned keep; /* let go of what is unused for more sweeps */
};

static void sweep_one(struct sweep *s, struct known *k)
{
    size_t kept = 0;
    for (size_t i = 0; i < k->n_policies; i++) {
        struct compiled *c = &k->policies[i];
        if (c->version != k->pub.policy_version && !c->held && ++c->unused > s->keep)
            policy_free(c->policy);
        else
            k->policies[kept++] = *c;
    }
    s->t->n_policies -= k->n_policies - kept;
    k->n_policies = kept;
}

static void sweep_node(const void *node, VISIT visit, void *sweep)
{
    if (visit == postorder || visit == leaf)
        sweep_one(sweep, *(struct known *const *)node);
}

void known_sweep(struct tenants *t)
{
    const bool many = t->n_policies > t->n + POLICIES_MANY;
    struct sweep s = {t, many ? POLICY_KEEP_MANY_SWEEPS : POLICY_KEEP_SWEEPS};
    twalk_r(t->by_id, sweep_node, &s);
    metric_set(&held, 0, (int64_t)t->n_policies);
}

void known_metrics(void)
{
    metric_register(&held);
}

/* -- all -------------------------------------------------------------------------------------- */

static void collect(const void *node, VISIT visit, void *array)
{
    const struct known *k = *(const struct known *const *)node;
    if (visit == postorder || visit == leaf)
        pg_array_int(array, k->pub.id);
}

void known_ids(const struct tenants *t, struct pg_array *ids)
{
    twalk_r(t->by_id, collect, ids);
}

/* Both trees hold the same; the second one frees it. */
static void leave(void *known)
{
    (void)known;
}

void known_free_all(struct tenants *t)
{
    tdestroy(t->by_name, leave);
    tdestroy(t->by_id, known_free);
}
