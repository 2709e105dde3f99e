/* SPDX-License-Identifier: Apache-2.0 */

#include "assignment/timers/firing.h"

#include <string.h>

#include "base/assert.h"

/* The last bytes of an id are random. */
static uint16_t *bucket_of(struct firings *f, const struct timer_member *m)
{
    uint16_t hash;
    memcpy(&hash, m->clock_id.b + sizeof(m->clock_id.b) - sizeof(hash), sizeof(hash));
    return &f->buckets[hash % FIRING_BUCKETS];
}

static bool same(const struct timer_member *a, const struct timer_member *b)
{
    return a->generation == b->generation && a->tenant_id == b->tenant_id &&
           uuid_eq(&a->clock_id, &b->clock_id) && uuid_eq(&a->case_id, &b->case_id);
}

void firings_init(struct firings *f, void *owner)
{
    memset(f, 0, sizeof(*f));
    for (uint16_t i = 0; i < FIRING_MAX; i++) {
        f->entries[i].owner = owner;
        f->entries[i].next = i + 2 <= FIRING_MAX ? (uint16_t)(i + 2) : 0;
    }
    f->free = 1;
}

struct firing *firings_add(struct firings *f, const struct timer_member *m, bool found)
{
    uint16_t *bucket = bucket_of(f, m);
    const uint16_t place = f->free;
    for (uint16_t at = *bucket; at; at = f->entries[at - 1].next) {
        if (same(&f->entries[at - 1].member, m))
            return NULL;
    }
    if (place == 0)
        return NULL;
    struct firing *entry = &f->entries[place - 1];
    f->free = entry->next;
    entry->member = *m;
    entry->found = found;
    entry->next = *bucket;
    *bucket = place;
    f->n++;
    f->n_found += found;
    return entry;
}

void firings_remove(struct firings *f, struct firing *entry)
{
    const uint16_t place = (uint16_t)(entry - f->entries + 1);
    uint16_t *at = bucket_of(f, &entry->member);
    while (*at != place) {
        AM_ASSERT(*at != 0);
        at = &f->entries[*at - 1].next;
    }
    *at = entry->next;
    entry->next = f->free;
    f->free = place;
    f->n--;
    f->n_found -= entry->found;
}
