/* SPDX-License-Identifier: Apache-2.0 */
/* From events to days: rules are expanded by libical, under a lock, for what is global in it. */
#include "calendar/ical_impl.h"

#include <pthread.h>

#include <libical/ical.h>

#include "base/assert.h"

/* What a text may cost. A rule that never applies is searched for by libical until the year 2582,
 * in some milliseconds; a turn is an occurrence, or a comparison of it with an exception. */
#define RULES_MAX 256
#define TURNS_MAX 5000000

static pthread_mutex_t libical_lock = PTHREAD_MUTEX_INITIALIZER;

static int32_t date_of(int64_t wall_s)
{
    return (int32_t)(wall_s / CALENDAR_DAY_S - (wall_s % CALENDAR_DAY_S < 0));
}

/* -- days -------------------------------------------------------------------------------------- */

static const char *add(struct ical_found *found, struct calendar_holiday holiday)
{
    if (found->n == CALENDAR_HOLIDAYS_MAX)
        return "gives, with the events before it, more than 4096 days";
    found->all[found->n++] = holiday;
    return NULL;
}

/* The part of a stretch of the wall that lies on one date. */
static struct calendar_holiday on_date(int32_t date, int64_t from_s, int64_t until_s,
                                       const char *name)
{
    int64_t midnight_s = (int64_t)date * CALENDAR_DAY_S;
    int64_t begin_s = from_s - midnight_s, end_s = until_s - midnight_s;
    return (struct calendar_holiday){
        .date = date,
        .from_s = begin_s > 0 ? (int32_t)begin_s : 0,
        .until_s = end_s < CALENDAR_DAY_S ? (int32_t)end_s : CALENDAR_DAY_S,
        .name = name,
    };
}

static const char *add_days(struct ical_found *found, int64_t from_s, int64_t until_s,
                            const char *name)
{
    int32_t first = calendar_date(CALENDAR_YEAR_FIRST, 1, 1), begin = date_of(from_s);
    int32_t last = calendar_date(CALENDAR_YEAR_LAST, 12, 31), end = date_of(until_s - 1);
    const char *error = NULL;
    end = end < last ? end : last;
    for (int32_t date = begin > first ? begin : first; date <= end && !error; date++)
        error = add(found, on_date(date, from_s, until_s, name));
    return error;
}

/* -- occurrences ------------------------------------------------------------------------------- */

static bool is_except(struct ical_found *found, const struct ical_event *e,
                      struct ical_moment start)
{
    int64_t wall_s = ical_wall_s(start, found->zone);
    bool except = false;
    found->turns += e->except.n + 1;
    for (size_t i = 0; i < e->except.n && !except; i++) {
        const struct ical_moment *m = &e->except.all[i];
        if (m->is_date)
            except = date_of(m->wall_s) == date_of(start.wall_s);
        else
            except = m->from == start.from ? m->wall_s == start.wall_s
                                           : ical_wall_s(*m, found->zone) == wall_s;
    }
    return except;
}

/* An occurrence of the event that begins at that moment. */
static const char *add_occurrence(struct ical_found *found, const struct ical_event *e,
                                  struct ical_moment start)
{
    struct ical_moment end = start;
    end.wall_s += e->duration_s;
    if (is_except(found, e, start))
        return NULL;
    return add_days(found, ical_wall_s(start, found->zone), ical_wall_s(end, found->zone), e->name);
}

/* -- plain yearly rules ------------------------------------------------------------------------ */

static bool is_set(const short *list)
{
    return list[0] != ICAL_RECURRENCE_ARRAY_MAX;
}

/* Nothing asked for, or just what the start says. */
static bool is_only(const short *list, int value)
{
    return !is_set(list) || (list[0] == value && list[1] == ICAL_RECURRENCE_ARRAY_MAX);
}

/* "Every year": by month and day alone, those of its start. */
static bool is_every_year(const struct icalrecurrencetype *rule, int month, int day)
{
    return rule->freq == ICAL_YEARLY_RECURRENCE && rule->interval == 1 && rule->count == 0 &&
           icaltime_is_null_time(rule->until) && is_only(rule->by_month, month) &&
           is_only(rule->by_month_day, day) &&
           (is_set(rule->by_month) || !is_set(rule->by_month_day)) && !is_set(rule->by_day) &&
           !is_set(rule->by_year_day) && !is_set(rule->by_week_no) && !is_set(rule->by_set_pos);
}

/* Its days are the same in every year: it is short, on this zone's wall, and does not pass the end
 * of February. */
static bool is_same_every_year(const struct ical_found *found, const struct ical_event *e)
{
    if ((e->start.from && e->start.from != found->zone) || e->duration_s > 300LL * CALENDAR_DAY_S)
        return false;
    int32_t first = date_of(e->start.wall_s);
    int32_t last = date_of(e->start.wall_s + e->duration_s - 1);
    int year, month, day, last_year, last_month;
    calendar_date_parts(first, &year, &month, &day);
    calendar_date_parts(last, &last_year, &last_month, &day);
    int32_t march = calendar_date(month > 2 ? year + 1 : year, 3, 1);
    return e->more.n == 0 && e->except.n == 0 && last < march;
}

static const char *add_yearly(struct ical_found *found, const struct ical_event *e)
{
    int64_t from_s = e->start.wall_s, until_s = from_s + e->duration_s;
    const char *error = NULL;
    for (int32_t date = date_of(from_s); date <= date_of(until_s - 1) && !error; date++) {
        struct calendar_holiday holiday = on_date(date, from_s, until_s, e->name);
        int year, month, day;
        calendar_date_parts(date, &year, &month, &day);
        if (year < CALENDAR_YEAR_FIRST) /* which is a leap year */
            holiday.date = calendar_date(CALENDAR_YEAR_FIRST, month, day);
        holiday.yearly = true;
        error = year <= CALENDAR_YEAR_LAST ? add(found, holiday) : NULL;
    }
    return error;
}

/* -- other rules ------------------------------------------------------------------------------- */

/* Steps below a day are an attack or a mistake: there is a holiday on a date once. */
static const char *check_rule(struct ical_found *found, const struct icalrecurrencetype *rule)
{
    if (rule->freq == ICAL_NO_RECURRENCE)
        return "is no rule";
    if (rule->freq < ICAL_DAILY_RECURRENCE || is_set(rule->by_hour) || is_set(rule->by_minute) ||
        is_set(rule->by_second))
        return "repeats within a day";
    if (rule->rscale)
        return "counts by another calendar than the Gregorian";
    return found->rules++ < RULES_MAX ? NULL
                                      : "is one of more than 256 that are not plainly yearly";
}

/* The last wall time, on the wall of the event's start, at which a rule still applies. */
static int64_t rule_until_s(const struct ical_found *found, const struct ical_event *e,
                            const struct icaltimetype *until)
{
    if (icaltime_is_null_time(*until))
        return INT64_MAX;
    struct ical_moment m = {.wall_s = calendar_date(until->year, until->month, until->day) *
                                      (int64_t)CALENDAR_DAY_S};
    if (until->is_date)
        return m.wall_s + CALENDAR_DAY_S - 1;
    m.wall_s += until->hour * 3600 + until->minute * 60 + until->second;
    m.from = icaltime_is_utc(*until) ? zone_get("UTC") : NULL;
    return ical_wall_s(m, e->start.from ? e->start.from : found->zone);
}

static struct icaltimetype to_icaltime(struct ical_moment m)
{
    struct icaltimetype t = {.is_date = m.is_date};
    int32_t date = date_of(m.wall_s), day_s = (int32_t)(m.wall_s - (int64_t)date * CALENDAR_DAY_S);
    calendar_date_parts(date, &t.year, &t.month, &t.day);
    t.hour = day_s / 3600;
    t.minute = day_s / 60 % 60;
    t.second = day_s % 60;
    return t;
}

static const char *add_occurrences(struct ical_found *found, const struct ical_event *e,
                                   icalrecur_iterator *iterator, int64_t until_s)
{
    const char *error = NULL;
    while (!error) {
        struct icaltimetype t = icalrecur_iterator_next(iterator);
        struct ical_moment start = e->start;
        start.wall_s = calendar_date(t.year, t.month, t.day) * (int64_t)CALENDAR_DAY_S +
                       t.hour * 3600 + t.minute * 60 + t.second;
        if (icaltime_is_null_time(t) || t.year > CALENDAR_YEAR_LAST || start.wall_s > until_s)
            break;
        if (start.wall_s != e->start.wall_s)
            error = add_occurrence(found, e, start);
        if (!error && ++found->turns > TURNS_MAX)
            error = "takes, with the rules before it, too long to work out";
    }
    return error;
}

static const char *expand_rule(struct ical_found *found, const struct ical_event *e)
{
    struct icalrecurrencetype rule = icalrecurrencetype_from_string(e->rule);
    struct icaltimetype start = to_icaltime(e->start);
    if (rule.freq == ICAL_YEARLY_RECURRENCE && is_every_year(&rule, start.month, start.day) &&
        is_same_every_year(found, e) && !rule.rscale)
        return add_yearly(found, e);
    const char *error = check_rule(found, &rule);
    if (error)
        return error;
    int64_t until_s = rule_until_s(found, e, &rule.until);
    rule.until = icaltime_null_time();
    icalrecur_iterator *iterator = icalrecur_iterator_new(rule, start);
    if (!iterator)
        return "is no rule";
    /* The start is an occurrence, whatever the rule says. */
    error = add_occurrence(found, e, e->start);
    if (!error)
        error = add_occurrences(found, e, iterator, until_s);
    icalrecur_iterator_free(iterator);
    return error;
}

/* -- events ------------------------------------------------------------------------------------ */

static const char *expand_dates(struct ical_found *found, const struct ical_event *e)
{
    const char *error = e->rule ? NULL : add_occurrence(found, e, e->start);
    for (size_t i = 0; i < e->more.n && !error; i++) {
        struct ical_moment start = e->more.all[i];
        if (start.is_date != e->start.is_date)
            error = "has an RDATE that is not of the kind of DTSTART";
        else
            error = add_occurrence(found, e, start);
    }
    return error;
}

static void make_errors_harmless(void)
{
    icalerror_set_errors_are_fatal(false);
}

const char *ical_expand(struct ical_found *found, const struct ical_event *e)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    const char *error = NULL;
    if (e->rule) {
        AM_ASSERT(pthread_once(&once, make_errors_harmless) == 0);
        AM_ASSERT(pthread_mutex_lock(&libical_lock) == 0);
        error = expand_rule(found, e);
        AM_ASSERT(pthread_mutex_unlock(&libical_lock) == 0);
    }
    return error ? error : expand_dates(found, e);
}
