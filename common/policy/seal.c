/* SPDX-License-Identifier: Apache-2.0 */

/* What a policy holds for its readers besides what it was given. */

#include "amends/v1/types.pb-c.h"
#include "policy/validate.h"

#define KIND(name) AMENDS__V1__CLOCK_KIND__CLOCK_KIND_##name

/* The time of the first target for a case of this severity of which nothing else is known. */
static int64_t target_ms(const struct policy_clock *c, int severity)
{
    struct fact_values v = {.value = {[FACT_STATUS] = 1,
                                      [FACT_CHANNEL] = 1,
                                      [FACT_TRIGGER] = 1,
                                      [FACT_OWNER] = 1,
                                      [FACT_LEVEL] = 1},
                            .failure = -1};
    v.value[FACT_SEVERITY] = (uint8_t)severity;
    for (size_t i = 0; c && i < c->n_targets; i++)
        if (condition_holds(&c->targets[i].when, &v))
            return c->targets[i].ms;
    return 0;
}

static void set_severity_targets(struct policy *p, int kind, int64_t ms[POLICY_SEVERITIES])
{
    const struct policy_clock *c = policy_clock_of_kind(p, kind);
    for (int s = 1; c && s < POLICY_SEVERITIES; s++)
        ms[s] = target_ms(c, s);
}

void policy_seal(struct policy *p)
{
    policy_sort_failures(p);
    set_severity_targets(p, KIND(FIRST_RESPONSE), p->first_response_ms);
    set_severity_targets(p, KIND(RESOLUTION), p->resolution_ms);
    const struct policy_clock *follow_up = policy_clock_of_kind(p, KIND(FOLLOW_UP));
    if (follow_up)
        p->follow_up_window_ms = target_ms(follow_up, 1);
}
