/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Offers that the decision refused for a reason that a later pass would not see, because it looks
 * at less: the agent does not fit by the policy version of the case, or nothing can be decided
 * about the case at all. They are not proposed again for a growing pause of up to a minute
 * (engine/pauses.h). So the next best agent is asked, and the cases behind this one get their turn.
 *
 * Threading: io loop's thread. Ownership: entries belong to the table; it keeps hashes of ids.
 */

#include "assignment/engine/pauses.h"

#define REFUSALS_MOST_US (60 * US_PER_S)

/* The case, of this assignment generation, was refused to the agent (NULL = it would be to anybody)
 * at `now_us`, domain time. `pushed`: an agent who asks may have it all the same. */
void refusals_note(struct pauses *r, const struct uuid *case_id, int64_t generation,
                   const char *agent_id, bool pushed, int64_t now_us);
/* True while the case is not to be proposed to the agent. `asked`: the agent asks for a case. */
bool refusals_has(const struct pauses *r, const struct uuid *case_id, int64_t generation,
                  const char *agent_id, bool asked, int64_t now_us);
