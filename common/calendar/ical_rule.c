/* SPDX-License-Identifier: Apache-2.0 */
/* Recurrence rules (RFC 5545, 3.3.10): a rule is a condition on days. Period by period - days,
 * weeks, months or years, every INTERVALth of them - the days that meet it are found, BYSETPOS
 * picks from them, and COUNT and UNTIL end it. */
#include "calendar/ical_impl.h"

#define PERIOD_DAYS_MAX 366

/* What a day is asked for; taken apart once. */
struct day {
    int32_t date, weekday, year, month, month_day, month_length, year_day, year_length;
};

static int32_t weekday_of(int32_t date)
{
    return ((date + 3) % 7 + 7) % 7;
}

static struct day take_apart(int32_t date)
{
    struct day d = {.date = date, .weekday = weekday_of(date)};
    int year, month, month_day;
    calendar_date_parts(date, &year, &month, &month_day);
    int32_t new_year = calendar_date(year, 1, 1);
    int32_t next_month =
        month < 12 ? calendar_date(year, month + 1, 1) : calendar_date(year + 1, 1, 1);
    d.year = year;
    d.month = month;
    d.month_day = month_day;
    d.month_length = next_month - (date - month_day + 1);
    d.year_day = date - new_year + 1;
    d.year_length = calendar_date(year + 1, 1, 1) - new_year;
    return d;
}

/* -- conditions -------------------------------------------------------------------------------- */

/* True when the list has the number, counted from the front or, negative, from the back. */
static bool list_has(const struct ical_list *list, int32_t number, int32_t length)
{
    bool found = false;
    for (size_t i = 0; i < list->n && !found; i++)
        found = list->number[i] == number || list->number[i] == number - length - 1;
    return found;
}

static bool has_or_empty(const struct ical_list *list, int32_t number, int32_t length)
{
    return list->n == 0 || list_has(list, number, length);
}

/* The first day of a year's first week: the first that has four of its days or more. */
static int32_t first_week(int32_t year, int32_t week_start)
{
    int32_t fourth = calendar_date(year, 1, 4);
    return fourth - (weekday_of(fourth) - week_start + 7) % 7;
}

static bool is_in_weeks(const struct ical_rule *rule, const struct day *d)
{
    int32_t year = d->year;
    if (d->date < first_week(year, rule->week_start))
        year--;
    else if (d->date >= first_week(year + 1, rule->week_start))
        year++;
    int32_t first = first_week(year, rule->week_start);
    int32_t weeks = (first_week(year + 1, rule->week_start) - first) / 7;
    return list_has(&rule->weeks, (d->date - first) / 7 + 1, weeks);
}

/* "MO" is every Monday; "2MO" and "-1MO" the second and the last of the month, or of the year. */
static bool is_on_days(const struct ical_rule *rule, const struct day *d)
{
    bool of_month = rule->unit == ICAL_MONTH || rule->months.n > 0;
    int32_t place = of_month ? d->month_day : d->year_day;
    int32_t length = of_month ? d->month_length : d->year_length;
    bool found = false;
    for (size_t i = 0; i < rule->days.n && !found; i++) {
        int32_t number = rule->days.number[i];
        if (rule->days.weekday[i] == d->weekday)
            found =
                number == 0 || number == (place + 6) / 7 || number == -((length - place) / 7) - 1;
    }
    return found;
}

static bool day_meets(const struct ical_rule *rule, const struct day *d)
{
    return has_or_empty(&rule->months, d->month, 12) &&
           has_or_empty(&rule->month_days, d->month_day, d->month_length) &&
           has_or_empty(&rule->year_days, d->year_day, d->year_length) &&
           (rule->days.n == 0 || is_on_days(rule, d)) &&
           (rule->weeks.n == 0 || is_in_weeks(rule, d));
}

/* -- periods ----------------------------------------------------------------------------------- */

/* The number of the period that a date is in; and the first date of a period. */
static int32_t period_of(const struct ical_rule *rule, int32_t date)
{
    int year, month, day;
    calendar_date_parts(date, &year, &month, &day);
    switch (rule->unit) {
    case ICAL_DAY:
        return date;
    case ICAL_WEEK:
        return (date - (weekday_of(date) - rule->week_start + 7) % 7 + 3 - rule->week_start) / 7;
    case ICAL_MONTH:
        return year * 12 + month - 1;
    default:
        return year;
    }
}

static int32_t period_begin(const struct ical_rule *rule, int32_t period)
{
    switch (rule->unit) {
    case ICAL_DAY:
        return period;
    case ICAL_WEEK: /* exact: the numerator above is a multiple of 7 */
        return period * 7 - 3 + rule->week_start;
    case ICAL_MONTH:
        return calendar_date(period / 12, period % 12 + 1, 1);
    default:
        return calendar_date(period, 1, 1);
    }
}

/* The days of a period that the rule is for, in order. */
static size_t find_days(const struct ical_rule *rule, int32_t period, int32_t *found)
{
    size_t n = 0;
    int32_t end = period_begin(rule, period + 1);
    for (int32_t date = period_begin(rule, period); date < end; date++) {
        struct day d = take_apart(date);
        if (day_meets(rule, &d))
            found[n++] = date;
    }
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (has_or_empty(&rule->positions, (int32_t)i + 1, (int32_t)n))
            found[kept++] = found[i];
    return kept;
}

/* -- walking ----------------------------------------------------------------------------------- */

struct walk {
    const struct ical_rule *rule;
    int64_t start_s;
    int32_t taken; /* occurrences, the start for one */
    bool done;
    const char *(*take)(void *ctx, int64_t wall_s);
    void *ctx;
};

static const char *take_days(struct walk *w, const int32_t *dates, size_t n)
{
    const char *error = NULL;
    int64_t day_s = w->start_s - (int64_t)ical_date(w->start_s) * CALENDAR_DAY_S;
    for (size_t i = 0; i < n && !error && !w->done; i++) {
        int64_t wall_s = (int64_t)dates[i] * CALENDAR_DAY_S + day_s;
        if (wall_s <= w->start_s)
            continue;
        w->done = wall_s > w->rule->until_s || (w->rule->count && w->taken >= w->rule->count);
        if (w->done)
            continue;
        w->taken++;
        error = w->take(w->ctx, wall_s);
    }
    return error;
}

/* Where to begin. Periods that end before 2000 are skipped, unless the rule has a COUNT. */
static int32_t first_period(const struct ical_rule *rule, const struct ical_event *e)
{
    int32_t period = period_of(rule, ical_date(e->start.wall_s));
    int64_t days = e->duration_s / CALENDAR_DAY_S + 3;
    int64_t useful_s = (calendar_date(CALENDAR_YEAR_FIRST, 1, 1) - days) * CALENDAR_DAY_S;
    if (rule->count || useful_s <= e->start.wall_s)
        return period;
    int32_t useful = period_of(rule, ical_date(useful_s));
    return period + (useful - period) / rule->interval * rule->interval;
}

const char *ical_rule_walk(const struct ical_rule *rule, const struct ical_event *e, size_t *turns,
                           const char *(*take)(void *ctx, int64_t wall_s), void *ctx)
{
    struct walk w = {rule, e->start.wall_s, 1, false, take, ctx};
    int32_t found[PERIOD_DAYS_MAX];
    const char *error = NULL;
    int32_t last = calendar_date(CALENDAR_YEAR_LAST, 12, 31), begin;
    size_t conditions =
        4 + rule->months.n + rule->weeks.n + rule->year_days.n + rule->month_days.n + rule->days.n;
    for (int32_t period = first_period(rule, e);
         !error && !w.done && (begin = period_begin(rule, period)) <= last;
         period += rule->interval) {
        *turns += (size_t)(period_begin(rule, period + 1) - begin) * conditions;
        size_t n = find_days(rule, period, found);
        *turns += n * rule->positions.n;
        error = *turns > ICAL_TURNS_MAX ? ICAL_TOO_LONG : take_days(&w, found, n);
    }
    return error;
}
