/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The token of a place in a tenant's feed, base64url: one cursor for streams, pages and webhooks.
 * It holds (epoch, transaction, case, sequence) and an authentication code
 * (shared/token_code.h), which is empty where tokens need none.
 *
 * Threading: io loop's thread. Ownership: results lie in the arena given.
 */

#include "base/arena.h"
#include "shared/service.h"
#include "store/feed.h"

/* Never NULL: the caller bounds the arena. */
char *cursor_write(const struct service *s, int64_t tenant_id, const struct feed_position *at,
                   struct arena *arena);

/* False: it is none that was given out for this tenant. */
bool cursor_read(const struct service *s, int64_t tenant_id, const char *token,
                 struct feed_position *at) AM_MUSTCHECK;
