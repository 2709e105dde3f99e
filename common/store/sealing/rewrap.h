/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * `amends rewrap`: wraps every customer's key under the first master key of the file, so that older
 * master keys can be taken out of it. Services may work meanwhile: what a key sealed stays as it
 * is.
 * And the table of customers' keys in a database of its own.
 *
 * Threading: blocking, on the caller's thread, with a connection of their own. Ownership: as
 * migrate.h.
 */

#include <stdio.h>

#include "vault/master.h"

/* Says to `out` how many keys were wrapped anew and how many cannot be, because the file lacks
 * their master key. AM_ENOENT: some cannot be. AM_ECONN, AM_EIO (logged). */
int rewrap_keys(const char *conninfo, const struct masters *masters, FILE *out) AM_MUSTCHECK;

/* Makes the table, unless it is there. Errors as above. */
int rewrap_make_table(const char *conninfo, FILE *out) AM_MUSTCHECK;
