/* SPDX-License-Identifier: Apache-2.0 */

/* A clock's definition in the policy, and which threshold comes next. */

#include "case/clocks/impl.h"
#include "contract/clock_kinds.h"
#include "base/bits.h"

const struct policy_clock *clock_definition(const struct policy *p, const struct clock_row *clock)
{
    if (clock->name[0] == '\0' || clock_kind(clock->kind)->is_given)
        return policy_clock_of_kind(p, clock->kind);
    const struct policy_clock *def = policy_clock_find(p, clock->name);
    return def && def->kind == clock->kind ? def : NULL;
}

struct policy_threshold threshold_next(const struct policy_clock *def, int32_t fired)
{
    struct policy_threshold due = {.percent = fired < DUE_PERCENT ? DUE_PERCENT : 0};
    for (size_t i = 0; def && i < def->n_thresholds; i++) {
        const struct policy_threshold *t = &def->thresholds[i];
        if (t->percent > fired)
            return due.percent == 0 || t->percent <= due.percent ? *t : due;
    }
    return due;
}

bool clock_closes(const struct policy_clock *def)
{
    return def &&
           (threshold_next(def, DUE_PERCENT - 1).actions & BIT_OF(ESCALATION_ACTION_CLOSE)) != 0;
}
