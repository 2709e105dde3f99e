/* SPDX-License-Identifier: Apache-2.0 */

/* What the targets of a clock come to for every case: every target must be reached by some case,
 * and every case must have a target. */

#include <stdlib.h>

#include "base/assert.h"
#include "policy/validate/cells.h"
#include "policy/validate/validate.h"

#define AT(...) problem_path(problems, __VA_ARGS__)

/* -- the targets of one clock ------------------------------------------------------------------ */

struct reach {
    const struct policy *p;
    struct cells cells;
    struct failure_set all;
    size_t target_of[CELL_BOXES_MAX];
    bool reached[POLICY_TARGETS_MAX];
    const char *without; /* a case that no target fits */
    struct arena *arena;
};

/* The first target that fits holds, so each takes what those before it have left. */
static void reach(void *ctx, const struct cell *cell)
{
    struct reach *r = ctx;
    struct failure_set left = r->all;
    for (size_t i = 0; i < r->cells.n && !failure_set_empty(&left); i++) {
        if (!cell_has(cell, i))
            continue;
        struct failure_set box = failure_set_of(r->cells.boxes[i]);
        struct failure_set taken = failure_set_and(left, &box);
        if (!failure_set_empty(&taken))
            r->reached[r->target_of[i]] = true;
        left = failure_set_without(left, &box);
    }
    if (!failure_set_empty(&left) && !r->without)
        r->without = cell_text(cell, &left, UINT32_MAX, &r->cells, r->p, r->arena);
}

static bool add_targets(struct cells *cells, const struct policy_clock *c, size_t *target_of)
{
    for (size_t i = 0; i < c->n_targets; i++) {
        size_t n = cells->n;
        if (!cells_add(cells, &c->targets[i].when) || cells->n > CELL_BOXES_MAX / 2)
            return false;
        for (; n < cells->n; n++)
            target_of[n] = i;
    }
    return true;
}

static void tell_reach(const struct policy *p, const struct policy_clock *c, const struct reach *r,
                       const char *at, struct bundle_problems *problems)
{
    for (size_t i = 0; i < c->n_targets; i++) {
        const char *here = AT("%s.targets[%zu]", at, i);
        if (!r->reached[i])
            problem_error(problems, here,
                          "is never reached: the targets before it take all its cases, or it has "
                          "none");
        else if (condition_possible(p, &c->start) &&
                 !condition_overlaps(p, &c->targets[i].when, &c->start))
            problem_error(problems, here, "is of no case that starts the clock");
    }
    if (r->without)
        problem_error(problems, AT("%s.targets", at),
                      "leave a case without one (%s): end with a target for all others",
                      r->without);
}

void validate_too_many_cells(struct bundle_problems *problems)
{
    problem_error(problems, "clocks",
                  "have targets that go by more combinations of facts than can be checked (%d)",
                  CELLS_BUDGET);
}

static void check_reach(const struct policy *p, const struct policy_clock *c, size_t *budget,
                        struct bundle_problems *problems)
{
    const char *at = validate_clock_path(problems, c);
    struct reach *r = calloc(1, sizeof(*r));
    AM_ASSERT(r);
    r->p = p;
    r->all = failure_set_all(p);
    r->arena = problems->arena;
    cells_init(&r->cells, p, budget, reach, r);
    if (c->n_targets > POLICY_TARGETS_MAX || !add_targets(&r->cells, c, r->target_of)) {
        problem_error(problems, at, "has too many targets");
    } else if (c->n_targets > 0) {
        if (cells_each(&r->cells))
            tell_reach(p, c, r, at, problems);
        else
            validate_too_many_cells(problems);
    }
    free(r);
}

/* All clocks share one budget, so that a bundle takes no longer than that, whatever it says. */
void policy_validate_targets(const struct policy *p, struct bundle_problems *problems)
{
    size_t budget = CELLS_BUDGET;
    for (size_t i = 0; i < p->n_clocks && budget > 0; i++)
        check_reach(p, &p->clocks[i], &budget, problems);
    policy_validate_pairs(p, &budget, problems);
}
