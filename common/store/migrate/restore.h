/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * `amends erasures` and `amends restore`: what was erased must stay erased when a database is
 * restored from a copy that is older. The journal has one line (JSON) for each EraseCustomer; it is
 * kept apart from the database's copies, with those of the checkpoints. It names customers by their
 * id, and holds nothing else of them.
 *
 * Threading: blocking, on the caller's thread, with connections of their own. Ownership: as
 * store/migrate/migrate.h.
 */

#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

/* Writes the journal of all tenants. AM_ECONN, AM_EIO: the database or the file failed (logged). */
int journal_write(const char *conninfo, FILE *out, int64_t *n) AM_MUSTCHECK;

struct restore_counts {
    int64_t lines, erased, unknown; /* erased: anew, here; unknown: of a tenant that is not here */
};

/*
 * Erases in a database that was just restored, and that no service uses yet, what the journal says
 * and the copy does not know: the customers' keys (`keys_conninfo` "" = in the same database), and
 * what is personal of their cases. The services that are started then state the events of it, and
 * finish the erasures with new certificates, within minutes. Adds one to every tenant's epoch, as
 * the feed needs it. Repeating it is harmless.
 *
 * AM_EINVAL: a line is no line of a journal (logged with its number); what stands before it is
 * done. AM_ERANGE: a customer has too many cases (about 18,000). AM_ECONN, AM_EIO.
 */
int restore_apply(const char *conninfo, const char *keys_conninfo, FILE *journal,
                  struct restore_counts *counts) AM_MUSTCHECK;
