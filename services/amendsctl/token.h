/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The token of an identity provider, from a file that somebody else keeps fresh: it is read anew
 * for every call, so that a stream which is opened again has the token of then.
 *
 * Threading: one thread. Ownership: the text lies in the arena. Mistakes are printed, but nothing
 * of what the file holds.
 */

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

/* Reads the only line of the file. AM_EINVAL, printed: it cannot be read, or holds no token. */
int token_read(const char *path, const char **out, struct arena *arena) AM_MUSTCHECK;

/* Prints that the token of the file has ended, if it has. */
void token_tell_end(const char *path);

/* True when the file holds a token that has not ended. */
bool token_is_fresh(const char *path);
