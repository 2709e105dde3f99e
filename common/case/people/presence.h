/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * An agent's presence, and who set it.
 *
 * Threading: pure. Ownership: none.
 */

#include "case/model/rows.h"

/* Who set the presence that the agent has now: PRESENCE_CAUSE_*. A caller, unless the row says
 * otherwise of this very presence; a replica of the release before does not write the cause. */
int presence_cause(const struct agent_row *agent);

/* Sets presence, its time and its cause. An agent who becomes AVAILABLE is idle from then on. */
void presence_change(struct agent_row *agent, int presence, int cause, int64_t now_us);
