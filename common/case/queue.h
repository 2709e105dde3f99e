/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A case's place in the queue of its level: an item is there exactly while a steward owns a case
 * that waits. Its score is static, because all cases age alike: nothing is computed again because
 * time passed.
 *
 * Threading: pure. Ownership: new rows lie in the case.
 */

#include "case/model/decision.h"

/* Severity, money at stake, repeat signals, broken promises and what thresholds added; at most
 * boost_max_ms, which bounds how long others wait. */
int64_t case_queue_boost_ms(const struct case_state *c, const struct policy *p);

/* Adds, changes or removes the item as the case's rows say. At level 0 while an offer stands: the
 * case keeps its age and is in no level's queue. */
void case_queue_refresh(struct decision *d);
