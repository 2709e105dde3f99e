/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The services' own key, by which they know each other: the file that all of them are given. It
 * holds one or two lines, each a random text of 43 to 256 visible characters (32 bytes in base64
 * have 44, in hexadecimal 64). The first is sent, all are accepted. To change the key while
 * services run: add the new one as the second line everywhere, then make it the first everywhere,
 * then take the old one away everywhere. A file that changes is read again within two seconds; one
 * that cannot be read or is no such file is told in the log, and what was read before goes on.
 *
 * Threading: the loop's thread, but for the checker's `takes` and `check`. Ownership:
 * internal_key_free() wipes it.
 */

#include "auth/identity.h"

struct internal_key;

#define INTERNAL_KEY_LEAST 43
#define INTERNAL_KEY_MOST 256
#define INTERNAL_KEY_WHY_BYTES 256

/* AM_EINVAL: `why` says what is wrong with the file and what to do, and nothing of what it holds.
 * `path` outlives it. */
int internal_key_new(const char *path, struct internal_key **out,
                     char why[INTERNAL_KEY_WHY_BYTES]) AM_MUSTCHECK;
/* NULL is allowed. */
void internal_key_free(struct internal_key *k);

/* Reads the file again if it has changed. */
void internal_key_look(struct internal_key *k);

/* What the services send as their credential; borrowed until the next look. */
const char *internal_key_text(const struct internal_key *k);

/* The checker of such credentials. Who bears one is the services themselves, of any tenant. */
const struct auth_checker *internal_key_checker(const struct internal_key *k);
