/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Inside the tenants: those known, the look-ups of names, the loading of policies, the refresh.
 *
 * Threading: io loop's thread. Private to common/store. Ownership: the tenants own what is known;
 * waiters belong to their callers.
 */

#include "store/impl.h"

#define TENANTS_READ_US (2 * US_PER_S)
#define TENANTS_READ_BYTES (4u << 20)
#define UNKNOWN_SLOTS 256
/* A version that nobody asked for during so many sweeps, one every 10 s, is let go of; fewer sweeps
 * count when there are many versions. It is counted in sweeps and not in seconds, because a process
 * that was stopped for an hour has had one sweep only. */
#define POLICY_KEEP_SWEEPS 60
#define POLICY_KEEP_MANY_SWEEPS 6
#define POLICIES_MANY 256

/* A version that was loaded. */
struct compiled {
    int32_t version;
    struct policy *policy; /* NULL: this program cannot compile it; tried again when let go of */
    bool lacks_zone;       /* NULL because this tz database lacks a zone of it */
    unsigned unused;       /* sweeps since it was asked for */
    unsigned held;         /* by those that use it for longer */
};

/* A tenant and its compiled policies. */
struct known {
    struct tenant pub;
    char *name;
    int32_t newest; /* the current version as last heard of; `pub` follows when it is loaded */
    struct compiled *policies;
    size_t n_policies;
};

/* A name that was not there a moment ago. A few are kept, so that inventing names costs the server
 * no memory. */
struct unknown {
    char *name;
    int64_t until_us;
};

struct tenants {
    struct loop *loop;
    struct pg *pg;
    struct loop_timer *timer;
    void *by_name, *by_id; /* tsearch() trees of struct known */
    size_t n, n_policies;
    struct list lookups, loads;
    struct unknown unknown[UNKNOWN_SLOTS];
    struct pg_read refresh;
    struct arena refresh_arena;
    bool refreshing;
};

/* -- tenants_known.c -------------------------------------------------------------------------- */

/* NULL when it is not known. */
struct known *known_by_name(const struct tenants *t, const char *name);
struct known *known_by_id(const struct tenants *t, int64_t id);
struct known *known_add(struct tenants *t, int64_t id, const char *name, int32_t version);
/* The version if it was loaded, or NULL; it counts as used now. */
struct compiled *known_version(struct known *k, int32_t version);
/* Adds a version that is not here; takes the policy over. */
struct compiled *known_keep(struct tenants *t, struct known *k, int32_t version,
                            struct policy *policy);
/* The version heard of last becomes the current one, when it is here. */
void known_follow(struct known *k);
/* Lets go of the versions that are not used. */
void known_sweep(struct tenants *t);
void known_metrics(void);
/* Adds the ids of all to the array. */
void known_ids(const struct tenants *t, struct pg_array *ids);
void known_free_all(struct tenants *t);

/* -- tenants_load.c --------------------------------------------------------------------------- */

/* Loads a version that is not here, or waits for whoever does; `wait` may be NULL. */
void load_start(struct tenants *t, struct known *k, int32_t version, struct tenants_wait *wait);
void load_metrics(void);
/* Tells all who wait that it is over; what is being compiled ends without the tenants. */
void load_orphan_all(struct tenants *t);
