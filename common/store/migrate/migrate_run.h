/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Runs one migration while services use the database: nothing that a caller could wait for is held
 * longer than MIGRATE_LOCK_MS. What was done is noted in the same transaction, in
 * schema_progress, so that a run that was interrupted goes on where it stopped.
 *
 *   alter    a statement that gets no lock in MIGRATE_LOCK_MS lets go, so that others pass, and
 *            tries again after a pause
 *   slices   rows in the order of the primary key, as many as take about 50 ms, then a pause as
 *            long as that took
 *   index    built without a lock that others wait for; an INVALID one that an interrupted build
 *            left is dropped first
 *
 * Threading: blocking, on the caller's thread. Ownership: borrows everything during the call.
 */

#include <stdint.h>
#include <stdio.h>

#include "pg/pg.h"
#include "store/migrate/migrate_step.h"

/* Callers wait behind a waiting `alter` for this time at most; their own limit is 250 ms. */
#define MIGRATE_LOCK_MS 100
/* An `alter` that takes longer than this once it has its lock would stop callers: it is undone. */
#define MIGRATE_ALTER_MS 1000

struct migrate_run {
    struct pg_admin *a;
    FILE *out;           /* one line for what is done, and what is waited for */
    int64_t patience_ms; /* how long a statement tries to get its lock */
};

/* Makes the table of progress, unless it is there. */
int migrate_run_prepare(struct migrate_run *r) AM_MUSTCHECK;

/* Runs what is left of one migration and notes that it is done. AM_EAGAIN when the patience was
 * over, AM_ETIMEDOUT when an `alter` took too long again and again, else as pg_admin_exec(); the
 * reason and what to do stand in `out`. What was done stays. */
int migrate_run(struct migrate_run *r, const struct migration *m,
                const struct step *s) AM_MUSTCHECK;
