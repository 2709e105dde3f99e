/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Decides who may be in the next segment while one tenant (the crowd) sends more than all others.
 * The ready lines are fair between tenants, but the segments in flight are not, for three reasons:
 *
 * - A crowd has a full segment on every connection, and the others wait for the end of one. So the
 *   last free connection is kept from a crowd that is on all other connections.
 * - A segment of many commands takes long, also for the few commands of another tenant in it. So
 *   the others go first, in a segment without the crowd, which is soon over. The crowd loses little
 *   by this, because its next segment is larger, and it is passed over only a few times in a row.
 * - The io thread decides, writes and answers all commands of a segment in one go, and the results
 *   of other segments wait meanwhile. So a crowd's segments have half of the places while others
 *   are active. Bulk work has even fewer, because each of its cases costs more.
 */

#include "pg/segment_impl.h"

#define CROWD_LEAST 16              /* smaller segments are soon over */
#define ACTIVE_US (100 * US_PER_MS) /* several tenants have sent calls within that time */
#define PASSED_MOST 4               /* segments in a row that go before the crowd's */
#define BULK_BESIDE_CALLS 24        /* measured: 64 double the p99 of calls, 12 halve bulk work */

void pg_seg_share_note(struct pg_seg_lane *l, const struct pg_seg_cmd *cmd)
{
    if (cmd->cls != PG_SEG_CALL)
        return;
    if (l->called_us && cmd->item.tenant != l->last_tenant)
        l->mixed_us = cmd->queued_us;
    l->last_tenant = cmd->item.tenant;
    l->called_us = cmd->queued_us;
}

/* The only tenant that can have more than half: what is left when every command is set off against
 * one of another tenant. */
static uint64_t candidate(const struct pg_seg_batch *b)
{
    uint64_t tenant = 0;
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

static void find_crowd(struct pg_seg_batch *b)
{
    size_t n = 0;
    b->crowd = candidate(b);
    for (size_t i = 0; i < b->n; i++)
        n += b->cmds[i]->item.tenant == b->crowd;
    b->crowded = b->n >= CROWD_LEAST && 2 * n > b->n;
}

static bool is_mixed(const struct pg_seg_lane *l, int64_t now_us)
{
    return now_us - l->mixed_us <= ACTIVE_US;
}

static bool is_crowded(const struct pg_seg_lane *l, int64_t now_us)
{
    return is_mixed(l, now_us) && now_us - l->crowd_us <= ACTIVE_US;
}

size_t pg_seg_share_call_places(const struct pg_seg_lane *l, int64_t now_us)
{
    return !l->kept && is_crowded(l, now_us) ? PG_SEG_COMMANDS / 2 : PG_SEG_COMMANDS;
}

size_t pg_seg_share_bulk_places(const struct pg_seg_lane *l, int64_t now_us)
{
    return now_us - l->called_us <= ACTIVE_US ? BULK_BESIDE_CALLS : PG_SEG_COMMANDS;
}

void pg_seg_share_taken(struct pg_seg_lane *l, struct pg_seg_batch *b)
{
    find_crowd(b);
    l->passed = l->others_first && l->kept ? l->passed + 1 : 0;
    if (!b->crowded || b->bulk)
        return;
    l->crowd = b->crowd;
    l->crowd_us = time_mono_us();
}

/* Keeps the only connection that is idle from the tenant that has a crowd on all the others. */
static void keep_last(struct pg_seg_lane *l)
{
    bool crowded = false;
    unsigned idle = 0;
    for (size_t i = 0; i < l->pg->n_conns; i++) {
        const struct conn *c = &l->pg->conns[i];
        const struct pg_seg_run *r = c->user;
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
static void put_others_first(struct pg_seg_lane *l, int64_t now_us)
{
    if (l->kept || !is_crowded(l, now_us) || l->passed >= PASSED_MOST)
        return;
    if (!fair_others_wait(l->lines[PG_SEG_CALL].ready, l->crowd))
        return;
    l->kept = l->others_first = true;
    l->kept_from = l->crowd;
}

void pg_seg_share_decide(struct pg_seg_lane *l, int64_t now_us)
{
    l->kept = l->others_first = false;
    if (!is_mixed(l, now_us))
        return;
    keep_last(l);
    put_others_first(l, now_us);
}
