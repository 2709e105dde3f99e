/* SPDX-License-Identifier: Apache-2.0 */
/* Lays a spec out into slots: all windows without the holidays, in order, none touching the
 * next. */
#include "calendar/calendar_impl.h"

#include <stdlib.h>

#include "base/assert.h"

/* Stretches of time, seconds since 2000. */
struct stretch {
    uint32_t from_s, until_s;
};
struct stretches {
    struct stretch *all;
    size_t n, room;
};

static void add_stretch(struct stretches *list, struct stretch stretch)
{
    if (list->n == list->room) {
        list->room = list->room ? list->room * 2 : 4096;
        list->all = realloc(list->all, list->room * sizeof(*list->all));
        AM_ASSERT(list->all);
    }
    list->all[list->n++] = stretch;
}

static int64_t clamp_s(int64_t at_s)
{
    at_s = at_s < CALENDAR_FROM_S ? CALENDAR_FROM_S : at_s;
    return at_s > CALENDAR_UNTIL_S ? CALENDAR_UNTIL_S : at_s;
}

/* What of a span lies within the calendar's years, kept in the order of the starts. Spans come
 * nearly in order: only a clock that was moved can turn two of them around. */
static void add_span(void *ctx, const struct span *span)
{
    struct stretches *list = ctx;
    struct stretch new = {(uint32_t)(clamp_s(span->from_s) - CALENDAR_FROM_S),
                          (uint32_t)(clamp_s(span->until_s) - CALENDAR_FROM_S)};
    if (new.from_s == new.until_s)
        return;
    add_stretch(list, new);
    size_t i = list->n - 1;
    for (; i > 0 && list->all[i - 1].from_s > new.from_s; i--)
        list->all[i] = list->all[i - 1];
    list->all[i] = new;
}

/* Joins those that overlap or touch. */
static void join_stretches(struct stretches *list)
{
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++) {
        struct stretch next = list->all[i];
        if (n == 0 || list->all[n - 1].until_s < next.from_s)
            list->all[n++] = next;
        else if (list->all[n - 1].until_s < next.until_s)
            list->all[n - 1].until_s = next.until_s;
    }
    list->n = n;
}

/* `from` without what `away` covers; both joined. */
static struct stretches without(const struct stretches *from, const struct stretches *away)
{
    struct stretches left = {0};
    size_t a = 0;
    for (size_t i = 0; i < from->n; i++) {
        struct stretch rest = from->all[i];
        while (a < away->n && away->all[a].until_s <= rest.from_s)
            a++;
        /* The last one looked at may reach into the next stretch too: `a` stays. */
        for (size_t k = a; k < away->n && away->all[k].from_s < rest.until_s; k++) {
            if (rest.from_s < away->all[k].from_s)
                add_stretch(&left, (struct stretch){rest.from_s, away->all[k].from_s});
            rest.from_s = away->all[k].until_s;
        }
        if (rest.from_s < rest.until_s)
            add_stretch(&left, rest);
    }
    return left;
}

/* A window is two days long at most, and no wall is further than a day from UTC. */
static struct stretches working_time(const struct calendar *c)
{
    struct stretches windows = {0}, holidays = {0};
    int32_t first = calendar_date(CALENDAR_YEAR_FIRST, 1, 1) - 3;
    int32_t last = calendar_date(CALENDAR_YEAR_LAST, 12, 31) + 1;
    for (int32_t date = first; date <= last; date++) {
        calendar_each_window(c, date, add_span, &windows);
        calendar_each_holiday(c, date, add_span, &holidays);
        calendar_each_off(c, date, add_span, &holidays);
    }
    join_stretches(&windows);
    join_stretches(&holidays);
    struct stretches left = without(&windows, &holidays);
    free(windows.all);
    free(holidays.all);
    return left;
}

static void set_slots(struct calendar *c, const struct stretches *work)
{
    uint32_t before_s = 0;
    c->n_slots = work->n;
    c->slots = calloc(work->n + 1, sizeof(*c->slots));
    AM_ASSERT(c->slots);
    for (size_t i = 0; i < work->n; i++) {
        c->slots[i] = (struct slot){work->all[i].from_s, before_s};
        before_s += work->all[i].until_s - work->all[i].from_s;
    }
    c->slots[work->n] = (struct slot){CALENDAR_UNTIL_S - CALENDAR_FROM_S, before_s};
}

/* The first year, on the zone's wall, in which nobody works; 0 when there is none. */
static int year_without_work(const struct calendar *c)
{
    for (int year = CALENDAR_YEAR_FIRST; year <= CALENDAR_YEAR_LAST; year++) {
        int64_t from_s = (int64_t)calendar_date(year, 1, 1) * CALENDAR_DAY_S;
        int64_t until_s = (int64_t)calendar_date(year + 1, 1, 1) * CALENDAR_DAY_S;
        int64_t from_us = zone_instant_s(c->zone, from_s, ZONE_FIRST) * 1000000;
        int64_t until_us = zone_instant_s(c->zone, until_s, ZONE_FIRST) * 1000000;
        if (calendar_between(c, from_us, until_us) == 0)
            return year;
    }
    return 0;
}

static bool lay_out(struct calendar *c, int *no_work_year)
{
    *no_work_year = 0;
    if (!calendar_sort_spec(c))
        return false;
    struct stretches work = working_time(c);
    set_slots(c, &work);
    free(work.all);
    *no_work_year = year_without_work(c);
    return *no_work_year == 0;
}

struct calendar *calendar_new(const struct calendar_spec *spec, const struct zone *zone,
                              int *no_work_year)
{
    struct calendar *c = calloc(1, sizeof(*c));
    AM_ASSERT(c);
    c->spec = spec;
    c->zone = zone;
    if (lay_out(c, no_work_year))
        return c;
    calendar_free(c);
    return NULL;
}

void calendar_free(struct calendar *c)
{
    if (!c)
        return;
    free(c->slots);
    free(c->windows);
    free(c->days);
    free(c->fixed);
    free(c->yearly);
    free(c);
}

size_t calendar_bytes(const struct calendar *c)
{
    return sizeof(*c) + (c->n_slots + 1) * sizeof(*c->slots) +
           (c->spec->n_windows + 1) * sizeof(*c->windows) +
           (c->spec->n_days + 1) * sizeof(*c->days) +
           2 * (c->spec->n_holidays + 1) * sizeof(*c->fixed);
}
