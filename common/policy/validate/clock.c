/* SPDX-License-Identifier: Apache-2.0 */

/* Definitions of clocks, each by itself. */

#include <string.h>

#include "contract/clock_kinds.h"
#include "policy/describe/describe.h"
#include "policy/validate/validate.h"
#include "policy/words.h"
#include "base/bits.h"

#define ACTIONS ((1u << ESCALATION_ACTION_COUNT) - 2)
#define AT(...) problem_path(problems, __VA_ARGS__)

_Static_assert(ESCALATION_ACTION_COUNT < 32, "an action is a bit of 32");

const char *validate_clock_path(struct bundle_problems *problems, const struct policy_clock *c)
{
    return c->level > 0 ? AT("ladder[%d].clock", c->level - 1) : AT("clocks.%s", c->name);
}

/* -- name and kind ----------------------------------------------------------------------------- */

static void check_name(const struct policy *p, const struct policy_clock *c, const char *at,
                       struct bundle_problems *problems)
{
    size_t len = strlen(c->name);
    if (len == 0 || len > POLICY_NAME_BYTES_MAX || c->name[0] < 'a' || c->name[0] > 'z' ||
        strspn(c->name, "abcdefghijklmnopqrstuvwxyz0123456789_.") != len)
        problem_error(problems, at,
                      "is no name for a clock: a letter, then a-z, 0-9, _ and ., at most %d bytes",
                      POLICY_NAME_BYTES_MAX);
    else if (c->level == 0 && strncmp(c->name, "level.", 6) == 0)
        problem_error(problems, at, "is a name that the ladder's clocks have");
    else if (policy_clock_find(p, c->name) != c)
        problem_error(problems, at, "is there twice");
}

static void check_kind(const struct policy *p, const struct policy_clock *c, const char *at,
                       struct bundle_problems *problems)
{
    policy_validate_entry(p, SCOPE_CLOCK, c, at, problems);
    policy_validate_entry(p, SCOPE_TIMING, c, at, problems);
    if (clock_kind_has_subject(c->kind) && policy_clock_of_kind(p, c->kind) != c)
        problem_error(problems, AT("%s.kind", at),
                      "is measured by `%s` already: a policy has one clock of this kind",
                      policy_clock_of_kind(p, c->kind)->name);
    if ((c->kind == CLOCK_KIND_LEVEL) != (c->level > 0) || c->level > p->n_levels)
        problem_error(problems, at, "watches a level that does not exist");
    if (clock_kind(c->kind)->is_given && c->calendar >= 0)
        problem_error(problems, AT("%s.calendar", at),
                      "means nothing here: the instant is what was promised");
}

/* -- targets ----------------------------------------------------------------------------------- */

static void check_target(const struct policy_clock *c, size_t i, const char *at,
                         struct bundle_problems *problems)
{
    const struct policy_target *t = &c->targets[i];
    const char *here = AT("%s.targets[%zu].target", at, i);
    bool days = t->unit != POLICY_UNIT_TIME;
    if (!days && (t->ms < POLICY_TARGET_MIN_MS || t->ms > POLICY_DURATION_MAX_MS))
        problem_error(problems, here, "is not a second to ten years");
    if (days && (t->days < 1 || t->days > POLICY_DAYS_MAX))
        problem_error(problems, here, "is not 1 to %d days", POLICY_DAYS_MAX);
    if (t->unit == POLICY_UNIT_BUSINESS_DAYS && c->calendar < 0)
        problem_error(problems, here, "counts business days, but the clock names no calendar");
    if (days && c->pause_single_ms > 0 && clock_kind(c->kind)->may_pause)
        problem_error(
            problems, here,
            "is in days, which cannot be paused: leave pause and pause_limit out, or give "
            "a time");
    if (!days && c->calendar >= 0 && t->ms % POLICY_DAY_MS == 0)
        problem_warning(problems, here,
                        "is %lld hours of working time, as the clock goes by a calendar; for days "
                        "write `{business_days: n}`",
                        (long long)(t->ms / 3600000));
}

static void check_targets(const struct policy_clock *c, const char *at,
                          struct bundle_problems *problems)
{
    if (clock_kind(c->kind)->is_given && c->n_targets > 0)
        problem_error(problems, AT("%s.targets", at),
                      "cannot be given: the instant is what was promised");
    else if (!clock_kind(c->kind)->is_given && c->n_targets == 0)
        problem_error(problems, at, "has no target: give it a time, as in `target: 8h`");
    for (size_t i = 0; i < c->n_targets; i++)
        check_target(c, i, at, problems);
}

/* -- pauses ------------------------------------------------------------------------------------ */

static bool is_never(const struct policy_condition *c)
{
    return c->n == 0;
}

static void check_pause(const struct policy_clock *c, const char *at,
                        struct bundle_problems *problems)
{
    bool pauses = c->pause_single_ms > 0 || c->pause_total_ms > 0;
    const char *key = is_never(&c->pause) ? "pause_limit" : "pause";
    char kind[WORD_MAX];
    word_enum_name(CLOCK_KIND_WORDS, c->kind, kind);
    if (!clock_kind(c->kind)->may_pause && (pauses || !is_never(&c->pause)))
        problem_error(problems, AT("%s.%s", at, key), "a %s clock never pauses", kind);
    else if (!is_never(&c->pause) && !pauses)
        problem_error(problems, AT("%s.pause", at),
                      "has no limit: give pause_limit, as in `{single: 5d, total: 10d}`");
    if (!is_never(&c->resume) && is_never(&c->pause))
        problem_error(problems, AT("%s.resume", at), "has no pause to end");
    if (pauses && (c->pause_single_ms <= 0 || c->pause_total_ms < c->pause_single_ms ||
                   c->pause_total_ms > POLICY_DURATION_MAX_MS))
        problem_error(problems, AT("%s.pause_limit", at),
                      "needs a single pause of more than nothing and a total that is not less");
}

/* -- thresholds -------------------------------------------------------------------------------- */

static void check_actions(const struct policy *p, const struct policy_clock *c,
                          const struct policy_threshold *t, const char *at,
                          struct bundle_problems *problems)
{
    bool top = c->level > 0 && c->level == p->n_levels;
    if (t->actions == 0 || (t->actions & ~ACTIONS) != 0)
        problem_error(problems, at, "does nothing: give `do`, `notify` or `raise_priority`");
    if (!(t->actions & BIT_OF(ESCALATION_ACTION_NOTIFY)) != !t->notify)
        problem_error(problems, AT("%s.notify", at), "needs to say who is notified");
    if (!(t->actions & BIT_OF(ESCALATION_ACTION_RAISE_PRIORITY)) != !t->raise_ms || t->raise_ms < 0)
        problem_error(problems, AT("%s.raise_priority", at), "needs a time of more than zero");
    if ((t->actions & BIT_OF(ESCALATION_ACTION_CLOSE)) && !clock_kind(c->kind)->may_close)
        problem_error(problems, AT("%s.do", at), "close: only a follow_up clock may close a case");
    if ((t->actions & BIT_OF(ESCALATION_ACTION_RESTART)) && !clock_kind(c->kind)->may_restart)
        problem_error(problems, AT("%s.do", at),
                      "restart: only a level's clock and a next_contact begin again");
    if ((t->actions & BIT_OF(ESCALATION_ACTION_CLIMB)) && top)
        problem_error(problems, AT("%s.do", at),
                      "climb: this is the top of the ladder; `restart`?");
    if ((t->actions & BIT_OF(ESCALATION_ACTION_RESTART)) && t->percent != 100)
        problem_error(problems, AT("%s.do", at), "restart: only at 100%%");
}

/* -- their order ------------------------------------------------------------------------------- */

static const char *at_text(const struct policy_threshold *t, struct bundle_problems *problems)
{
    return t->before_ms > 0 ? AT("-%s", text_duration(problems->arena, t->before_ms))
                            : AT("%d%%", (int)t->percent);
}

static void check_two_alike(const struct policy_threshold *t, const char *here,
                            struct bundle_problems *problems)
{
    int32_t before = policy_threshold_id(&t[-1]), id = policy_threshold_id(t);
    if (id == before)
        problem_error(problems, AT("%s.at", here), "%s is there twice: join them",
                      at_text(t, problems));
    else if (id < before)
        problem_error(problems, AT("%s.at", here), "comes after %s: thresholds ascend",
                      at_text(&t[-1], problems));
}

/* Hundredths of a millisecond of a target that are used up then. */
static int64_t used_of(const struct policy_target *target, const struct policy_threshold *t)
{
    return t->before_ms > 0 ? (target->ms - t->before_ms) * 100 : target->ms * t->percent;
}

/* A share and a time below it follow each other in the same way for every target, or not at all. */
static void check_share_and_time(const struct policy_clock *c, const struct policy_threshold *t,
                                 const char *here, struct bundle_problems *problems)
{
    const char *at = AT("%s.at", here);
    if (clock_kind(c->kind)->is_given) {
        problem_error(problems, at,
                      "follows %s, and which of them comes first depends on what is promised: give "
                      "shares below 100%%, or times before the end, but not both",
                      at_text(&t[-1], problems));
        return;
    }
    for (size_t i = 0; i < c->n_targets; i++) {
        const struct policy_target *target = &c->targets[i];
        if (target->unit != POLICY_UNIT_TIME) {
            problem_error(problems, at,
                          "follows %s, and which of them comes first depends on the days: give "
                          "shares below 100%%, or times before the end, but not both",
                          at_text(&t[-1], problems));
            return;
        }
        if (used_of(target, t) <= used_of(target, &t[-1])) {
            problem_error(problems, at,
                          "does not come after %s of the target of %s: thresholds ascend",
                          at_text(&t[-1], problems), text_duration(problems->arena, target->ms));
            return;
        }
    }
}

static void check_order(const struct policy_clock *c, size_t i, const char *here,
                        struct bundle_problems *problems)
{
    const struct policy_threshold *t = &c->thresholds[i];
    if (i == 0)
        return;
    if (!t->before_ms == !t[-1].before_ms)
        check_two_alike(t, here, problems);
    else if (t->before_ms > 0 && t[-1].percent >= 100)
        problem_error(problems, AT("%s.at", here), "comes after %s: thresholds ascend",
                      at_text(&t[-1], problems));
    else if (t->percent < 100)
        check_share_and_time(c, t, here, problems);
}

/* A day has 24 hours of any calendar at most. */
static void check_time_before(const struct policy_clock *c, const struct policy_threshold *t,
                              const char *here, struct bundle_problems *problems)
{
    for (size_t i = 0; i < c->n_targets; i++) {
        const struct policy_target *target = &c->targets[i];
        int64_t most = target->unit == POLICY_UNIT_TIME ? target->ms : target->days * POLICY_DAY_MS;
        if (t->before_ms >= most) {
            problem_error(problems, AT("%s.at", here),
                          "%s is as long as the target of %s, or longer: it would come with the "
                          "start",
                          at_text(t, problems), text_duration(problems->arena, most));
            return;
        }
    }
    if (t->actions & BIT_OF(ESCALATION_ACTION_CLOSE))
        problem_error(problems, AT("%s.do", here),
                      "close: the time in which the customer may still speak ends at 100%%");
}

static void check_thresholds(const struct policy *p, const struct policy_clock *c, const char *at,
                             struct bundle_problems *problems)
{
    bool at_target = false, closes = false;
    for (size_t i = 0; i < c->n_thresholds; i++) {
        const struct policy_threshold *t = &c->thresholds[i];
        const char *here = AT("%s.thresholds[%zu]", at, i);
        at_target = at_target || t->percent == 100;
        if (t->before_ms > 0)
            check_time_before(c, t, here, problems);
        closes = closes || (t->actions & BIT_OF(ESCALATION_ACTION_CLOSE));
        if (t->before_ms == 0 && (t->percent < 1 || t->percent > POLICY_PERCENT_MAX))
            problem_error(problems, AT("%s.at", here), "is not 1%% to %d%%", POLICY_PERCENT_MAX);
        else
            check_order(c, i, here, problems);
        check_actions(p, c, t, here, problems);
    }
    if (clock_kind(c->kind)->may_close && !closes)
        problem_warning(problems, AT("%s.thresholds", at),
                        "has none that closes: a resolved case stays until somebody closes it");
    if (!at_target)
        problem_warning(problems, AT("%s.thresholds", at),
                        "has none at 100%%: a breach is recorded, but nobody hears of it");
}

static void check_clock(const struct policy *p, const struct policy_clock *c,
                        struct bundle_problems *problems)
{
    const char *at = validate_clock_path(problems, c);
    check_name(p, c, at, problems);
    check_kind(p, c, at, problems);
    check_targets(c, at, problems);
    check_pause(c, at, problems);
    check_thresholds(p, c, at, problems);
}

/* Level 1 is watched by what starts when a case opens. */
static void check_levels(const struct policy *p, struct bundle_problems *problems)
{
    uint32_t watched = 0;
    for (size_t i = 0; i < p->n_clocks; i++)
        watched |= p->clocks[i].level > 0 ? 1u << p->clocks[i].level : 0;
    for (int level = 2; level <= p->n_levels; level++)
        if (!((watched >> level) & 1))
            problem_warning(problems, AT("ladder[%d].clock", level - 1),
                            "is missing: a case that climbs to this level may be left there");
}

void policy_validate_clocks(const struct policy *p, struct bundle_problems *problems)
{
    if (p->n_clocks == 0)
        problem_error(problems, "clocks", "needs clocks: without any, silence has no end");
    for (size_t i = 0; i < p->n_clocks; i++)
        check_clock(p, &p->clocks[i], problems);
    check_levels(p, problems);
}
