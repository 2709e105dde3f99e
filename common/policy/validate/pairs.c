/* SPDX-License-Identifier: Apache-2.0 */

/* Whether targets fit each other: a first response must be due before the resolution, and a grave
 * case should be due before a slight one. */

#include <stdlib.h>
#include <string.h>

#include "amends/v1/types.pb-c.h"
#include "base/assert.h"
#include "contract/clock_kinds.h"
#include "policy/validate/cells.h"
#include "policy/validate/validate.h"
#include "base/bits.h"

#define AT(...) problem_path(problems, __VA_ARGS__)
/* What people tell cases apart by, when they think of targets. */
#define TOLD_FACTS                                                                                 \
    (BIT_OF(FACT_SEVERITY) | BIT_OF(FACT_CHANNEL) | BIT_OF(FACT_TRIGGER) | BIT_OF(FACT_TIER) |     \
     BIT_OF(FACT_LEVEL))
#define DAY_MS (24 * 3600 * 1000LL)
#define WEEK_MS (7 * DAY_MS)

/* -- longer or shorter ------------------------------------------------------------------------- */

/* How long a target takes, roughly: targets that are counted in different ways are compared by a
 * week of their calendars. */
static int64_t about_ms(const struct policy *p, const struct policy_clock *c,
                        const struct policy_target *t)
{
    int64_t work_ms = WEEK_MS, days = 7;
    if (c->calendar >= 0) {
        const struct calendar_spec *spec = &p->calendars[c->calendar].spec;
        unsigned weekdays = 0;
        work_ms = 1;
        for (size_t i = 0; i < spec->n_windows; i++) {
            work_ms += (spec->windows[i].until_s - spec->windows[i].from_s) * 1000LL;
            weekdays |= 1u << spec->windows[i].weekday;
        }
        days = weekdays ? __builtin_popcount(weekdays) : 1;
    }
    if (t->unit == POLICY_UNIT_DAYS)
        return t->days * DAY_MS;
    if (t->unit == POLICY_UNIT_BUSINESS_DAYS)
        return t->days * WEEK_MS / days;
    return (int64_t)((double)t->ms * (double)WEEK_MS / (double)work_ms);
}

enum longer { NOT_LONGER, PROBABLY_LONGER, LONGER };

static enum longer compare_targets(const struct policy *p, const struct policy_clock *x,
                                   const struct policy_target *a, const struct policy_clock *y,
                                   const struct policy_target *b)
{
    bool same = a->unit == b->unit && x->calendar == y->calendar;
    bool plain = x->calendar < 0 && y->calendar < 0;
    if (same && a->unit == POLICY_UNIT_TIME)
        return a->ms > b->ms ? LONGER : NOT_LONGER;
    if (same)
        return a->days > b->days ? LONGER : NOT_LONGER;
    if (about_ms(p, x, a) <= about_ms(p, y, b))
        return NOT_LONGER;
    return plain ? LONGER : PROBABLY_LONGER;
}

/* -- the targets of two clocks, or of one for two severities ----------------------------------- */

struct pairs {
    const struct policy *p;
    const struct policy_clock *x, *y;
    struct cells cells;
    size_t n_x; /* boxes of x come first */
    struct failure_set all;
    size_t target_of[CELL_BOXES_MAX];
    struct condition_box boxes[CELL_BOXES_MAX];
    bool seen[POLICY_TARGETS_MAX][POLICY_TARGETS_MAX];
    void (*tell)(const struct pairs *pairs, size_t a, size_t b, enum longer longer,
                 const char *which);
    struct bundle_problems *problems;
    int severity; /* for whoever tells */
};

/* Fills `out` with what both boxes allow; false when that is nothing. */
static bool intersect_boxes(const struct pairs *k, const struct condition_box *a,
                            const struct condition_box *b, struct condition_box *out)
{
    for (int f = 0; f < FACTS; f++) {
        out->allowed[f] = a->allowed[f] & b->allowed[f];
        if ((out->allowed[f] & k->cells.domain[f]) == 0)
            return false;
    }
    for (size_t w = 0; w < CONDITION_FAILURE_WORDS; w++)
        out->failures[w] = a->failures[w] & b->failures[w];
    return true;
}

static bool add_started(struct pairs *k, const struct condition_box *when,
                        const struct policy_condition *start, size_t target)
{
    for (size_t i = 0; i < start->n; i++) {
        size_t n = k->cells.n;
        if (n == CELL_BOXES_MAX)
            return false;
        if (!intersect_boxes(k, when, &start->boxes[i], &k->boxes[n]))
            continue;
        k->cells.boxes[n] = &k->boxes[n];
        k->target_of[n] = target;
        k->cells.n++;
    }
    return true;
}

/* Adds the targets of a clock, for the cases that start it. */
static bool add_started_targets(struct pairs *k, const struct policy_clock *c)
{
    const struct condition_box any = condition_any();
    const struct policy_condition always = {.n = 1, .boxes = &any};
    const struct policy_condition *start = clock_kind_has_subject(c->kind) ? &always : &c->start;
    for (size_t i = 0; i < c->n_targets; i++)
        for (size_t j = 0; j < c->targets[i].when.n; j++)
            if (!add_started(k, &c->targets[i].when.boxes[j], start, i))
                return false;
    return k->cells.n <= CELL_BOXES_MAX / 2 || k->n_x > 0;
}

/* Which failures each box of a range takes: the first box that fits takes them. */
static void take_failures(const struct pairs *k, const struct cell *cell, size_t from, size_t until,
                          struct failure_set *taken)
{
    struct failure_set left = k->all;
    for (size_t i = from; i < until; i++) {
        taken[i] = (struct failure_set){{0}};
        if (!cell_has(cell, i))
            continue;
        struct failure_set box = failure_set_of(k->cells.boxes[i]);
        taken[i] = failure_set_and(left, &box);
        left = failure_set_without(left, &box);
    }
}

static void compare_boxes(struct pairs *k, const struct cell *cell, size_t i, size_t j,
                          const struct failure_set *taken)
{
    size_t a = k->target_of[i], b = k->target_of[j];
    if (k->seen[a][b])
        return;
    struct failure_set both = failure_set_and(taken[i], &taken[j]);
    if (failure_set_empty(&both))
        return;
    k->seen[a][b] = true;
    enum longer longer = compare_targets(k->p, k->x, &k->x->targets[a], k->y, &k->y->targets[b]);
    if (longer != NOT_LONGER)
        k->tell(k, a, b, longer,
                cell_text(cell, &both, TOLD_FACTS, &k->cells, k->p, k->problems->arena));
}

static void look_at_pairs(void *ctx, const struct cell *cell)
{
    struct pairs *k = ctx;
    struct failure_set taken[CELL_BOXES_MAX];
    take_failures(k, cell, 0, k->n_x, taken);
    take_failures(k, cell, k->n_x, k->cells.n, taken);
    for (size_t i = 0; i < k->n_x; i++)
        for (size_t j = k->n_x; j < k->cells.n && !failure_set_empty(&taken[i]); j++)
            compare_boxes(k, cell, i, j, taken);
}

static struct pairs *pairs_new(const struct policy *p, size_t *budget,
                               struct bundle_problems *problems)
{
    struct pairs *k = calloc(1, sizeof(*k));
    AM_ASSERT(k);
    k->p = p;
    k->problems = problems;
    k->all = failure_set_all(p);
    cells_init(&k->cells, p, budget, look_at_pairs, k);
    return k;
}

/* -- response before resolution ---------------------------------------------------------------- */

static void tell_response(const struct pairs *k, size_t a, size_t b, enum longer longer,
                          const char *which)
{
    struct bundle_problems *problems = k->problems;
    (void)b;
    const char *at = AT("%s.targets[%zu].target", validate_clock_path(problems, k->x), a);
    const char *name = k->y->name;
    if (longer == LONGER)
        problem_error(problems, at, "is longer than `%s` gives the resolution (%s)", name, which);
    else
        problem_warning(problems, at, "is probably longer than `%s` gives the resolution (%s)",
                        name, which);
}

static void check_response(const struct policy *p, const struct policy_clock *response,
                           const struct policy_clock *resolution, size_t *budget,
                           struct bundle_problems *problems)
{
    struct pairs *k = pairs_new(p, budget, problems);
    k->x = response;
    k->y = resolution;
    k->tell = tell_response;
    bool fits = add_started_targets(k, response);
    k->n_x = k->cells.n;
    fits = fits && add_started_targets(k, resolution);
    if (!fits || !cells_each(&k->cells))
        validate_too_many_cells(problems);
    free(k);
}

static void check_responses(const struct policy *p, size_t *budget,
                            struct bundle_problems *problems)
{
    for (size_t i = 0; i < p->n_clocks; i++)
        for (size_t j = 0; j < p->n_clocks && p->clocks[i].kind == CLOCK_KIND_FIRST_RESPONSE; j++)
            if (p->clocks[j].kind == CLOCK_KIND_RESOLUTION && *budget > 0)
                check_response(p, &p->clocks[i], &p->clocks[j], budget, problems);
}

/* -- graver is quicker ------------------------------------------------------------------------- */

static void tell_graver(const struct pairs *k, size_t a, size_t b, enum longer longer,
                        const char *which)
{
    struct bundle_problems *problems = k->problems;
    (void)longer;
    (void)b;
    problem_warning(problems, AT("%s.targets[%zu].target", validate_clock_path(problems, k->x), a),
                    "gives severity %d more time than severity %d has (%s)", k->severity + 1,
                    k->severity, which);
}

/* Writes the boxes as they are for one severity, from `from` on. A box that does not allow it is
 * emptied. */
static void for_severity(struct pairs *k, const struct condition_box *plain, size_t n, size_t from,
                         int severity)
{
    for (size_t i = 0; i < n; i++) {
        struct condition_box *box = &k->boxes[from + i];
        *box = plain[i];
        bool allows = (box->allowed[FACT_SEVERITY] >> severity) & 1;
        box->allowed[FACT_SEVERITY] = allows ? UINT32_MAX : 0;
        k->cells.boxes[from + i] = box;
        k->target_of[from + i] = k->target_of[i];
    }
}

static void check_step(struct pairs *k, const struct condition_box *plain, size_t n, int severity)
{
    k->severity = severity;
    k->n_x = n;
    k->cells.n = 2 * n;
    memset(k->seen, 0, sizeof(k->seen));
    for_severity(k, plain, n, 0, severity + 1);
    for_severity(k, plain, n, n, severity);
    if (!cells_each(&k->cells))
        validate_too_many_cells(k->problems);
}

/* The targets of a graver case against those of the next slighter one, all else equal. */
static void check_graver(const struct policy *p, const struct policy_clock *c, size_t *budget,
                         struct bundle_problems *problems)
{
    struct pairs *k = pairs_new(p, budget, problems);
    k->x = k->y = c;
    k->tell = tell_graver;
    if (add_started_targets(k, c) && k->cells.n > 0) {
        size_t n = k->cells.n;
        struct condition_box *plain = calloc(n, sizeof(*plain));
        AM_ASSERT(plain);
        memcpy(plain, k->boxes, n * sizeof(*plain));
        for (int s = 1; s<POLICY_SEVERITY_MAX && * budget> 0; s++)
            check_step(k, plain, n, s);
        free(plain);
    }
    free(k);
}

void policy_validate_pairs(const struct policy *p, size_t *budget, struct bundle_problems *problems)
{
    for (size_t i = 0; i<p->n_clocks && * budget> 0; i++)
        if (p->clocks[i].n_targets > 1)
            check_graver(p, &p->clocks[i], budget, problems);
    check_responses(p, budget, problems);
}
