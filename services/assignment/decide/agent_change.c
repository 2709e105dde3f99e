/* SPDX-License-Identifier: Apache-2.0 */
#include "assignment/decide/agent_change.h"

#include "base/assert.h"

struct agent_row *agent_change(struct decision *d)
{
    AM_ASSERT(d->agent != NULL);
    struct agent_row *a = ROWS_ADD(&d->agents_out, struct agent_row, d->arena);
    *a = *d->agent;
    a->row.change = ROW_CHANGED;
    return a;
}
