/* SPDX-License-Identifier: Apache-2.0 */

#include "case/model/desired.h"

#include <stdbool.h>

#include "base/assert.h"
#include "contract/words.h"

#define PLACE_BITS 3
#define PLACE_MASK ((1 << PLACE_BITS) - 1)
#define FIRST_PLACE (DESIRED_MAX + 1)

_Static_assert(DESIRED_MAX == DESIRED_OUTCOME_PREVENTION, "every outcome has its bit");
_Static_assert(DESIRED_MAX <= PLACE_MASK, "an outcome fits into its place");
_Static_assert(FIRST_PLACE + DESIRED_MAX * PLACE_BITS <= 31, "all places fit into the integer");

static bool has(int32_t wishes, int outcome)
{
    return (wishes >> outcome & 1) != 0;
}

size_t desired_list(int32_t wishes, int out[DESIRED_MAX])
{
    size_t n = 0;
    int32_t listed = 0;
    for (int i = 0; i < DESIRED_MAX; i++) {
        const int outcome = wishes >> (FIRST_PLACE + i * PLACE_BITS) & PLACE_MASK;
        if (!outcome || !has(wishes, outcome) || has(listed, outcome))
            continue;
        out[n++] = outcome;
        listed |= 1 << outcome;
    }
    for (int outcome = 1; outcome <= DESIRED_MAX; outcome++)
        if (has(wishes, outcome) && !has(listed, outcome))
            out[n++] = outcome;
    return n;
}

int32_t desired_add(int32_t wishes, int outcome)
{
    AM_ASSERT(outcome >= 1 && outcome <= DESIRED_MAX);
    if (has(wishes, outcome))
        return wishes;
    int order[DESIRED_MAX];
    size_t n = desired_list(wishes, order);
    order[n++] = outcome;
    int32_t packed = 0;
    for (size_t i = 0; i < n; i++)
        packed |= 1 << order[i] | order[i] << (FIRST_PLACE + (int)i * PLACE_BITS);
    return packed;
}
