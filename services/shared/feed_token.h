/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Tokens of places in the feed: the place, the tenant's epoch and the instant at which it was given
 * out, signed by the secret of the database whatever callers have to show: no earlier release knows
 * such tokens.
 *
 * Threading: io loop's thread. Ownership: plain data; texts lie in the arena given.
 */

#include "shared/service.h"
#include "store/lists/feed.h"

/* For how long a token can be resumed from, in domain time. */
#define FEED_TOKEN_LIFE_US (30 * 24 * 3600 * US_PER_S)
/* Its text, without the NUL. */
#define FEED_TOKEN_TEXT 88

struct feed_token {
    int32_t tenant_epoch; /* the tenant's when it was given out */
    int64_t given_us;
    struct feed_position at;
};

/* The secret was read: tokens can be made and checked. Else `fault` is UNAVAILABLE. */
bool feed_token_ready(const struct service *s, struct fault *fault) AM_MUSTCHECK;

/* Writes the text, with its NUL. */
void feed_token_write(const struct service *s, int64_t tenant_id, const struct feed_token *token,
                      char out[FEED_TOKEN_TEXT + 1]);

/* AM_EINVAL when it was not given out to this tenant. */
int feed_token_read(const struct service *s, int64_t tenant_id, const char *text,
                    struct feed_token *out) AM_MUSTCHECK;

enum feed_from { FEED_FROM_EARLIEST, FEED_FROM_LATEST, FEED_FROM_TOKEN };

/* Reads where to begin. Adds a violation of `position` when it is neither EARLIEST, LATEST nor a
 * token of this tenant. */
enum feed_from feed_from_read(const struct service *s, int64_t tenant_id, const char *text,
                              struct feed_token *out, struct fault *fault);

/* Whether a token can be gone on from, as the tenant's epoch is now; else `fault` is OUT_OF_RANGE /
 * FEED_RESET with the token to begin again with. */
bool feed_token_stands(const struct service *s, int64_t tenant_id, const struct feed_token *token,
                       int32_t epoch, struct fault *fault) AM_MUSTCHECK;
