/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Walks a table in the order of its primary key, in slices of as many rows as are changed in about
 * 50 ms, but at least 500. It ends at the row that is the last one when it begins: callers add rows
 * all the time, and a walk to the present end would never be over. A position is the key of the
 * last row that was looked at, as SQL: "'1'::bigint, ...".
 *
 * Threading: blocking, on the caller's thread. Ownership: what slices_statement() and
 * slices_quote() return belongs to the caller, who frees it.
 */

#include <stdint.h>

#include "pg/pg.h"

#define SLICES_KEY_MAX 512
#define SLICES_POSITION_MAX 2048

struct slices {
    struct pg_admin *a;
    const char *table;
    char key[SLICES_KEY_MAX];       /* "clock.tenant_id, clock.case_id" */
    char downwards[SLICES_KEY_MAX]; /* "clock.tenant_id desc, clock.case_id desc" */
    char position[SLICES_KEY_MAX];  /* the expression that gives a row's position */
    char from[SLICES_POSITION_MAX]; /* behind this; "" = from the first row */
    char to[SLICES_POSITION_MAX];   /* up to this; "" = there is nothing more */
    char end[SLICES_POSITION_MAX];  /* the last row when the walk began; "" = none */
    int64_t rows;                   /* in this slice, at most */
};

/* Learns the key of a table and where it ends. AM_ENOENT (logged) when there is no such table or it
 * has no key; else as pg_admin_value(). */
int slices_begin(struct slices *s, struct pg_admin *a, const char *table) AM_MUSTCHECK;
/* Finds the end of the next slice. */
int slices_next(struct slices *s) AM_MUSTCHECK;
/* The next slice begins behind this one. Sizes it by the time that this one took, and pauses as
 * long, at most 100 ms, so that half of the time is the callers'. */
void slices_done(struct slices *s, int64_t took_us);

/* The statement with its STEP_SLICE replaced by the condition of this slice. */
char *slices_statement(const struct slices *s, const char *statement);
/* A text as an SQL literal. */
char *slices_quote(const char *text);

/* Sleeps. */
void migrate_pause_us(int64_t us);
