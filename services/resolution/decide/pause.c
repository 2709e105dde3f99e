/* SPDX-License-Identifier: Apache-2.0 */

/* PauseCase and ResumeCase set the pause of the case. Settling the case (clocks_refresh()) then
 * pauses and resumes its clocks, each within its own limits. */

#include "amends/v1/resolution_service.pb-c.h"
#include "base/assert.h"
#include "base/time.h"
#include "case/clocks/deadline.h"
#include "case/message/message.h"
#include "contract/timestamp.h"
#include "case/clocks/clocks.h"
#include "case/event.h"
#include "case/model/decision.h"
#include "case/refresh.h"
#include "case/transition.h"
#include "contract/words.h"
#include "resolution/decide/decide.h"

static bool is_paused(const struct decision *d)
{
    return d->c->row.paused_at != 0 && d->c->row.resume_at > d->now_us;
}

static void refuse_state(struct decision *d, const char *why)
{
    fault_set(&d->cmd->fault, FAULT_FAILED_PRECONDITION, ERROR_REASON_PAUSE_STATE, "%s", why);
}

static void pause_event(struct decision *d, int kind, int64_t until_us, char *note)
{
    const struct case_row *row = &d->c->row;
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    Amends__V1__EventPrivate personal = AMENDS__V1__EVENT_PRIVATE__INIT;
    detail.pause = message_pause(row->paused_at, until_us, row->pause_reason, d->arena);
    personal.text = note;
    case_event(d, kind, d->cmd->principal, &detail, &personal);
}

/* -- how long ---------------------------------------------------------------------------------- */

static int64_t ended_us(const struct pause *pauses, size_t n)
{
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        if (pauses[i].reason != PAUSE_REASON_RESOLVED)
            sum += pauses[i].until_us - pauses[i].from_us;
    return sum;
}

/* Until when this clock could stand still; 0 = it does not pause. */
static int64_t clock_most_until(const struct decision *d, const struct clock_row *clock)
{
    const struct policy_clock *def = policy_clock_find(d->policy, clock->name);
    struct pause pauses[PAUSES_MAX];
    size_t n = 0;
    bool stands = clock->state == CLOCK_STATE_PAUSED;
    if (clock->round != d->c->row.round || (clock->state != CLOCK_STATE_RUNNING && !stands))
        return 0;
    /* It is breached although its timer has not fired yet, and does not pause any more. */
    if (!stands && clock->due_at <= d->now_us)
        return 0;
    if (!def || !clock_may_pause(clock, def))
        return 0;
    if (pauses_parse(clock->pauses, pauses, &n) != AM_OK || n >= PAUSES_MAX)
        return 0;
    int64_t from_us = stands ? clock->paused_at : d->now_us;
    int64_t left_us = def->pause_total_ms * US_PER_MS - ended_us(pauses, n);
    int64_t single_us = def->pause_single_ms * US_PER_MS;
    return from_us + (single_us < left_us ? single_us : left_us);
}

/* The latest instant until which any clock of the case could stand still; 0 = none of them
 * pauses. */
static int64_t most_until(const struct decision *d)
{
    int64_t most = 0;
    ROWS_EACH (clock, const struct clock_row, &d->c->clocks) {
        int64_t until = clock_most_until(d, clock);
        most = until > most ? until : most;
    }
    return most;
}

static void refuse_limit(struct decision *d, int64_t most)
{
    struct fault *f = &d->cmd->fault;
    most = most > d->now_us ? most : d->now_us;
    const char *text = timestamp_text(most, f->arena);
    fault_set(f, FAULT_FAILED_PRECONDITION, ERROR_REASON_PAUSE_LIMIT,
              most > d->now_us ? "policy allows a pause until %s at the latest"
                               : "policy allows no further pause after %s",
              text);
    fault_meta(f, "most_until", "%s", text);
}

/* -- PauseCase --------------------------------------------------------------------------------- */

static void pause_until(struct decision *d, const Amends__V1__PauseCaseRequest *r, int64_t until_us)
{
    struct case_row *row = &d->c->row;
    /* A pause of no length would move no deadline and yet count against the limits. */
    AM_ASSERT(until_us > d->now_us);
    row->paused_at = d->now_us;
    row->resume_at = until_us;
    row->pause_reason = (int16_t)r->reason;
    row_touch(&row->row);
    pause_event(d, EVENT_KIND_CASE_PAUSED, until_us, r->note);
}

static void pause_case_decide(struct decision *d)
{
    const Amends__V1__PauseCaseRequest *r = (const Amends__V1__PauseCaseRequest *)d->cmd->request;
    int64_t until_us = timestamp_us(r->resume_time);
    if (!case_require_live(d, false))
        return;
    if (is_paused(d)) {
        refuse_state(d, "the case is paused already");
        return;
    }
    /* An earlier pause may be over although nothing has ended it yet. */
    case_refresh(d);
    int64_t most = most_until(d);
    if (most == 0)
        refuse_state(d, "the case has no clock that can be paused");
    else if (most <= d->now_us || until_us > most)
        refuse_limit(d, most);
    else
        pause_until(d, r, r->resume_time ? until_us : most);
}

const struct command_kind pause_case_kind = {
    .name = "PauseCase",
    .method = METHOD_PAUSE_CASE,
    .needs_case = true,
    .owner_only = true,
    .validate = pause_case_validate,
    .decide = pause_case_decide,
    .response = &amends__v1__pause_case_response__descriptor,
};

/* -- ResumeCase -------------------------------------------------------------------------------- */

static void resume_case_decide(struct decision *d)
{
    struct case_row *row = &d->c->row;
    if (!case_require_live(d, false))
        return;
    if (!is_paused(d)) {
        refuse_state(d, "the case is not paused");
        return;
    }
    row->resume_at = d->now_us; /* the refresh ends it, and the pauses of the clocks with it */
    row_touch(&row->row);
    pause_event(d, EVENT_KIND_CASE_RESUMED, d->now_us, NULL);
}

const struct command_kind resume_case_kind = {
    .name = "ResumeCase",
    .method = METHOD_RESUME_CASE,
    .needs_case = true,
    .agents_only = true,
    .validate = resume_case_validate,
    .decide = resume_case_decide,
    .response = &amends__v1__resume_case_response__descriptor,
};
