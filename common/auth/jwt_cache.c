/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/jwt_cache.h"

#include <stdlib.h>
#include <string.h>

#include "auth/jwt_claims.h"
#include "base/assert.h"

/* A token has its place in one bucket, which holds eight. */
#define BUCKET 8
#define BUCKETS (JWT_CACHE_ENTRIES / BUCKET)

struct entry {
    uint8_t hash[DIGEST_LEN];
    uint64_t generation; /* 0 = empty */
    uint64_t used;       /* when it was used last, in uses of the cache */
    struct jwt_cached what;
    char *texts;
};

struct jwt_cache {
    uint64_t uses;
    struct entry entries[JWT_CACHE_ENTRIES];
};

struct jwt_cache *jwt_cache_new(void)
{
    struct jwt_cache *c = calloc(1, sizeof *c);
    AM_ASSERT(c != NULL);
    return c;
}

void jwt_cache_free(struct jwt_cache *c)
{
    for (size_t i = 0; c && i < JWT_CACHE_ENTRIES; i++)
        free(c->entries[i].texts);
    free(c);
}

static struct entry *bucket_of(struct jwt_cache *c, const uint8_t hash[DIGEST_LEN])
{
    uint32_t place;
    memcpy(&place, hash, sizeof place);
    return &c->entries[(size_t)(place % BUCKETS) * BUCKET];
}

static void clear(struct entry *e)
{
    free(e->texts);
    *e = (struct entry){0};
}

const struct jwt_cached *jwt_cache_find(struct jwt_cache *c, const uint8_t hash[DIGEST_LEN],
                                        uint64_t generation, int64_t now_us)
{
    struct entry *bucket = bucket_of(c, hash);
    for (struct entry *e = bucket; e < bucket + BUCKET; e++) {
        if (!e->generation || memcmp(e->hash, hash, DIGEST_LEN) != 0)
            continue;
        if (e->generation == generation && now_us < e->what.expires_us + JWT_LEEWAY_US) {
            e->used = ++c->uses;
            return &e->what;
        }
        clear(e);
    }
    return NULL;
}

static const char *append(char **at, const char *text)
{
    const size_t bytes = strlen(text) + 1;
    const char *copy = memcpy(*at, text, bytes);
    *at += bytes;
    return copy;
}

static void fill(struct entry *e, const struct jwt_cached *what)
{
    char *at =
        malloc(strlen(what->tenant) + strlen(what->principal) + strlen(what->credential) + 3);
    AM_ASSERT(at != NULL);
    e->texts = at;
    e->what = *what;
    e->what.tenant = append(&at, what->tenant);
    e->what.principal = append(&at, what->principal);
    e->what.credential = append(&at, what->credential);
}

void jwt_cache_put(struct jwt_cache *c, const uint8_t hash[DIGEST_LEN], uint64_t generation,
                   const struct jwt_cached *what)
{
    struct entry *bucket = bucket_of(c, hash);
    struct entry *oldest = bucket;
    for (struct entry *e = bucket; e < bucket + BUCKET; e++)
        if (e->used < oldest->used)
            oldest = e;
    clear(oldest);
    fill(oldest, what);
    memcpy(oldest->hash, hash, DIGEST_LEN);
    oldest->generation = generation;
    oldest->used = ++c->uses;
}
