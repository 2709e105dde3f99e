/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Who may have the last free connection. The ready lines are fair, but what is on its way is not: a
 * tenant that floods has a full segment on every connection, and whoever comes waits for the end of
 * one, then for its own. So while several tenants are active, the last free connection is kept from
 * the one that crowds all the others.
 */

#include "pg/segment_impl.h"

#define CROWD_LEAST 16              /* smaller segments are soon over */
#define ACTIVE_US (100 * US_PER_MS) /* several tenants have sent calls within that time */

void share_note(struct seg_lane *l, const struct seg_cmd *cmd)
{
    if (cmd->cls != SEG_CALL || cmd->item.tenant == l->last_tenant)
        return;
    l->last_tenant = cmd->item.tenant;
    l->mixed_us = cmd->queued_us;
}

/* The only tenant that can have more than half: what is left when every command is set off against
 * one of another tenant. */
static uint32_t candidate(const struct batch *b)
{
    uint32_t tenant = 0;
    size_t lead = 0;
    for (size_t i = 0; i < b->n; i++) {
        if (lead == 0)
            tenant = b->cmds[i]->item.tenant;
        if (b->cmds[i]->item.tenant == tenant)
            lead++;
        else
            lead--;
    }
    return tenant;
}

void share_crowd(struct batch *b)
{
    size_t n = 0;
    b->crowd = candidate(b);
    for (size_t i = 0; i < b->n; i++)
        n += b->cmds[i]->item.tenant == b->crowd;
    b->crowded = b->n >= CROWD_LEAST && 2 * n > b->n;
}

void share_decide(struct seg_lane *l, int64_t now_us)
{
    bool crowded = false;
    unsigned idle = 0;
    l->kept = false;
    if (now_us - l->mixed_us > ACTIVE_US)
        return;
    for (size_t i = 0; i < l->pg->n_conns; i++) {
        const struct conn *c = &l->pg->conns[i];
        const struct run *r = c->user;
        if (c->lane != LANE_SEGMENT || c->state != CONN_UP || !r)
            continue;
        if (!r->batch) {
            idle++;
            continue;
        }
        if (!r->batch->crowded || (crowded && r->batch->crowd != l->kept_from))
            return;
        crowded = true;
        l->kept_from = r->batch->crowd;
    }
    l->kept = crowded && idle == 1;
}
