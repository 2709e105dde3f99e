/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The agent of a command, to be changed by it.
 *
 * Threading: pure. Ownership: the row lies in the decision.
 */

#include "case/model/decision.h"

/* The row of the agent whom the command names, to be changed and written. The agent must exist. */
struct agent_row *agent_change(struct decision *d);
