/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * `amends migrate` and `amends check`: brings a database to this release's schema, makes tenants
 * and their first keys, and looks for what must not be (foreign keys are not declared in
 * production).
 *
 * Threading: blocking, on the caller's thread, with a connection of their own. Both print to `out`
 * what they did or found; errors are logged. Ownership: each has a connection of its own and
 * closes it.
 */

#include <stdint.h>
#include <stdio.h>

#include "auth/api_key.h"
#include "base/err.h"
#include "store/migrate/migrations.h"

/* The schema that this release's services need: the last migration's number. */
int32_t migrate_version(void);

/* What a run of migrations may be told; zero = none. */
struct migrate_options {
    const char *tenant; /* to be made; NULL = none */
    /* Becomes the tenant's first key, if it has none: one that may do everything but what only the
     * services do. Once there were keys it changes nothing, so that one that was revoked stays so.
     * NULL = none. */
    const struct api_key_mark *first_key;
    int64_t patience_ms;           /* how long a step tries to get a lock; 0 = five minutes */
    const struct migration *extra; /* further ones, of tests; their versions follow ours */
    size_t n_extra;
};

/* Applies the missing migrations in order, while services work (store/migrate/migrate_run.h). Any
 * number may be started at once: one works, the others wait until it is done and find nothing left.
 * Then makes the tenant of that name with policy version 1 ("default"), unless it is there.
 *
 * AM_ECONN, AM_EIO when something failed, AM_EAGAIN and AM_ETIMEDOUT when a step gave up: what was
 * done before stays, and the next run goes on there. AM_EINVAL, with one line to `out` and nothing
 * changed, for a tenant's name that no call could give (check_name()), a migration that has not the
 * form of its kind, a database of a commit before the first release, and a connection through a
 * pooler: locks and settings of a session are not this run's own there. */
int migrate_with(const char *conninfo, const struct migrate_options *options,
                 FILE *out) AM_MUSTCHECK;
/* The same without options but the tenant. */
int migrate(const char *conninfo, const char *tenant, FILE *out) AM_MUSTCHECK;

/* A key for whoever has lost all of theirs. */
struct migrate_key {
    const char *tenant, *principal, *description;
    uint32_t roles;
    const struct api_key_mark *mark;
};

/* Stores the key. AM_ENOENT, with one line to `out`, when there is no such tenant; else errors as
 * above. */
int migrate_store_key(const char *conninfo, const struct migrate_key *key, FILE *out) AM_MUSTCHECK;

/* Counts rows whose parent is missing, cases without owner, events that are not all there, open
 * cases without a clock, and what lists keep that disagrees with its case. One line for each that
 * is not zero. `broken` = their sum. */
int migrate_check(const char *conninfo, FILE *out, int64_t *broken) AM_MUSTCHECK;
