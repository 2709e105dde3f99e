/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a rule, read by libical under a lock: it sets itself up when it first meets UTC. */
#include "calendar/ical_impl.h"

#include <pthread.h>

#include <libical/ical.h>

#include "base/assert.h"

static pthread_mutex_t libical_lock = PTHREAD_MUTEX_INITIALIZER;

static bool is_set(const short *list)
{
    return list[0] != ICAL_RECURRENCE_ARRAY_MAX;
}

static void copy_list(struct ical_list *list, const short *from, size_t room)
{
    for (size_t i = 0; i < room && from[i] != ICAL_RECURRENCE_ARRAY_MAX; i++)
        list->number[list->n++] = from[i];
}

/* libical counts weekdays from Sunday = 1. */
static int8_t weekday(int from_sunday)
{
    return (int8_t)((from_sunday + 5) % 7);
}

static void copy_days(struct ical_list *list, const short *from, size_t room)
{
    for (size_t i = 0; i < room && from[i] != ICAL_RECURRENCE_ARRAY_MAX; i++) {
        list->weekday[list->n] = weekday((int)icalrecurrencetype_day_day_of_week(from[i]));
        list->number[list->n++] = (int16_t)icalrecurrencetype_day_position(from[i]);
    }
}

/* -- what is taken ----------------------------------------------------------------------------- */

/* Steps below a day are an attack or a mistake: there is a holiday on a date once. */
static const char *check_rule(const struct icalrecurrencetype *r)
{
    if (r->freq == ICAL_NO_RECURRENCE || r->interval < 1 || r->count < 0)
        return "is no rule";
    if (r->freq < ICAL_DAILY_RECURRENCE || is_set(r->by_hour) || is_set(r->by_minute) ||
        is_set(r->by_second))
        return "repeats within a day";
    return r->rscale ? "counts by another calendar than the Gregorian" : NULL;
}

/* The table of RFC 5545, page 44. */
static const char *check_parts(const struct ical_rule *rule)
{
    bool numbered = false;
    for (size_t i = 0; i < rule->days.n; i++)
        numbered = numbered || rule->days.number[i] != 0;
    for (size_t i = 0; i < rule->months.n; i++)
        if (rule->months.number[i] < 1 || rule->months.number[i] > 12) /* of another calendar */
            return "is no rule";
    if ((rule->weeks.n && rule->unit != ICAL_YEAR) ||
        (rule->year_days.n && rule->unit != ICAL_YEAR) ||
        (rule->month_days.n && rule->unit == ICAL_WEEK) ||
        (numbered && (rule->unit < ICAL_MONTH || rule->weeks.n)))
        return "has parts that RFC 5545 does not allow together";
    return NULL;
}

/* Some write the last second of the day that they mean, as if all the world were in UTC. */
static int32_t last_day(struct ical_moment m, const struct ical_zones *zones)
{
    return m.wall_s % CALENDAR_DAY_S == CALENDAR_DAY_S - 1 ? ical_date(m.wall_s)
                                                           : ical_day(m, zones);
}

/* The last wall time, on the wall of the event's start, at which a rule still applies. */
static int64_t until_s(const struct icaltimetype *until, const struct ical_event *e,
                       const struct zone *zone)
{
    if (icaltime_is_null_time(*until))
        return INT64_MAX;
    struct ical_moment m = {.wall_s = calendar_date(until->year, until->month, until->day) *
                                      (int64_t)CALENDAR_DAY_S};
    if (until->is_date)
        return m.wall_s + CALENDAR_DAY_S - 1;
    m.wall_s += until->hour * 3600 + until->minute * 60 + until->second;
    m.from = icaltime_is_utc(*until) ? zone_get("UTC") : NULL;
    if (e->start.is_date)
        return last_day(m, e->zones) * (int64_t)CALENDAR_DAY_S + CALENDAR_DAY_S - 1;
    return ical_wall_s(m, e->start.from ? e->start.from : zone);
}

static void add_number(struct ical_list *list, int number)
{
    list->number[list->n++] = (int16_t)number;
}

/* Where a rule says nothing of the day, it is the start's. */
static void complete_rule(struct ical_rule *rule, const struct ical_event *e)
{
    int year, month, day;
    int32_t date = ical_date(e->start.wall_s);
    calendar_date_parts(date, &year, &month, &day);
    if (rule->days.n || rule->month_days.n || rule->year_days.n)
        return;
    if (rule->unit == ICAL_WEEK || (rule->unit == ICAL_YEAR && rule->weeks.n)) {
        rule->days.weekday[0] = (int8_t)(((date + 3) % 7 + 7) % 7);
        rule->days.n = 1;
        return;
    }
    if (rule->unit == ICAL_YEAR && !rule->months.n)
        add_number(&rule->months, month);
    if (rule->unit >= ICAL_MONTH)
        add_number(&rule->month_days, day);
}

static bool is_only(const struct ical_list *list, int number)
{
    return list->n == 1 && list->number[0] == number;
}

bool ical_rule_is_every_year(const struct ical_rule *rule, const struct ical_event *e)
{
    int year, month, day;
    calendar_date_parts(ical_date(e->start.wall_s), &year, &month, &day);
    return rule->unit == ICAL_YEAR && rule->interval == 1 && rule->count == 0 &&
           rule->until_s == INT64_MAX && is_only(&rule->months, month) &&
           is_only(&rule->month_days, day) && !rule->days.n && !rule->year_days.n &&
           !rule->weeks.n && !rule->positions.n;
}

static void take_rule(struct ical_rule *rule, const struct icalrecurrencetype *r)
{
    *rule = (struct ical_rule){
        .unit = (enum ical_unit)((int)r->freq - (int)ICAL_DAILY_RECURRENCE),
        .interval = r->interval,
        .count = r->count,
        .week_start = weekday((int)r->week_start),
    };
    copy_list(&rule->months, r->by_month, ICAL_BY_MONTH_SIZE);
    copy_list(&rule->weeks, r->by_week_no, ICAL_BY_WEEKNO_SIZE);
    copy_list(&rule->year_days, r->by_year_day, ICAL_BY_YEARDAY_SIZE);
    copy_list(&rule->month_days, r->by_month_day, ICAL_BY_MONTHDAY_SIZE);
    copy_list(&rule->positions, r->by_set_pos, ICAL_BY_SETPOS_SIZE);
    copy_days(&rule->days, r->by_day, ICAL_BY_DAY_SIZE);
}

static const char *read_locked(struct ical_rule *rule, const struct ical_event *e,
                               const struct zone *zone)
{
    struct icalrecurrencetype r = icalrecurrencetype_from_string(e->rule);
    const char *error = check_rule(&r);
    if (error)
        return error;
    take_rule(rule, &r);
    rule->until_s = until_s(&r.until, e, zone);
    return check_parts(rule);
}

const char *ical_rule_read(struct ical_rule *rule, const struct ical_event *e,
                           const struct zone *zone)
{
    AM_ASSERT(pthread_mutex_lock(&libical_lock) == 0);
    const char *error = read_locked(rule, e, zone);
    AM_ASSERT(pthread_mutex_unlock(&libical_lock) == 0);
    if (!error)
        complete_rule(rule, e);
    return error;
}
