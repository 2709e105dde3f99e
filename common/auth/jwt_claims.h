/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a token with a good signature says: whether it is for us and valid now, and whom it names.
 *
 * Threading: pure. Ownership: texts of the claims borrow the payload or the rules.
 */

#include <stdbool.h>
#include <stdint.h>

#include "auth/jwt_settings.h"

/* How far the provider's clock and ours may differ. */
#define JWT_LEEWAY_US (60 * INT64_C(1000000))

struct jwt_claims {
    const char *tenant, *principal;
    const char *jti;    /* "" = none, or none that can be shown */
    uint32_t roles;     /* never INTERNAL; 0 = the token names none that we know */
    int64_t expires_us; /* `exp`, without the leeway */
};

/* Reads and checks the claims at `now_us` of the cluster's time. AM_EINVAL with the reason, a
 * constant, in `*why`. */
int jwt_claims_read(const struct jwt_rules *rules, const json_t *payload, int64_t now_us,
                    struct jwt_claims *out, const char **why) AM_MUSTCHECK;
