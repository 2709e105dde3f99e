/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * JSON Web Tokens of an identity provider as a credential (auth/identity.h). A token is verified
 * once and then known by its hash until it ends (auth/jwt_cache.h), or until the provider's keys
 * change. `credential` of an identity is the id of the key that signed the token, a slash, and the
 * token's `jti` if it has one.
 *
 * `alive` is false after the token's `exp`, and when its key is no longer in the provider's set: so
 * a provider ends all tokens of a stolen key by taking that key out.
 *
 * Threading: as auth/identity.h says; jwt_new() in main before the loop runs, jwt_free() after it
 * has ended. Ownership: the settings' texts are borrowed and outlive it.
 */

#include "auth/identity.h"
#include "auth/jwt_settings.h"

struct jwt;
struct loop;

/* Reads the key set, or starts to get it. AM_EINVAL when the settings or the file are wrong; the
 * log has why. */
int jwt_new(const struct jwt_settings *settings, struct loop *loop, struct jwt **out) AM_MUSTCHECK;
/* NULL is allowed. */
void jwt_free(struct jwt *j);

/* The checker, valid as long as `j` is. */
struct auth_checker jwt_checker(struct jwt *j);
