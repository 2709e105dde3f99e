/* SPDX-License-Identifier: Apache-2.0 */

/* Clocks whose target is chosen anew while they run. */

#include "clock_rig.h"

#include <string.h>

#include "case/clocks/retarget.h"
#include "contract/statuses.h"
#include "policy/build.h"

static const int64_t T = WORLD_START_US;
#define HOUR_MS (3600 * 1000LL)
#define DAY_US (24 * HOUR_US)

static struct policy_threshold steps[] = {
    {.percent = 50, .actions = BIT_OF(ESCALATION_ACTION_NOTIFY), .notify = POLICY_NOTIFY_OWNER},
    {.percent = 75, .actions = BIT_OF(ESCALATION_ACTION_NOTIFY), .notify = POLICY_NOTIFY_OWNER},
    {.percent = 100, .actions = BIT_OF(ESCALATION_ACTION_NOTIFY), .notify = POLICY_NOTIFY_OWNER},
};

static struct policy_target targets[3];

/* Eight hours; four from severity 4, one of severity 5. */
static struct policy_clock by_severity(void)
{
    struct policy_clock k = define_resolution("k", 8);
    targets[0] = (struct policy_target){.when = when(FACT_SEVERITY, BIT_OF(5)), .ms = HOUR_MS};
    targets[1] = (struct policy_target){.when = when(FACT_SEVERITY, BIT_OF(4)), .ms = 4 * HOUR_MS};
    targets[2] = (struct policy_target){.when = always(), .ms = 8 * HOUR_MS};
    k.n_targets = 3;
    k.targets = targets;
    k.n_thresholds = 3;
    k.thresholds = steps;
    k.pause_single_ms = k.pause_total_ms = 100 * HOUR_MS;
    return k;
}

static void tell_severity(struct world *w, int64_t at_us, int severity)
{
    w->now_us = at_us;
    w->c.row.severity = (int16_t)severity;
    tell_nothing(w);
    assert_clocks_whole(w);
}

/* The last of the clock's re-targets. */
static struct retarget last_retarget(struct world *w, const char *name)
{
    struct retarget r[RETARGETS_MAX];
    size_t n = retargets_of(clock_named(w, name), r);
    assert_true(n > 0);
    return r[n - 1];
}

/* -- when it is due ---------------------------------------------------------------------------- */

static void early_it_is_due_as_if_it_had_begun_so(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(by_severity());
    tell_severity(w, T + HOUR_US, 4);
    assert_clock(w, "k", CLOCK_STATE_RUNNING, T + 4 * HOUR_US);
    const struct retarget r = last_retarget(w, "k");
    assert_int_equal(r.at_us, T + HOUR_US);
    assert_int_equal(r.chosen.amount, 4 * HOUR_MS);
    assert_int_equal(r.severity, 4);
    assert_int_equal(r.old_due_us, T + 8 * HOUR_US);
    assert_int_equal(r.due_us, T + 4 * HOUR_US);
    world_free(w);
}

static void late_a_quarter_of_the_target_is_left(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(by_severity());
    tell_severity(w, T + 5 * HOUR_US + 7, 5);
    assert_clock(w, "k", CLOCK_STATE_RUNNING, T + 5 * HOUR_US + 7 + HOUR_US / 4);
    /* To the microsecond, though targets are whole milliseconds. */
    assert_int_equal(clock_named(w, "k")->target_ms, 5 * HOUR_MS + HOUR_MS / 4);
    world_free(w);
}

static void too_late_the_deadline_stays(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(by_severity());
    int64_t at = T + 7 * HOUR_US + HOUR_US / 2;
    tell_severity(w, at, 4);
    assert_clock(w, "k", CLOCK_STATE_RUNNING, T + 8 * HOUR_US);
    assert_int_equal(last_retarget(w, "k").due_us, T + 8 * HOUR_US);
    tell_severity(w, at, 5); /* a quarter of an hour is left of one hour */
    assert_clock(w, "k", CLOCK_STATE_RUNNING, at + HOUR_US / 4);
    world_free(w);
}

static void a_fall_keeps_every_deadline(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(by_severity());
    tell_severity(w, T + HOUR_US / 2, 5);
    assert_clock(w, "k", CLOCK_STATE_RUNNING, T + HOUR_US);
    tell_severity(w, T + HOUR_US / 2 + 1, 3);
    assert_clock(w, "k", CLOCK_STATE_RUNNING, T + HOUR_US);
    tell_severity(w, T + HOUR_US / 2 + 2, 5);
    assert_clock(w, "k", CLOCK_STATE_RUNNING, T + HOUR_US);
    world_free(w);
}

static void what_is_late_stays_late(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(by_severity());
    tell_severity(w, T + 9 * HOUR_US, 5); /* no timer has looked */
    assert_clock(w, "k", CLOCK_STATE_RUNNING, T + 8 * HOUR_US);
    world_fire_until(w, w->now_us);
    assert_clock(w, "k", CLOCK_STATE_BREACHED, T + 8 * HOUR_US);
    tell_severity(w, T + 10 * HOUR_US, 4);
    assert_clock(w, "k", CLOCK_STATE_BREACHED, T + 8 * HOUR_US);
    world_free(w);
}

static void another_instance_begins_with_its_own_target(void **state)
{
    (void)state;
    struct policy_clock k = by_severity();
    k.reset = when(FACT_CONTACT, YES);
    struct world *w = CLOCK_CASE(k);
    tell_severity(w, T + HOUR_US / 2, 5);
    TELL_REACHED(w, T + HOUR_US / 2);
    assert_clock(w, "k", CLOCK_STATE_RUNNING, T + HOUR_US / 2 + HOUR_US);
    assert_string_equal(clock_named(w, "k")->retargets, "");
    world_free(w);
}

/* -- thresholds -------------------------------------------------------------------------------- */

static size_t fired_at(const struct world *w, int percent, int64_t due_us)
{
    size_t n = 0;
    ROWS_EACH (e, const struct escalation_row, &w->escalations)
        n += e->threshold == percent && e->due_at == due_us;
    return n;
}

static void shares_used_up_by_then_are_due_then(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(by_severity());
    world_fire_until(w, T + 5 * HOUR_US);
    assert_int_equal(fired_at(w, 50, T + 4 * HOUR_US), 1);
    tell_severity(w, T + 5 * HOUR_US, 5); /* 75 % of 5.25 hours are over */
    assert_int_equal(fired_at(w, 75, T + 5 * HOUR_US), 1);
    assert_int_equal(w->escalations.n, 2);
    assert_int_equal(clock_named(w, "k")->next_at, T + 5 * HOUR_US + HOUR_US / 4);
    world_fire_until(w, T + 6 * HOUR_US);
    assert_int_equal(fired_at(w, 100, T + 5 * HOUR_US + HOUR_US / 4), 1);
    assert_int_equal(w->escalations.n, 3);
    world_free(w);
}

static void what_came_before_comes_by_the_old_target(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(by_severity());
    tell_severity(w, T + 5 * HOUR_US, 4); /* no timer has looked */
    assert_int_equal(fired_at(w, 50, T + 4 * HOUR_US), 1);
    assert_int_equal(fired_at(w, 75, T + 5 * HOUR_US), 1);
    assert_clock(w, "k", CLOCK_STATE_RUNNING, T + 6 * HOUR_US);
    world_free(w);
}

/* -- pauses, calendars, days ------------------------------------------------------------------- */

static void a_paused_clock_too(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(by_severity());
    w->now_us = T + 2 * HOUR_US;
    tell_pause(w, T + 12 * HOUR_US);
    assert_clock(w, "k", CLOCK_STATE_PAUSED, T + 18 * HOUR_US);
    tell_severity(w, T + 5 * HOUR_US, 5);
    /* Two hours are used up; a quarter of an hour comes after the pause. */
    assert_clock(w, "k", CLOCK_STATE_PAUSED, T + 12 * HOUR_US + HOUR_US / 4);
    w->now_us = T + 6 * HOUR_US;
    tell_resume(w);
    assert_clock(w, "k", CLOCK_STATE_RUNNING, T + 6 * HOUR_US + HOUR_US / 4);
    assert_clocks_whole(w);
    world_free(w);
}

/* A policy in which the clock has office hours, Monday to Friday from 9 to 17, in UTC. */
static void in_office_hours(struct world *w)
{
    static const struct calendar_window office[] = {
        {0, 9 * 3600, 17 * 3600}, {1, 9 * 3600, 17 * 3600}, {2, 9 * 3600, 17 * 3600},
        {3, 9 * 3600, 17 * 3600}, {4, 9 * 3600, 17 * 3600},
    };
    struct policy *p = w->policy;
    p->calendars[0] = (struct policy_calendar){
        .name = "office", .zone = zone_get("UTC"), .spec = {.windows = office, .n_windows = 5}};
    p->n_calendars = 1;
    p->clocks[0].calendar = 0;
}

static struct world *office_case(struct policy_clock def)
{
    struct world *w = clock_world(&def, 1);
    in_office_hours(w);
    w->now_us = 1767603600000000; /* Monday, 5 January 2026, 9:00 */
    (void)world_agent(w, "ann", 1);
    world_open(w);
    world_own(w, "ann");
    return w;
}

static void a_quarter_counts_in_working_time(void **state)
{
    (void)state;
    struct world *w = office_case(by_severity());
    int64_t monday = w->now_us;
    assert_clock(w, "k", CLOCK_STATE_RUNNING, monday + 8 * HOUR_US);
    tell_severity(w, monday + 8 * HOUR_US - HOUR_US / 8, 5); /* the deadline stays */
    assert_clock(w, "k", CLOCK_STATE_RUNNING, monday + 8 * HOUR_US);
    world_free(w);
    struct policy_clock days = by_severity();
    targets[2].ms = 16 * HOUR_MS;
    w = office_case(days);
    tell_severity(w, monday + 8 * HOUR_US - HOUR_US / 8, 5);
    assert_clock(w, "k", CLOCK_STATE_RUNNING, monday + DAY_US + HOUR_US / 8);
    world_free(w);
}

static struct policy_clock by_days(enum policy_unit unit)
{
    struct policy_clock k = by_severity();
    targets[0] =
        (struct policy_target){.when = when(FACT_SEVERITY, BIT_OF(5)), .unit = unit, .days = 1};
    targets[2] = (struct policy_target){.when = always(), .unit = unit, .days = 10};
    return k;
}

static void business_days(void **state)
{
    (void)state;
    struct world *w = office_case(by_days(POLICY_UNIT_BUSINESS_DAYS));
    int64_t monday = w->now_us;
    assert_clock(w, "k", CLOCK_STATE_RUNNING, monday + 14 * DAY_US + 8 * HOUR_US);
    tell_severity(w, monday + HOUR_US, 5);
    assert_clock(w, "k", CLOCK_STATE_RUNNING, monday + DAY_US + 8 * HOUR_US);
    assert_int_equal(clock_named(w, "k")->target_unit, POLICY_UNIT_BUSINESS_DAYS);
    world_free(w);
    /* From Wednesday noon to Thursday evening there are 13 hours of work. */
    w = office_case(by_days(POLICY_UNIT_BUSINESS_DAYS));
    tell_severity(w, monday + 2 * DAY_US + 3 * HOUR_US, 5);
    assert_clock(w, "k", CLOCK_STATE_RUNNING, monday + 2 * DAY_US + 3 * HOUR_US + 13 * HOUR_US / 4);
    assert_int_equal(clock_named(w, "k")->target_unit, POLICY_UNIT_TIME);
    tell_pause(w, w->now_us + DAY_US); /* days do not pause */
    assert_int_equal(clock_named(w, "k")->state, CLOCK_STATE_RUNNING);
    world_free(w);
}

static void elapsed_days(void **state)
{
    (void)state;
    struct world *w = office_case(by_days(POLICY_UNIT_DAYS));
    int64_t monday = w->now_us;
    assert_clock(w, "k", CLOCK_STATE_RUNNING, monday + 10 * DAY_US);
    tell_severity(w, monday + 3 * DAY_US, 5);
    assert_clock(w, "k", CLOCK_STATE_RUNNING, monday + 3 * DAY_US + 6 * HOUR_US);
    world_free(w);
}

static void from_time_to_days_and_back(void **state)
{
    (void)state;
    struct policy_clock k = by_days(POLICY_UNIT_BUSINESS_DAYS);
    targets[2] = (struct policy_target){.when = always(), .ms = 40 * HOUR_MS};
    struct world *w = office_case(k);
    int64_t monday = w->now_us;
    w->now_us = monday + HOUR_US;
    tell_pause(w, monday + 3 * DAY_US);
    assert_int_equal(clock_named(w, "k")->state, CLOCK_STATE_PAUSED);
    tell_severity(w, monday + 2 * HOUR_US, 5);
    assert_clock(w, "k", CLOCK_STATE_RUNNING, monday + DAY_US + 8 * HOUR_US);
    tell_resume(w);
    tell_severity(w, monday + 3 * HOUR_US, 4); /* four hours without the one that it was paused */
    assert_clock(w, "k", CLOCK_STATE_RUNNING, monday + 5 * HOUR_US);
    world_free(w);
}

/* -- by hand ----------------------------------------------------------------------------------- */

static bool move(struct world *w, int64_t due_us)
{
    struct decision *d = world_decision(w, "ann");
    bool moved = clock_move_deadline(d, clock_named(w, "k"), due_us);
    world_commit(w);
    return moved;
}

static void by_hand_it_may_become_later(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(by_severity());
    world_fire_until(w, T + 5 * HOUR_US);
    assert_true(move(w, T + 20 * HOUR_US + 7));
    tell_nothing(w);
    assert_clock(w, "k", CLOCK_STATE_RUNNING, T + 20 * HOUR_US + 7);
    assert_clocks_whole(w);
    const struct retarget r = last_retarget(w, "k");
    assert_int_equal(r.chosen.amount, 8 * HOUR_MS); /* what policy chose stays chosen */
    assert_int_equal(r.old_due_us, T + 8 * HOUR_US);
    assert_true(r.seq > 0);
    /* Half of it does not come twice. */
    assert_int_equal(clock_named(w, "k")->next_at, T + 15 * HOUR_US + 5);
    /* A fall moves nothing; a rise brings it nearer. */
    tell_severity(w, T + 6 * HOUR_US, 3);
    assert_clock(w, "k", CLOCK_STATE_RUNNING, T + 20 * HOUR_US + 7);
    tell_severity(w, T + 7 * HOUR_US, 4);
    assert_clock(w, "k", CLOCK_STATE_RUNNING, T + 8 * HOUR_US);
    world_free(w);
}

static void by_hand_it_may_become_earlier(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(by_severity());
    world_fire_until(w, T + 5 * HOUR_US);
    assert_true(move(w, T + 6 * HOUR_US));
    tell_nothing(w);
    assert_clock(w, "k", CLOCK_STATE_RUNNING, T + 6 * HOUR_US);
    assert_int_equal(fired_at(w, 50, T + 4 * HOUR_US), 1);
    assert_int_equal(fired_at(w, 75, T + 5 * HOUR_US), 1);
    assert_false(move(w, T + 5 * HOUR_US));
    world_fire_until(w, T + 6 * HOUR_US);
    assert_clock(w, "k", CLOCK_STATE_BREACHED, T + 6 * HOUR_US);
    world_free(w);
}

static void by_hand_in_office_hours(void **state)
{
    (void)state;
    struct world *w = office_case(by_severity());
    int64_t monday = w->now_us; /* nine o'clock */
    assert_true(move(w, monday + DAY_US + HOUR_US));
    tell_nothing(w);
    assert_clock(w, "k", CLOCK_STATE_RUNNING, monday + DAY_US + HOUR_US);
    /* At night: the end of the hours before. */
    assert_true(move(w, monday + 12 * HOUR_US));
    tell_nothing(w);
    assert_clock(w, "k", CLOCK_STATE_RUNNING, monday + 8 * HOUR_US);
    assert_clocks_whole(w);
    world_free(w);
    /* Days become a stretch of any time. */
    w = office_case(by_days(POLICY_UNIT_BUSINESS_DAYS));
    monday = w->now_us;
    assert_true(move(w, monday + 20 * DAY_US + 12 * HOUR_US));
    tell_nothing(w);
    assert_clock(w, "k", CLOCK_STATE_RUNNING, monday + 20 * DAY_US + 12 * HOUR_US);
    tell_pause(w, w->now_us + DAY_US); /* and do not pause */
    assert_int_equal(clock_named(w, "k")->state, CLOCK_STATE_RUNNING);
    world_free(w);
}

/* -- rows of other programs -------------------------------------------------------------------- */

/* A program that does not know re-targets began the row again, or moved it to other targets. */
static void what_others_wrote_counts_as_it_is(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(by_severity());
    tell_severity(w, T + HOUR_US, 4);
    struct clock_row *k = clock_named(w, "k");
    struct retarget r[RETARGETS_MAX];
    assert_int_equal(retargets_of(k, r), 1);
    k->instance++;
    assert_int_equal(retargets_of(k, r), 0);
    k->instance--;
    k->target_ms++;
    assert_int_equal(retargets_of(k, r), 0);
    assert_int_equal(clock_chosen(k).amount, k->target_ms);
    k->target_ms--;
    k->retargets = "1:2:x";
    assert_int_equal(retargets_of(k, r), 0);
    world_free(w);
}

/* A release before re-targets raised the severity; the next change of the case dates its clocks. */
static void a_rise_that_another_program_stored_counts_from_now(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(by_severity());
    w->c.row.severity = 5;
    w->now_us = T + 3 * HOUR_US;
    tell_nothing(w);
    assert_clock(w, "k", CLOCK_STATE_RUNNING, T + 3 * HOUR_US + HOUR_US / 4);
    world_free(w);
}

static void the_text_keeps_the_last_sixteen(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(by_severity());
    for (int i = 0; i < 40; i++)
        tell_severity(w, T + i + 1, i % 2 ? 5 : 3);
    struct retarget r[RETARGETS_MAX];
    assert_int_equal(retargets_of(clock_named(w, "k"), r), RETARGETS_MAX);
    assert_int_equal(r[RETARGETS_MAX - 1].at_us, T + 40);
    assert_clock(w, "k", CLOCK_STATE_RUNNING, T + HOUR_US);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(early_it_is_due_as_if_it_had_begun_so),
        cmocka_unit_test(late_a_quarter_of_the_target_is_left),
        cmocka_unit_test(too_late_the_deadline_stays),
        cmocka_unit_test(a_fall_keeps_every_deadline),
        cmocka_unit_test(what_is_late_stays_late),
        cmocka_unit_test(another_instance_begins_with_its_own_target),
        cmocka_unit_test(shares_used_up_by_then_are_due_then),
        cmocka_unit_test(what_came_before_comes_by_the_old_target),
        cmocka_unit_test(a_paused_clock_too),
        cmocka_unit_test(a_quarter_counts_in_working_time),
        cmocka_unit_test(business_days),
        cmocka_unit_test(elapsed_days),
        cmocka_unit_test(from_time_to_days_and_back),
        cmocka_unit_test(by_hand_it_may_become_later),
        cmocka_unit_test(by_hand_it_may_become_earlier),
        cmocka_unit_test(by_hand_in_office_hours),
        cmocka_unit_test(what_others_wrote_counts_as_it_is),
        cmocka_unit_test(a_rise_that_another_program_stored_counts_from_now),
        cmocka_unit_test(the_text_keeps_the_last_sixteen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
