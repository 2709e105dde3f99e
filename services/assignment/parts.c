/* SPDX-License-Identifier: Apache-2.0 */

#include "assignment/parts.h"

#include "base/assert.h"
#include "case/message.h"
#include "case/rules.h"
#include "case/words.h"

const char *offer_state_text(int state)
{
    static const char *const names[] = {"UNSPECIFIED", "PENDING",   "ACCEPTED", "DECLINED",
                                        "EXPIRED",     "RESCINDED", "CANCELLED"};
    AM_ASSERT(state >= 0 && (size_t)state < sizeof(names) / sizeof(*names));
    return names[state];
}

void offer_end(struct decision *d, struct offer_row *offer, int state, int event_kind,
               const char *words)
{
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    Amends__V1__EventPrivate personal = AMENDS__V1__EVENT_PRIVATE__INIT;
    Amends__V1__Clock *clocks[1];
    struct clock_row *clock = clock_of_subject(d->c, &offer->offer_id);
    offer->state = (int16_t)state;
    /* By its time, not by when the timer came: matching looks for who cools down only among offers
     * made within time-out and cool-down. */
    offer->decided_at = state == OFFER_STATE_EXPIRED ? offer->expires_at : d->now_us;
    row_touch(&offer->row);
    if (clock) {
        clock_stop(d, clock, d->now_us, true);
        clocks[0] = message_clock(clock, d->arena);
        detail.clocks = clocks;
        detail.n_clocks = 1;
    }
    detail.offer = message_offer(offer, d->arena);
    personal.text = arena_strdup(d->arena, words);
    AM_ASSERT(personal.text != NULL);
    case_event(d, event_kind, d->cmd->principal, &detail, &personal);
}

struct agent_row *agent_change(struct decision *d)
{
    AM_ASSERT(d->agent != NULL);
    struct agent_row *a = ROWS_ADD(&d->agents_out, struct agent_row, d->arena);
    *a = *d->agent;
    a->row.change = ROW_CHANGED;
    return a;
}
