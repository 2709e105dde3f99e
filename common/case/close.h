/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Closing a resolved case. Threading: pure. Ownership: as the decision. */

#include "case/model/decision.h"

/* Sets the status and its time, and states CASE_CLOSED by `actor`. The caller has seen to the gate;
 * a case that is not resolved is refused as by case_set_status(). */
void case_close(struct decision *d, const char *actor);
