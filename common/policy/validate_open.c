/* SPDX-License-Identifier: Apache-2.0 */

/* No case opens in silence: whatever a case is like when it opens, some clock starts. */

#include <stdlib.h>

#include "amends/v1/types.pb-c.h"
#include "base/assert.h"
#include "policy/cells.h"
#include "policy/validate.h"

#define STATUS(name) (1u << AMENDS__V1__CASE_STATUS__CASE_STATUS_##name)
#define LIVE                                                                                       \
    (STATUS(OPEN) | STATUS(IN_PROGRESS) | STATUS(AWAITING_CUSTOMER) |                              \
     STATUS(AWAITING_FULFILMENT) | STATUS(AWAITING_APPROVAL))
#define STEWARD (1u << AMENDS__V1__OWNER_KIND__OWNER_KIND_STEWARD)

/* Where a clock's boxes are among those of the cells. */
struct part {
    size_t start, stop, cancel, end;
    bool lasts; /* nothing ends it while the case is live */
};

struct opening {
    const struct policy *p;
    struct cells cells;
    size_t n;
    struct part parts[POLICY_CLOCKS_MAX];
    struct failure_set all;
    struct bundle_problems *problems;
    size_t budget;
    bool told_silent, told_short;
};

static struct failure_set union_of(const struct opening *o, const struct cell *cell, size_t from,
                                   size_t until)
{
    struct failure_set set = {{0}};
    for (size_t i = from; i < until; i++) {
        if (!cell_has(cell, i))
            continue;
        struct failure_set more = failure_set_of(o->cells.boxes[i]);
        for (size_t w = 0; w < FAILURE_SET_WORDS; w++)
            set.words[w] |= more.words[w];
    }
    return set;
}

/* The failures with which a case of this cell starts the clock. */
static struct failure_set starts(const struct opening *o, const struct cell *cell,
                                 const struct part *k)
{
    struct failure_set ends = union_of(o, cell, k->stop, k->end);
    return failure_set_without(union_of(o, cell, k->start, k->stop), &ends);
}

static void look(void *ctx, const struct cell *cell)
{
    struct opening *o = ctx;
    struct failure_set silent = o->all, brief = o->all;
    for (size_t i = 0; i < o->n; i++) {
        struct failure_set started = starts(o, cell, &o->parts[i]);
        silent = failure_set_without(silent, &started);
        if (o->parts[i].lasts)
            brief = failure_set_without(brief, &started);
    }
    if (!failure_set_empty(&silent) && !o->told_silent) {
        problem_error(o->problems, "clocks",
                      "start none when a case opens (%s): nobody would ever hear of its silence",
                      cell_text(cell, &silent, UINT32_MAX, &o->cells, o->p, o->problems->arena));
        o->told_silent = true;
    }
    if (!failure_set_empty(&brief) && !o->told_short && !o->told_silent) {
        problem_warning(o->problems, "clocks",
                        "start none that runs until a case is resolved (%s): it may be forgotten "
                        "after the others have stopped",
                        cell_text(cell, &brief, UINT32_MAX, &o->cells, o->p, o->problems->arena));
        o->told_short = true;
    }
}

static bool lasts(const struct policy *p, const struct policy_clock *c)
{
    struct condition_box box = condition_any();
    box.allowed[FACT_STATUS] = LIVE;
    const struct policy_condition live = {.n = 1, .boxes = &box};
    return !condition_overlaps(p, &c->stop, &live) && !condition_overlaps(p, &c->cancel, &live);
}

static bool add_clock(struct opening *o, const struct policy_clock *c)
{
    struct part *k = &o->parts[o->n];
    struct cells *cells = &o->cells;
    k->start = cells->n;
    bool fits = cells_add(cells, &c->start);
    k->stop = cells->n;
    fits = fits && cells_add(cells, &c->stop);
    k->cancel = cells->n;
    fits = fits && cells_add(cells, &c->cancel);
    k->end = cells->n;
    k->lasts = lasts(o->p, c);
    o->n += fits;
    return fits;
}

/* A case that just opened: nothing has happened to it yet. */
static void set_domain(struct cells *c)
{
    c->domain[FACT_STATUS] = STATUS(OPEN);
    c->domain[FACT_OWNER] = STEWARD;
    c->domain[FACT_LEVEL] = 1u << 1;
    for (int f = FACT_CONTACT; f < FACTS; f++)
        c->domain[f] = 1u;
}

void policy_validate_opening(const struct policy *p, struct bundle_problems *problems)
{
    struct opening *o = calloc(1, sizeof(*o));
    AM_ASSERT(o);
    o->p = p;
    o->problems = problems;
    o->all = failure_set_all(p);
    o->all.words[CONDITION_FAILURE_WORDS] = 0; /* no case opens with a code that is not there */
    o->budget = CELLS_BUDGET;
    cells_init(&o->cells, p, &o->budget, look, o);
    set_domain(&o->cells);
    for (size_t i = 0; i < p->n_clocks; i++)
        if (!clock_has_subject(&p->clocks[i]))
            (void)add_clock(o, &p->clocks[i]);
    if (!cells_each(&o->cells))
        problem_error(problems, "clocks", "start by too many combinations of facts to be checked");
    free(o);
}
