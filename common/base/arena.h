/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A bump allocator with a quota: the memory that one call, one segment or one message may use. It
 * is given back all at once. Under AddressSanitizer every allocation is a malloc of its own, so
 * that overruns are seen.
 *
 * Threading: one thread at a time. Ownership: everything allocated belongs to the arena.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct arena_chunk;

struct arena {
    uint32_t magic;
    size_t quota_bytes;
    size_t used_bytes;
    struct arena_chunk *chunks;
};

/* Starts an empty arena that will hand out at most `quota_bytes`. */
void arena_init(struct arena *a, size_t quota_bytes);

/* Gives `size` bytes, zeroed and aligned for any type, or NULL when the quota would be passed. For
 * sizes that a peer chooses, who is then answered RESOURCE_EXHAUSTED; sizes that we bound ourselves
 * use arena_must(). */
void *arena_alloc(struct arena *a, size_t size) AM_MUSTCHECK;

/* As arena_alloc(), but a full arena is a bug and ends the process. The second form gives `n`
 * elements of `size` bytes and checks the product for overflow. */
void *arena_must(struct arena *a, size_t size);
void *arena_must_array(struct arena *a, size_t size, size_t n);

/* Copies into the arena; NULL when the quota would be passed. arena_strndup() adds a NUL. */
void *arena_dup(struct arena *a, const void *data, size_t size) AM_MUSTCHECK;
char *arena_strdup(struct arena *a, const char *s) AM_MUSTCHECK;
char *arena_strndup(struct arena *a, const char *s, size_t n) AM_MUSTCHECK;
char *arena_printf(struct arena *a, const char *fmt, ...) AM_PRINTF(2, 3) AM_MUSTCHECK;
char *arena_vprintf(struct arena *a, const char *fmt, va_list args) AM_PRINTF(2, 0) AM_MUSTCHECK;

/* A place in an arena. arena_rewind() gives back all that was allocated since arena_mark(), and
 * what was allocated before stays. Marks that were made between the two are not valid then. */
struct arena_mark {
    struct arena_chunk *chunk;
    size_t chunk_used, used_bytes;
};
struct arena_mark arena_mark(const struct arena *a);
void arena_rewind(struct arena *a, const struct arena_mark *mark);

/* Gives everything back but keeps the first chunk for the next use. */
void arena_reset(struct arena *a);

/* Gives everything back. The arena may be initialised again, but not used or freed before. */
void arena_free(struct arena *a);

#define ARENA_NEW(a, type) ((type *)arena_must((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_must_array((a), sizeof(type), (n)))
