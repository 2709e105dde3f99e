/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A provider's public keys (JWKS, RFC 7517), and the check of a signature by one of them. A key
 * stands for one algorithm: the one that it names, else RS256 for RSA and ES256 for P-256. What
 * else is in a set (keys for encryption, of other kinds, sizes or curves) is left out, because
 * providers put it there for others.
 *
 * Threading: a set is immutable and may be used by several threads at once. Ownership: references
 * are counted; the last jwk_set_drop() frees the set.
 */

#include <stdatomic.h>

#include "auth/jwt_token.h"

#define JWK_SET_BYTES_MAX (256u * 1024)
#define JWK_SET_KEYS_MAX 64
#define JWK_ID_BYTES 17
#define JWK_WHY_BYTES 256

struct jwk;

struct jwk_set {
    _Atomic int references;
    size_t n, left_out;
    struct jwk *keys[JWK_SET_KEYS_MAX];
    char why_left_out[JWK_WHY_BYTES]; /* why the last such key was; "" = none was */
};

/* Reads a set from its JSON. NULL with the reason in `why`: it is no set, is too large, or has no
 * key that can check a token. The caller has one reference. */
struct jwk_set *jwk_set_read(const char *json, size_t len, char why[JWK_WHY_BYTES]);

struct jwk_set *jwk_set_hold(struct jwk_set *set);
/* NULL is allowed. */
void jwk_set_drop(struct jwk_set *set);

/* The key that a token names; without a name, the only key there is. AM_ENOENT: no such key, a
 * newer set may have it. AM_EINVAL: no set could make this token good. `*why` has the reason. */
int jwk_set_find(const struct jwk_set *set, const struct jwt_token *token, const struct jwk **out,
                 const char **why) AM_MUSTCHECK;

/* True when the key signed the token, whose text it is. */
bool jwk_verify(const struct jwk *key, const struct jwt_token *token, const char *text, size_t len);

/* What a key is, whatever its name: 16 hexadecimal digits of the hash of its numbers. */
const char *jwk_id(const struct jwk *key);

/* True when both sets have the same keys under the same names, in the same order. */
bool jwk_set_equal(const struct jwk_set *a, const struct jwk_set *b);

/* True when the set has the key of this id. */
bool jwk_set_has(const struct jwk_set *set, const char *id, size_t len);
