/* SPDX-License-Identifier: Apache-2.0 */

/* Clocks are met or breached by their timestamps, whoever looks and whenever. */

#include "world.h"

static struct clock_row *first_response(struct world *w)
{
    return ROW_AT(&w->c.clocks, struct clock_row, 0);
}

static void due_is_start_plus_target(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    const struct clock_row *k = first_response(w);
    assert_int_equal(k->state, CLOCK_STATE_RUNNING);
    assert_int_equal(k->started_at, w->now_us);
    assert_int_equal(k->due_at, w->now_us + 8 * HOUR_US);
    assert_int_equal(k->generation, 1);
    assert_int_equal(k->instance, 1);
    assert_int_equal(k->round, 1);
    assert_true(uuid_is_zero(&k->subject_id));
    world_free(w);
}

static void stopping_decides_by_timestamps(void **state)
{
    (void)state;
    static const struct {
        int64_t after_due_us;
        int expected;
    } cases[] = {{-HOUR_US, CLOCK_STATE_MET},
                 {-1, CLOCK_STATE_MET},
                 {0, CLOCK_STATE_MET},
                 {1, CLOCK_STATE_BREACHED},
                 {DAY_US, CLOCK_STATE_BREACHED}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world *w = world_with_case();
        struct clock_row *k = first_response(w);
        int64_t at = k->due_at + cases[i].after_due_us;
        w->now_us = k->due_at + 2 * DAY_US; /* told late */
        clock_stop(world_decision(w, "ann"), k, at, false);
        assert_int_equal(k->state, cases[i].expected);
        assert_int_equal(k->stopped_at, at);
        assert_int_equal(k->breached_at, cases[i].expected == CLOCK_STATE_BREACHED ? k->due_at : 0);
        assert_int_equal(k->generation, 2);
        assert_int_equal(k->row.change, ROW_CHANGED);
        world_free(w);
    }
}

static void a_breach_found_while_stopping_is_recorded_after_the_event(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    w->now_us = first_response(w)->due_at + 1;
    struct decision *d = world_decision(w, "ann");
    clock_stop(d, first_response(w), w->now_us, false);
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    case_event(d, EVENT_KIND_ACT_RECORDED, "ann", &detail, NULL);
    world_commit(w);
    assert_int_equal(w->c.row.level, 2);
    assert_int_equal(w->escalations.n, 2); /* 75 % and 100 % */
    const size_t n = w->events.n;
    assert_int_equal(ROW_AT(&w->events, struct event_row, n - 5)->kind, EVENT_KIND_ACT_RECORDED);
    assert_int_equal(world_event(w, 3)->kind, EVENT_KIND_CLOCK_THRESHOLD);
    assert_int_equal(world_event(w, 2)->kind, EVENT_KIND_CLOCK_BREACHED);
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_ESCALATED);
    /* The event shows the clock that it stopped, and so does the one of its breach. */
    assert_int_equal(world_detail(w, world_event(w, 4))->n_clocks, 1);
    assert_int_equal(world_detail(w, world_event(w, 2))->clocks[0]->state, CLOCK_STATE_BREACHED);
    assert_chain_intact(w);
    world_free(w);
}

static void a_breached_clock_stays_breached_and_gets_its_stop_time(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    struct clock_row *k = first_response(w);
    w->now_us = k->due_at + HOUR_US;
    world_fire(w, k);
    k = first_response(w);
    const int64_t generation = k->generation;
    assert_true(clock_is_open(k));
    assert_ptr_equal(clock_open(&w->c, CLOCK_KIND_FIRST_RESPONSE), k);
    assert_null(clock_running(&w->c, CLOCK_KIND_FIRST_RESPONSE));
    clock_stop(world_decision(w, "ann"), k, k->due_at + 1, false);
    assert_int_equal(k->state, CLOCK_STATE_BREACHED);
    assert_int_equal(k->stopped_at, k->due_at + 1);
    assert_int_equal(k->breached_at, k->due_at);
    assert_int_equal(k->generation, generation + 1);
    assert_false(clock_is_open(k));
    clock_stop(world_decision(w, "ann"), k, k->due_at + 99, false);
    assert_int_equal(k->stopped_at, k->due_at + 1);
    assert_int_equal(k->generation, generation + 1);
    assert_int_equal(w->escalations.n, 2);
    world_free(w);
}

/* The timestamps decide, whether the timer or the message came first. */
static void a_stop_in_time_that_is_told_late_was_no_breach(void **state)
{
    (void)state;
    for (int told_another = 0; told_another < 2; told_another++) {
        struct world *w = world_with_case();
        struct clock_row *k = first_response(w);
        w->now_us = k->due_at + HOUR_US;
        world_fire(w, k);
        k = first_response(w);
        const int64_t generation = k->generation;
        if (told_another)
            clock_stop(world_decision(w, "ann"), k, k->due_at + 99, false);
        clock_stop(world_decision(w, "ann"), k, k->due_at, false);
        assert_int_equal(k->state, CLOCK_STATE_MET);
        assert_int_equal(k->stopped_at, k->due_at);
        assert_int_equal(k->breached_at, 0);
        assert_int_equal(k->generation, generation + 1 + told_another);
        assert_false(clock_is_open(k));
        clock_stop(world_decision(w, "ann"), k, k->due_at - HOUR_US, true);
        assert_int_equal(k->state, CLOCK_STATE_MET);
        clock_stop(world_decision(w, "ann"), k, k->due_at - HOUR_US, false);
        assert_int_equal(k->stopped_at, k->due_at - HOUR_US);
        assert_int_equal(k->state, CLOCK_STATE_MET);
        assert_int_equal(w->escalations.n, 2);
        assert_int_equal(w->c.row.level, 2);
        world_free(w);
    }
}

static void cancelled_is_neither_met_nor_breached(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    struct clock_row *k = first_response(w);
    w->now_us = k->due_at + HOUR_US;
    clock_stop(world_decision(w, "ann"), k, w->now_us, true);
    assert_int_equal(k->state, CLOCK_STATE_CANCELLED);
    assert_int_equal(k->breached_at, 0);
    assert_int_equal(w->c.row.level, 1);
    int64_t stopped_at = k->stopped_at;
    clock_stop(world_decision(w, "ann"), k, stopped_at + 5, false);
    assert_int_equal(k->stopped_at, stopped_at);
    assert_int_equal(k->state, CLOCK_STATE_CANCELLED);
    world_free(w);
}

static void clocks_are_found_by_kind_round_and_subject(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    struct uuid offer = world_offer(w, "ann")->offer_id;
    struct uuid other = {{1}};
    assert_int_equal(clock_of_subject(&w->c, &offer)->kind, CLOCK_KIND_OFFER);
    assert_null(clock_of_subject(&w->c, &other));
    assert_int_equal(clock_running(&w->c, CLOCK_KIND_RESOLUTION)->kind, CLOCK_KIND_RESOLUTION);
    assert_null(clock_running(&w->c, CLOCK_KIND_PROMISE));
    w->c.row.round = 2;
    assert_null(clock_open(&w->c, CLOCK_KIND_RESOLUTION));
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(due_is_start_plus_target),
        cmocka_unit_test(stopping_decides_by_timestamps),
        cmocka_unit_test(a_breach_found_while_stopping_is_recorded_after_the_event),
        cmocka_unit_test(a_breached_clock_stays_breached_and_gets_its_stop_time),
        cmocka_unit_test(a_stop_in_time_that_is_told_late_was_no_breach),
        cmocka_unit_test(cancelled_is_neither_met_nor_breached),
        cmocka_unit_test(clocks_are_found_by_kind_round_and_subject),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
