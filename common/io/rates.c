/* SPDX-License-Identifier: Apache-2.0 */
#include "io/rates.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/minmax.h"
#include "base/time.h"
#include "base/uuid.h"

#define SETS 2048 /* a power of two */
#define WAYS 4

/* A bucket is full again at `full_us`; until then it lacks what comes back in that time. */
struct bucket {
    int64_t full_us;
    char name[RATES_NAME_BYTES];
};

struct rates {
    uint32_t a_second, burst;
    uint64_t seed; /* outsiders do not know it, so they cannot choose names of one set */
    struct bucket (*sets)[WAYS];
};

struct rates *rates_new(uint32_t a_second, uint32_t burst)
{
    struct rates *r = calloc(1, sizeof *r);
    AM_ASSERT(r != NULL);
    *r = (struct rates){.a_second = a_second, .burst = burst > 0 ? burst : 1};
    uuid_random_bytes(&r->seed, sizeof r->seed);
    /* Pages that no name has used take no memory. */
    r->sets = a_second > 0 ? calloc(SETS, sizeof *r->sets) : NULL;
    AM_ASSERT(a_second == 0 || r->sets != NULL);
    return r;
}

void rates_free(struct rates *r)
{
    if (r)
        free(r->sets);
    free(r);
}

static int64_t time_of(const struct rates *r, uint32_t units)
{
    return (int64_t)units * US_PER_S / r->a_second;
}

static struct bucket *set_of(const struct rates *r, const char *name)
{
    uint64_t h = 14695981039346656037u ^ r->seed;
    for (size_t i = 0; i < RATES_NAME_BYTES - 1 && name[i]; i++)
        h = (h ^ (unsigned char)name[i]) * 1099511628211u;
    return r->sets[(h ^ h >> 32) % SETS];
}

static struct bucket *find(const struct rates *r, const char *name)
{
    struct bucket *set = set_of(r, name);
    for (size_t i = 0; i < WAYS; i++)
        if (strncmp(set[i].name, name, RATES_NAME_BYTES - 1) == 0)
            return &set[i];
    return NULL;
}

static struct bucket *find_or_take(struct rates *r, const char *name)
{
    struct bucket *b = find(r, name);
    if (b)
        return b;
    struct bucket *set = set_of(r, name);
    b = set;
    for (size_t i = 1; i < WAYS; i++)
        if (set[i].full_us < b->full_us)
            b = &set[i];
    *b = (struct bucket){.full_us = 0};
    memcpy(b->name, name, strnlen(name, RATES_NAME_BYTES - 1));
    return b;
}

int64_t rates_wait_us(const struct rates *r, const char *name, int64_t now_us)
{
    const struct bucket *b = r->a_second > 0 ? find(r, name) : NULL;
    if (!b)
        return 0;
    /* Empty when a whole burst is lacking; then until the first unit is back. */
    const int64_t most = time_of(r, r->burst) - time_of(r, 1);
    const int64_t wait = b->full_us - now_us - most;
    return wait > 0 ? wait : 0;
}

void rates_use(struct rates *r, const char *name, uint32_t units, int64_t now_us)
{
    if (r->a_second == 0 || units == 0)
        return;
    struct bucket *b = find_or_take(r, name);
    const int64_t from = b->full_us > now_us ? b->full_us : now_us;
    const int64_t most = now_us + RATES_OWED_MOST * time_of(r, r->burst);
    const int64_t owed = smaller(from + time_of(r, units < r->burst ? units : r->burst), most);
    b->full_us = larger(b->full_us, owed); /* a use of before forgives nothing of what came since */
}
