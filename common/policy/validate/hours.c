/* SPDX-License-Identifier: Apache-2.0 */

/* Doubts about the hours of calendars: what can be meant, but seldom is. Each is told once a
 * calendar, by its first place. */

#include "policy/describe/describe.h"
#include "policy/validate/validate.h"

#define WEEK_S (7 * CALENDAR_DAY_S)
#define MINUTE_S 60
#define HOUR_S 3600
/* Hours over midnight that are longer are in doubt when those between their end and their begin
 * would be a working day of that length. */
#define NIGHT_MOST_S (12 * HOUR_S)
#define WORKDAY_LEAST_S (4 * HOUR_S)

#define AT(...) problem_path(problems, __VA_ARGS__)

struct look {
    const struct policy_calendar *calendar;
    struct bundle_problems *problems;
    const char *path; /* of what is looked at */
    bool told_end, told_swapped;
};

static const char *hours(struct look *l, int32_t from_s, int32_t until_s)
{
    return text_window(l->problems->arena, from_s, until_s);
}

/* -- one window -------------------------------------------------------------------------------- */

static bool ends_before_midnight(int32_t until_s)
{
    int32_t left_s = CALENDAR_DAY_S - until_s % CALENDAR_DAY_S;
    return left_s == MINUTE_S || left_s == 1;
}

static bool is_swapped(int32_t from_s, int32_t until_s)
{
    int32_t between_s = from_s - (until_s - CALENDAR_DAY_S);
    return until_s > CALENDAR_DAY_S && until_s - from_s > NIGHT_MOST_S &&
           from_s >= CALENDAR_DAY_S / 2 && between_s >= WORKDAY_LEAST_S;
}

static void look_at_window(struct look *l, int32_t from_s, int32_t until_s)
{
    if (ends_before_midnight(until_s) && !l->told_end) {
        l->told_end = true;
        problem_warning(l->problems, l->path,
                        "%s ends just before midnight, so that a moment of the day is not worked "
                        "in: for the end of the day write 24:00",
                        hours(l, from_s, until_s));
    }
    if (is_swapped(from_s, until_s) && !l->told_swapped) {
        l->told_swapped = true;
        problem_warning(l->problems, l->path,
                        "%s goes over midnight and lasts %d hours: is %s meant? If not, write it "
                        "as two, the second from 00:00 of the next day",
                        hours(l, from_s, until_s), (int)((until_s - from_s) / HOUR_S),
                        hours(l, until_s - CALENDAR_DAY_S, from_s));
    }
}

/* -- windows that overlap ---------------------------------------------------------------------- */

static bool overlap(int64_t from_a, int64_t until_a, int64_t from_b, int64_t until_b)
{
    return from_a < until_b && from_b < until_a;
}

/* The week goes round: what begins on Sunday night meets Monday morning. */
static bool windows_overlap(const struct calendar_window *a, const struct calendar_window *b)
{
    int64_t day_a = (int64_t)a->weekday * CALENDAR_DAY_S;
    int64_t day_b = (int64_t)b->weekday * CALENDAR_DAY_S;
    for (int week = -1; week <= 1; week++)
        if (overlap(day_a + a->from_s, day_a + a->until_s, day_b + week * WEEK_S + b->from_s,
                    day_b + week * WEEK_S + b->until_s))
            return true;
    return false;
}

static void look_at_week(struct look *l)
{
    const struct calendar_spec *s = &l->calendar->spec;
    for (size_t i = 0; i < s->n_windows; i++)
        look_at_window(l, s->windows[i].from_s, s->windows[i].until_s);
    for (size_t i = 0; i < s->n_windows; i++)
        for (size_t k = i + 1; k < s->n_windows; k++)
            if (windows_overlap(&s->windows[i], &s->windows[k])) {
                problem_warning(l->problems, l->path,
                                "%s and %s overlap: what is in both counts once",
                                hours(l, s->windows[i].from_s, s->windows[i].until_s),
                                hours(l, s->windows[k].from_s, s->windows[k].until_s));
                return;
            }
}

/* -- dates ------------------------------------------------------------------------------------- */

static bool is_on(const struct calendar_holiday *h, int32_t date)
{
    int year, month, day, first_year, first_month, first_day;
    if (h->date == date || !h->yearly || h->date > date)
        return h->date == date;
    calendar_date_parts(date, &year, &month, &day);
    calendar_date_parts(h->date, &first_year, &first_month, &first_day);
    return month == first_month && day == first_day;
}

static const struct calendar_holiday *holiday_within(const struct calendar_spec *s,
                                                     const struct calendar_day *d)
{
    for (size_t i = 0; i < s->n_holidays; i++) {
        const struct calendar_holiday *h = &s->holidays[i];
        if (is_on(h, d->date) && overlap(h->from_s, h->until_s, d->from_s, d->until_s))
            return h;
    }
    return NULL;
}

/* 1970-01-01 was a Thursday. The hours of a weekday that go on after midnight; 0 without. */
static int32_t night_until_s(const struct calendar_spec *s, int32_t date)
{
    int weekday = (int)(((date + 3) % 7 + 7) % 7);
    int32_t until_s = 0;
    for (size_t i = 0; i < s->n_windows; i++)
        if (s->windows[i].weekday == weekday && s->windows[i].until_s > CALENDAR_DAY_S)
            until_s = s->windows[i].until_s - CALENDAR_DAY_S;
    return until_s;
}

static bool has_date(const struct calendar_spec *s, int32_t date)
{
    for (size_t i = 0; i < s->n_days; i++)
        if (s->days[i].date == date)
            return true;
    return false;
}

static void look_at_closed(struct look *l, const struct calendar_day *d)
{
    const struct calendar_spec *s = &l->calendar->spec;
    int32_t until_s = has_date(s, d->date - 1) ? 0 : night_until_s(s, d->date - 1);
    if (until_s > 0)
        problem_warning(l->problems, l->path,
                        "is closed, and the shift of the evening before still works in it, %s: "
                        "hours belong to the day on which they begin. In `amends: 2` a closed date "
                        "is off from midnight to midnight, like a holiday",
                        hours(l, 0, until_s));
}

static void look_at_dates(struct look *l)
{
    const struct calendar_spec *s = &l->calendar->spec;
    for (size_t i = 0; i < s->n_days; i++) {
        const struct calendar_day *d = &s->days[i];
        struct bundle_problems *problems = l->problems;
        l->path =
            AT("calendars.%s.dates.%s", l->calendar->name, text_date(problems->arena, d->date));
        if (d->from_s == d->until_s) {
            if (d->from_s == 0)
                look_at_closed(l, d);
            continue;
        }
        look_at_window(l, d->from_s, d->until_s);
        const struct calendar_holiday *h = holiday_within(s, d);
        if (h)
            problem_warning(problems, l->path,
                            "has hours, %s, and is a holiday, %s: the holiday wins, nobody works "
                            "in what is in both",
                            hours(l, d->from_s, d->until_s), h->name);
        if (i > 0 && d[-1].date == d->date &&
            overlap(d[-1].from_s, d[-1].until_s, d->from_s, d->until_s))
            problem_warning(problems, l->path,
                            "has hours that overlap: what is in both counts once");
    }
}

void policy_validate_hours(const struct policy *p, struct bundle_problems *problems)
{
    for (size_t i = 0; i < p->n_calendars; i++) {
        const struct policy_calendar *c = &p->calendars[i];
        struct look l = {
            .calendar = c, .problems = problems, .path = AT("calendars.%s.weekly", c->name)};
        look_at_week(&l);
        look_at_dates(&l);
    }
}
