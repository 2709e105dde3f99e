/* SPDX-License-Identifier: Apache-2.0 */

#include "assignment/matching/refusals.h"

#include "base/digest.h"

/* Why an offer was refused: the reasons of the entries. */
enum { REFUSED_TO_ALL, REFUSED_TO_PUSHED };

static uint64_t agent_hash(const char *agent_id)
{
    if (!agent_id)
        return 0;
    const struct slice id = slice_str(agent_id);
    const uint64_t hash = digest_key(&id, 1);
    return hash ? hash : 1;
}

void refusals_note(struct pauses *r, const struct uuid *case_id, int64_t generation,
                   const char *agent_id, bool pushed, int64_t now_us)
{
    const struct paused_item item = {
        .id = *case_id, .with = agent_hash(agent_id), .generation = generation};
    r->most_us = REFUSALS_MOST_US;
    pauses_expire(r, now_us);
    (void)pauses_failed(r, &item, pushed ? REFUSED_TO_PUSHED : REFUSED_TO_ALL, now_us);
}

static bool has(const struct pauses *r, const struct paused_item *item, bool asked, int64_t now_us)
{
    const struct paused *found = pauses_find(r, item);
    return found && found->until_us > now_us && !(asked && found->reason == REFUSED_TO_PUSHED);
}

bool refusals_has(const struct pauses *r, const struct uuid *case_id, int64_t generation,
                  const char *agent_id, bool asked, int64_t now_us)
{
    const struct paused_item anybody = {.id = *case_id, .generation = generation};
    const struct paused_item agent = {
        .id = *case_id, .with = agent_hash(agent_id), .generation = generation};
    return has(r, &anybody, asked, now_us) || has(r, &agent, asked, now_us);
}
