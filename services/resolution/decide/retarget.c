/* SPDX-License-Identifier: Apache-2.0 */

/* RetargetClock: somebody gives a clock another deadline, and says why. */

#include "amends/v1/resolution_service.pb-c.h"
#include "base/minmax.h"
#include "base/time.h"
#include "case/clocks/clocks.h"
#include "case/event.h"
#include "case/ladder/ladder.h"
#include "case/model/decision.h"
#include "case/notify.h"
#include "contract/clock_kinds.h"
#include "contract/timestamp.h"
#include "contract/word.h"
#include "contract/words.h"
#include "resolution/decide/decide.h"

static void refuse(struct decision *d, const struct clock_row *clock, const char *why)
{
    char id[UUID_TEXT_LEN + 1];
    struct fault *f = &d->cmd->fault;
    fault_set(f, FAULT_FAILED_PRECONDITION, ERROR_REASON_CLOCK_STATE, "the clock %s", why);
    fault_meta(f, "clock_id", "%s", uuid_format(&clock->clock_id, id));
    fault_meta(f, "state", "%s", contract_word(CLOCK_STATE_WORDS, clock->state));
}

static struct clock_row *find_clock(struct decision *d, const char *text)
{
    struct uuid id = {0};
    int parsed = uuid_parse(text, &id);
    ROWS_EACH (clock, struct clock_row, &d->c->clocks)
        if (parsed == AM_OK && uuid_eq(&clock->clock_id, &id))
            return clock;
    fault_set(&d->cmd->fault, FAULT_NOT_FOUND, ERROR_REASON_CLOCK_NOT_FOUND,
              "the case has no clock %s", text);
    fault_meta(&d->cmd->fault, "clock_id", "%s", text);
    return NULL;
}

/* -- what may be moved ------------------------------------------------------------------------- */

static bool runs(struct decision *d, const struct clock_row *clock)
{
    if (clock->state == CLOCK_STATE_PAUSED)
        refuse(d, clock, "is paused: let it run again first, with ResumeCase");
    else if (clock->state == CLOCK_STATE_BREACHED)
        refuse(d, clock, "was breached, and what is late stays late");
    else if (clock->state != CLOCK_STATE_RUNNING)
        refuse(d, clock, "has ended");
    else if (clock->due_at <= d->now_us)
        refuse(d, clock, "is due already, and what is late stays late");
    else
        return true;
    return false;
}

/* The law, and the time in which a customer may still speak, are not the company's to give away. */
static bool may_move(struct decision *d, const struct clock_row *clock, int64_t due_us)
{
    const struct clock_kind *kind = clock_kind(clock->kind);
    if (clock->kind == CLOCK_KIND_PROMISE)
        refuse(d, clock,
               "measures a promise, which is renegotiated with the customer: SettlePromise");
    else if (kind->is_given)
        refuse(d, clock, "measures an offer to an agent, which stands as long as policy says");
    else if (clock->kind == CLOCK_KIND_STATUTORY && due_us > clock->due_at)
        refuse(d, clock, "measures what the law gives, which cannot be made longer");
    else if (kind->may_close && due_us < clock->due_at)
        refuse(
            d, clock,
            "measures the time in which the customer may still speak, which is not made shorter");
    else
        return true;
    return false;
}

static bool within_limit(struct decision *d, const struct clock_row *clock, int64_t due_us)
{
    int64_t most = larger(d->now_us + POLICY_UNWATCHED_MAX_MS * US_PER_MS, clock->due_at);
    if (due_us <= most)
        return true;
    struct fault *f = &d->cmd->fault;
    const char *text = timestamp_text(most, f->arena);
    fault_set(f, FAULT_FAILED_PRECONDITION, ERROR_REASON_DUE_LIMIT,
              "no case is left for longer than %d days: this clock may be due at %s at the latest",
              POLICY_UNWATCHED_MAX_DAYS, text);
    fault_meta(f, "most_until", "%s", text);
    return false;
}

/* -- the command ------------------------------------------------------------------------------- */

/* The desk hears of more time, because it sees to deadlines; the owner of any other one, because
 * it is the owner's to meet. */
static void tell_people(struct decision *d, bool longer)
{
    struct tidings tidings = {.kind = NOTIFICATION_KIND_RETARGETED,
                              .cause = NOTIFICATION_CAUSE_RETARGETED,
                              .ask = NOTIFICATION_ASK_NOTHING};
    if (longer)
        notify_tell(d, &tidings, ladder_steward(d->policy, d->c->row.level));
    tidings.ask = NOTIFICATION_ASK_MEET_DEADLINE;
    notify_owner(d, &tidings);
}

static void tell(struct decision *d, char *reason)
{
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    Amends__V1__EventPrivate personal = AMENDS__V1__EVENT_PRIVATE__INIT;
    personal.text = reason;
    case_event(d, EVENT_KIND_CLOCK_RETARGETED, d->cmd->principal, &detail, &personal);
}

static void retarget_clock_decide(struct decision *d)
{
    const Amends__V1__RetargetClockRequest *r =
        (const Amends__V1__RetargetClockRequest *)d->cmd->request;
    struct clock_row *clock = find_clock(d, r->clock_id);
    int64_t due_us = timestamp_us(r->due_time);
    if (!clock || !runs(d, clock) || !may_move(d, clock, due_us) || !within_limit(d, clock, due_us))
        return;
    int64_t old_us = clock->due_at;
    if (!clock_move_deadline(d, clock, due_us)) {
        refuse(d, clock, "counts hours of a calendar, and those before that instant are over");
        return;
    }
    const bool longer = clock->due_at > old_us;
    tell(d, r->reason);
    tell_people(d, longer);
}

const struct command_kind retarget_clock_kind = {
    .name = "RetargetClock",
    .method = METHOD_RETARGET_CLOCK,
    .needs_case = true,
    .owner_only = true,
    .validate = retarget_clock_validate,
    .decide = retarget_clock_decide,
    .response = &amends__v1__retarget_clock_response__descriptor,
};
