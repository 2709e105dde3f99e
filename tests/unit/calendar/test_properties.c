/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for every calendar, tried on thousands of random ones. */
#include "random.h"

#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CALENDARS 150
#else
#define CALENDARS 700
#endif
#define INSTANTS 40
#define SPAN_US (40 * 86400 * US)

struct trial {
    uint64_t seed;
    struct random_spec random;
    struct calendar *c;
    int64_t around_us;
    int64_t most_us; /* of working time that is asked for, so that nothing saturates */
};

/* Sets a trial up from a number that its failures name. */
static void begin(struct trial *t, uint64_t number, int32_t step_s)
{
    int64_t around_s;
    t->seed = number * 0x9e3779b97f4a7c15ULL | 1;
    random_spec_make(&t->random, &t->seed, step_s, &around_s);
    t->around_us = around_s * US;
    t->c = make(t->random.zone, &t->random.spec);
    int64_t before_us = calendar_between(t->c, CALENDAR_FROM_S * US, t->around_us);
    int64_t after_us = calendar_between(t->c, t->around_us, CALENDAR_UNTIL_S * US);
    t->most_us = (before_us < after_us ? before_us : after_us) / 4;
}

static int64_t an_instant(struct trial *t)
{
    return t->around_us + random_between(&t->seed, -10 * 86400 * US, 10 * 86400 * US);
}

static int64_t a_work(struct trial *t)
{
    int64_t most_us = random_between(&t->seed, 0, 8) ? HOURS(40) : HOURS(20000);
    return random_between(&t->seed, 0, most_us < t->most_us ? most_us : t->most_us);
}

static void holds(bool condition, uint64_t number, const struct trial *t, const char *text)
{
    if (!condition)
        fail_msg("calendar %llu in %s: %s", (unsigned long long)number, t->random.zone, text);
}
#define HOLDS(number, t, condition) holds((condition), (number), (t), #condition)

static void test_adding_and_measuring_agree(void **state)
{
    (void)state;
    for (uint64_t number = 1 * CALENDARS; number < 2 * CALENDARS; number++) {
        struct trial t;
        begin(&t, number, 1);
        for (int i = 0; i < INSTANTS; i++) {
            int64_t from = an_instant(&t), work = a_work(&t), more = a_work(&t);
            int64_t due = calendar_add(t.c, from, work);
            HOLDS(number, &t, due >= from);
            HOLDS(number, &t, calendar_between(t.c, from, due) == work);
            HOLDS(number, &t, work == 0 || calendar_between(t.c, from, due - 1) == work - 1);
            HOLDS(number, &t, work == 0 || calendar_works_at(t.c, due - 1));
            HOLDS(number, &t, calendar_add(t.c, due, more) == calendar_add(t.c, from, work + more));
            int64_t later = from + more % HOURS(30);
            HOLDS(number, &t, calendar_add(t.c, later, work) >= due);
        }
        calendar_free(t.c);
    }
}

static void test_subtracting_is_the_inverse_of_adding(void **state)
{
    (void)state;
    for (uint64_t number = 2 * CALENDARS; number < 3 * CALENDARS; number++) {
        struct trial t;
        begin(&t, number, 1);
        for (int i = 0; i < INSTANTS; i++) {
            int64_t until = an_instant(&t), work = a_work(&t), more = a_work(&t);
            int64_t from = calendar_subtract(t.c, until, work);
            HOLDS(number, &t, from <= until);
            HOLDS(number, &t, calendar_between(t.c, from, until) == work);
            HOLDS(number, &t, work == 0 || calendar_works_at(t.c, from));
            HOLDS(number, &t, work == 0 || calendar_between(t.c, from + 1, until) == work - 1);
            HOLDS(number, &t,
                  calendar_subtract(t.c, from, more) == calendar_subtract(t.c, until, work + more));
            /* Back from a working instant to itself; from a closed one to the next opening. */
            int64_t back = calendar_subtract(t.c, calendar_add(t.c, until, work), work);
            HOLDS(number, &t, back >= until && calendar_between(t.c, until, back) == 0);
            HOLDS(number, &t, back == until || !calendar_works_at(t.c, until));
        }
        calendar_free(t.c);
    }
}

static void test_measures_add_up(void **state)
{
    (void)state;
    for (uint64_t number = 3 * CALENDARS; number < 4 * CALENDARS; number++) {
        struct trial t;
        begin(&t, number, 1);
        for (int i = 0; i < INSTANTS; i++) {
            int64_t a = an_instant(&t), b = an_instant(&t), c = an_instant(&t);
            int64_t low = a < b ? a : b, high = a < b ? b : a;
            int64_t middle = c < low ? low : c > high ? high : c;
            HOLDS(number, &t,
                  calendar_between(t.c, low, middle) + calendar_between(t.c, middle, high) ==
                      calendar_between(t.c, low, high));
            HOLDS(number, &t, calendar_between(t.c, low, high) <= high - low);
            int64_t open = calendar_last_open(t.c, a);
            HOLDS(number, &t, open <= a && calendar_between(t.c, open, a) == 0);
            HOLDS(number, &t, calendar_works_at(t.c, open) || calendar_works_at(t.c, open - 1));
            HOLDS(number, &t, (open == a) || !calendar_works_at(t.c, a));
        }
        calendar_free(t.c);
    }
}

/* A pause of a clock: what is left is added after it. Over closed hours it changes nothing, and two
 * that touch are one. */
static void test_pauses_that_join_are_one_and_closed_ones_none(void **state)
{
    (void)state;
    for (uint64_t number = 4 * CALENDARS; number < 5 * CALENDARS; number++) {
        struct trial t;
        begin(&t, number, 1);
        for (int i = 0; i < INSTANTS; i++) {
            int64_t from = an_instant(&t), target = a_work(&t) + HOURS(2);
            int64_t pause = calendar_add(t.c, from, target / 2);
            int64_t left = target - calendar_between(t.c, from, pause);
            int64_t opens = calendar_add(t.c, pause, 1) - 1;
            HOLDS(number, &t, calendar_add(t.c, opens, left) == calendar_add(t.c, from, target));
            int64_t middle = pause + a_work(&t) % HOURS(50), end = middle + a_work(&t) % HOURS(50);
            int64_t between =
                calendar_between(t.c, pause, middle) + calendar_between(t.c, middle, end);
            HOLDS(number, &t,
                  calendar_add(t.c, end, left) == calendar_add(t.c, from, target + between));
        }
        calendar_free(t.c);
    }
}

static void test_parts_join_and_add_up(void **state)
{
    (void)state;
    for (uint64_t number = 5 * CALENDARS; number < 6 * CALENDARS; number++) {
        struct trial t;
        begin(&t, number, 1);
        const struct zone *z = calendar_zone(t.c);
        int64_t from = an_instant(&t), until = from + random_between(&t.seed, 1, SPAN_US);
        int64_t at = from, working = 0;
        struct calendar_part last = {0};
        while (at < until) {
            struct calendar_part p = calendar_part_at(t.c, at, until);
            bool works = p.kind == CALENDAR_WORKING;
            HOLDS(number, &t, p.from_us == at && p.until_us > at && p.until_us <= until);
            HOLDS(number, &t, works == calendar_works_at(t.c, at));
            HOLDS(number, &t,
                  calendar_between(t.c, at, p.until_us) == (works ? p.until_us - at : 0));
            HOLDS(number, &t, (p.kind == CALENDAR_HOLIDAY) == (*p.holiday != '\0'));
            HOLDS(number, &t, at == from || p.offset_from_s == last.offset_until_s);
            HOLDS(number, &t, p.offset_from_s == zone_offset_s(z, at / US));
            HOLDS(number, &t, p.kind == CALENDAR_HOLIDAY || at == from || p.kind != last.kind);
            /* A part from within is the rest of it. */
            int64_t within = random_between(&t.seed, at, p.until_us);
            struct calendar_part rest = calendar_part_at(t.c, within, until);
            HOLDS(number, &t, rest.kind == p.kind && rest.until_us == p.until_us);
            HOLDS(number, &t, rest.holiday == p.holiday);
            working += works ? p.until_us - at : 0;
            at = p.until_us;
            last = p;
        }
        HOLDS(number, &t, working == calendar_between(t.c, from, until));
        calendar_free(t.c);
    }
}

/* -- a slow calendar, minute by minute --------------------------------------------------------- */

#define MINUTES (60 * 24 * 60)
enum { CLOSED, WINDOW, AWAY };

struct slow {
    const struct zone *zone;
    int64_t from_s;
    char minutes[MINUTES];
    const char *holiday[MINUTES]; /* its name */
    int rank[MINUTES];            /* its place in the spec */
};

static bool shows(const struct slow *s, int32_t date)
{
    bool found = false;
    for (int64_t at_s = s->from_s; at_s < s->from_s + MINUTES * 60LL && !found; at_s += 900)
        found = zone_wall_s(s->zone, at_s) / 86400 == date;
    return found;
}

static void paint(struct slow *s, int64_t from_s, int64_t until_s, const struct calendar_holiday *h,
                  int rank)
{
    for (int64_t at_s = from_s; at_s < until_s; at_s += 60) {
        int64_t m = (at_s - s->from_s) / 60;
        if (at_s < s->from_s || m >= MINUTES)
            continue;
        if (!h) {
            s->minutes[m] = WINDOW;
        } else if (!s->holiday[m] || rank < s->rank[m]) {
            s->holiday[m] = h->name;
            s->rank[m] = rank;
        }
    }
}

static int64_t wall_to_instant(const struct slow *s, int32_t date, int32_t day_s, bool second)
{
    return zone_instant_s(s->zone, date * 86400LL + day_s, second ? ZONE_SECOND : ZONE_FIRST);
}

static void paint_hours(struct slow *s, const struct calendar_spec *spec, int32_t date)
{
    bool own = false;
    for (size_t i = 0; i < spec->n_days; i++) {
        if (spec->days[i].date != date)
            continue;
        own = true;
        if (spec->days[i].until_s > spec->days[i].from_s)
            paint(s, wall_to_instant(s, date, spec->days[i].from_s, false),
                  wall_to_instant(s, date, spec->days[i].until_s, true), NULL, 0);
    }
    for (size_t i = 0; i < spec->n_windows && !own; i++)
        if (spec->windows[i].weekday == (date + 3) % 7)
            paint(s, wall_to_instant(s, date, spec->windows[i].from_s, false),
                  wall_to_instant(s, date, spec->windows[i].until_s, true), NULL, 0);
}

static bool falls_on(const struct calendar_holiday *h, int32_t date)
{
    int year, month, day, y, m, d;
    calendar_date_parts(h->date, &year, &month, &day);
    calendar_date_parts(date, &y, &m, &d);
    return h->date == date || (h->yearly && y > year && m == month && d == day);
}

static void paint_holidays(struct slow *s, const struct calendar_spec *spec, int32_t date)
{
    for (size_t i = 0; i < spec->n_holidays; i++) {
        const struct calendar_holiday *h = &spec->holidays[i];
        if (falls_on(h, date))
            paint(s, wall_to_instant(s, date, h->from_s, false),
                  wall_to_instant(s, date, h->until_s, h->until_s < CALENDAR_DAY_S), h, (int)i);
    }
}

static struct slow *slow_make(const struct random_spec *r, int64_t from_s)
{
    struct slow *s = calloc(1, sizeof(*s));
    assert_non_null(s);
    s->zone = zone_get(r->zone);
    s->from_s = from_s;
    int32_t first = (int32_t)(from_s / 86400);
    for (int32_t date = first + 1; date < first + MINUTES / 1440 - 1; date++) {
        if (!shows(s, date))
            continue;
        paint_hours(s, &r->spec, date);
        paint_holidays(s, &r->spec, date);
    }
    for (size_t m = 0; m < MINUTES; m++)
        if (s->minutes[m] == WINDOW && s->holiday[m])
            s->minutes[m] = AWAY;
    return s;
}

/* Walks until that much was worked. 0 when the painted days do not last. */
static int64_t slow_add(const struct slow *s, int64_t from_us, int64_t work_us)
{
    while (work_us > 0) {
        int64_t m = (from_us / US - s->from_s) / 60;
        if (m >= MINUTES - 3000)
            return 0;
        int64_t end_us = (s->from_s + (m + 1) * 60) * US, left_us = end_us - from_us;
        if (s->minutes[m] == WINDOW && left_us >= work_us)
            return from_us + work_us;
        work_us -= s->minutes[m] == WINDOW ? left_us : 0;
        from_us = end_us;
    }
    return from_us;
}

static int64_t slow_between(const struct slow *s, int64_t from_us, int64_t until_us)
{
    int64_t sum_us = 0;
    while (from_us < until_us) {
        int64_t m = (from_us / US - s->from_s) / 60, end_us = (s->from_s + (m + 1) * 60) * US;
        end_us = end_us < until_us ? end_us : until_us;
        sum_us += s->minutes[m] == WINDOW ? end_us - from_us : 0;
        from_us = end_us;
    }
    return sum_us;
}

static void compare(uint64_t number, struct trial *t, const struct slow *s)
{
    for (int i = 0; i < INSTANTS; i++) {
        int64_t from = an_instant(t), until = an_instant(t), work = a_work(t) % HOURS(100);
        HOLDS(number, t, calendar_between(t->c, from, until) == slow_between(s, from, until));
        int64_t due = slow_add(s, from, work);
        HOLDS(number, t, due == 0 || calendar_add(t->c, from, work) == due);
        int64_t m = (from / US - s->from_s) / 60;
        HOLDS(number, t, calendar_works_at(t->c, from) == (s->minutes[m] == WINDOW));
        struct calendar_part p = calendar_part_at(t->c, from, from + HOURS(1));
        HOLDS(number, t, (p.kind == CALENDAR_HOLIDAY) == (s->minutes[m] == AWAY));
        HOLDS(number, t, p.kind != CALENDAR_HOLIDAY || p.holiday == s->holiday[m]);
    }
}

static void test_a_walk_minute_by_minute_finds_the_same(void **state)
{
    (void)state;
    for (uint64_t number = 6 * CALENDARS; number < 7 * CALENDARS; number++) {
        struct trial t;
        begin(&t, number, 60);
        struct slow *s = slow_make(&t.random, (t.around_us / US / 86400 - 25) * 86400);
        compare(number, &t, s);
        free(s);
        calendar_free(t.c);
    }
}

/* -- a date that is off is a holiday ----------------------------------------------------------- */

/* The spec with a date that is off, and the same with a holiday in its place. */
struct twins {
    struct calendar_day days[9];
    struct calendar_holiday holidays[13];
    struct calendar_spec off, holiday;
};

static void make_twins(struct twins *w, const struct calendar_spec *spec, int32_t date)
{
    w->off = w->holiday = *spec;
    w->off.n_days = 0;
    for (size_t i = 0; i < spec->n_days; i++)
        if (spec->days[i].date != date)
            w->days[w->off.n_days++] = spec->days[i];
    w->holiday.n_days = w->off.n_days;
    w->days[w->off.n_days++] = (struct calendar_day){date, CALENDAR_DAY_S, CALENDAR_DAY_S};
    w->off.days = w->holiday.days = w->days;
    for (size_t i = 0; i < spec->n_holidays; i++)
        w->holidays[i] = spec->holidays[i];
    w->holidays[w->holiday.n_holidays++] =
        (struct calendar_holiday){date, 0, CALENDAR_DAY_S, false, "off"};
    w->holiday.holidays = w->holidays;
}

/* What is explained as closed there is closed or a holiday here; nothing else differs. */
static bool explained_alike(const struct calendar *off, const struct calendar *holiday,
                            int64_t at_us, int64_t until_us)
{
    bool alike = true;
    while (at_us < until_us) {
        struct calendar_part p = calendar_part_at(off, at_us, until_us);
        struct calendar_part q = calendar_part_at(holiday, at_us, until_us);
        alike = alike && p.until_us > at_us &&
                (p.kind == CALENDAR_WORKING) == (q.kind == CALENDAR_WORKING) &&
                (p.kind != CALENDAR_CLOSED || p.until_us >= q.until_us ||
                 calendar_between(holiday, at_us, q.until_us) == 0);
        at_us = p.until_us;
    }
    return alike;
}

static void test_a_date_that_is_off_counts_like_a_holiday(void **state)
{
    (void)state;
    for (uint64_t number = 7 * CALENDARS; number < 8 * CALENDARS; number++) {
        struct trial t;
        struct twins twins;
        begin(&t, number, 1);
        make_twins(&twins, &t.random.spec,
                   (int32_t)(t.around_us / US / CALENDAR_DAY_S + random_between(&t.seed, -2, 3)));
        struct calendar *off = make(t.random.zone, &twins.off);
        struct calendar *holiday = make(t.random.zone, &twins.holiday);
        for (int i = 0; i < INSTANTS; i++) {
            int64_t a = an_instant(&t), b = an_instant(&t);
            HOLDS(number, &t, calendar_between(off, a, b) == calendar_between(holiday, a, b));
            HOLDS(number, &t, calendar_works_at(off, a) == calendar_works_at(holiday, a));
        }
        int64_t from_us = t.around_us - 5 * 86400 * US;
        HOLDS(number, &t, explained_alike(off, holiday, from_us, from_us + 10 * 86400 * US));
        calendar_free(off);
        calendar_free(holiday);
        calendar_free(t.c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adding_and_measuring_agree),
        cmocka_unit_test(test_subtracting_is_the_inverse_of_adding),
        cmocka_unit_test(test_measures_add_up),
        cmocka_unit_test(test_pauses_that_join_are_one_and_closed_ones_none),
        cmocka_unit_test(test_parts_join_and_add_up),
        cmocka_unit_test(test_a_date_that_is_off_counts_like_a_holiday),
        cmocka_unit_test(test_a_walk_minute_by_minute_finds_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
