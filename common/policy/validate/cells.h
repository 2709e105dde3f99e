/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How a question is asked of every case that there can be. The cases are parted into cells: within
 * one cell, every box of a set allows all cases or none.
 *
 * Values of a fact that the same boxes allow fall into one cell. Failures are not parted: whoever
 * looks at a cell works with sets of them.
 *
 * Threading: pure. Ownership: cells borrow the boxes and the budget.
 */

#include "policy/policy.h"

#define CELL_BOXES_MAX 1024
/* The most cells that are looked at for one policy. A bundle whose targets go by every severity,
 * channel and tier has some thousand. */
#define CELLS_BUDGET 50000

struct cell {
    uint32_t allowed[FACTS];
    uint64_t boxes[CELL_BOXES_MAX / 64]; /* bit n: box n allows the cell, failures aside */
};

struct cells {
    uint32_t domain[FACTS]; /* the values that are looked at */
    size_t n;               /* at most CELL_BOXES_MAX */
    const struct condition_box *boxes[CELL_BOXES_MAX];
    void (*each)(void *ctx, const struct cell *cell);
    void *ctx;
    size_t *budget; /* cells that may still be looked at; several looks share it */
};

/* A look at every value of every fact, without boxes yet. */
void cells_init(struct cells *c, const struct policy *p, size_t *budget,
                void (*each)(void *ctx, const struct cell *cell), void *ctx);
/* Adds the boxes of a condition; false when there is no room. */
bool cells_add(struct cells *c, const struct policy_condition *condition);
/* Calls `each` for every cell. False when the budget is used up: then some were left out. */
bool cells_each(const struct cells *c);

/* Whether box `box` allows the cell, failures aside. */
static inline bool cell_has(const struct cell *cell, size_t box)
{
    return (cell->boxes[box / 64] >> (box % 64)) & 1;
}

/* A cell and some failures as people read them ("severity: 5; failure: billing"), in `arena`. Only
 * the facts of `facts` are told (bit n = fact n), and of those only what is special about the cell.
 */
const char *cell_text(const struct cell *cell, const struct failure_set *failures, uint32_t facts,
                      const struct cells *c, const struct policy *p, struct arena *arena);
