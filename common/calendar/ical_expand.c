/* SPDX-License-Identifier: Apache-2.0 */
/* From events to days. */
#include "calendar/ical_impl.h"

struct expansion {
    struct ical_found *found;
    const struct ical_event *event;
};

int32_t ical_date(int64_t wall_s)
{
    return (int32_t)(wall_s / CALENDAR_DAY_S - (wall_s % CALENDAR_DAY_S < 0));
}

/* -- days -------------------------------------------------------------------------------------- */

static const char *add(struct ical_found *found, struct calendar_holiday holiday)
{
    if (found->n == CALENDAR_HOLIDAYS_MAX) {
        found->too_much = true;
        return "gives, with the events before it, more than 4096 days";
    }
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
    int32_t first = calendar_date(CALENDAR_YEAR_FIRST, 1, 1), begin = ical_date(from_s);
    int32_t last = calendar_date(CALENDAR_YEAR_LAST, 12, 31), end = ical_date(until_s - 1);
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
    found->turns += e->except.n * ICAL_EXCEPT_TURNS;
    for (size_t i = 0; i < e->except.n && !except; i++) {
        const struct ical_moment *m = &e->except.all[i];
        if (start.is_date || m->is_date)
            except = ical_day(*m, e->zones) == ical_date(start.wall_s);
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
    bool except = is_except(found, e, start);
    if (found->turns > ICAL_TURNS_MAX)
        return ICAL_TOO_LONG;
    if (except)
        return NULL;
    return add_days(found, ical_wall_s(start, found->zone), ical_wall_s(end, found->zone), e->name);
}

/* -- rules ------------------------------------------------------------------------------------- */

/* Its days are the same in every year: it is short, on this zone's wall, and does not pass the end
 * of February. */
static bool is_same_every_year(const struct ical_found *found, const struct ical_event *e)
{
    if ((e->start.from && e->start.from != found->zone) || e->duration_s > 300LL * CALENDAR_DAY_S)
        return false;
    int32_t first = ical_date(e->start.wall_s);
    int32_t last = ical_date(e->start.wall_s + e->duration_s - 1);
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
    for (int32_t date = ical_date(from_s); date <= ical_date(until_s - 1) && !error; date++) {
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

/* Takes an occurrence that a rule gives. The event's start is left out: it is an occurrence
 * whatever the rule says, so it has been added already. */
static const char *take_occurrence(void *ctx, int64_t wall_s)
{
    struct expansion *x = ctx;
    struct ical_moment start = x->event->start;
    start.wall_s = wall_s;
    return add_occurrence(x->found, x->event, start);
}

static const char *expand_rule(struct ical_found *found, const struct ical_event *e)
{
    struct ical_rule rule;
    struct expansion x = {found, e};
    const char *error = ical_rule_read(&rule, e, found->zone);
    if (error)
        return error;
    if (ical_rule_is_every_year(&rule, e) && is_same_every_year(found, e))
        return add_yearly(found, e);
    error = add_occurrence(found, e, e->start);
    return error ? error : ical_rule_walk(&rule, e, &found->turns, take_occurrence, &x);
}

const char *ical_expand(struct ical_found *found, const struct ical_event *e)
{
    const char *error = e->rule ? expand_rule(found, e) : add_occurrence(found, e, e->start);
    for (size_t i = 0; i < e->more.n && !error; i++)
        error = add_occurrence(found, e, e->more.all[i]);
    found->too_much = found->too_much || found->turns > ICAL_TURNS_MAX;
    return error;
}
