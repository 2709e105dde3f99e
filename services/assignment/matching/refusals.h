/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Offers that the decision refused for a reason that a later pass would not see, because it looks
 * at less: the agent does not fit by the policy version of the case, or nothing can be decided
 * about the case at all. They are not proposed again for a second, then for twice as long each
 * time, up to a minute. So the next best agent is asked, and the cases behind this one get their
 * turn. The table has a fixed size; when all places are taken, the pair that was refused least
 * often gives up its own.
 *
 * Threading: io loop's thread. Ownership: entries belong to the table; it keeps hashes of ids.
 */

#include "base/time.h"
#include "base/uuid.h"

#define REFUSALS_BUCKETS 1024
#define REFUSALS_OF_BUCKET 4
#define REFUSALS_MOST_US (60 * US_PER_S)

struct refusal {
    struct uuid case_id;
    int64_t generation;
    uint64_t agent; /* a hash; 0 = whoever it is offered to */
    unsigned times; /* 0 = the place is free */
    bool pushed;    /* refused only to those who did not ask */
    int64_t until_us;
};

struct refusals {
    struct refusal at[REFUSALS_BUCKETS][REFUSALS_OF_BUCKET];
};

/* The case, of this assignment generation, was refused to the agent (NULL = it would be to anybody)
 * at `now_us`, domain time. `pushed`: an agent who asks may have it all the same. */
void refusals_note(struct refusals *r, const struct uuid *case_id, int64_t generation,
                   const char *agent_id, bool pushed, int64_t now_us);
/* True while the case is not to be proposed to the agent. `asked`: the agent asks for a case. */
bool refusals_has(const struct refusals *r, const struct uuid *case_id, int64_t generation,
                  const char *agent_id, bool asked, int64_t now_us);
