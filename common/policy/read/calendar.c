/* SPDX-License-Identifier: Apache-2.0 */

/* Calendars: weekly hours, dates, holidays. */

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "calendar/ical.h"
#include "policy/read/read.h"
#include "policy/words.h"

/* A calendar while it is read; the arrays have room for the most there may be. */
struct draft {
    struct policy_calendar calendar;
    const struct zone *zone;
    unsigned weekdays; /* seen: bits */
    struct calendar_window *windows;
    struct calendar_day *days;
    struct calendar_holiday *holidays;
    /* Of the weekday or date being read. */
    unsigned for_weekdays;
    int32_t for_date;
    size_t n_hours;
};

static void too_many(struct bundle *b, const struct ynode *node, const char *what, int most)
{
    ynode_problem(b->problems, node, false, "is too much: a calendar has at most %d %s", most,
                  what);
}

static bool read_window(struct bundle *b, const struct ynode *node, int32_t *from_s,
                        int32_t *until_s)
{
    if (!read_is_scalar(b, node))
        return false;
    const char *why = word_window(node->text, from_s, until_s);
    if (why)
        ynode_problem(b->problems, node, false, "`%.*s` %s", ynode_shown(node->text), node->text,
                      why);
    return why == NULL;
}

static bool is_closed(const struct ynode *node)
{
    return node->kind == YNODE_SCALAR && strcmp(node->text, "closed") == 0;
}

/* -- weekly ------------------------------------------------------------------------------------ */

static void add_window(struct bundle *b, const struct ynode *node, void *ctx)
{
    struct draft *d = ctx;
    struct calendar_spec *spec = &d->calendar.spec;
    struct calendar_window w;
    if (!read_window(b, node, &w.from_s, &w.until_s))
        return;
    for (int8_t day = 0; day < 7; day++) {
        if (!((d->for_weekdays >> day) & 1))
            continue;
        if (spec->n_windows == CALENDAR_WINDOWS_MAX) {
            too_many(b, node, "windows a week", CALENDAR_WINDOWS_MAX);
            return;
        }
        w.weekday = day;
        d->windows[spec->n_windows++] = w;
    }
}

static void read_weekly(struct bundle *b, const struct ynode *node, struct draft *d)
{
    if (!read_is_map(b, node, "weekdays and their hours, as in `mon-fri: 09:00-17:30`"))
        return;
    for (const struct ynode *c = node->first; c; c = c->next) {
        const char *why = word_weekdays(c->key, &d->for_weekdays);
        if (why) {
            ynode_key_problem(b->problems, c, "`%.*s` %s", ynode_shown(c->key), c->key, why);
            continue;
        }
        if (d->weekdays & d->for_weekdays)
            ynode_key_problem(b->problems, c,
                              "names a weekday that has its hours already: write all "
                              "hours of a day in one list");
        d->weekdays |= d->for_weekdays;
        if (!is_closed(c))
            read_each(b, c, add_window, d);
    }
}

/* -- dates ------------------------------------------------------------------------------------- */

static void add_day(struct bundle *b, const struct ynode *node, struct draft *d, int32_t from_s,
                    int32_t until_s)
{
    struct calendar_spec *spec = &d->calendar.spec;
    if (spec->n_days == CALENDAR_DATES_MAX) {
        too_many(b, node, "hours of dates", CALENDAR_DATES_MAX);
        return;
    }
    d->days[spec->n_days++] =
        (struct calendar_day){.date = d->for_date, .from_s = from_s, .until_s = until_s};
}

/* Since `amends: 2` a closed date is off like a holiday, whatever shift its time is of. In
 * `amends: 1` no shift begins on it. */
static void add_closed(struct bundle *b, const struct ynode *node, struct draft *d)
{
    int32_t at_s = b->policy->format < 2 ? 0 : CALENDAR_DAY_S;
    add_day(b, node, d, at_s, at_s);
}

static void add_date_window(struct bundle *b, const struct ynode *node, void *ctx)
{
    int32_t from_s, until_s;
    if (read_window(b, node, &from_s, &until_s))
        add_day(b, node, ctx, from_s, until_s);
}

static void read_dates(struct bundle *b, const struct ynode *node, struct draft *d)
{
    if (!read_is_map(b, node, "dates and their hours, as in `2026-12-24: 09:00-12:00`"))
        return;
    for (const struct ynode *c = node->first; c; c = c->next) {
        if (calendar_date_parse(c->key, &d->for_date) != AM_OK)
            ynode_key_problem(b->problems, c,
                              "`%.*s` is no date such as 2026-12-24, of the years 2000 to 2099",
                              ynode_shown(c->key), c->key);
        else if (is_closed(c))
            add_closed(b, c, d);
        else
            read_each(b, c, add_date_window, d);
    }
}

/* -- holidays ---------------------------------------------------------------------------------- */

static void read_holiday(struct bundle *b, const struct ynode *node, struct draft *d)
{
    struct calendar_spec *spec = &d->calendar.spec;
    struct calendar_holiday h = {.until_s = CALENDAR_DAY_S, .name = ""};
    if (!read_is_map(b, node, "date, name, and hours or yearly if need be"))
        return;
    read_entry(b, SCOPE_HOLIDAY, node, &h);
    const struct ynode *date = ynode_get(node, "date");
    if (read_is_scalar(b, date) && calendar_date_parse(date->text, &h.date) != AM_OK)
        ynode_problem(b->problems, date, false,
                      "`%.*s` is no date such as 2026-12-25, of the years 2000 to 2099",
                      ynode_shown(date->text), date->text);
    const struct ynode *hours = ynode_get(node, "hours");
    if (hours && read_window(b, hours, &h.from_s, &h.until_s) && h.until_s > CALENDAR_DAY_S)
        ynode_problem(b->problems, hours, false,
                      "ends on another day: a holiday is part of its date");
    if (spec->n_holidays == CALENDAR_HOLIDAYS_MAX)
        too_many(b, node, "holidays", CALENDAR_HOLIDAYS_MAX);
    else
        d->holidays[spec->n_holidays++] = h;
}

static void read_holidays(struct bundle *b, const struct ynode *node, struct draft *d)
{
    if (!read_is_list(b, node, "holidays, as in `{date: 2026-12-25, name: Christmas}`"))
        return;
    for (const struct ynode *c = node->first; c; c = c->next)
        read_holiday(b, c, d);
}

/* -- iCalendar --------------------------------------------------------------------------------- */

/* The words of a list while they are read. */
struct words {
    const char *all[ICAL_WORDS_MAX];
    size_t n;
};

static void add_word(struct bundle *b, const struct ynode *node, void *ctx)
{
    struct words *words = ctx;
    const char *word;
    if (!read_text(b, node, POLICY_TEXT_BYTES_MAX, &word))
        return;
    if (words->n == ICAL_WORDS_MAX)
        ynode_problem(b->problems, node, false, "is one word too many: at most %d", ICAL_WORDS_MAX);
    else
        words->all[words->n++] = word;
}

/* A problem of the text, at its line. The lines of a block are lines of the bundle too. */
static void tell_line(struct bundle *b, const struct ynode *node, unsigned line, bool warning,
                      const char *text)
{
    struct bundle_problem where = {.path = ynode_path(node, b->arena)};
    ynode_place(node, &where);
    where.warning = warning;
    if (line > 0 && node->literal) {
        where.line += (int)line;
        where.column = 1;
    }
    if (line > 0 && !node->literal)
        bundle_problem_add(b->problems, &where, "iCalendar: line %u: %s", line, text);
    else
        bundle_problem_add(b->problems, &where, "iCalendar: %s", text);
}

static void tell_violation(struct bundle *b, const struct ynode *node, const char *text)
{
    unsigned line = 0;
    if (node->literal && strncmp(text, "line ", 5) == 0) {
        char *rest;
        line = (unsigned)strtoul(text + 5, &rest, 10);
        text = rest + strspn(rest, ":, ");
    }
    tell_line(b, node, line, false, text);
}

static void tell_notes(struct bundle *b, const struct ynode *node, const struct ical_days *days)
{
    for (size_t i = 0; i < days->n_notes; i++)
        tell_line(b, node, days->notes[i].line, true, days->notes[i].text);
    if (days->n_notes_left_out > 0)
        ynode_problem(b->problems, node, true, "iCalendar: and %zu more", days->n_notes_left_out);
}

static void read_ical_text(struct bundle *b, const struct ynode *node,
                           const struct ical_choice *choice, struct draft *d)
{
    struct calendar_spec *spec = &d->calendar.spec;
    struct ical_days days;
    struct fault fault;
    if (!node || !read_is_scalar(b, node))
        return;
    fault_init(&fault, b->arena);
    const struct zone *zone = d->calendar.zone ? d->calendar.zone : b->policy->zone;
    int err = ical_holidays(node->text, zone, choice, b->arena, "ical", &days, &fault);
    for (size_t i = 0; i < fault.n_violations; i++)
        tell_violation(b, node, fault.violations[i].text);
    if (err != AM_OK && fault.n_violations == 0)
        ynode_problem(b->problems, node, false, "is too much for a calendar");
    if (err != AM_OK)
        return;
    tell_notes(b, node, &days);
    if (days.n > CALENDAR_HOLIDAYS_MAX - spec->n_holidays) {
        too_many(b, node, "holidays", CALENDAR_HOLIDAYS_MAX);
        return;
    }
    for (size_t i = 0; i < days.n; i++)
        d->holidays[spec->n_holidays++] = days.holidays[i];
}

/* A text, or a mapping of a text and a choice of its events. */
static void read_ical(struct bundle *b, const struct ynode *node, struct draft *d)
{
    struct words only = {.n = 0}, except = {.n = 0};
    struct ical_choice choice = {.only = only.all, .except = except.all};
    if (!node || node->kind == YNODE_SCALAR) {
        read_ical_text(b, node, &choice, d);
        return;
    }
    if (!read_is_map(b, node, "the text of an iCalendar file, with `only` or `except` if need be"))
        return;
    read_entry(b, SCOPE_ICAL, node, &choice);
    read_each(b, ynode_get(node, "only"), add_word, &only);
    read_each(b, ynode_get(node, "except"), add_word, &except);
    choice.n_only = only.n;
    choice.n_except = except.n;
    read_ical_text(b, ynode_get(node, "text"), &choice, d);
}

/* -- holidays of another calendar -------------------------------------------------------------- */

static void add_holidays_of(struct bundle *b, const struct ynode *node, void *ctx)
{
    struct draft *d = ctx;
    struct calendar_spec *spec = &d->calendar.spec;
    int16_t other = -1;
    if (!read_calendar_name(b, node, &other) || other < 0)
        return;
    const struct calendar_spec *from = &b->policy->calendars[other].spec;
    if (from->n_holidays > CALENDAR_HOLIDAYS_MAX - spec->n_holidays) {
        too_many(b, node, "holidays", CALENDAR_HOLIDAYS_MAX);
        return;
    }
    for (size_t i = 0; i < from->n_holidays; i++)
        d->holidays[spec->n_holidays++] = from->holidays[i];
}

/* -- the whole --------------------------------------------------------------------------------- */

static void read_calendar(struct bundle *b, const struct ynode *node)
{
    struct draft d = {.calendar = {.name = node->key}};
    if (!read_is_map(b, node, "weekly hours, and dates, holidays or a time_zone if need be"))
        return;
    read_entry(b, SCOPE_CALENDAR, node, &d.calendar);
    d.windows = ARENA_ARRAY(b->arena, struct calendar_window, CALENDAR_WINDOWS_MAX);
    d.days = ARENA_ARRAY(b->arena, struct calendar_day, CALENDAR_DATES_MAX);
    d.holidays = ARENA_ARRAY(b->arena, struct calendar_holiday, CALENDAR_HOLIDAYS_MAX);
    read_weekly(b, ynode_get(node, "weekly"), &d);
    read_dates(b, ynode_get(node, "dates"), &d);
    read_holidays(b, ynode_get(node, "holidays"), &d);
    read_ical(b, ynode_get(node, "ical"), &d);
    read_each(b, ynode_get(node, "holidays_of"), add_holidays_of, &d);
    d.calendar.spec.windows = d.windows;
    d.calendar.spec.days = d.days;
    d.calendar.spec.holidays = d.holidays;
    AM_ASSERT(policy_add_calendar(b->policy, &d.calendar) == AM_OK);
}

void read_calendars(struct bundle *b)
{
    const struct ynode *node = ynode_get(b->root, "calendars");
    if (!node || !read_is_map(b, node, "names of calendars and their hours"))
        return;
    for (const struct ynode *c = node->first; c; c = c->next) {
        if (c->index == POLICY_CALENDARS_MAX) {
            ynode_key_problem(b->problems, c, "is one calendar too many: at most %d",
                              POLICY_CALENDARS_MAX);
            return;
        }
        read_calendar(b, c);
    }
}
