/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Who may be in the next segment while one tenant crowds the others. The ready lines are fair, but
 * what is on its way is not, for two reasons:
 *
 * - A tenant that floods has a full segment on every connection, and whoever comes waits for the
 *   end of one. So the last free connection is kept from the tenant that crowds all the others.
 * - A segment of many commands lasts long, also for the few of another tenant that are in it. So
 *   the others go first, in a segment without the crowd, which is soon over. The crowd loses little
 *   by it, since its next segment is the larger; and it is passed over only so many times in a row.
 */

#include "pg/segment_impl.h"

#define CROWD_LEAST 16              /* smaller segments are soon over */
#define ACTIVE_US (100 * US_PER_MS) /* several tenants have sent calls within that time */
#define PASSED_MOST 4               /* segments in a row that go before the crowd's */

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

static void find_crowd(struct batch *b)
{
    size_t n = 0;
    b->crowd = candidate(b);
    for (size_t i = 0; i < b->n; i++)
        n += b->cmds[i]->item.tenant == b->crowd;
    b->crowded = b->n >= CROWD_LEAST && 2 * n > b->n;
}

void share_taken(struct seg_lane *l, struct batch *b)
{
    find_crowd(b);
    l->passed = l->others_first && l->kept ? l->passed + 1 : 0;
    if (!b->crowded || b->bulk)
        return;
    l->crowd = b->crowd;
    l->crowd_us = clock_mono_us();
}

/* Keeps the only connection that is idle from the tenant that has a crowd on all the others. */
static void keep_last(struct seg_lane *l)
{
    bool crowded = false;
    unsigned idle = 0;
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

/* Keeps any connection from the crowd while others wait. */
static void put_others_first(struct seg_lane *l, int64_t now_us)
{
    if (l->kept || now_us - l->crowd_us > ACTIVE_US || l->passed >= PASSED_MOST)
        return;
    if (!fair_others_wait(l->lines[SEG_CALL].ready, l->crowd))
        return;
    l->kept = l->others_first = true;
    l->kept_from = l->crowd;
}

void share_decide(struct seg_lane *l, int64_t now_us)
{
    l->kept = l->others_first = false;
    if (now_us - l->mixed_us > ACTIVE_US)
        return;
    keep_last(l);
    put_others_first(l, now_us);
}
