/* SPDX-License-Identifier: Apache-2.0 */

#include "case/work.h"

#include "case/owed.h"
#include "contract/statuses.h"
#include "contract/words.h"

static bool owes(const struct clock_row *clock)
{
    return clock->state == CLOCK_STATE_RUNNING && clock->kind != CLOCK_KIND_OFFER;
}

static void add_next_due(const struct case_state *c, struct work_row *out)
{
    ROWS_EACH (clock, const struct clock_row, &c->clocks) {
        if (!owes(clock) || (out->next_due_at != 0 && clock->due_at >= out->next_due_at))
            continue;
        out->next_due_at = clock->due_at;
        out->next_due_kind = clock->kind;
    }
}

static void add_owed(const struct case_state *c, const struct policy *p, struct work_row *out)
{
    struct owed owed;
    case_owed(c, p, &owed);
    out->owed_at = owed.clock_us;
    out->promise_at = owed.promise_us;
    out->answer_at = owed.answer_us;
    out->owed_for = out->next_due_at;
}

static void add_queue(const struct case_state *c, struct work_row *out)
{
    out->signature = "";
    ROWS_EACH (q, const struct queue_row, &c->queue) {
        if (q->row.change == ROW_GONE)
            continue;
        out->queue_level = q->level;
        out->signature = q->signature;
        out->score_ms = q->score_ms;
        out->generation = q->generation;
        out->waits_since = q->since;
    }
}

bool case_work_of(const struct case_state *c, const struct policy *p, struct work_row *out)
{
    const struct case_row *row = &c->row;
    if (!c->exists || status_is_final(row->status))
        return false;
    *out = (struct work_row){
        .tenant_id = row->tenant_id,
        .opened_at = row->opened_at,
        .case_id = row->case_id,
        .status = row->status,
        .owner_kind = row->owner_kind,
        .owner_id = row->owner_id,
        .level = row->level,
    };
    add_next_due(c, out);
    add_owed(c, p, out);
    add_queue(c, out);
    return true;
}

void case_work_queue(const struct work_row *work, struct case_state *c, struct arena *arena)
{
    if (work->waits_since == 0)
        return;
    struct queue_row *q = ROWS_ADD(&c->queue, struct queue_row, arena);
    *q = (struct queue_row){
        .tenant_id = work->tenant_id,
        .case_id = work->case_id,
        .level = work->queue_level,
        .signature = work->signature,
        .score_ms = work->score_ms,
        .generation = work->generation,
        .since = work->waits_since,
    };
}

bool case_claim_of(const struct case_state *c, struct claim_row *out)
{
    const struct case_row *row = &c->row;
    if (!c->exists || !status_is_waiting(row->status) || row->erased_at != 0)
        return false;
    *out = (struct claim_row){
        .tenant_id = row->tenant_id,
        .customer_id = row->customer_id,
        .failure_code = row->failure_code,
        .order_reference = row->order_reference,
        .case_id = row->case_id,
    };
    return true;
}

bool case_ended_of(const struct case_state *c, struct ended_row *out)
{
    const struct case_row *row = &c->row;
    if (!c->exists || !status_is_final(row->status))
        return false;
    *out = (struct ended_row){
        .tenant_id = row->tenant_id,
        .owner_id = row->owner_id,
        .opened_at = row->opened_at,
        .case_id = row->case_id,
    };
    return true;
}
