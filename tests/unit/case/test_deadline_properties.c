/* SPDX-License-Identifier: Apache-2.0 */

/* Deadlines over random calendars, targets and pauses: what must hold of all of them. */

#include "../calendar/random.h"

#include <string.h>

#include "case/clocks/deadline.h"

#define ROUNDS 4000
#define SHARED 10 /* deadlines with one calendar */
#define SHOWN 80  /* parts of one deadline that are added up at most */

/* A random calendar, for some deadlines; and, now and then, none. */
struct rig {
    struct random_spec spec;
    struct calendar *calendar;
    int64_t around_s;
    struct deadline k;
};

static void rig_make(struct rig *r, uint64_t *seed, int round)
{
    if (round % SHARED == 0) {
        calendar_free(r->calendar);
        random_spec_make(&r->spec, seed, 60, &r->around_s);
        r->calendar = make(r->spec.zone, &r->spec.spec);
    }
    r->k = (struct deadline){.calendar = random_next(seed) % 8 == 0 ? NULL : r->calendar,
                             .zone = zone_get(r->spec.zone)};
    r->k.start_us = r->around_s * US + random_between(seed, -HOURS(100), HOURS(100));
    r->k.target_ms = random_between(seed, 1000, 20LL * 24 * 3600 * 1000);
}

static void add_pauses(struct deadline *k, uint64_t *seed, size_t n)
{
    int64_t at = k->start_us - HOURS(5);
    for (size_t i = 0; i < n; i++) {
        int64_t from = at + random_between(seed, 0, HOURS(40));
        int64_t until = from + random_between(seed, 0, HOURS(40));
        k->pauses[k->n_pauses++] = (struct pause){from, until, 1};
        at = until;
    }
}

/* Where the calendars end nothing is used up any more. */
static bool saturates(const struct deadline *k, int percent)
{
    return deadline_at(k, percent) >= CALENDAR_UNTIL_S * US;
}

static int percent_of(uint64_t *seed)
{
    return (int)random_between(seed, 1, 300);
}

/* At the deadline exactly the share is used up, and a microsecond before it is less. */
static void the_share_is_used_up_then_and_not_before(void **state)
{
    (void)state;
    uint64_t seed = 11;
    struct rig r = {.calendar = NULL};
    for (int i = 0; i < ROUNDS; i++) {
        rig_make(&r, &seed, i);
        add_pauses(&r.k, &seed, random_next(&seed) % 5);
        int percent = percent_of(&seed);
        int64_t at = deadline_at(&r.k, percent);
        int64_t share = r.k.target_ms * 10 * percent;
        if (!saturates(&r.k, percent)) {
            assert_int_equal(deadline_used_us(&r.k, at), share);
            assert_int_equal(deadline_used_us(&r.k, at - 1), share - 1);
        }
    }
    calendar_free(r.calendar);
}

static void more_target_more_share_more_pause_is_never_sooner(void **state)
{
    (void)state;
    uint64_t seed = 12;
    struct rig r = {.calendar = NULL};
    for (int i = 0; i < ROUNDS; i++) {
        rig_make(&r, &seed, i);
        add_pauses(&r.k, &seed, 1 + random_next(&seed) % 4);
        int percent = percent_of(&seed);
        int64_t at = deadline_at(&r.k, percent);
        struct deadline more = r.k;
        more.target_ms++;
        assert_true(deadline_at(&more, percent) > at || saturates(&r.k, percent));
        assert_true(deadline_at(&r.k, percent + 1) > at || saturates(&r.k, percent));
        more = r.k;
        more.start_us += random_between(&seed, 0, HOURS(3));
        assert_true(deadline_at(&more, percent) >= at);
        struct deadline longer = r.k;
        longer.pauses[longer.n_pauses - 1].until_us += random_between(&seed, 0, HOURS(30));
        assert_true(deadline_at(&longer, percent) >= at);
        longer.n_pauses--;
        assert_true(deadline_at(&longer, percent) <= at);
    }
    calendar_free(r.calendar);
}

static void two_pauses_that_join_are_one(void **state)
{
    (void)state;
    uint64_t seed = 13;
    struct rig r = {.calendar = NULL};
    for (int i = 0; i < ROUNDS; i++) {
        rig_make(&r, &seed, i);
        add_pauses(&r.k, &seed, 3);
        struct deadline split = r.k;
        const struct pause p = r.k.pauses[1];
        int64_t middle = random_between(&seed, p.from_us, p.until_us + 1);
        split.pauses[1].until_us = middle;
        split.pauses[2] = (struct pause){middle, p.until_us, 2};
        split.pauses[3] = r.k.pauses[2];
        split.n_pauses = 4;
        int percent = percent_of(&seed);
        assert_int_equal(deadline_at(&split, percent), deadline_at(&r.k, percent));
    }
    calendar_free(r.calendar);
}

static void a_pause_over_closed_hours_changes_nothing(void **state)
{
    (void)state;
    uint64_t seed = 14;
    struct rig r = {.calendar = NULL};
    int tried = 0;
    for (int i = 0; i < ROUNDS; i++) {
        rig_make(&r, &seed, i);
        r.k.calendar = r.calendar;
        int percent = percent_of(&seed);
        int64_t at = deadline_at(&r.k, percent);
        for (int64_t t = r.k.start_us; t < at && r.k.n_pauses < PAUSES_MAX;) {
            struct calendar_part part = calendar_part_at(r.calendar, t, at);
            if (part.kind != CALENDAR_WORKING)
                r.k.pauses[r.k.n_pauses++] = (struct pause){part.from_us, part.until_us, 1};
            t = part.until_us;
        }
        tried += r.k.n_pauses > 0;
        assert_int_equal(deadline_at(&r.k, percent), at);
    }
    calendar_free(r.calendar);
    assert_true(tried > ROUNDS / 4);
}

/* Every part begins where the one before ended, and the working parts add up to the share. */
static bool parts_add_up(const struct deadline *k, int percent)
{
    int64_t end = deadline_at(k, percent);
    int64_t at = k->start_us;
    int64_t working = 0;
    int32_t shift_s = 0;
    for (int n = 0; at < end; n++) {
        struct deadline_part part = deadline_part_at(k, at, end);
        if (n == SHOWN)
            return false;
        assert_int_equal(part.from_us, at);
        assert_true(part.until_us > at && part.until_us <= end);
        working += part.counts ? part.until_us - part.from_us : 0;
        shift_s += part.shift_s;
        at = part.until_us;
    }
    assert_int_equal(at, end);
    assert_int_equal(working, deadline_used_us(k, end));
    assert_int_equal(shift_s,
                     zone_offset_s(k->zone, end / US) - zone_offset_s(k->zone, k->start_us / US));
    return true;
}

static void parts_add_up_to_the_share(void **state)
{
    (void)state;
    uint64_t seed = 15;
    struct rig r = {.calendar = NULL};
    int whole = 0;
    for (int i = 0; i < ROUNDS; i++) {
        rig_make(&r, &seed, i);
        add_pauses(&r.k, &seed, random_next(&seed) % 4);
        if (random_next(&seed) % 4 == 0) {
            r.k.unit = random_next(&seed) % 2 ? POLICY_UNIT_DAYS : POLICY_UNIT_BUSINESS_DAYS;
            r.k.target_days = (int32_t)random_between(&seed, 1, 60);
        }
        whole += parts_add_up(&r.k, percent_of(&seed));
    }
    calendar_free(r.calendar);
    assert_true(whole > ROUNDS / 2);
}

/* The end of the last working time between two instants: by halves, measuring what is behind. */
static int64_t last_work(const struct calendar *c, int64_t from, int64_t until)
{
    while (until - from > 1) {
        int64_t middle = from + (until - from) / 2;
        if (calendar_between(c, middle, until) > 0)
            from = middle;
        else
            until = middle;
    }
    return until;
}

/* Counted date by date, with nothing but the calendar's own measuring. */
static int64_t counted_business_days(const struct deadline *k)
{
    int64_t date = zone_wall_s(k->zone, k->start_us / US) / 86400;
    int64_t from = zone_instant_s(k->zone, (date + 1) * 86400, ZONE_SECOND) * US;
    for (int32_t left = k->target_days; left > 0;) {
        date++;
        int64_t until = zone_instant_s(k->zone, (date + 1) * 86400, ZONE_SECOND) * US;
        if (calendar_between(k->calendar, from, until) > 0 && --left == 0)
            return last_work(k->calendar, from, until);
        from = until;
    }
    return 0;
}

static void business_days_are_as_counted_date_by_date(void **state)
{
    (void)state;
    uint64_t seed = 16;
    struct rig r = {.calendar = NULL};
    for (int i = 0; i < ROUNDS; i++) {
        rig_make(&r, &seed, i);
        r.k.calendar = r.calendar;
        r.k.unit = POLICY_UNIT_BUSINESS_DAYS;
        r.k.target_days = (int32_t)random_between(&seed, 1, 40);
        if (!saturates(&r.k, 100))
            assert_int_equal(deadline_at(&r.k, 100), counted_business_days(&r.k));
    }
    calendar_free(r.calendar);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_share_is_used_up_then_and_not_before),
        cmocka_unit_test(more_target_more_share_more_pause_is_never_sooner),
        cmocka_unit_test(two_pauses_that_join_are_one),
        cmocka_unit_test(a_pause_over_closed_hours_changes_nothing),
        cmocka_unit_test(parts_add_up_to_the_share),
        cmocka_unit_test(business_days_are_as_counted_date_by_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
