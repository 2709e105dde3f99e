/* SPDX-License-Identifier: Apache-2.0 */
#include "case/people/presence.h"

#include "contract/words.h"

int presence_cause(const struct agent_row *agent)
{
    const bool known = agent->presence_cause != PRESENCE_CAUSE_UNSPECIFIED &&
                       agent->presence_cause_at == agent->presence_at;
    return known ? agent->presence_cause : PRESENCE_CAUSE_CALLER;
}

void presence_change(struct agent_row *agent, int presence, int cause, int64_t now_us)
{
    if (presence == PRESENCE_AVAILABLE && agent->presence != PRESENCE_AVAILABLE)
        agent->idle_since = now_us;
    agent->presence = (int16_t)presence;
    agent->presence_at = now_us;
    agent->presence_cause = (int16_t)cause;
    agent->presence_cause_at = now_us;
}
