/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * UUIDs: our ids are of version 7 (RFC 9562), those of clients may be of any version. Ids are only
 * compared for equality: nothing takes them for an order in time, nor for a cursor.
 *
 * Threading: pure, but uuid_random_bytes() and uuid_new(), which are thread-safe. Ownership: ids
 * are values; texts are written to what the caller passes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define UUID_TEXT_LEN 36

struct uuid {
    uint8_t b[16];
};

/* Parses the 8-4-4-4-12 form, any case. AM_EINVAL otherwise; `text` may be NULL. */
int uuid_parse(const char *text, struct uuid *out) AM_MUSTCHECK;

/* Writes the lower-case text and a NUL; returns `out`. */
char *uuid_format(const struct uuid *id, char out[UUID_TEXT_LEN + 1]);

/* A version 7 id: 48 bits of `now_us` in milliseconds, the rest from `entropy` (10 bytes; RFC
 * 9562, 5.7). */
struct uuid uuid_v7(int64_t now_us, const uint8_t entropy[10]);

/* The n-th id derived from a seed: SHA-256(seed || n) in version 7 form with the time of the seed.
 * A command whose outcome was unknown is decided a second time, and must then give the same ids. */
struct uuid uuid_derive(const struct uuid *seed, uint32_t n);

/* Bytes from the system's random source; ends the process when there is none. */
void uuid_random_bytes(void *out, size_t len);

/* A fresh version 7 id from the system's random source. */
struct uuid uuid_new(int64_t now_us);

/* Comparison by bytes; uuid_cmp as memcmp. */
bool uuid_eq(const struct uuid *a, const struct uuid *b);
bool uuid_is_zero(const struct uuid *id);
int uuid_cmp(const struct uuid *a, const struct uuid *b);
