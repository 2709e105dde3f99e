/* SPDX-License-Identifier: Apache-2.0 */

#include "assignment/engine/pauses.h"

#include <string.h>

/* The last bytes of an id are random. */
static size_t bucket_of(const struct uuid *id, uint64_t with)
{
    uint16_t hash;
    memcpy(&hash, id->b + sizeof(id->b) - sizeof(hash), sizeof(hash));
    return (hash + with) % PAUSES_BUCKETS;
}

static bool is_of(const struct paused *at, const struct uuid *id, uint64_t with)
{
    return at->failures > 0 && at->item.with == with && uuid_eq(&at->item.id, id);
}

const struct paused *pauses_of(const struct pauses *p, const struct uuid *id, uint64_t with)
{
    const struct paused *bucket = p->at[bucket_of(id, with)];
    for (size_t i = 0; i < PAUSES_OF_BUCKET; i++)
        if (is_of(&bucket[i], id, with))
            return &bucket[i];
    return NULL;
}

const struct paused *pauses_find(const struct pauses *p, const struct paused_item *item)
{
    const struct paused *found = pauses_of(p, &item->id, item->with);
    return found && found->item.generation == item->generation ? found : NULL;
}

/* Its own place, whatever its generation; else a free one, or that of what failed least often. */
static struct paused *place_for(struct pauses *p, const struct paused_item *item)
{
    struct paused *bucket = p->at[bucket_of(&item->id, item->with)], *least = &bucket[0];
    for (size_t i = 0; i < PAUSES_OF_BUCKET; i++) {
        if (is_of(&bucket[i], &item->id, item->with))
            return &bucket[i];
        if (bucket[i].failures < least->failures)
            least = &bucket[i];
    }
    return least;
}

static int64_t pause_us(const struct pauses *p, unsigned failures)
{
    int64_t pause = PAUSES_FIRST_US;
    while (failures-- > 1 && pause < p->most_us)
        pause *= 2;
    return pause < p->most_us ? pause : p->most_us;
}

const struct paused *pauses_failed(struct pauses *p, const struct paused_item *item, int reason,
                                   int64_t now_us)
{
    struct paused *place = place_for(p, item);
    bool same = is_of(place, &item->id, item->with) && place->item.generation == item->generation;
    p->n += place->failures == 0;
    if (!same)
        *place = (struct paused){.item = *item};
    place->failures++;
    place->reason = reason;
    place->until_us = now_us + pause_us(p, place->failures);
    return place;
}

void pauses_done(struct pauses *p, const struct paused_item *item)
{
    struct paused *found = place_for(p, item);
    if (!is_of(found, &item->id, item->with))
        return;
    found->failures = 0;
    p->n--;
}

void pauses_expire(struct pauses *p, int64_t now_us)
{
    for (size_t i = 0; p->n > 0 && i < PAUSES_BUCKETS; i++) {
        for (size_t j = 0; j < PAUSES_OF_BUCKET; j++) {
            struct paused *at = &p->at[i][j];
            if (at->failures == 0 || at->until_us + 2 * p->most_us > now_us)
                continue;
            at->failures = 0;
            p->n--;
        }
    }
}
