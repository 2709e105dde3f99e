/* SPDX-License-Identifier: Apache-2.0 */

/* No case may be left in silence. Whatever it is like, some clock starts when it opens, some clock
 * lasts until it is resolved, and some clock begins again and again once people took notice of it.
 * Whatever its status and its owner are, some clock runs, or resumes within a bound. And what is
 * resolved ends.
 */

#include <stdlib.h>

#include "amends/v1/types.pb-c.h"
#include "base/assert.h"
#include "contract/clock_kinds.h"
#include "contract/statuses.h"
#include "policy/describe/describe.h"
#include "policy/validate/cells.h"
#include "policy/validate/validate.h"

#define STEWARD (1u << AMENDS__V1__OWNER_KIND__OWNER_KIND_STEWARD)
#define RESTART (1u << AMENDS__V1__ESCALATION_ACTION__ESCALATION_ACTION_RESTART)

/* Where a clock's boxes are among those of the cells: from `start` on those that start it, from
 * `ends` up to `end` those that end it. */
struct part {
    size_t start, ends, end;
    bool may_stand; /* longer than the bound */
};

/* A look for cases that none of some clocks watches; or for those that some of them watch, but each
 * of these may stand still for long. */
struct watch {
    const struct policy *p;
    bool standing;
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

static struct failure_set watched_by(const struct watch *w, const struct cell *cell,
                                     const struct part *part)
{
    struct failure_set ended = union_of(w, cell, part->ends, part->end);
    struct failure_set started = union_of(w, cell, part->start, part->ends);
    return failure_set_without(started, &ended);
}

static void look(void *ctx, const struct cell *cell)
{
    struct watch *w = ctx;
    struct failure_set unwatched = w->all, left = w->all;
    for (size_t i = 0; i < w->n; i++) {
        struct failure_set watched = watched_by(w, cell, &w->parts[i]);
        unwatched = failure_set_without(unwatched, &watched);
        if (!w->standing || !w->parts[i].may_stand)
            left = failure_set_without(left, &watched);
    }
    if (w->standing)
        left = failure_set_without(left, &unwatched);
    if (!failure_set_empty(&left) && !w->alone)
        w->alone = cell_text(cell, &left, UINT32_MAX, &w->cells, w->p, w->arena);
}

/* By its definition, or by hand, which any clock that may pause can be. */
static bool may_stand(const struct policy_clock *c)
{
    return clock_kind(c->kind)->may_pause && c->pause_single_ms > POLICY_UNWATCHED_MAX_MS;
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
    k->may_stand = may_stand(c);
    w->n += fits;
    return fits;
}

static const char *find(const struct policy *p, void (*set_domain)(uint32_t domain[FACTS]),
                        bool (*counts)(const struct policy *p, const struct policy_clock *c),
                        bool standing, size_t *budget, struct bundle_problems *problems)
{
    struct watch *w = calloc(1, sizeof(*w));
    AM_ASSERT(w);
    w->p = p;
    w->standing = standing;
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

/* A case of the domain that none of the clocks that count watches; NULL when there is none. */
static const char *left_alone(const struct policy *p, void (*set_domain)(uint32_t domain[FACTS]),
                              bool (*counts)(const struct policy *p, const struct policy_clock *c),
                              size_t *budget, struct bundle_problems *problems)
{
    return find(p, set_domain, counts, false, budget, problems);
}

/* One that is watched only by clocks that may stand still for longer than the bound. */
static const char *left_standing(const struct policy *p, void (*set_domain)(uint32_t domain[FACTS]),
                                 bool (*counts)(const struct policy *p,
                                                const struct policy_clock *c),
                                 size_t *budget, struct bundle_problems *problems)
{
    return find(p, set_domain, counts, true, budget, problems);
}

/* -- cases ------------------------------------------------------------------------------------- */

/* Somebody has to do something about it. */
static void live(uint32_t domain[FACTS])
{
    domain[FACT_STATUS] = STATUSES_WAITING;
}

static void resolved(uint32_t domain[FACTS])
{
    domain[FACT_STATUS] = BIT_OF(CASE_STATUS_RESOLVED);
}

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

static bool may_close(const struct policy *p, const struct policy_clock *c)
{
    (void)p;
    return clock_kind(c->kind)->may_close;
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

/* The first clock that may, for the place of the problem; NULL = none may. */
static const struct policy_clock *first_that_may_stand(const struct policy *p)
{
    for (size_t i = 0; i < p->n_clocks; i++)
        if (may_stand(&p->clocks[i]))
            return &p->clocks[i];
    return NULL;
}

void policy_validate_standing(const struct policy *p, struct bundle_problems *problems)
{
    size_t budget = CELLS_BUDGET;
    const struct policy_clock *c = first_that_may_stand(p);
    if (!c)
        return;
    const char *alone = left_standing(p, live, any, &budget, problems);
    if (!alone)
        alone = left_standing(p, acknowledged, goes_round, &budget, problems);
    if (!alone)
        alone = left_standing(p, moved, goes_round, &budget, problems);
    if (alone)
        problem_refusal(
            problems, problem_path(problems, "%s.pause_limit", validate_clock_path(problems, c)),
            "may let a case stand for %s with no clock that runs (%s): in every status and with "
            "every owner some clock has to run, or to resume within %d days",
            text_duration(problems->arena, c->pause_single_ms), alone, POLICY_UNWATCHED_MAX_DAYS);
}

void policy_validate_end(const struct policy *p, struct bundle_problems *problems)
{
    size_t budget = CELLS_BUDGET;
    const char *stays = left_alone(p, resolved, may_close, &budget, problems);
    if (stays)
        problem_warning(problems, "clocks",
                        "have no follow_up for a case that is resolved (%s): it stays so for ever "
                        "unless somebody closes it",
                        stays);
}
