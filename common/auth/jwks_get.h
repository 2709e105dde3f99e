/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Gets the text of a provider's key set, from a file or over https. Nothing is followed to another
 * address, no certificate goes unchecked, and no more is read than a key set may have. Proxies are
 * those of curl's environment (https_proxy, no_proxy).
 *
 * Threading: blocks; one thread at a time for each getter. Ownership: jwks_get_free().
 */

#include <stdbool.h>
#include <stddef.h>

#include "auth/jwk_set.h"

struct jwks_get;

/* `place` is a file or an https:// address, `ca` a file of certificates or "" for the system's;
 * both are borrowed. To be called before other threads start, because curl is set up. */
struct jwks_get *jwks_get_new(const char *place, const char *ca, bool remote);
void jwks_get_free(struct jwks_get *g);

/* Ends a transfer that is under way, from another thread. */
void jwks_get_stop(struct jwks_get *g);

/* Reads the whole text. AM_EIO with the reason in `why`. The text is the getter's until the next
 * call. */
int jwks_get(struct jwks_get *g, const char **text, size_t *len,
             char why[JWK_WHY_BYTES]) AM_MUSTCHECK;

/* True when a file is not the one that was read last, by its time, size and number. Never for an
 * address. */
bool jwks_get_changed(const struct jwks_get *g);
