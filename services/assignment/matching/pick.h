/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Chooses which agent is asked for which case: the pure part of matching. It only proposes;
 * OfferCase decides under the keys of case and agent.
 *
 * Threading: pure. Ownership: inputs are borrowed; scratch memory lies in the arena given.
 */

#include "assignment/matching/refusals.h"
#include "base/arena.h"
#include "case/model/rows.h"
#include "policy/policy.h"

struct pick_case {
    int level;
    const char *signature;
    struct uuid case_id;
    int64_t score_ms; /* smaller first */
    int64_t generation;
};

/* The agent declined the case, or let its offer expire, a moment ago. */
struct pick_cooling {
    const char *agent_id;
    struct uuid case_id;
};

struct pick_input {
    const struct policy *policy;
    const struct agent_row *agents; /* with their load */
    size_t n_agents;
    const struct pick_case *cases;
    size_t n_cases;
    const struct pick_cooling *cooling;
    size_t n_cooling;
    /* Other versions that cases of the tenant may be pinned to: the decision goes by the case's own
     * version, which is not known here. When nobody fits by `policy`, those are asked who fit by
     * one of these. */
    const struct policy *const *others;
    size_t n_others;
    const struct pauses *refusals; /* NULL = none */
    int64_t now_us;
};

struct pick {
    const struct pick_case *c;
    const struct agent_row *agent;
    bool sole; /* no other of the agents fits the case */
};

/* Push: proposes cases, best score first, each to the best available agent with room: level fit,
 * then load, then longest idle. An agent that cools down is left out unless it is the sole one that
 * fits. At most `max` picks; no agent beyond its capacity. Returns how many. */
size_t pick_push(const struct pick_input *in, struct arena *arena, struct pick *out, size_t max);

/* Pull: the cases that the first of the agents may take, best fit first: highest level, then best
 * score. At most `max`. */
size_t pick_pull(const struct pick_input *in, struct arena *arena, struct pick *out, size_t max);
