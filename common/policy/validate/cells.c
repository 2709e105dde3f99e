/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/validate/cells.h"

#include <string.h>

#include "policy/describe/describe.h"

void cells_init(struct cells *c, const struct policy *p, size_t *budget,
                void (*each)(void *ctx, const struct cell *cell), void *ctx)
{
    for (int f = 0; f < FACTS; f++)
        c->domain[f] = fact_domain((enum fact)f, p->n_tiers, p->n_levels);
    c->n = 0;
    c->budget = budget;
    c->each = each;
    c->ctx = ctx;
}

bool cells_add(struct cells *c, const struct policy_condition *condition)
{
    if (condition->n > CELL_BOXES_MAX - c->n)
        return false;
    for (size_t i = 0; i < condition->n; i++)
        c->boxes[c->n++] = &condition->boxes[i];
    return true;
}

static void descend(const struct cells *c, struct cell *cell, int fact);

/* The boxes of `from` that allow a value; false when there are none. */
static bool allowing(const struct cells *c, const struct cell *from, int fact, int value,
                     struct cell *to)
{
    bool any = false;
    memset(to->boxes, 0, sizeof(to->boxes));
    for (size_t w = 0; w * 64 < c->n; w++) {
        for (uint64_t left = from->boxes[w]; left; left &= left - 1) {
            size_t box = w * 64 + (size_t)__builtin_ctzll(left);
            if ((c->boxes[box]->allowed[fact] >> value) & 1) {
                to->boxes[w] |= 1ull << (box % 64);
                any = true;
            }
        }
    }
    return any;
}

/* Takes one group of values after the other: the first value left, and all others that the same
 * boxes allow. */
static void each_group(const struct cells *c, const struct cell *cell, int fact)
{
    struct cell next, other;
    for (uint32_t left = c->domain[fact]; left;) {
        memcpy(next.allowed, cell->allowed, sizeof(next.allowed));
        (void)allowing(c, cell, fact, __builtin_ctz(left), &next);
        uint32_t group = left & -left;
        for (uint32_t rest = left & (left - 1); rest; rest &= rest - 1) {
            (void)allowing(c, cell, fact, __builtin_ctz(rest), &other);
            if (memcmp(other.boxes, next.boxes, sizeof(next.boxes)) == 0)
                group |= rest & -rest;
        }
        next.allowed[fact] = group;
        descend(c, &next, fact + 1);
        left &= ~group;
    }
}

static bool has_boxes(const struct cell *cell)
{
    uint64_t any = 0;
    for (size_t w = 0; w < CELL_BOXES_MAX / 64; w++)
        any |= cell->boxes[w];
    return any != 0;
}

static void descend(const struct cells *c, struct cell *cell, int fact)
{
    if (fact < FACTS && has_boxes(cell) && *c->budget > 0) {
        each_group(c, cell, fact);
        return;
    }
    if (*c->budget == 0)
        return;
    --*c->budget;
    for (; fact < FACTS; fact++)
        cell->allowed[fact] = c->domain[fact];
    c->each(c->ctx, cell);
}

bool cells_each(const struct cells *c)
{
    struct cell all = {.boxes = {0}};
    for (size_t i = 0; i < c->n; i++)
        all.boxes[i / 64] |= 1ull << (i % 64);
    descend(c, &all, 0);
    return *c->budget > 0;
}

/* Some of the failures are enough. */
#define SHOWN_FAILURES 3

static void show_failures(const struct failure_set *failures, struct condition_box *box)
{
    int shown = 0;
    memset(box->failures, 0, sizeof(box->failures));
    for (size_t w = 0; w < CONDITION_FAILURE_WORDS; w++)
        for (uint64_t left = failures->words[w]; left && shown < SHOWN_FAILURES; left &= left - 1) {
            box->failures[w] |= left & -left;
            shown++;
        }
}

/* A fact of which the cell has every value says nothing, and is left out. */
const char *cell_text(const struct cell *cell, const struct failure_set *failures, uint32_t facts,
                      const struct cells *c, const struct policy *p, struct arena *arena)
{
    struct condition_box box = condition_any();
    struct failure_set all = failure_set_all(p), missing = failure_set_without(all, failures);
    missing.words[CONDITION_FAILURE_WORDS] = 0;
    for (int f = 0; f < FACTS; f++)
        if (((facts >> f) & 1) && cell->allowed[f] != c->domain[f])
            box.allowed[f] = cell->allowed[f];
    if (!failure_set_empty(&missing))
        show_failures(failures, &box);
    const struct policy_condition condition = {.n = 1, .boxes = &box};
    const char *text = text_condition(arena, p, &condition);
    all = failure_set_and(*failures, &all);
    all.words[CONDITION_FAILURE_WORDS] = 0;
    if (failure_set_empty(&all))
        return "failure: one that is not among the bundle's";
    return strcmp(text, "always") == 0 ? "any kind" : text;
}
