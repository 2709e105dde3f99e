/* SPDX-License-Identifier: Apache-2.0 */

/* No case may be left in silence. Whatever it is like, some clock starts when it opens, some clock
 * lasts until it is resolved, and some clock begins again and again once people took notice of it.
 */

#include <stdlib.h>

#include "amends/v1/types.pb-c.h"
#include "base/assert.h"
#include "contract/clock_kinds.h"
#include "contract/statuses.h"
#include "policy/validate/cells.h"
#include "policy/validate/validate.h"

#define STEWARD (1u << AMENDS__V1__OWNER_KIND__OWNER_KIND_STEWARD)
#define RESTART (1u << AMENDS__V1__ESCALATION_ACTION__ESCALATION_ACTION_RESTART)

/* Where a clock's boxes are among those of the cells: from `start` on those that start it, from
 * `ends` up to `end` those that end it. */
struct part {
    size_t start, ends, end;
};

/* A look for cases that none of some clocks watches. */
struct watch {
    const struct policy *p;
    struct cells cells;
    size_t n;
    struct part parts[POLICY_CLOCKS_MAX];
    struct failure_set all;
    struct arena *arena;
    const char *alone; /* such a case */
};

static struct failure_set union_of(const struct watch *w, const struct cell *cell, size_t from,
                                   size_t until)
{
    struct failure_set set = {{0}};
    for (size_t i = from; i < until; i++) {
        if (!cell_has(cell, i))
            continue;
        struct failure_set more = failure_set_of(w->cells.boxes[i]);
        for (size_t k = 0; k < FAILURE_SET_WORDS; k++)
            set.words[k] |= more.words[k];
    }
    return set;
}

static void look(void *ctx, const struct cell *cell)
{
    struct watch *w = ctx;
    struct failure_set left = w->all;
    for (size_t i = 0; i < w->n; i++) {
        struct failure_set ended = union_of(w, cell, w->parts[i].ends, w->parts[i].end);
        struct failure_set started = union_of(w, cell, w->parts[i].start, w->parts[i].ends);
        started = failure_set_without(started, &ended);
        left = failure_set_without(left, &started);
    }
    if (!failure_set_empty(&left) && !w->alone)
        w->alone = cell_text(cell, &left, UINT32_MAX, &w->cells, w->p, w->arena);
}

static bool add_clock(struct watch *w, const struct policy_clock *c)
{
    struct part *k = &w->parts[w->n];
    struct cells *cells = &w->cells;
    k->start = cells->n;
    bool fits = cells_add(cells, &c->start);
    k->ends = cells->n;
    fits = fits && cells_add(cells, &c->stop) && cells_add(cells, &c->cancel);
    k->end = cells->n;
    w->n += fits;
    return fits;
}

/* A case of the domain that none of the clocks that count watches; NULL when there is none. */
static const char *left_alone(const struct policy *p, void (*set_domain)(uint32_t domain[FACTS]),
                              bool (*counts)(const struct policy *p, const struct policy_clock *c),
                              size_t *budget, struct bundle_problems *problems)
{
    struct watch *w = calloc(1, sizeof(*w));
    AM_ASSERT(w);
    w->p = p;
    w->arena = problems->arena;
    w->all = failure_set_all(p);
    w->all.words[CONDITION_FAILURE_WORDS] = 0; /* no case opens with a code that is not there */
    cells_init(&w->cells, p, budget, look, w);
    set_domain(w->cells.domain);
    for (size_t i = 0; i < p->n_clocks; i++)
        if (!clock_kind_has_subject(p->clocks[i].kind) && counts(p, &p->clocks[i]))
            (void)add_clock(w, &p->clocks[i]);
    if (!cells_each(&w->cells))
        validate_too_many_cells(problems);
    const char *alone = w->alone;
    free(w);
    return alone;
}

/* -- cases ------------------------------------------------------------------------------------- */

/* It just opened: nothing has happened to it yet. */
static void opening(uint32_t domain[FACTS])
{
    domain[FACT_STATUS] = BIT_OF(CASE_STATUS_OPEN);
    domain[FACT_OWNER] = STEWARD;
    domain[FACT_LEVEL] = 1u << 1;
    for (int f = FACT_CONTACT; f < FACTS; f++)
        domain[f] = FACT_IS_NO;
}

/* Somebody took notice of it: its level's clock has ended. */
static void acknowledged(uint32_t domain[FACTS])
{
    domain[FACT_STATUS] = STATUSES_WAITING;
    domain[FACT_ACKNOWLEDGED] = FACT_IS_YES;
}

/* Somebody moved it, which ends its level's clock too. */
static void moved(uint32_t domain[FACTS])
{
    domain[FACT_STATUS] = STATUSES_WAITING;
    domain[FACT_PROGRESS] = FACT_IS_YES;
}

/* -- clocks ------------------------------------------------------------------------------------ */

static bool any(const struct policy *p, const struct policy_clock *c)
{
    (void)p;
    (void)c;
    return true;
}

/* Nothing ends it while the case is live. */
static bool lasts(const struct policy *p, const struct policy_clock *c)
{
    struct condition_box box = condition_any();
    box.allowed[FACT_STATUS] = STATUSES_WAITING;
    const struct policy_condition live = {.n = 1, .boxes = &box};
    return !condition_overlaps(p, &c->stop, &live) && !condition_overlaps(p, &c->cancel, &live);
}

/* It begins again when it has run out. */
static bool goes_round(const struct policy *p, const struct policy_clock *c)
{
    uint32_t actions = 0;
    for (size_t i = 0; i < c->n_thresholds; i++)
        actions |= c->thresholds[i].actions;
    return (actions & RESTART) && lasts(p, c);
}

void policy_validate_opening(const struct policy *p, struct bundle_problems *problems)
{
    size_t budget = CELLS_BUDGET;
    const char *silent = left_alone(p, opening, any, &budget, problems);
    const char *brief = silent ? NULL : left_alone(p, opening, lasts, &budget, problems);
    const char *done = left_alone(p, acknowledged, goes_round, &budget, problems);
    if (!done)
        done = left_alone(p, moved, goes_round, &budget, problems);
    if (silent)
        problem_error(problems, "clocks",
                      "start none when a case opens (%s): nobody would ever hear of its silence",
                      silent);
    if (brief)
        problem_warning(problems, "clocks",
                        "start none that runs until a case is resolved (%s): it may be forgotten "
                        "after the others have stopped",
                        brief);
    if (done)
        problem_warning(
            problems, "clocks",
            "have none that goes round while a case is worked on (%s): it may be "
            "forgotten after the others have run out; give a next_contact clock `restart`",
            done);
}
