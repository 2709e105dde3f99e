/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Who may do what: the owner and the levels above, an agent's limits, skills and languages.
 *
 * Threading: pure. Ownership: none.
 */

#include "case/model/decision.h"

/* Only the owner, a contributor who took over or an agent of a level above: else PERMISSION_DENIED
 * / NOT_THE_OWNER. */
bool case_require_owner(struct decision *d);

/* The agent's limit per case for a remedy kind and currency: the agent's own entry, else the
 * level's. 0 = none. */
int64_t agent_limit_micros(const struct agent_row *agent, const struct policy *p, int remedy_kind,
                           const char *currency);
bool agent_has_skill(const struct agent_row *agent, const char *skill, int level);
/* "" = any; "de-AT" is met by "de", and the other way round. */
bool agent_speaks(const struct agent_row *agent, const char *language);
