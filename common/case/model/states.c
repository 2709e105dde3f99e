/* SPDX-License-Identifier: Apache-2.0 */
#include "case/model/states.h"

#include "base/assert.h"
#include "case/model/state.h"
#include "contract/remedy_states.h"
#include "contract/words.h"

/* -- remedies ---------------------------------------------------------------------------------- */

static void set_remedy_time(struct remedy_row *remedy, int64_t at_us)
{
    switch (remedy->state) {
    case REMEDY_STATE_OFFERED:
        remedy->proposed_at = at_us;
        break;
    case REMEDY_STATE_ACCEPTED:
    case REMEDY_STATE_DECLINED:
    case REMEDY_STATE_COUNTERED:
        remedy->responded_at = at_us;
        break;
    case REMEDY_STATE_FULFILLED:
        remedy->fulfilled_at = at_us;
        break;
    default:
        break;
    }
}

void remedy_set_state(struct remedy_row *remedy, int state, int64_t at_us)
{
    /* Money follows from these moves: a remedy that skips one could be paid twice. */
    AM_ASSERT(remedy_state_may_follow(remedy->state, state));
    remedy->state = (int16_t)state;
    set_remedy_time(remedy, at_us);
    row_touch(&remedy->row);
}

/* -- offers ------------------------------------------------------------------------------------ */

void offer_set_state(struct offer_row *offer, int state, int64_t at_us)
{
    const bool begins = state == OFFER_STATE_PENDING;
    /* An offer is answered once: an agent who accepted one that had expired would own a case that
     * was given to somebody else. */
    AM_ASSERT(offer->state == (begins ? OFFER_STATE_UNSPECIFIED : OFFER_STATE_PENDING));
    offer->state = (int16_t)state;
    if (begins)
        offer->created_at = at_us;
    else
        offer->decided_at = at_us;
    row_touch(&offer->row);
}

/* -- promises ---------------------------------------------------------------------------------- */

/* Kept late, a broken promise stays BROKEN; found broken and kept in time, it becomes KEPT. */
static bool promise_may_follow(const struct promise_row *promise, int to)
{
    const int from = promise->state;
    if (from == PROMISE_STATE_BROKEN && promise->kept_at == 0)
        return to == PROMISE_STATE_KEPT || to == PROMISE_STATE_BROKEN;
    return from == (to == PROMISE_STATE_OPEN ? PROMISE_STATE_UNSPECIFIED : PROMISE_STATE_OPEN);
}

void promise_set_state(struct promise_row *promise, int state, int64_t at_us, const char *actor)
{
    /* What was promised is settled once, or the history would tell two ends of one promise. */
    AM_ASSERT(promise_may_follow(promise, state));
    promise->state = (int16_t)state;
    if (state == PROMISE_STATE_OPEN) {
        promise->made_at = at_us;
        promise->made_by = actor;
    } else {
        promise->settled_at = at_us;
        promise->settled_by = actor;
    }
    row_touch(&promise->row);
}
