/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The tenants of this process: name -> id, current policy version, and every compiled policy
 * version. Loaded when a tenant is first named (one look-up at a time for a name; unknown names are
 * remembered for a second), refreshed every 10 s and when a version is asked for that is not there.
 *
 * Threading: io loop's thread. Ownership: tenants and policies live until tenants_free().
 */

#include "base/fault.h"
#include "pg/pg.h"
#include "policy/policy.h"

struct tenants;

struct tenant {
    int32_t id;
    const char *name;
    int32_t policy_version; /* the current one as last read */
};

/* Statements it needs are part of store_stmts. `pg` may be set later with tenants_use(). */
struct tenants *tenants_new(struct loop *loop);
void tenants_use(struct tenants *t, struct pg *pg);
void tenants_free(struct tenants *t);

/* The tenant if it is known already, else NULL. */
const struct tenant *tenants_find(struct tenants *t, const char *name);
const struct tenant *tenants_by_id(struct tenants *t, int32_t id);

/* Finds the tenant, loading it if need be. `done` may run in this call. NULL: `fault` is
 * UNAUTHENTICATED / TENANT_UNKNOWN, or UNAVAILABLE when the database is away. */
void tenants_get(struct tenants *t, const char *name, struct arena *arena,
                 void (*done)(void *ctx, const struct tenant *tenant, const struct fault *fault),
                 void *ctx);

/* The compiled policy, or NULL when this version was not loaded yet (a refresh is started). */
const struct policy *tenants_policy(struct tenants *t, int32_t tenant_id, int32_t version);
