/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a migration file says: its kind, which a line of its opening comment names, and its
 * statements. CONTRIBUTING tells how each kind is written and when it is the right one.
 *
 *   -- kind: alter                   short changes of tables; each statement is a transaction
 *   -- kind: slices of TABLE         one statement that changes the rows of TABLE in `:slice`
 *   -- kind: index concurrently      one `create index concurrently NAME on TABLE ...`
 *
 * The first file makes all tables in one transaction. Any other without such a line is an `alter`,
 * the kind that disturbs least; `./dev check rules` asks for the line.
 *
 * Threading: none. Ownership: step_read() allocates the statements, step_free() frees them.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "store/migrate/migrations.h"

#define STEP_STATEMENTS_MAX 32
#define STEP_NAME_MAX 64
#define STEP_WHY_MAX 160
/* What stands in the statement of a step of slices for the condition of one slice. */
#define STEP_SLICE ":slice"

enum step_kind { STEP_INITIAL, STEP_ALTER, STEP_SLICES, STEP_INDEX };

struct step {
    enum step_kind kind;
    char table[STEP_NAME_MAX]; /* of STEP_SLICES; else "" */
    char index[STEP_NAME_MAX]; /* of STEP_INDEX; else "" */
    size_t n;                  /* statements; STEP_INITIAL is not taken apart and has none */
    char *statements[STEP_STATEMENTS_MAX]; /* without comments and without the semicolon */
};

/* Reads a file. `first`: it is the one that makes all tables. AM_EINVAL when it does
 * not have the form of its kind; `why` is then one line, and nothing is to be freed. */
int step_read(const struct migration *m, bool first, struct step *out,
              char why[STEP_WHY_MAX]) AM_MUSTCHECK;
void step_free(struct step *s);
