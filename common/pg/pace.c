/* SPDX-License-Identifier: Apache-2.0 */
#include "pg/pace.h"

#include "base/time.h"

#define UNKNOWN_US (US_PER_MS / 2)
#define HEAVY_US (2 * US_PER_MS)
#define HEAVY_BYTES (128 << 10)
#define LONGEST_US (100 * US_PER_MS) /* longer is a server that stood still, not a larger read */

/* Every bit of both numbers decides on the place: the statements of one tenant are neighbours. */
static uint64_t key_of(uint64_t tenant, unsigned stmt)
{
    const uint64_t key = ((tenant + 1) * 0x9e3779b97f4a7c15u ^ stmt) * 0xd1342543de82ef95u;
    return key ? key : 1;
}

static size_t place_of(uint64_t key)
{
    return (key >> 32) & (PACES - 1);
}

struct pace pace_expected(const struct pace_table *t, uint64_t tenant, unsigned stmt)
{
    const uint64_t key = key_of(tenant, stmt);
    const struct pace *p = &t->paces[place_of(key)];
    return p->key == key ? *p : (struct pace){.key = key, .us = UNKNOWN_US, .quick_us = UNKNOWN_US};
}

bool pace_is_heavy(const struct pace *p)
{
    return p->quick_us > HEAVY_US || p->bytes > HEAVY_BYTES;
}

void pace_learn(struct pace_table *t, uint64_t tenant, unsigned stmt, int64_t us, int64_t bytes)
{
    struct pace p = pace_expected(t, tenant, stmt);
    us = us < 0 ? 0 : us;
    us = us > LONGEST_US ? LONGEST_US : us;
    p.us += (us - p.us) / 4;
    p.quick_us += (us - p.quick_us) / (us > p.quick_us ? 8 : 2);
    p.bytes = bytes > p.bytes ? bytes : p.bytes - (p.bytes - bytes) / 8;
    t->paces[place_of(p.key)] = p;
}
