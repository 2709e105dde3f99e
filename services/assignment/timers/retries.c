/* SPDX-License-Identifier: Apache-2.0 */

#include "assignment/timers/retries.h"

#include <string.h>

/* The last bytes of an id are random. */
static size_t bucket_of(const struct uuid *clock_id)
{
    uint16_t hash;
    memcpy(&hash, clock_id->b + sizeof(clock_id->b) - sizeof(hash), sizeof(hash));
    return hash % RETRIES_BUCKETS;
}

static bool same(const struct timer_member *a, const struct timer_member *b)
{
    return a->generation == b->generation && a->tenant_id == b->tenant_id &&
           uuid_eq(&a->clock_id, &b->clock_id) && uuid_eq(&a->case_id, &b->case_id);
}

const struct retry *retries_of_clock(const struct retries *r, const struct uuid *clock_id)
{
    const struct retry *bucket = r->at[bucket_of(clock_id)];
    for (size_t i = 0; i < RETRIES_OF_BUCKET; i++)
        if (bucket[i].member.tenant_id != 0 && uuid_eq(&bucket[i].member.clock_id, clock_id))
            return &bucket[i];
    return NULL;
}

const struct retry *retries_find(const struct retries *r, const struct timer_member *m)
{
    const struct retry *found = retries_of_clock(r, &m->clock_id);
    return found && same(&found->member, m) ? found : NULL;
}

/* The clock's own place, whatever its generation; else a free one; else that of the clock which
 * failed least often. */
static struct retry *place_for(struct retries *r, const struct timer_member *m)
{
    struct retry *bucket = r->at[bucket_of(&m->clock_id)], *least = &bucket[0];
    for (size_t i = 0; i < RETRIES_OF_BUCKET; i++) {
        if (bucket[i].member.tenant_id != 0 && uuid_eq(&bucket[i].member.clock_id, &m->clock_id))
            return &bucket[i];
        if (bucket[i].failures < least->failures)
            least = &bucket[i];
    }
    return least;
}

static int64_t pause_us(unsigned failures)
{
    int64_t pause = RETRIES_FIRST_US;
    while (failures-- > 1 && pause < RETRIES_MOST_US)
        pause *= 2;
    return pause < RETRIES_MOST_US ? pause : RETRIES_MOST_US;
}

const struct retry *retries_failed(struct retries *r, const struct timer_member *m, int reason,
                                   int64_t now_us)
{
    struct retry *place = place_for(r, m);
    r->n += place->member.tenant_id == 0;
    if (!same(&place->member, m))
        *place = (struct retry){.member = *m};
    place->failures++;
    place->reason = reason;
    place->not_before_us = now_us + pause_us(place->failures);
    return place;
}

void retries_done(struct retries *r, const struct timer_member *m)
{
    struct retry *found = place_for(r, m);
    if (found->member.tenant_id == 0 || !uuid_eq(&found->member.clock_id, &m->clock_id))
        return;
    *found = (struct retry){.failures = 0};
    r->n--;
}

void retries_expire(struct retries *r, int64_t now_us)
{
    for (size_t i = 0; i < RETRIES_BUCKETS; i++) {
        for (size_t j = 0; j < RETRIES_OF_BUCKET; j++) {
            struct retry *at = &r->at[i][j];
            if (at->member.tenant_id == 0 || at->not_before_us + RETRIES_KEPT_US > now_us)
                continue;
            *at = (struct retry){.failures = 0};
            r->n--;
        }
    }
}
