/* SPDX-License-Identifier: Apache-2.0 */

/* The close gate of a case: what is missing before it can be resolved, as pure functions of its
 * rows. */

#include "base/time.h"
#include "case/rules.h"
#include "contract/words.h"

static int64_t round_since(const struct case_row *row)
{
    return row->round_since != 0 ? row->round_since : row->opened_at;
}

/* Of this round: what was said before a case was reopened answered something else. */
static bool is_attempt(const struct case_state *c, const struct contact_row *contact)
{
    return contact->direction == CONTACT_DIRECTION_OUTBOUND && contact->at >= round_since(&c->row);
}

static bool reached(const struct case_state *c)
{
    ROWS_EACH (contact, struct contact_row, &c->contacts)
        if (is_attempt(c, contact) && contact->outcome == CONTACT_OUTCOME_REACHED)
            return true;
    return false;
}

/* The unreachable rule: enough attempts on enough channels, the first and the last far enough
 * apart. */
static bool unreachable(const struct case_state *c, const struct policy *p)
{
    int attempts = 0;
    unsigned channels = 0;
    int64_t first = INT64_MAX;
    int64_t last = 0;
    ROWS_EACH (contact, struct contact_row, &c->contacts) {
        if (!is_attempt(c, contact))
            continue;
        attempts++;
        channels |= 1u << contact->channel;
        first = contact->at < first ? contact->at : first;
        last = contact->at > last ? contact->at : last;
    }
    return attempts >= p->unreachable_attempts &&
           __builtin_popcount(channels) >= p->unreachable_channels &&
           last - first >= p->unreachable_window_ms * US_PER_MS;
}

static bool act_done(const struct case_state *c, const struct policy *p)
{
    if (p->acts_any_of == 0)
        return true;
    ROWS_EACH (act, struct act_row, &c->acts)
        if ((p->acts_any_of >> act->kind & 1u) != 0)
            return true;
    return false;
}

bool remedy_is_live(int state)
{
    switch (state) {
    case REMEDY_STATE_PROPOSED:
    case REMEDY_STATE_PENDING_APPROVAL:
    case REMEDY_STATE_APPROVED:
    case REMEDY_STATE_OFFERED:
    case REMEDY_STATE_ACCEPTED:
    case REMEDY_STATE_FULFILLING:
    case REMEDY_STATE_FULFILLED:
        return true;
    default:
        return false;
    }
}

bool remedy_is_owed(int state)
{
    return state == REMEDY_STATE_ACCEPTED || state == REMEDY_STATE_FULFILLING;
}

static bool settled(const struct case_state *c)
{
    int64_t since = round_since(&c->row);
    if (c->row.denial_disclosed_at != 0 && c->row.denial_disclosed_at >= since)
        return true;
    ROWS_EACH (remedy, struct remedy_row, &c->remedies)
        if (remedy->state == REMEDY_STATE_FULFILLED && remedy->fulfilled_at >= since)
            return true;
    return false;
}

static bool any_owed(const struct case_state *c)
{
    ROWS_EACH (remedy, struct remedy_row, &c->remedies)
        if (remedy_is_owed(remedy->state))
            return true;
    return false;
}

static bool any_open_promise(const struct case_state *c)
{
    ROWS_EACH (promise, struct promise_row, &c->promises)
        if (promise->state == PROMISE_STATE_OPEN)
            return true;
    return false;
}

unsigned case_gate_missing(const struct case_state *c, const struct policy *p)
{
    unsigned missing = 0;
    if (!settled(c))
        missing |= GATE_REMEDY_OR_DENIAL;
    if (any_owed(c))
        missing |= GATE_UNFULFILLED_REMEDY;
    if (any_open_promise(c))
        missing |= GATE_OPEN_PROMISE;
    if (!reached(c) && !unreachable(c, p))
        missing |= GATE_CONTACT;
    if (c->row.root_cause_at == 0)
        missing |= GATE_ROOT_CAUSE;
    if (!act_done(c, p))
        missing |= GATE_ACT;
    return missing;
}
