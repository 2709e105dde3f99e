/* SPDX-License-Identifier: Apache-2.0 */
#include "case/model/state.h"

#include <string.h>

#include "base/assert.h"
#include "base/minmax.h"
#include "contract/channels.h"
#include "contract/remedy_states.h"

#define ROWS_FIRST_CAP 4

const char words_unread[] = "";

void *rows_add(struct rows *rows, size_t row_size, struct arena *arena)
{
    if (rows->n == rows->cap) {
        size_t cap = rows->cap ? rows->cap * 2 : ROWS_FIRST_CAP;
        void *items = arena_must_array(arena, row_size, cap);
        if (rows->n > 0)
            memcpy(items, rows->items, rows->n * row_size);
        rows->items = items;
        rows->cap = cap;
    }
    struct row *row = (struct row *)((uint8_t *)rows->items + rows->n++ * row_size);
    memset(row, 0, row_size);
    row->change = ROW_NEW;
    return row;
}

void case_state_init(struct case_state *c, int64_t tenant_id, const struct uuid *case_id)
{
    *c = (struct case_state){.exists = false};
    struct case_row *r = &c->row;
    r->tenant_id = tenant_id;
    r->case_id = *case_id;
    r->customer_id = r->customer_name = r->customer_contact = r->language = "";
    r->failure_code = r->description = r->product = r->order_reference = r->stake_currency = "";
    r->owner_id = "";
    r->root_cause_code = r->root_cause_note = r->root_cause_actor = "";
    r->denial_reason = r->denial_actor = "";
    r->customer_tier = r->time_zone = r->acknowledged_by = r->contributors = "";
    r->touch_cost_currency = r->reference = "";
    r->earlier_denials = slice_of("", 0);
}

void case_add_minutes_lost(struct case_row *row, int32_t minutes)
{
    /* What the customer lost is never taken back: requests with less than 0 are refused. */
    AM_ASSERT(minutes >= 0);
    const int64_t sum = (int64_t)row->minutes_lost + minutes;
    row->minutes_lost = (int32_t)smaller(sum, CASE_MINUTES_LOST_MAX);
}

int64_t case_round_since(const struct case_row *row)
{
    return row->round_since != 0 ? row->round_since : row->opened_at;
}

int64_t case_first_resolved_us(const struct case_row *row)
{
    return row->first_resolved_at >= case_round_since(row) ? row->first_resolved_at : 0;
}

bool case_owes_remedy(const struct case_state *c)
{
    ROWS_EACH (remedy, const struct remedy_row, &c->remedies)
        if (remedy_state(remedy->state)->is_owed)
            return true;
    return false;
}

bool case_has_open_promise(const struct case_state *c)
{
    ROWS_EACH (promise, const struct promise_row, &c->promises)
        if (promise->state == PROMISE_STATE_OPEN)
            return true;
    return false;
}

bool contact_reached(const struct contact_row *contact)
{
    return contact->direction == CONTACT_DIRECTION_OUTBOUND &&
           contact->outcome == CONTACT_OUTCOME_REACHED &&
           !channel_of(contact->channel)->is_automatic;
}

bool contact_asks(const struct contact_row *contact)
{
    return contact->direction == CONTACT_DIRECTION_INBOUND && contact->asks != CONTACT_ASK_NOTHING;
}
