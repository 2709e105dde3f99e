/* SPDX-License-Identifier: Apache-2.0 */

/* What the conditions of a clock come to. A clock that could never start, pause or begin again
 * would fail in silence, so the compiler refuses it. */

#include <string.h>

#include "contract/clock_kinds.h"
#include "policy/validate/validate.h"

#define AT(...) problem_path(problems, __VA_ARGS__)
#define CONTACT(box) ((box)->allowed[FACT_CONTACT] & (FACT_IS_NO | FACT_IS_YES))

/* In stop and reset FACT_CONTACT looks at the time since the clock's start, and elsewhere at this
 * round. What is known of the one tells something of the other:
 *   nobody was reached in this round   => nobody was since the start
 *   somebody was since the start       => somebody was in this round
 * So a condition can be restated in the other's terms. Restating never adds a case to it. */
struct restated {
    struct policy_condition condition;
    struct condition_box boxes[CONDITION_BOXES_MAX];
};

/* How a box that asks for `contact` is restated: the bits, 0 = not at all. */
typedef uint32_t restate_fn(uint32_t contact);

static const struct policy_condition *restate(const struct policy_condition *c, restate_fn *how,
                                              struct restated *out)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n && i < CONDITION_BOXES_MAX; i++) {
        uint32_t contact = how(CONTACT(&c->boxes[i]));
        if (contact == 0)
            continue;
        out->boxes[n] = c->boxes[i];
        out->boxes[n++].allowed[FACT_CONTACT] = contact;
    }
    out->condition = (struct policy_condition){.n = n, .boxes = out->boxes};
    return &out->condition;
}

/* Stop and reset at the instant of the start: since then nobody was reached. */
static uint32_t at_start(uint32_t contact)
{
    return contact & FACT_IS_NO ? UINT32_MAX : 0;
}

/* Stop in terms of the round. */
static uint32_t stop_in_round(uint32_t contact)
{
    return contact == FACT_IS_YES ? 0 : contact;
}

/* Cancel in terms of the time since the start. */
static uint32_t cancel_since_start(uint32_t contact)
{
    return contact == FACT_IS_NO ? 0 : contact;
}

/* Start in terms of the time since the start: every case that it may be in. */
static uint32_t start_since_start(uint32_t contact)
{
    return contact == FACT_IS_NO ? FACT_IS_NO : UINT32_MAX;
}

/* -- start ------------------------------------------------------------------------------------- */

static void check_start(const struct policy *p, const struct policy_clock *c, const char *at,
                        struct bundle_problems *problems)
{
    struct restated stop;
    const struct policy_condition *stops = restate(&c->stop, at_start, &stop);
    const char *here = AT("%s.start", at);
    if (!condition_possible(p, &c->start))
        problem_error(problems, here, "never holds: the clock would never start");
    else if (condition_within(p, &c->start, stops))
        problem_error(
            problems, here,
            "is within `stop`: whenever the clock could start it has to stop, so it never "
            "starts");
    else if (condition_within(p, &c->start, &c->cancel))
        problem_error(problems, here,
                      "is within `cancel`: whenever the clock could start it is cancelled");
    else if (condition_within_either(p, &c->start, stops, &c->cancel))
        problem_error(problems, here,
                      "is within `stop` and `cancel` together: the clock would never start");
    else if (c->pause.n > 0 && condition_within(p, &c->start, &c->pause))
        problem_error(problems, here,
                      "is within `pause`: every clock would start paused and count nothing");
    if (c->stop.n == 0 && c->cancel.n == 0 && c->reset.n == 0 && !clock_kind(c->kind)->may_close)
        problem_warning(problems, AT("%s.stop", at),
                        "nothing stops this clock: every one of them will be breached");
}

/* -- pause, resume, reset ---------------------------------------------------------------------- */

static void check_pause(const struct policy *p, const struct policy_clock *c, const char *at,
                        struct bundle_problems *problems)
{
    struct restated stop;
    const char *here = AT("%s.pause", at);
    if (c->pause.n == 0)
        return;
    if (!condition_possible(p, &c->pause))
        problem_error(problems, here, "never holds: the clock would never pause");
    else if (condition_within_either(p, &c->pause, restate(&c->stop, stop_in_round, &stop),
                                     &c->cancel))
        problem_error(problems, here,
                      "holds only when the clock stops or is cancelled: it would never pause");
    else if (c->resume.n > 0 && condition_within(p, &c->pause, &c->resume))
        problem_error(problems, here, "is within `resume`: the clock would never pause");
    else if (c->resume.n > 0 && !condition_overlaps(p, &c->pause, &c->resume))
        problem_error(problems, AT("%s.resume", at),
                      "never holds while `pause` does: it would end no pause, leave it out");
}

static void check_reset(const struct policy *p, const struct policy_clock *c, const char *at,
                        struct bundle_problems *problems)
{
    struct restated start, cancel;
    const char *here = AT("%s.reset", at);
    if (c->reset.n == 0)
        return;
    if (!condition_possible(p, &c->reset))
        problem_error(problems, here, "never holds: the clock would never begin again");
    else if (!condition_overlaps(p, &c->reset, restate(&c->start, start_since_start, &start)))
        problem_error(problems, here,
                      "never holds while `start` does: the clock would never begin again");
    else if (condition_within_either(p, &c->reset, &c->stop,
                                     restate(&c->cancel, cancel_since_start, &cancel)))
        problem_error(
            problems, here,
            "holds only when the clock stops or is cancelled: it would never begin again");
}

/* -- all of them ------------------------------------------------------------------------------- */

static bool too_many_boxes(const struct policy_clock *c)
{
    const struct policy_condition *const all[] = {&c->start, &c->stop,  &c->cancel,
                                                  &c->reset, &c->pause, &c->resume};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (all[i]->n > CONDITION_BOXES_MAX)
            return true;
    return false;
}

static bool has_conditions(const struct policy_clock *c)
{
    return c->start.n || c->stop.n || c->cancel.n || c->reset.n || c->pause.n || c->resume.n ||
           c->again;
}

void policy_validate_conditions(const struct policy *p, struct bundle_problems *problems)
{
    for (size_t i = 0; i < p->n_clocks; i++) {
        const struct policy_clock *c = &p->clocks[i];
        const char *at = validate_clock_path(problems, c);
        if (too_many_boxes(c))
            problem_error(problems, at, "has a condition of more than %d alternatives",
                          CONDITION_BOXES_MAX);
        else if (clock_kind_has_subject(c->kind) && has_conditions(c))
            problem_error(problems, at, "begins and ends with what it measures: no conditions");
        else if (!clock_kind_has_subject(c->kind)) {
            check_start(p, c, at, problems);
            check_pause(p, c, at, problems);
            check_reset(p, c, at, problems);
        }
    }
}
