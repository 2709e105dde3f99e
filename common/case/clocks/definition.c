/* SPDX-License-Identifier: Apache-2.0 */

/* A clock's definition in the policy, and which threshold comes next. */

#include "case/clocks/impl.h"
#include "contract/clock_kinds.h"
#include "base/bits.h"
#include "base/minmax.h"

const struct policy_clock *clock_definition(const struct policy *p, const struct clock_row *clock)
{
    if (clock->name[0] == '\0' || clock_kind(clock->kind)->is_given)
        return policy_clock_of_kind(p, clock->kind);
    const struct policy_clock *def = policy_clock_find(p, clock->name);
    return def && def->kind == clock->kind ? def : NULL;
}

bool clock_closes(const struct policy_clock *def)
{
    const struct policy_threshold *due = threshold_of(def, DUE_PERCENT);
    return due && (due->actions & BIT_OF(ESCALATION_ACTION_CLOSE)) != 0;
}

bool clock_answers_customer(const struct policy_clock *def)
{
    for (size_t i = 0; def && i < def->start.n; i++)
        if (def->start.boxes[i].allowed[FACT_CUSTOMER] != FACT_IS_YES)
            return false;
    return def && def->start.n > 0;
}

/* -- thresholds, by their place ---------------------------------------------------------------- */

const struct policy_threshold *threshold_of(const struct policy_clock *def, int32_t id)
{
    for (size_t i = 0; def && i < def->n_thresholds; i++)
        if (policy_threshold_id(&def->thresholds[i]) == id)
            return &def->thresholds[i];
    return NULL;
}

/* A time before the deadline comes among the shares where the list says. */
static bool other_kind_before(int32_t id, int32_t due_id)
{
    return (id < 0) != (due_id < 0) && due_id < DUE_PERCENT;
}

int64_t threshold_at(const struct policy_clock *def, const struct deadline *line, int32_t id)
{
    int64_t at_us = deadline_at(line, id);
    if (!threshold_of(def, id))
        return at_us;
    for (size_t i = 0; policy_threshold_id(&def->thresholds[i]) != id; i++) {
        int32_t before = policy_threshold_id(&def->thresholds[i]);
        if (other_kind_before(before, id))
            at_us = larger(at_us, deadline_at(line, before));
    }
    return at_us;
}

int64_t clock_threshold_at(const struct policy *p, const struct clock_row *clock,
                           const struct deadline *line, int32_t id)
{
    return threshold_at(clock_definition(p, clock), line, id);
}

/* Whether a threshold of the list comes no later than what fired: by their places, or, if that was
 * of another list, by number or instant. */
static bool has_come(const struct policy_clock *def, const struct deadline *line,
                     const struct policy_threshold *t, int32_t fired)
{
    int32_t id = policy_threshold_id(t);
    const struct policy_threshold *last = fired != 0 ? threshold_of(def, fired) : NULL;
    if (fired == 0 || last)
        return last && t <= last;
    if ((id < 0) == (fired < 0))
        return id <= fired;
    if (id >= DUE_PERCENT || fired >= DUE_PERCENT)
        return fired >= DUE_PERCENT;
    return deadline_at(line, id) <= deadline_at(line, fired);
}

struct policy_threshold threshold_next(const struct policy_clock *def, const struct deadline *line,
                                       int32_t fired)
{
    struct policy_threshold due = {.percent = fired < DUE_PERCENT ? DUE_PERCENT : 0};
    for (size_t i = 0; def && i < def->n_thresholds; i++) {
        const struct policy_threshold *t = &def->thresholds[i];
        if (!has_come(def, line, t, fired))
            return due.percent == 0 || t->percent <= due.percent ? *t : due;
    }
    return due;
}

int32_t threshold_carried(const struct policy_clock *def, const struct deadline *line,
                          int32_t fired)
{
    int32_t last = 0;
    if (fired >= 0 || threshold_of(def, fired))
        return fired;
    for (size_t i = 0; def && i < def->n_thresholds; i++)
        if (has_come(def, line, &def->thresholds[i], fired))
            last = policy_threshold_id(&def->thresholds[i]);
    return last;
}
