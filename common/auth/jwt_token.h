/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A JSON Web Token in its compact form (RFC 7515), taken apart and checked as far as no key is
 * needed: three parts of canonical base64url, a header and a payload that are JSON objects without
 * a name given twice, an algorithm that we know, and nothing in the header by which a token could
 * bring its own key or ask for what we do not do.
 *
 * Threading: pure. Ownership: jwt_token_free() gives back what jwt_token_read() made.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define JWT_BYTES_MAX 4096
#define JWT_KID_BYTES_MAX 255

enum jwt_alg { JWT_ALG_NONE, JWT_RS256, JWT_PS256, JWT_ES256, JWT_ALGS };

struct jwt_token {
    enum jwt_alg alg;
    const char *kid; /* "" = the header names no key; borrowed from it */
    json_t *header, *payload;
    size_t signature_bytes;
};

/* True for what looks like a token, and not like another credential: it has a dot in it and begins
 * as base64url of "{" does. */
bool jwt_token_looks_like(const char *text, size_t len);

/* Takes a token apart; the text need not end with NUL. AM_EINVAL with the reason, a constant, in
 * `*why`; there is then nothing to free. */
int jwt_token_read(const char *text, size_t len, struct jwt_token *out,
                   const char **why) AM_MUSTCHECK;
void jwt_token_free(struct jwt_token *t);

/* The algorithm of a name ("RS256"); JWT_ALG_NONE for one that we do not take. */
enum jwt_alg jwt_alg_of(const char *name);

/* Decodes base64url. AM_EINVAL unless the text is the only one that stands for these bytes: without
 * padding, other characters or leftover bits. `*out` is to be freed by free(). */
int jwt_base64url(const char *text, size_t len, unsigned char **out, size_t *out_len) AM_MUSTCHECK;
