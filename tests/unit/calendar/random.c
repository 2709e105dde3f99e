/* SPDX-License-Identifier: Apache-2.0 */
#include "random.h"

static const char *const ZONES[] = {
    "UTC",          "Europe/London", "America/New_York",  "Australia/Lord_Howe",
    "Asia/Kolkata", "Pacific/Apia",  "Africa/Casablanca", "America/Havana",
    "Asia/Beirut",  "America/Nuuk",  "Pacific/Chatham",   "America/Sao_Paulo",
    "Asia/Tehran",  "Africa/Cairo",  "Antarctica/Troll",  "Pacific/Kiritimati",
};

uint64_t random_next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1dULL;
}

int64_t random_between(uint64_t *state, int64_t from, int64_t until)
{
    return from + (int64_t)(random_next(state) % (uint64_t)(until - from));
}

static int32_t wall(uint64_t *state, int32_t from_s, int32_t until_s, int32_t step_s)
{
    return (int32_t)random_between(state, from_s / step_s, until_s / step_s) * step_s;
}

/* Some hours: often within a day, sometimes over midnight, a whole day, or over two days. */
static void hours(uint64_t *state, int32_t step_s, int32_t *from_s, int32_t *until_s)
{
    int64_t kind = random_between(state, 0, 10);
    *from_s = kind == 0 ? 0 : wall(state, 0, CALENDAR_DAY_S, step_s);
    int32_t longest = kind < 2 ? 2 * CALENDAR_DAY_S : *from_s + AT(10, 0);
    *until_s = wall(state, *from_s + step_s, longest + step_s, step_s);
    if (kind == 2) {
        *from_s = 0;
        *until_s = CALENDAR_DAY_S;
    }
}

static int64_t place(struct random_spec *r, uint64_t *state)
{
    const struct zone *z = zone_get(r->zone);
    int64_t at_s =
        random_between(state, CALENDAR_FROM_S + 1000 * 86400LL, CALENDAR_UNTIL_S - 1000 * 86400LL);
    if (random_between(state, 0, 4) == 0)
        return at_s;
    /* Apia's lost day is in 2011. */
    if (random_between(state, 0, 3) == 0)
        at_s = utc(2011, 7, 1, 0, 0) / US;
    int64_t turn_s = zone_next_transition_s(z, at_s);
    return turn_s == INT64_MAX ? at_s : turn_s;
}

static void add_holidays(struct random_spec *r, uint64_t *state, int32_t step_s, int32_t date)
{
    static const char *const NAMES[] = {"One", "Two", "Three"};
    r->spec.n_holidays = (size_t)random_between(state, 0, COUNT(r->holidays));
    for (size_t i = 0; i < r->spec.n_holidays; i++) {
        struct calendar_holiday *h = &r->holidays[i];
        h->date = date + (int32_t)random_between(state, -6, 7);
        h->name = NAMES[random_between(state, 0, 3)];
        h->yearly = random_between(state, 0, 3) == 0;
        if (h->yearly)
            h->date -= 365 * (int32_t)random_between(state, 0, 3);
        h->from_s = 0;
        h->until_s = CALENDAR_DAY_S;
        if (random_between(state, 0, 2) == 0) {
            h->from_s = wall(state, 0, CALENDAR_DAY_S, step_s);
            h->until_s = wall(state, h->from_s + step_s, CALENDAR_DAY_S + step_s, step_s);
        }
    }
}

void random_spec_make(struct random_spec *r, uint64_t *state, int32_t step_s, int64_t *around_s)
{
    *r = (struct random_spec){.zone = ZONES[random_between(state, 0, COUNT(ZONES))]};
    *around_s = place(r, state);
    int32_t date = (int32_t)(*around_s / 86400);
    r->spec =
        (struct calendar_spec){.windows = r->windows, .days = r->days, .holidays = r->holidays};
    r->spec.n_windows = (size_t)random_between(state, 1, COUNT(r->windows) + 1);
    for (size_t i = 0; i < r->spec.n_windows; i++) {
        r->windows[i].weekday = (int8_t)random_between(state, 0, 7);
        hours(state, step_s, &r->windows[i].from_s, &r->windows[i].until_s);
    }
    r->spec.n_days = (size_t)random_between(state, 0, COUNT(r->days));
    for (size_t i = 0; i < r->spec.n_days; i++) {
        r->days[i].date = date + (int32_t)random_between(state, -4, 5);
        if (random_between(state, 0, 3) > 0)
            hours(state, step_s, &r->days[i].from_s, &r->days[i].until_s);
    }
    add_holidays(r, state, step_s, date);
}
