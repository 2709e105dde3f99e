/* SPDX-License-Identifier: Apache-2.0 */
/* The spec as it is looked up: which windows and holidays a date has, and when they are. */
#include "calendar/calendar_impl.h"

#include <stdlib.h>

#include "base/assert.h"

/* -- bounds ------------------------------------------------------------------------------------ */

static bool are_hours(int32_t from_s, int32_t until_s)
{
    return from_s >= 0 && from_s < CALENDAR_DAY_S && from_s < until_s &&
           until_s <= 2 * CALENDAR_DAY_S;
}

static bool is_window(const struct calendar_window *w)
{
    return w->weekday >= 0 && w->weekday < 7 && are_hours(w->from_s, w->until_s);
}

static bool is_day(const struct calendar_day *d)
{
    return d->from_s == d->until_s || are_hours(d->from_s, d->until_s);
}

static bool is_holiday(const struct calendar_holiday *h)
{
    return are_hours(h->from_s, h->until_s) && h->until_s <= CALENDAR_DAY_S && h->name;
}

static bool within_bounds(const struct calendar_spec *s)
{
    if (s->n_windows > CALENDAR_WINDOWS_MAX || s->n_days > CALENDAR_DATES_MAX ||
        s->n_holidays > CALENDAR_HOLIDAYS_MAX)
        return false;
    bool good = true;
    for (size_t i = 0; i < s->n_windows; i++)
        good = good && is_window(&s->windows[i]);
    for (size_t i = 0; i < s->n_days; i++)
        good = good && is_day(&s->days[i]);
    for (size_t i = 0; i < s->n_holidays; i++)
        good = good && is_holiday(&s->holidays[i]);
    return good;
}

/* -- order ------------------------------------------------------------------------------------- */

static int compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int by_weekday(const void *a, const void *b)
{
    const struct calendar_window *left = a, *right = b;
    int order = compare(left->weekday, right->weekday);
    return order ? order : compare(left->from_s, right->from_s);
}

static int by_date(const void *a, const void *b)
{
    const struct calendar_day *left = a, *right = b;
    int order = compare(left->date, right->date);
    return order ? order : compare(left->from_s, right->from_s);
}

static int by_key(const void *a, const void *b)
{
    const struct holiday_ref *left = a, *right = b;
    int order = compare(left->key, right->key);
    order = order ? order : compare(left->from_s, right->from_s);
    return order ? order : compare(left->index, right->index);
}

static void *room_for(size_t n, size_t size)
{
    void *block = calloc(n + 1, size);
    AM_ASSERT(block);
    return block;
}

static void sort_windows(struct calendar *c)
{
    const struct calendar_spec *s = c->spec;
    c->windows = room_for(s->n_windows, sizeof(*c->windows));
    for (size_t i = 0; i < s->n_windows; i++) {
        c->windows[i] = s->windows[i];
        c->weekday[s->windows[i].weekday + 1]++;
    }
    for (size_t d = 0; d < 7; d++)
        c->weekday[d + 1] += c->weekday[d];
    qsort(c->windows, s->n_windows, sizeof(*c->windows), by_weekday);
}

static void sort_days(struct calendar *c)
{
    const struct calendar_spec *s = c->spec;
    c->days = room_for(s->n_days, sizeof(*c->days));
    for (size_t i = 0; i < s->n_days; i++)
        c->days[i] = s->days[i];
    qsort(c->days, s->n_days, sizeof(*c->days), by_date);
}

static int32_t month_and_day(int32_t date)
{
    int year, month, day;
    calendar_date_parts(date, &year, &month, &day);
    return month * 32 + day;
}

static void sort_holidays(struct calendar *c)
{
    const struct calendar_spec *s = c->spec;
    c->fixed = room_for(s->n_holidays, sizeof(*c->fixed));
    c->yearly = room_for(s->n_holidays, sizeof(*c->yearly));
    for (uint32_t i = 0; i < s->n_holidays; i++) {
        const struct calendar_holiday *h = &s->holidays[i];
        if (h->yearly)
            c->yearly[c->n_yearly++] = (struct holiday_ref){month_and_day(h->date), h->from_s, i};
        else
            c->fixed[c->n_fixed++] = (struct holiday_ref){h->date, h->from_s, i};
    }
    qsort(c->fixed, c->n_fixed, sizeof(*c->fixed), by_key);
    qsort(c->yearly, c->n_yearly, sizeof(*c->yearly), by_key);
}

bool calendar_sort_spec(struct calendar *c)
{
    if (!within_bounds(c->spec))
        return false;
    sort_windows(c);
    sort_days(c);
    sort_holidays(c);
    return true;
}

/* -- a date's windows -------------------------------------------------------------------------- */

static int64_t instant_s(const struct calendar *c, int32_t date, int32_t day_s,
                         enum zone_occurrence occurrence)
{
    return zone_instant_s(c->zone, (int64_t)date * CALENDAR_DAY_S + day_s, occurrence);
}

int32_t calendar_date_at(const struct calendar *c, int64_t at_s)
{
    int64_t wall_s = zone_wall_s(c->zone, at_s);
    return (int32_t)(wall_s / CALENDAR_DAY_S - (wall_s % CALENDAR_DAY_S < 0));
}

/* False for a date that the zone's clocks skipped: its midnight moves to another date. */
static bool is_on_wall(const struct calendar *c, int32_t date)
{
    return calendar_date_at(c, instant_s(c, date, 0, ZONE_FIRST)) == date;
}

/* Moved out of a gap, a start can come to lie behind its end: such a window has no time. */
static void give_span(span_fn *each, void *ctx, struct span span)
{
    if (span.from_s < span.until_s)
        each(ctx, &span);
}

static void emit_window(const struct calendar *c, int32_t date, int32_t from_s, int32_t until_s,
                        span_fn *each, void *ctx)
{
    give_span(each, ctx,
              (struct span){instant_s(c, date, from_s, ZONE_FIRST),
                            instant_s(c, date, until_s, ZONE_SECOND), NULL});
}

/* The first of the days from this date on. */
static size_t find_day(const struct calendar *c, int32_t date)
{
    size_t low = 0, high = c->spec->n_days;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (c->days[middle].date < date)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* 1970-01-01 was a Thursday. */
static size_t weekday_of(int32_t date)
{
    return (size_t)(((date + 3) % 7 + 7) % 7);
}

/* The date keeps its weekday's windows, and loses its time. */
static bool is_off(const struct calendar_day *d)
{
    return d->from_s == CALENDAR_DAY_S && d->until_s == CALENDAR_DAY_S;
}

void calendar_each_window(const struct calendar *c, int32_t date, span_fn *each, void *ctx)
{
    if (!is_on_wall(c, date))
        return;
    size_t n = c->spec->n_days, i = find_day(c, date);
    bool own_hours = i < n && c->days[i].date == date && !is_off(&c->days[i]);
    for (; own_hours && i < n && c->days[i].date == date; i++)
        if (c->days[i].from_s < c->days[i].until_s)
            emit_window(c, date, c->days[i].from_s, c->days[i].until_s, each, ctx);
    if (own_hours)
        return;
    size_t day = weekday_of(date);
    for (size_t w = c->weekday[day]; w < c->weekday[day + 1]; w++)
        emit_window(c, date, c->windows[w].from_s, c->windows[w].until_s, each, ctx);
}

/* -- a date's holidays ------------------------------------------------------------------------- */

static size_t find_ref(const struct holiday_ref *refs, size_t n, int32_t key)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (refs[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void calendar_each_off(const struct calendar *c, int32_t date, span_fn *each, void *ctx)
{
    size_t i = find_day(c, date);
    if (i == c->spec->n_days || c->days[i].date != date || !is_off(&c->days[i]) ||
        !is_on_wall(c, date))
        return;
    give_span(each, ctx,
              (struct span){instant_s(c, date, 0, ZONE_FIRST),
                            instant_s(c, date, CALENDAR_DAY_S, ZONE_FIRST), NULL});
}

/* A day ends where the next one begins, be its midnight ambiguous or not. */
static void emit_holiday(const struct calendar *c, int32_t date, const struct calendar_holiday *h,
                         span_fn *each, void *ctx)
{
    enum zone_occurrence end = h->until_s == CALENDAR_DAY_S ? ZONE_FIRST : ZONE_SECOND;
    give_span(each, ctx,
              (struct span){instant_s(c, date, h->from_s, ZONE_FIRST),
                            instant_s(c, date, h->until_s, end), h});
}

static bool is_in_force(const struct calendar *c, int32_t date, const struct calendar_holiday *h)
{
    return h->date <= date && is_on_wall(c, date);
}

static void each_ref(const struct calendar *c, int32_t date, const struct holiday_ref *refs,
                     size_t n, int32_t key, span_fn *each, void *ctx)
{
    for (size_t i = find_ref(refs, n, key); i < n && refs[i].key == key; i++) {
        const struct calendar_holiday *h = &c->spec->holidays[refs[i].index];
        if (is_in_force(c, date, h))
            emit_holiday(c, date, h, each, ctx);
    }
}

void calendar_each_holiday(const struct calendar *c, int32_t date, span_fn *each, void *ctx)
{
    if (c->n_fixed)
        each_ref(c, date, c->fixed, c->n_fixed, date, each, ctx);
    if (c->n_yearly)
        each_ref(c, date, c->yearly, c->n_yearly, month_and_day(date), each, ctx);
}
