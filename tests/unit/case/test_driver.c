/* SPDX-License-Identifier: Apache-2.0 */

/* The driver: what follows from a command comes after the events of the command, one step at a
 * time. */

#include "clock_rig.h"

static const int64_t T = WORLD_START_US;

static struct policy_threshold halves[] = {
    {.percent = 50, .actions = BIT_OF(ESCALATION_ACTION_NOTIFY), .notify = POLICY_NOTIFY_OWNER},
    {.percent = 100, .actions = BIT_OF(ESCALATION_ACTION_NOTIFY), .notify = POLICY_NOTIFY_OWNER},
};

static struct policy_clock halved(const char *name, int hours)
{
    struct policy_clock r = define_resolution(name, hours);
    r.n_thresholds = 2;
    r.thresholds = halves;
    return r;
}

/* The functions that decide functions and rules call record nothing while a command is decided. */
static void nothing_is_recorded_before_the_driver_runs(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(define_resolution("r", 8));
    w->now_us = T + 9 * HOUR_US;
    struct decision *d = world_decision(w, "ann");
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    w->c.row.status = CASE_STATUS_RESOLVED;
    case_event(d, EVENT_KIND_CASE_RESOLVED, "ann", &detail, NULL);
    case_event(d, EVENT_KIND_ACT_RECORDED, "ann", &detail, NULL);
    assert_int_equal(w->c.events.n, 2);
    assert_int_equal(w->c.escalations.n, 0);
    driver_run(d);
    assert_int_equal(w->c.escalations.n, 1);
    assert_int_equal(ROW_AT(&w->c.events, struct event_row, 2)->kind, EVENT_KIND_CLOCK_BREACHED);
    world_commit(w);
    assert_chain_intact(w);
    world_free(w);
}

static void it_runs_again_without_effect(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(define_resolution("r", 8));
    w->now_us = T + 9 * HOUR_US;
    struct decision *d = world_decision(w, "ann");
    driver_catch_up(d);
    size_t events = w->c.events.n;
    assert_int_equal(events, 1);
    driver_catch_up(d);
    driver_run(d);
    assert_int_equal(w->c.events.n, events);
    world_free(w);
}

/* The thresholds of two clocks lie between each other: they fire in the order of time, not clock by
 * clock. */
static void catching_up_goes_by_instant_across_clocks(void **state)
{
    static const int64_t hours[] = {3, 4, 6, 8}; /* 50 % of 6, 50 % of 8, 100 % of 6, of 8 */
    (void)state;
    struct world *w = CLOCK_CASE(halved("eight", 8), halved("six", 6));
    w->now_us = T + 20 * HOUR_US;
    driver_catch_up(world_decision(w, "ann"));
    world_commit(w);
    assert_int_equal(w->escalations.n, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(ROW_AT(&w->escalations, struct escalation_row, i)->due_at,
                         T + hours[i] * HOUR_US);
    world_free(w);
}

/* A clock that changed without an event is shown in one of the system. */
static void a_change_that_no_event_shows_is_told(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(define_resolution("r", 8));
    struct decision *d = world_decision(w, "ann");
    clock_stop(d, clock_named(w, "r"), w->now_us, true);
    driver_run(d);
    assert_int_equal(w->c.events.n, 1);
    const struct event_row *e = ROW_AT(&w->c.events, struct event_row, 0);
    assert_int_equal(e->kind, EVENT_KIND_CLOCK_CHANGED);
    assert_string_equal(e->actor, SYSTEM_ACTOR);
    world_free(w);
}

/* The event that shows what the driver itself changed settles the case once more: what that meets
 * is recorded, too. */
static void what_the_last_event_meets_is_recorded(void **state)
{
    (void)state;
    struct policy_clock p = define("p", CLOCK_KIND_RESOLUTION, 1);
    p.start = when(FACT_PAUSED, YES);
    p.stop = when(FACT_PAUSED, NO);
    struct world *w = CLOCK_CASE(define_resolution("r", 8), p);
    tell_pause(w, T + 2 * HOUR_US);
    w->now_us = T + 3 * HOUR_US;
    clock_named(w, "r")->next_at = w->now_us; /* armed for another instant than the row gives */
    firing_ask(world_decision(w, SYSTEM_ACTOR), clock_named(w, "r"));
    world_commit(w);
    assert_clock(w, "r", CLOCK_STATE_RUNNING, T + 8 * HOUR_US);
    assert_clock(w, "p", CLOCK_STATE_BREACHED, T + HOUR_US);
    assert_int_equal(w->escalations.n, 1);
    assert_int_equal(ROW_AT(&w->escalations, struct escalation_row, 0)->due_at, T + HOUR_US);
    assert_chain_intact(w);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_recorded_before_the_driver_runs),
        cmocka_unit_test(it_runs_again_without_effect),
        cmocka_unit_test(catching_up_goes_by_instant_across_clocks),
        cmocka_unit_test(a_change_that_no_event_shows_is_told),
        cmocka_unit_test(what_the_last_event_meets_is_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
