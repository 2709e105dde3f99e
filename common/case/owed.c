/* SPDX-License-Identifier: Apache-2.0 */
#include "case/owed.h"

#include <string.h>

#include "case/clocks/clocks.h"
#include "case/clocks/wait.h"
#include "case/model/command.h"
#include "contract/statuses.h"
#include "contract/words.h"

static void take_earlier(int64_t *at_us, int64_t due_us)
{
    if (*at_us == 0 || due_us < *at_us)
        *at_us = due_us;
}

/* -- promises ---------------------------------------------------------------------------------- */

/* Nobody said that it is broken: its time ran out. */
static bool broken_by_time(const struct promise_row *promise)
{
    return promise->state == PROMISE_STATE_BROKEN && promise->kept_at == 0 &&
           strcmp(promise->settled_by, SYSTEM_ACTOR) == 0;
}

static bool reached_since(const struct case_state *c, int64_t since_us)
{
    ROWS_EACH (contact, const struct contact_row, &c->contacts)
        if (contact->at >= since_us && contact_reached(contact))
            return true;
    return false;
}

static bool promised_since(const struct case_state *c, int64_t since_us)
{
    ROWS_EACH (promise, const struct promise_row, &c->promises)
        if (promise->made_at >= since_us)
            return true;
    return false;
}

bool promise_is_owed(const struct case_state *c, const struct promise_row *promise)
{
    if (promise->state == PROMISE_STATE_OPEN)
        return true;
    return broken_by_time(promise) && !reached_since(c, promise->due_at) &&
           !promised_since(c, promise->due_at);
}

/* -- clocks ------------------------------------------------------------------------------------ */

static bool asks_somebody(const struct clock_row *clock)
{
    return clock->kind != CLOCK_KIND_OFFER && clock->kind != CLOCK_KIND_PROMISE &&
           clock->kind != CLOCK_KIND_FOLLOW_UP;
}

static bool is_for_an_answer(const struct clock_row *clock, const struct policy *p)
{
    return clock->kind == CLOCK_KIND_NEXT_CONTACT &&
           clock_answers_customer(policy_clock_find(p, clock->name));
}

/* True when a clock watches that the customer is answered, even if it is paused. */
static bool add_clocks(const struct case_state *c, const struct policy *p, struct owed *out)
{
    bool watched = false;
    ROWS_EACH (clock, const struct clock_row, &c->clocks) {
        if (!clock_is_open(clock) || !asks_somebody(clock))
            continue;
        const bool answers = is_for_an_answer(clock, p);
        watched = watched || answers;
        if (clock->state != CLOCK_STATE_PAUSED)
            take_earlier(answers ? &out->answer_us : &out->clock_us, clock->due_at);
    }
    return watched;
}

void case_owed(const struct case_state *c, const struct policy *p, struct owed *out)
{
    *out = (struct owed){0};
    if (!status_is_waiting(c->row.status))
        return;
    if (!add_clocks(c, p, out) && case_wait(c, p, 0).waits)
        out->answer_us = out->clock_us;
    ROWS_EACH (promise, const struct promise_row, &c->promises)
        if (promise_is_owed(c, promise))
            take_earlier(&out->promise_us, promise->due_at);
}
