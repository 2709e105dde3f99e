/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

#define ARENA_MAGIC 0xa7e4a001u
#define CHUNK_FIRST_BYTES 2048
#define CHUNK_MOST_BYTES 65536

#if defined(__SANITIZE_ADDRESS__)
#define ONE_CHUNK_EACH true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ONE_CHUNK_EACH true
#endif
#endif
#ifndef ONE_CHUNK_EACH
#define ONE_CHUNK_EACH false
#endif

/* The newest chunk is the first of the list and the only one that is still filled. */
struct arena_chunk {
    struct arena_chunk *older;
    size_t size;
    size_t used;
    _Alignas(max_align_t) unsigned char data[];
};

static size_t align_up(size_t n)
{
    const size_t mask = _Alignof(max_align_t) - 1;
    return (n + mask) & ~mask;
}

void arena_init(struct arena *a, size_t quota_bytes)
{
    *a = (struct arena){.magic = ARENA_MAGIC, .quota_bytes = quota_bytes};
}

/* Chunks double, so that a small call costs little and a large one few mallocs. */
static size_t next_chunk_size(const struct arena *a, size_t need)
{
    if (ONE_CHUNK_EACH)
        return need;
    size_t size = a->chunks ? a->chunks->size * 2 : CHUNK_FIRST_BYTES;
    if (size > CHUNK_MOST_BYTES)
        size = CHUNK_MOST_BYTES;
    return size > need ? size : need;
}

static struct arena_chunk *add_chunk(struct arena *a, size_t need)
{
    size_t size = next_chunk_size(a, need);
    struct arena_chunk *c = malloc(sizeof(*c) + size);
    if (!c)
        return NULL;
    c->older = a->chunks;
    c->size = size;
    c->used = 0;
    a->chunks = c;
    return c;
}

/* The chunk to take `size` bytes from, or NULL when there is no memory. */
static struct arena_chunk *chunk_for(struct arena *a, size_t size)
{
    struct arena_chunk *newest = a->chunks;
    if (newest && size <= newest->size - newest->used && !ONE_CHUNK_EACH)
        return newest;
    return add_chunk(a, size);
}

void *arena_alloc(struct arena *a, size_t size)
{
    AM_ASSERT(a->magic == ARENA_MAGIC);
    if (size > a->quota_bytes - a->used_bytes)
        return NULL;
    struct arena_chunk *c = chunk_for(a, size);
    if (!c)
        return NULL;
    void *p = c->data + c->used;
    size_t taken = align_up(size);
    c->used = taken > c->size - c->used ? c->size : c->used + taken;
    a->used_bytes = taken > a->quota_bytes - a->used_bytes ? a->quota_bytes : a->used_bytes + taken;
    return memset(p, 0, size);
}

void *arena_must(struct arena *a, size_t size)
{
    void *p = arena_alloc(a, size);
    AM_ASSERT(p != NULL);
    return p;
}

void *arena_must_array(struct arena *a, size_t size, size_t n)
{
    size_t bytes = 0;
    AM_ASSERT(!__builtin_mul_overflow(size, n, &bytes));
    return arena_must(a, bytes);
}

void *arena_dup(struct arena *a, const void *data, size_t size)
{
    void *p = arena_alloc(a, size);
    if (p && size > 0)
        memcpy(p, data, size);
    return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    char *p = n < SIZE_MAX ? arena_alloc(a, n + 1) : NULL;
    if (p && n > 0)
        memcpy(p, s, n);
    return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return arena_strndup(a, s, strlen(s));
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    char *p = len >= 0 ? arena_alloc(a, (size_t)len + 1) : NULL;
    if (p)
        (void)vsnprintf(p, (size_t)len + 1, fmt, args);
    return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *p = arena_vprintf(a, fmt, args);
    va_end(args);
    return p;
}

/* Frees the chunks that are newer than `keep`; NULL = all. */
static void free_chunks(struct arena *a, struct arena_chunk *keep)
{
    while (a->chunks && a->chunks != keep) {
        struct arena_chunk *older = a->chunks->older;
        free(a->chunks);
        a->chunks = older;
    }
    a->used_bytes = 0;
}

struct arena_mark arena_mark(const struct arena *a)
{
    AM_ASSERT(a->magic == ARENA_MAGIC);
    return (struct arena_mark){.chunk = a->chunks,
                               .chunk_used = a->chunks ? a->chunks->used : 0,
                               .used_bytes = a->used_bytes};
}

void arena_rewind(struct arena *a, const struct arena_mark *mark)
{
    AM_ASSERT(a->magic == ARENA_MAGIC);
    free_chunks(a, mark->chunk);
    AM_ASSERT(a->chunks == mark->chunk); /* else it was given back itself */
    if (a->chunks)
        a->chunks->used = mark->chunk_used;
    a->used_bytes = mark->used_bytes;
}

void arena_reset(struct arena *a)
{
    AM_ASSERT(a->magic == ARENA_MAGIC);
    struct arena_chunk *oldest = a->chunks;
    while (oldest && oldest->older)
        oldest = oldest->older;
    /* A first allocation that was large must not be held for good. */
    bool keep = !ONE_CHUNK_EACH && oldest && oldest->size <= CHUNK_MOST_BYTES;
    free_chunks(a, keep ? oldest : NULL);
    if (keep)
        oldest->used = 0;
}

void arena_free(struct arena *a)
{
    AM_ASSERT(a->magic == ARENA_MAGIC);
    free_chunks(a, NULL);
    a->magic = 0;
}
