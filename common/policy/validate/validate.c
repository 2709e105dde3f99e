/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/validate/validate.h"

#include <string.h>

#include "calendar/calendar.h"

#define NAME_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."
#define AT(...) problem_path(problems, __VA_ARGS__)

/* -- calendars --------------------------------------------------------------------------------- */

/* How many windows dates and holidays take away in the year that has most of them. A day may take
 * two: the rest of yesterday's, which goes over midnight, and today's. */
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

/* True when every year has working time, whatever falls where: any weekday comes 52 times a year,
 * and no zone moves its clocks more than four times. It spares laying out nearly every calendar. */
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
    if (len == 0 || len > POLICY_NAME_BYTES_MAX || strspn(c->name, NAME_CHARS) != len ||
        strcmp(c->name, "always") == 0)
        problem_error(
            problems, at,
            "is no name for a calendar: letters, digits, _, - and ., at most %d bytes, and "
            "not `always`",
            POLICY_NAME_BYTES_MAX);
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
    policy_validate_hours(p, problems);
    policy_validate_clocks(p, problems);
    size_t errors = problems->n_errors;
    policy_validate_conditions(p, problems);
    bool clocks_start = problems->n_errors == errors;
    policy_validate_targets(p, problems);
    /* A clock that cannot start would be told again as silence. */
    if (clocks_start) {
        policy_validate_opening(p, problems);
        policy_validate_standing(p, problems);
        policy_validate_end(p, problems);
    }
    policy_validate_notify(p, problems);
    policy_validate_settings(p, problems);
}
