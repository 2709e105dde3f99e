/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Where in a token's payload a claim lies. Providers put roles in different places: Azure in
 * "roles", Keycloak in an object ("realm_access.roles"), Auth0 under a URL
 * ("https://example.com/roles").
 *
 *   roles                      the claim of that name
 *   realm_access.roles         "roles" in the object "realm_access"
 *   https://example.com/roles  with "://": the claim of that whole name
 *   /a.b/c                     RFC 6901: "c" in the object "a.b"; ~1 is a slash, ~0 a tilde
 *
 * The form of the text alone decides how it is read, never what a token holds.
 *
 * Threading: pure. Ownership: the names lie in the struct, which is therefore not copied.
 */

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"

#define CLAIM_DEPTH_MAX 8
#define CLAIM_BYTES_MAX 255

struct claim_path {
    size_t n;
    const char *names[CLAIM_DEPTH_MAX];
    char text[CLAIM_BYTES_MAX + 1];
};

/* AM_EINVAL with the reason, a constant, in `*why`. */
int claim_path_parse(const char *text, struct claim_path *out, const char **why) AM_MUSTCHECK;

/* The value at the path, borrowed; NULL when there is none. */
const json_t *claim_find(const json_t *payload, const struct claim_path *path);
