/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The tenants of this process: name -> id, current policy version, and compiled policy versions. A
 * tenant is loaded when it is first named; there is one look-up at a time for a name, and unknown
 * names are remembered for a second. A policy version is loaded once, when it is first needed, by a
 * thread of its own. Which version is the current one is read every 10 s, and whoever reads or
 * writes it in between says so. Versions that nobody asked for in ten minutes are let go of, but
 * for the current one.
 *
 * Threading: io loop's thread. Ownership: tenants live until tenants_free(). A policy may be used
 * for as long as a call, a segment or a pass takes: the current one stays for ten minutes, any
 * other for one at the least, however long the process was stopped. Whoever cannot say how long it
 * will take, such as another thread, holds the version.
 */

#include "base/fault.h"
#include "base/list.h"
#include "pg/pg.h"
#include "policy/policy.h"

struct tenants;

struct tenant {
    int64_t id;
    const char *name;
    int32_t policy_version; /* the current one as last heard of; its policy is here */
};

/* Statements it needs are part of store_stmts. `pg` may be set later with tenants_use(). */
struct tenants *tenants_new(struct loop *loop);
void tenants_use(struct tenants *t, struct pg *pg);
/* After pg_close(). A policy that is being compiled is freed when the loop ends. */
void tenants_free(struct tenants *t);

/* Nothing is being loaded. */
bool tenants_quiet(const struct tenants *t);

/* The tenant if it is known already, else NULL. */
const struct tenant *tenants_find(struct tenants *t, const char *name);
const struct tenant *tenants_by_id(struct tenants *t, int64_t id);

/* Finds the tenant, loading it and its current policy if need be. `done` may run in this call.
 * NULL: `fault` is UNAUTHENTICATED / TENANT_UNKNOWN, or UNAVAILABLE when the database is away. */
void tenants_get(struct tenants *t, const char *name, struct arena *arena,
                 void (*done)(void *ctx, const struct tenant *tenant, const struct fault *fault),
                 void *ctx);

/* The compiled policy, or NULL when this version is not here (its loading is started). */
const struct policy *tenants_policy(struct tenants *t, int64_t tenant_id, int32_t version);

/* The policies of the tenant that are here, but for its current one: at most `max`. */
size_t tenants_policies(struct tenants *t, int64_t tenant_id, const struct policy **out,
                        size_t max);

/* Somebody who waits for a policy version; embedded in the waiter's struct until `done`. */
struct tenants_wait {
    struct list link;
    /* NULL: the fault is NOT_FOUND / POLICY_NOT_FOUND, UNAVAILABLE when the database is away,
     * UNAVAILABLE / TIME_ZONE_MISSING when this process lacks a zone of it, or INTERNAL / DEFECT
     * when this program cannot compile it. */
    void (*done)(struct tenants_wait *wait, const struct policy *policy, const struct fault *fault);
};

/* Gives the policy version of a known tenant, loading it if need be.
 * `done` may run in this call. */
void tenants_load(struct tenants *t, int64_t tenant_id, int32_t version, struct tenants_wait *wait);

/* Holds a version that was given and has not been let go of since: it stays until it is released as
 * often as it was held. */
void tenants_hold(struct tenants *t, int64_t tenant_id, int32_t version);
void tenants_release(struct tenants *t, int64_t tenant_id, int32_t version);

/* The version is there, and this program could not compile it a while ago. */
bool tenants_uncompilable(struct tenants *t, int64_t tenant_id, int32_t version);

/* Tells which version is the tenant's current one, as just read or written: it is loaded and
 * becomes current then. Older news change nothing. */
void tenants_current(struct tenants *t, int64_t tenant_id, int32_t version);

/* Hands over the policy of a version that this process has just committed; it is the current one
 * then. */
void tenants_add(struct tenants *t, int64_t tenant_id, struct policy *policy);
