/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Tokens whose signature and claims were found good, by the SHA-256 of their text, so that a token
 * that comes with every call is verified once. Only good tokens are kept: nobody without one can
 * fill it. A set of keys that changed makes everything kept of the one before count as unknown.
 *
 * Threading: one thread at a time; the owner locks. Ownership: the cache copies texts; what
 * jwt_cache_find() gives is the cache's until its next call.
 */

#include <stdint.h>

#include "base/digest.h"

#define JWT_CACHE_ENTRIES 8192

struct jwt_cache;

struct jwt_cached {
    const char *tenant, *principal, *credential;
    uint32_t roles;
    int64_t expires_us; /* `exp`, without the leeway */
};

/* `generation` = of the key set that is in use. */
struct jwt_cache *jwt_cache_new(void);
void jwt_cache_free(struct jwt_cache *c);

/* Takes the token's hash; NULL when it is not known, has ended (`exp` and the leeway), or was
 * checked by another set of keys. */
const struct jwt_cached *jwt_cache_find(struct jwt_cache *c, const uint8_t hash[DIGEST_LEN],
                                        uint64_t generation, int64_t now_us);

/* Keeps a token, in the place of the one that was not used for longest among eight. */
void jwt_cache_put(struct jwt_cache *c, const uint8_t hash[DIGEST_LEN], uint64_t generation,
                   const struct jwt_cached *what);
