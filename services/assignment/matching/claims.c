/* SPDX-License-Identifier: Apache-2.0 */

#include "assignment/matching/claims.h"

#include <search.h>

#include "base/assert.h"

/* The id is the first member of a claim, so that one may be looked up by its id alone. */
static int by_case(const void *a, const void *b)
{
    return uuid_cmp(a, b);
}

bool claims_take(struct claims *c, struct claim *claim, const struct uuid *case_id)
{
    AM_ASSERT(!claim->held);
    if (claims_has(c, case_id))
        return false;
    claim->case_id = *case_id;
    claim->held = true;
    AM_ASSERT(tsearch(claim, &c->held, by_case) != NULL);
    c->n++;
    return true;
}

void claims_drop(struct claims *c, struct claim *claim)
{
    if (!claim->held)
        return;
    AM_ASSERT(tdelete(claim, &c->held, by_case) != NULL);
    claim->held = false;
    c->n--;
}

bool claims_has(const struct claims *c, const struct uuid *case_id)
{
    return tfind(case_id, &c->held, by_case) != NULL;
}
