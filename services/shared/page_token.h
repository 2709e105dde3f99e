/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Opaque page tokens (AIP-158): a position and the hash of the filters it belongs to, base64url. A
 * token carries no authority: the position is looked up within the caller's tenant.
 *
 * Threading: pure. Ownership: results lie in the arena given.
 */

#include "base/arena.h"
#include "base/fault.h"
#include "base/slice.h"

#define PAGE_TOKEN_POSITION_MAX 160

/* The token for a position (at most PAGE_TOKEN_POSITION_MAX bytes). */
char *page_token_write(struct arena *arena, uint64_t filter_hash, struct slice position);

/* Reads a token. "" gives an empty position. A token that is not ours, or of other filters, adds a
 * violation of `page_token`. */
struct slice page_token_read(struct arena *arena, struct fault *fault, const char *token,
                             uint64_t filter_hash);
