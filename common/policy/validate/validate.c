/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/validate/validate.h"

#include <string.h>

#include "calendar/calendar.h"
#include "contract/words.h"

#define CHANNELS (CHANNEL_COUNT - 1) /* without UNSPECIFIED */
#define ACT_BITS 0xeu                /* THANKS, APOLOGY, EXPLANATION */
/* No boost may hold others back for longer: it is the starvation bound. */
#define BOOST_BOUND_MS (30LL * 24 * 3600 * 1000)
#define NAME_BYTES_MAX 64
#define NAME_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."
#define AT(...) problem_path(problems, __VA_ARGS__)

/* -- settings ---------------------------------------------------------------------------------- */

static void check_assignment(const struct policy *p, struct bundle_problems *problems)
{
    if (p->offer_timeout_ms <= 0)
        problem_error(problems, "assignment.offer_timeout", "needs a time of more than zero");
    if (p->decline_cooldown_ms < 0)
        problem_error(problems, "assignment.decline_cooldown", "is negative");
    if (p->away_after_ms <= 0)
        problem_error(problems, "assignment.away_after", "needs a time of more than zero");
    if (p->transfer_limit < 1)
        problem_error(problems, "assignment.transfer_limit", "needs at least 1");
}

static void check_gate(const struct policy *p, struct bundle_problems *problems)
{
    if (p->unreachable_attempts < 1)
        problem_error(problems, "close_gate.unreachable.attempts", "needs at least 1");
    if (p->unreachable_channels < 1 || p->unreachable_channels > CHANNELS)
        problem_error(problems, "close_gate.unreachable.channels", "is not 1 to %d", CHANNELS);
    else if (p->unreachable_channels > p->unreachable_attempts)
        problem_error(problems, "close_gate.unreachable.channels", "is more than the attempts");
    if (p->unreachable_window_ms < 0)
        problem_error(problems, "close_gate.unreachable.window", "is negative");
    if ((p->acts_any_of & ~ACT_BITS) != 0)
        problem_error(problems, "close_gate.acts_any_of", "names an act that does not exist");
}

static void check_boosts(const struct policy *p, struct bundle_problems *problems)
{
    for (int s = 1; s < POLICY_SEVERITIES; s++) {
        if (p->boost_severity_ms[s] < 0)
            problem_error(problems, AT("priority.severity.%d", s), "is negative");
        else if (s > 1 && p->boost_severity_ms[s] < p->boost_severity_ms[s - 1])
            problem_error(problems, AT("priority.severity.%d", s),
                          "is less than for the slighter severity %d", s - 1);
    }
    if (p->boost_repeat_ms < 0)
        problem_error(problems, "priority.repeat", "is negative");
    if (p->boost_broken_promise_ms < 0)
        problem_error(problems, "priority.broken_promise", "is negative");
    if (p->boost_per_stake_unit_ms < 0)
        problem_error(problems, "priority.per_stake_unit", "is negative");
    if (p->boost_max_ms < 0 || p->boost_max_ms > BOOST_BOUND_MS)
        problem_error(problems, "priority.max",
                      "is not 0 to 30 days: it bounds how long others wait");
}

static void check_promises(const struct policy *p, struct bundle_problems *problems)
{
    if (p->contact_calendar < -1 || p->contact_calendar >= (int)p->n_calendars)
        problem_error(problems, "promises.contact_hours", "is no calendar of the policy");
    if (p->promise_ahead_max_ms < 0 || p->promise_ahead_max_ms > POLICY_DURATION_MAX_MS)
        problem_error(problems, "promises.ahead", "is not up to ten years");
}

/* -- calendars --------------------------------------------------------------------------------- */

/* Days without work in the year that has most: a holiday may take two windows away, the rest of
 * yesterday's and today's. */
static size_t days_off(const struct calendar_spec *spec)
{
    static const int years = CALENDAR_YEAR_LAST - CALENDAR_YEAR_FIRST + 1;
    size_t in_year[CALENDAR_YEAR_LAST - CALENDAR_YEAR_FIRST + 1] = {0};
    size_t yearly = 0, most = 0;
    for (size_t i = 0; i < spec->n_days + spec->n_holidays; i++) {
        bool day = i < spec->n_days;
        int32_t date = day ? spec->days[i].date : spec->holidays[i - spec->n_days].date;
        int year, month, mday;
        calendar_date_parts(date, &year, &month, &mday);
        if (!day && spec->holidays[i - spec->n_days].yearly)
            yearly++;
        else if (year >= CALENDAR_YEAR_FIRST && year <= CALENDAR_YEAR_LAST)
            in_year[year - CALENDAR_YEAR_FIRST]++;
    }
    for (int y = 0; y < years; y++)
        most = in_year[y] > most ? in_year[y] : most;
    return 2 * (most + yearly);
}

static bool is_window(const struct calendar_window *w)
{
    return w->weekday >= 0 && w->weekday < 7 && w->from_s >= 0 && w->from_s < w->until_s &&
           w->until_s <= 2 * CALENDAR_DAY_S;
}

/* True when a year has work whatever falls where: any weekday comes 52 times, and no zone's clocks
 * are moved more than four times a year. Spares the lay-out of nearly every calendar. */
static bool surely_works(const struct calendar_spec *spec)
{
    if (spec->n_windows == 0 || spec->n_windows > CALENDAR_WINDOWS_MAX ||
        spec->n_days > CALENDAR_DATES_MAX || spec->n_holidays > CALENDAR_HOLIDAYS_MAX)
        return false;
    for (size_t i = 0; i < spec->n_windows; i++)
        if (!is_window(&spec->windows[i]))
            return false;
    return days_off(spec) < 52 - 4;
}

static void check_calendar(const struct policy *p, size_t i, struct bundle_problems *problems)
{
    const struct policy_calendar *c = &p->calendars[i];
    const char *at = AT("calendars.%s", c->name);
    int no_work_year;
    size_t len = strlen(c->name);
    if (len == 0 || len > NAME_BYTES_MAX || strspn(c->name, NAME_CHARS) != len ||
        strcmp(c->name, "always") == 0)
        problem_error(
            problems, at,
            "is no name for a calendar: letters, digits, _, - and ., at most %d bytes, and "
            "not `always`",
            NAME_BYTES_MAX);
    else if (policy_calendar_find(p, c->name) != (int)i)
        problem_error(problems, at, "is there twice");
    if (surely_works(&c->spec))
        return;
    struct calendar *laid_out =
        calendar_new(&c->spec, policy_zone(p, (int)i, false, NULL), &no_work_year);
    if (!laid_out && no_work_year > 0)
        problem_error(problems, at,
                      "has no working time in %d: a clock by it would never come to its end",
                      no_work_year);
    else if (!laid_out)
        problem_error(problems, at, "has hours or dates that are out of bounds");
    calendar_free(laid_out);
}

void policy_validate(const struct policy *p, struct bundle_problems *problems)
{
    if (p->version < 1)
        problem_error(problems, "version", "needs at least 1");
    policy_validate_people(p, problems);
    for (size_t i = 0; i < p->n_calendars; i++)
        check_calendar(p, i, problems);
    policy_validate_clocks(p, problems);
    size_t errors = problems->n_errors;
    policy_validate_conditions(p, problems);
    bool clocks_start = problems->n_errors == errors;
    policy_validate_targets(p, problems);
    /* A clock that cannot start would be told again as silence. */
    if (clocks_start)
        policy_validate_opening(p, problems);
    check_promises(p, problems);
    check_gate(p, problems);
    check_assignment(p, problems);
    check_boosts(p, problems);
}
