/* SPDX-License-Identifier: Apache-2.0 */

/* From a version to its policy: read, compiled on another thread, kept. One load at a time for a
 * version, whoever else asks waits for it. */

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/metrics.h"
#include "calendar/zone_needed.h"
#include "contract/reasons.h"
#include "policy/compile/bundle.h"
#include "store/tenants_impl.h"

static METRIC_DEFINE(load_time, METRIC_HISTOGRAM, "amends_policy_load_seconds",
                     "From the need of a policy version to its compiled form.");
static METRIC_DEFINE(uncompilable_total, METRIC_COUNTER, "amends_policy_uncompilable_total",
                     "Policy versions that this program could not compile.");
static METRIC_DEFINE(refused_total, METRIC_COUNTER, "amends_policy_refused_stored_total",
                     "Stored policy versions that were loaded and that ApplyPolicy would refuse.");

struct load {
    struct list link;
    struct tenants *t; /* NULL: they are gone */
    int64_t tenant_id;
    int32_t version;
    struct pg_read read;
    struct arena arena;
    char *source; /* NULL: there is no such version */
    struct policy *policy;
    bool lacks_zone; /* there is no policy because of that */
    int64_t started_us;
    struct list waiters;
};

/* -- the end ---------------------------------------------------------------------------------- */

static void tell(struct load *l, const struct policy *policy, const struct fault *fault)
{
    struct list *link;
    while ((link = list_pop_front(&l->waiters))) {
        struct tenants_wait *w = CONTAINER_OF(link, struct tenants_wait, link);
        w->done(w, policy, fault);
    }
}

static void load_free(struct load *l)
{
    list_remove(&l->link);
    arena_free(&l->arena);
    free(l->source);
    free(l);
}

static void fail(struct load *l, enum fault_code code, int reason, const char *message)
{
    struct fault fault;
    fault_init(&fault, &l->arena);
    fault_set(&fault, code, reason, "%s %d", message, (int)l->version);
    fault_meta(&fault, "policy_version", "%d", (int)l->version);
    tell(l, NULL, &fault);
}

static const struct fault *uncompilable(struct fault *fault, struct arena *arena, int32_t version,
                                        bool lacks_zone)
{
    const char *zone = lacks_zone ? zone_missing() : NULL;
    fault_init(fault, arena);
    if (lacks_zone)
        fault_time_zone(fault, zone ? zone : "that was missing a moment ago");
    else
        fault_set(fault, FAULT_INTERNAL, ERROR_REASON_DEFECT,
                  "this program cannot compile policy version %d", (int)version);
    return fault;
}

/* -- compiling -------------------------------------------------------------------------------- */

/* Another thread: touches nothing but the source and the policy. */
static void compile(void *ctx)
{
    struct load *l = ctx;
    struct arena arena;
    struct fault fault;
    arena_init(&arena, TENANTS_READ_BYTES);
    fault_init(&fault, &arena);
    l->policy = policy_compile(l->version, l->source, &fault);
    l->lacks_zone = !l->policy && fault.reason == ERROR_REASON_TIME_ZONE_MISSING;
    arena_free(&arena);
}

static void tell_uncompilable(const struct known *k, int32_t version)
{
    metric_add(&uncompilable_total, 0, 1);
    log_error("tenants", "policy_does_not_compile", LOG_STR("tenant", k->name),
              LOG_INT("version", version));
}

/* The text of the problem may quote the bundle, so the log has its path only. */
static void tell_refused(const struct known *k, const struct policy *p)
{
    metric_add(&refused_total, 0, 1);
    log_warn("tenants", "policy_would_be_refused", LOG_STR("tenant", k->name),
             LOG_INT("version", p->version), LOG_INT("problems", (int64_t)p->n_refusals),
             LOG_STR("path", p->refusal_path));
}

/* Whoever is told may ask again, so the load must have ended before. */
static void compiled(void *ctx)
{
    struct load *l = ctx;
    struct known *k = l->t ? known_by_id(l->t, l->tenant_id) : NULL;
    list_remove(&l->link);
    metric_observe_us(&load_time, 0, time_mono_us() - l->started_us);
    if (!k) {
        policy_free(l->policy);
    } else if (known_version(k, l->version)) {
        policy_free(l->policy); /* applied here meanwhile */
        l->policy = known_version(k, l->version)->policy;
    } else {
        if (!l->policy)
            tell_uncompilable(k, l->version);
        else if (l->policy->n_refusals > 0)
            tell_refused(k, l->policy);
        known_keep(l->t, k, l->version, l->policy)->lacks_zone = l->lacks_zone;
    }
    struct fault fault;
    const bool ok = k && l->policy;
    tell(l, ok ? l->policy : NULL,
         ok ? NULL : uncompilable(&fault, &l->arena, l->version, l->lacks_zone));
    load_free(l);
}

/* -- reading ---------------------------------------------------------------------------------- */

static void source_row(struct pg_read *read, size_t i, const struct pg_rows *rows)
{
    struct load *l = read->ctx;
    (void)i;
    if (pg_rows_count(rows) == 0)
        return;
    l->source = strdup(pg_text(rows, 0, 2));
    AM_ASSERT(l->source != NULL);
}

static void source_read(struct pg_read *read, const struct fault *fault)
{
    struct load *l = read->ctx;
    if (!fault && l->source) {
        loop_work(l->t->loop, compile, compiled, l);
        return;
    }
    list_remove(&l->link);
    if (fault)
        tell(l, NULL, fault);
    else
        fail(l, FAULT_NOT_FOUND, ERROR_REASON_POLICY_NOT_FOUND, "there is no policy version");
    load_free(l);
}

static struct load *load_new(struct tenants *t, const struct known *k, int32_t version)
{
    struct load *l = calloc(1, sizeof(*l));
    AM_ASSERT(l != NULL);
    l->t = t;
    l->tenant_id = k->pub.id;
    l->version = version;
    l->started_us = time_mono_us();
    arena_init(&l->arena, TENANTS_READ_BYTES);
    list_init(&l->waiters);
    list_push_back(&t->loads, &l->link);
    l->read = (struct pg_read){.n = 1,
                               .item.tenant = (uint64_t)k->pub.id,
                               .deadline_us = time_mono_us() + TENANTS_READ_US,
                               .rows = source_row,
                               .done = source_read,
                               .ctx = l};
    l->read.q[0].stmt = STMT_POLICY_SOURCE;
    pg_args_init(&l->read.q[0].args, &l->arena);
    pg_arg_int8(&l->read.q[0].args, l->tenant_id);
    pg_arg_int4(&l->read.q[0].args, version);
    return l;
}

static struct load *load_find(struct tenants *t, const struct known *k, int32_t version)
{
    LIST_FOR_EACH (it, &t->loads) {
        struct load *l = CONTAINER_OF(it, struct load, link);
        if (l->tenant_id == k->pub.id && l->version == version)
            return l;
    }
    return NULL;
}

void load_start(struct tenants *t, struct known *k, int32_t version, struct tenants_wait *wait)
{
    struct load *l = load_find(t, k, version);
    const bool started = l != NULL;
    if (!l)
        l = load_new(t, k, version);
    if (wait)
        list_push_back(&l->waiters, &wait->link);
    if (!started)
        pg_read(t->pg, &l->read); /* may end it in this call */
}

void load_metrics(void)
{
    metric_register(&load_time);
    metric_register(&uncompilable_total);
    metric_register(&refused_total);
}

void load_orphan_all(struct tenants *t)
{
    struct list *link;
    while ((link = list_pop_front(&t->loads))) {
        struct load *l = CONTAINER_OF(link, struct load, link);
        l->t = NULL;
        fail(l, FAULT_UNAVAILABLE, ERROR_REASON_DRAINING,
             "the server is shutting down while it loads policy");
    }
}

void tenants_load(struct tenants *t, int64_t tenant_id, int32_t version, struct tenants_wait *wait)
{
    struct known *k = known_by_id(t, tenant_id);
    AM_ASSERT(k != NULL);
    list_init(&wait->link);
    const struct compiled *c = known_version(k, version);
    if (c && !c->policy) {
        struct arena arena;
        struct fault fault;
        arena_init(&arena, TENANTS_READ_BYTES);
        wait->done(wait, NULL, uncompilable(&fault, &arena, version, c->lacks_zone));
        arena_free(&arena);
    } else if (c) {
        wait->done(wait, c->policy, NULL);
    } else {
        load_start(t, k, version, wait);
    }
}
