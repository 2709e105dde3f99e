/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The facts of a case that policy's conditions ask about, each with the instant since when it
 * stands, and since when a condition over them holds.
 *
 * Threading: pure. Ownership: none.
 */

#include "case/model/state.h"
#include "policy/policy.h"

/* What conditions are about, with the instant since when each fact stands as it does: of CONTACT
 * the time of the first contact that reached the customer; of CUSTOMER the time of the first word
 * of the wait, or of the answer (case/clocks/wait.h); of PROGRESS the time of the first; of STATUS
 * when the case was resolved or closed; of OWNER, PAUSED, ACKNOWLEDGED and LEVEL those of the row.
 * What there has not been, there has not been since the beginning of the round - ACKNOWLEDGED and
 * PROGRESS: of the level. CHANNEL, TRIGGER and TIER stand since the beginning of the round, all
 * else since now. A pause whose resume_at has passed is none. */
struct case_facts {
    struct fact_values values;
    int64_t since_us[FACTS];
    int64_t round_since_us;
    int64_t last_contact_us; /* the last one that reached the customer: what a reset goes by */
};
/* Facts as they stand in the round. Pure. */
void case_facts(const struct case_state *c, const struct policy *p, int64_t now_us,
                struct case_facts *out);
/* Makes them those that a clock's stop and reset go by: CONTACT counts from the clock's start, and
 * who was answered since then does not wait. */
void case_facts_of_clock(const struct case_state *c, const struct policy *p,
                         const struct clock_row *clock, struct case_facts *facts);
/* True when the condition holds, and since when: all that a box asks for stands since the last of
 * its facts, a condition since the first of its boxes. What asks nothing, or allows every status
 * that the case may have had before, holds since the beginning of the round. */
bool case_holds(const struct policy_condition *condition, const struct case_facts *facts,
                int64_t *since_us);
