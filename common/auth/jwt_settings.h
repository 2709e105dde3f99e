/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How tokens of an identity provider are accepted, as an operator says it, and the same read and
 * checked. One provider is known; a company with several lets one of them broker the others.
 *
 * Threading: read once, at start; immutable afterwards. Ownership: texts of the settings are
 * borrowed and outlive the rules.
 */

#include <stdbool.h>
#include <stdint.h>

#include "auth/claim.h"
#include "auth/role_map.h"

/* Texts are never NULL; "" = not given. */
struct jwt_settings {
    const char *issuer;          /* --jwt-issuer: what `iss` must be */
    const char *audience;        /* --jwt-audience: what `aud` must name */
    const char *jwks;            /* --jwt-jwks: a file, or an https address */
    const char *jwks_ca;         /* --jwt-jwks-ca: who may vouch for that address */
    const char *tenant;          /* --jwt-tenant: the tenant of all tokens, or */
    const char *tenant_claim;    /* --jwt-tenant-claim: the claim that names it */
    const char *principal_claim; /* --jwt-principal-claim; "" = sub */
    const char *roles_claim;     /* --jwt-roles-claim; "" = roles */
    const char *roles_map;       /* --jwt-roles-map; "" = the claim holds the names of roles */
    int64_t refresh_ms;          /* --jwt-refresh-ms of the key set; 0 = five minutes */
};

struct jwt_rules {
    const char *issuer, *audience, *tenant; /* tenant "" = the claim says it */
    struct claim_path tenant_claim, principal_claim, roles_claim;
    struct role_map roles;
    bool mapped; /* only the groups of `roles` count */
};

/* False when nothing is given: tokens are then not accepted. */
bool jwt_settings_given(const struct jwt_settings *s);

/* True when the key set lies at an address, and not in a file. */
bool jwt_settings_remote(const struct jwt_settings *s);

/* Checks all settings and reads them into `rules`. Calls `tell` for each that is wrong or missing,
 * with the option's name without its dashes; AM_EINVAL then. Half a configuration is refused,
 * because a token that is checked in half is not checked. */
int jwt_settings_read(const struct jwt_settings *s, struct jwt_rules *rules,
                      void (*tell)(void *ctx, const char *option, const char *what),
                      void *ctx) AM_MUSTCHECK;
