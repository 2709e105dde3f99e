/* SPDX-License-Identifier: Apache-2.0 */

#include "assignment/matching/refusals.h"

#include <string.h>

#include "base/digest.h"

static uint64_t agent_hash(const char *agent_id)
{
    if (!agent_id)
        return 0;
    const struct slice id = slice_str(agent_id);
    const uint64_t hash = digest_key(&id, 1);
    return hash ? hash : 1;
}

/* The last bytes of an id are random. */
static size_t bucket_of(const struct uuid *case_id, uint64_t agent)
{
    uint16_t hash;
    memcpy(&hash, case_id->b + sizeof(case_id->b) - sizeof(hash), sizeof(hash));
    return (hash + agent) % REFUSALS_BUCKETS;
}

static bool is_of(const struct refusal *at, const struct uuid *case_id, uint64_t agent)
{
    return at->times > 0 && at->agent == agent && uuid_eq(&at->case_id, case_id);
}

/* Its own place; else a free one, or that of the pair which was refused least often. */
static struct refusal *place_for(struct refusals *r, const struct uuid *case_id, uint64_t agent)
{
    struct refusal *bucket = r->at[bucket_of(case_id, agent)], *least = &bucket[0];
    for (size_t i = 0; i < REFUSALS_OF_BUCKET; i++) {
        if (is_of(&bucket[i], case_id, agent))
            return &bucket[i];
        if (bucket[i].times < least->times)
            least = &bucket[i];
    }
    return least;
}

static int64_t pause_us(unsigned times)
{
    int64_t pause = US_PER_S;
    while (times-- > 1 && pause < REFUSALS_MOST_US)
        pause *= 2;
    return pause < REFUSALS_MOST_US ? pause : REFUSALS_MOST_US;
}

void refusals_note(struct refusals *r, const struct uuid *case_id, int64_t generation,
                   const char *agent_id, bool pushed, int64_t now_us)
{
    const uint64_t agent = agent_hash(agent_id);
    struct refusal *at = place_for(r, case_id, agent);
    if (!is_of(at, case_id, agent) || at->generation != generation)
        *at = (struct refusal){.case_id = *case_id, .generation = generation, .agent = agent};
    at->times++;
    at->pushed = pushed;
    at->until_us = now_us + pause_us(at->times);
}

static bool has(const struct refusals *r, const struct uuid *case_id, int64_t generation,
                uint64_t agent, bool asked, int64_t now_us)
{
    const struct refusal *bucket = r->at[bucket_of(case_id, agent)];
    for (size_t i = 0; i < REFUSALS_OF_BUCKET; i++)
        if (is_of(&bucket[i], case_id, agent))
            return bucket[i].generation == generation && bucket[i].until_us > now_us &&
                   !(asked && bucket[i].pushed);
    return false;
}

bool refusals_has(const struct refusals *r, const struct uuid *case_id, int64_t generation,
                  const char *agent_id, bool asked, int64_t now_us)
{
    return has(r, case_id, generation, 0, asked, now_us) ||
           has(r, case_id, generation, agent_hash(agent_id), asked, now_us);
}
