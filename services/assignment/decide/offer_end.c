/* SPDX-License-Identifier: Apache-2.0 */

#include "assignment/decide/offer_end.h"

#include <string.h>

#include "base/assert.h"
#include "base/minmax.h"
#include "case/clocks/clocks.h"
#include "case/event.h"
#include "case/message/message.h"
#include "case/model/states.h"
#include "contract/words.h"

void offer_end(struct decision *d, struct offer_row *offer, int state, int event_kind,
               const char *words)
{
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    Amends__V1__EventPrivate personal = AMENDS__V1__EVENT_PRIVATE__INIT;
    struct clock_row *clock = clock_of_subject(d->c, &offer->offer_id);
    /* By its time, not by when the timer came: matching looks for who cools down only among offers
     * made within time-out and cool-down. */
    offer_set_state(offer, state, state == OFFER_STATE_EXPIRED ? offer->expires_at : d->now_us);
    if (clock)
        clock_stop(d, clock, d->now_us, true);
    detail.offer = message_offer(offer, d->arena);
    personal.text = arena_strdup(d->arena, words);
    AM_ASSERT(personal.text != NULL);
    case_event(d, event_kind, d->cmd->principal, &detail, &personal);
}

/* -- who does not answer ----------------------------------------------------------------------- */

/* The agent's offers of the case in one state, made after `after_us`; the last one's time in
 * `last_us`. */
static unsigned offers_in(const struct case_state *c, const char *agent_id, int state,
                          int64_t after_us, int64_t *last_us)
{
    unsigned n = 0;
    ROWS_EACH (o, const struct offer_row, &c->offers) {
        if (o->state != state || o->created_at <= after_us || strcmp(o->agent_id, agent_id) != 0)
            continue;
        n++;
        *last_us = larger(*last_us, o->created_at);
    }
    return n;
}

struct absentee offer_absentee(const struct decision *d, const struct offer_row *ended)
{
    int64_t answered_us = 0;
    int64_t ignored_us = 0;
    (void)offers_in(d->c, ended->agent_id, OFFER_STATE_DECLINED, 0, &answered_us);
    (void)offers_in(d->c, ended->agent_id, OFFER_STATE_ACCEPTED, 0, &answered_us);
    unsigned n = offers_in(d->c, ended->agent_id, OFFER_STATE_EXPIRED, answered_us, &ignored_us);
    if (n == 0 || n % OFFERS_UNANSWERED_MAX != 0)
        return (struct absentee){.agent_id = NULL};
    return (struct absentee){.agent_id = arena_strdup(d->cmd->arena, ended->agent_id),
                             .seen_us = ended->decided_at};
}
