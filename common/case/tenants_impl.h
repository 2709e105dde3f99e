/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Inside the tenants: those known, the look-ups of names, the refresh. Threading: io loop's thread.
 * Private to common/case.
 */

#include "case/store_impl.h"

#define TENANTS_READ_US (2 * US_PER_S)
#define TENANTS_READ_BYTES (4u << 20)
#define UNKNOWN_SLOTS 256
/* Versions asked for in one refresh; the others are asked for again by whoever needs them. */
#define WANTED_MAX 64

struct compiled {
    struct policy *policy;
};

/* A tenant and its compiled policies, by version. */
struct known {
    struct tenant pub;
    char *name;
    struct compiled *policies;
    size_t n_policies;
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

/* -- tenants_known.c -------------------------------------------------------------------------- */

/* NULL when it is not known. */
struct known *known_by_name(const struct tenants *t, const char *name);
struct known *known_by_id(const struct tenants *t, int32_t id);
struct known *known_add(struct tenants *t, int32_t id, const char *name, int32_t version);
/* The compiled version, or NULL. */
const struct policy *known_policy(const struct known *k, int32_t version);
/* Compiles a source unless its version is here already: versions never change. */
void known_compile(struct known *k, int32_t version, const char *source);
/* Adds the ids of all to the array. */
void known_ids(const struct tenants *t, struct pg_array *ids);
void known_free_all(struct tenants *t);
