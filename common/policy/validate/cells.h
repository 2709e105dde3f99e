/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * All cases there can be, in cells within which a set of boxes does not tell them apart: how the
 * compiler asks a question of every case.
 *
 * Values of a fact that the same boxes allow are one; failures are left to whoever looks at a cell.
 * Threading: pure. Ownership: the caller owns the cells; boxes are borrowed from the policy.
 */

#include "policy/policy.h"

#define CELL_BOXES_MAX 1024
/* What one policy may take to be looked at: a bundle whose targets go by every severity, channel
 * and tier has some thousand cells. */
#define CELLS_BUDGET 50000

struct cell {
    uint32_t allowed[FACTS];
    uint64_t boxes[CELL_BOXES_MAX / 64]; /* bit n: box n allows the cell, failures aside */
};

struct cells {
    uint32_t domain[FACTS]; /* what is looked at */
    size_t n;               /* at most CELL_BOXES_MAX */
    const struct condition_box *boxes[CELL_BOXES_MAX];
    void (*each)(void *ctx, const struct cell *cell);
    void *ctx;
    size_t *budget; /* of cells, shared by all that is looked at */
};

/* Looks at every value; no boxes yet. */
void cells_init(struct cells *c, const struct policy *p, size_t *budget,
                void (*each)(void *ctx, const struct cell *cell), void *ctx);
/* Adds the boxes of a condition; false when there is no room. */
bool cells_add(struct cells *c, const struct policy_condition *condition);
/* Calls `each` for every cell. False when the budget is used up: then some were left out. */
bool cells_each(const struct cells *c);

static inline bool cell_has(const struct cell *cell, size_t box)
{
    return (cell->boxes[box / 64] >> (box % 64)) & 1;
}

/* A cell and some failures as people read them: "severity: 5; failure: billing", in `arena`. Of the
 * facts only those of `facts` (bit n = fact n). */
const char *cell_text(const struct cell *cell, const struct failure_set *failures, uint32_t facts,
                      const struct cells *c, const struct policy *p, struct arena *arena);
