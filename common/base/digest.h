/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * SHA-256 (OpenSSL) and the 64-bit hash used for lock keys.
 *
 * Threading: a digest belongs to one thread. Ownership: digest_begin() makes it, digest_end() frees
 * it.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

#define DIGEST_LEN 32

struct digest_ctx; /* opaque; made by digest_begin, freed by digest_end */

struct digest_ctx *digest_begin(void);
void digest_add(struct digest_ctx *d, const void *data, size_t len);
/* Adds the length as 4 bytes big-endian, then the bytes: fields cannot run into each other. */
void digest_add_field(struct digest_ctx *d, const void *data, size_t len);
/* Writes the hash and frees `d`. */
void digest_end(struct digest_ctx *d, uint8_t out[DIGEST_LEN]);

/* SHA-256 of one buffer. */
void digest_sha256(const void *data, size_t len, uint8_t out[DIGEST_LEN]);

/* A 64-bit hash of a list of fields: the first 8 bytes of their field-wise SHA-256. It is the same
 * in every process, as advisory lock keys must be. */
uint64_t digest_key(const struct slice *fields, size_t n);
