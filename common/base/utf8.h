/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * UTF-8 as PostgreSQL accepts it: RFC 3629, no surrogates, no NUL.
 *
 * Threading: pure. Ownership: texts are borrowed during the call.
 */

#include <stdbool.h>
#include <stddef.h>

/* True when all `len` bytes are well-formed UTF-8 without NUL. */
bool utf8_valid(const void *data, size_t len);

/* The length in bytes of the code point at the start of `data`, or 0 when it is not well formed,
 * NUL, or `len` is 0. */
size_t utf8_next(const void *data, size_t len);
