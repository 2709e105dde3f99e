/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The authentication code of the tokens that services give out (HMAC-SHA-256, cut to 16 bytes), by
 * the secret of the database: whoever brings a token has got it from a replica of this database.
 *
 * The last release knows no secret. So what it wrote is still taken, and replicas that believe
 * their callers (--auth off) write as it does, as long as its replicas may run beside them. Where
 * credentials are required, only signed tokens are taken.
 *
 * Threading: io loop's thread. Ownership: plain data.
 */

#include "base/slice.h"
#include "shared/service.h"

#define TOKEN_CODE_BYTES 16

/* Whether tokens are written with a code by the secret, and whether others are taken. */
bool token_signs(const struct service *s);
bool token_takes_unsigned(const struct service *s);

/* The code of `a` and `b` for a purpose ("page") and a tenant. The secret must be known
 * (token_ready()). */
void token_code(const struct service *s, const char *purpose, int64_t tenant_id, struct slice a,
                struct slice b, uint8_t code[TOKEN_CODE_BYTES]);

/* Whether `code` is that code, in constant time; false while the secret is not known. */
bool token_code_is(const struct service *s, const char *purpose, int64_t tenant_id, struct slice a,
                   struct slice b, const uint8_t code[TOKEN_CODE_BYTES]);

/* False while tokens cannot be signed, though they have to be: for moments after the start. */
bool token_ready(const struct service *s);
