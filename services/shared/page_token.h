/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Opaque page tokens (AIP-158), base64url: a position, the hash of the filters it belongs to, and
 * an authentication code of both (shared/token_code.h). So a position that reaches a list is always
 * one that a list of the same tenant gave out. The last release makes the code with the tenant's id
 * as the key, which no response shows.
 *
 * Threading: pure. Ownership: results lie in the call's arena.
 */

#include "base/slice.h"
#include "shared/service.h"

#define PAGE_TOKEN_POSITION_MAX 160

/* The token for a position (at most PAGE_TOKEN_POSITION_MAX bytes) in the list of this call. */
char *page_token_write(const struct read_call *rc, uint64_t filter_hash, struct slice position);

/* Reads the token that the call's request gave. "" gives an empty position. A token that is not
 * ours, or of another tenant or other filters, adds a violation of `page_token`. */
struct slice page_token_read(struct read_call *rc, uint64_t filter_hash, const char *token);
