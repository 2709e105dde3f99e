/* SPDX-License-Identifier: Apache-2.0 */

/* What starts, stops and cancels clocks: in one order, and at the instant at which it happened. */

#include "clock_rig.h"
#include "contract/statuses.h"

#include <string.h>

static const int64_t T = WORLD_START_US;

/* -- the order --------------------------------------------------------------------------------- */

/* A clock that started at T, and which of its conditions hold now. The first that applies
 * decides. */
static void the_first_that_applies_decides(void **state)
{
    (void)state;
    static const struct {
        bool cancel, stop, reset, pause;
        int state;
        int32_t instance;
    } cases[] = {
        {true, true, true, true, CLOCK_STATE_CANCELLED, 1},
        {true, false, false, false, CLOCK_STATE_CANCELLED, 1},
        {false, true, true, true, CLOCK_STATE_MET, 1},
        {false, true, false, false, CLOCK_STATE_MET, 1},
        {false, false, true, true, CLOCK_STATE_RUNNING, 2},
        {false, false, false, true, CLOCK_STATE_PAUSED, 1},
        {false, false, false, false, CLOCK_STATE_RUNNING, 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct policy_clock k = define("k", CLOCK_KIND_NEXT_CONTACT, 8);
        const struct policy_condition holds = when(FACT_CONTACT, YES);
        k.start = always();
        k.cancel = cases[i].cancel ? holds : k.cancel;
        k.stop = cases[i].stop ? holds : k.stop;
        k.reset = cases[i].reset ? holds : k.reset;
        k.pause = cases[i].pause ? holds : k.pause;
        k.pause_single_ms = k.pause_total_ms = 3600 * 1000;
        struct world *w = CLOCK_CASE(k);
        w->now_us = T + 2 * HOUR_US;
        TELL_REACHED(w, T + HOUR_US + HOUR_US / 2);
        const struct clock_row *row = clock_named(w, "k");
        assert_int_equal(row->state, cases[i].state);
        assert_int_equal(row->instance, cases[i].instance);
        assert_int_equal(w->c.clocks.n, 1);
        assert_clocks_whole(w);
        world_free(w);
    }
}

static void what_cancels_or_stops_it_keeps_it_from_starting(void **state)
{
    (void)state;
    struct policy_clock a = define("a", CLOCK_KIND_NEXT_CONTACT, 8);
    struct policy_clock b = a;
    a.start = b.start = when(FACT_CONTACT, YES);
    a.cancel = when(FACT_CUSTOMER, YES);
    b.name = "b";
    b.stop = when(FACT_CUSTOMER, YES);
    struct world *w = CLOCK_CASE(a, b);
    w->now_us = T + 10;
    TELL_INBOUND(w, T + 9);
    TELL_REACHED(w, T + 5);
    assert_null(clock_named(w, "a"));
    assert_null(clock_named(w, "b"));
    TELL_REACHED(w, T + 10);
    assert_int_equal(clock_named(w, "a")->started_at, T + 5);
    assert_int_equal(clock_named(w, "b")->started_at, T + 5);
    world_free(w);
}

/* -- starting ---------------------------------------------------------------------------------- */

static void it_starts_at_the_true_moment(void **state)
{
    (void)state;
    struct policy_clock reply = define("reply", CLOCK_KIND_NEXT_CONTACT, 8);
    reply.start = when(FACT_CUSTOMER, YES);
    reply.stop = when(FACT_CUSTOMER, NO);
    struct world *w = CLOCK_CASE(reply);
    assert_int_equal(w->c.clocks.n, 0);
    w->now_us = T + 20 * HOUR_US;
    TELL_INBOUND(w, T + 2 * HOUR_US); /* told eighteen hours late */
    assert_clock(w, "reply", CLOCK_STATE_RUNNING, T + 10 * HOUR_US);
    const struct clock_row *k = clock_named(w, "reply");
    assert_int_equal(k->started_at, T + 2 * HOUR_US);
    assert_int_equal(k->next_at, T + 10 * HOUR_US); /* in the past: it fires at once */
    world_fire_until(w, w->now_us);
    assert_clock(w, "reply", CLOCK_STATE_BREACHED, T + 10 * HOUR_US);
    assert_int_equal(clock_named(w, "reply")->breached_at, T + 10 * HOUR_US);
    world_free(w);
}

/* And those of a clock that runs: test_clock_retarget.c. */
static void targets_go_by_the_facts_at_the_start(void **state)
{
    (void)state;
    struct policy_target targets[2] = {
        {.when = when(FACT_SEVERITY, BIT_OF(5)), .ms = 3600 * 1000},
        {.when = always(), .ms = 10 * 3600 * 1000},
    };
    struct policy_clock k = define_resolution("k", 1);
    k.n_targets = 2;
    k.targets = targets;
    struct world *w = CLOCK_CASE(k);
    assert_clock(w, "k", CLOCK_STATE_RUNNING, T + 10 * HOUR_US);
    world_free(w);
    w = clock_world(&k, 1);
    world_open(w);
    assert_string_equal(clock_named(w, "k")->name, "k");
    assert_int_equal(clock_named(w, "k")->policy_version, 1);
    world_free(w);
}

static void once_a_round_unless_again(void **state)
{
    (void)state;
    struct policy_clock once = define("once", CLOCK_KIND_NEXT_CONTACT, 8);
    once.start = when(FACT_CUSTOMER, YES);
    once.stop = when(FACT_CUSTOMER, NO);
    struct policy_clock again = once;
    again.name = "again";
    again.again = true;
    struct world *w = CLOCK_CASE(once, again);
    for (int i = 1; i <= 3; i++) {
        w->now_us = T + i * DAY_US;
        TELL_INBOUND(w, w->now_us);
        assert_clock(w, "again", CLOCK_STATE_RUNNING, w->now_us + 8 * HOUR_US);
        assert_int_equal(clock_named(w, "again")->instance, i);
        w->now_us += HOUR_US;
        TELL_REACHED(w, w->now_us);
        assert_clock(w, "again", CLOCK_STATE_MET, w->now_us + 7 * HOUR_US);
        assert_clock(w, "once", CLOCK_STATE_MET, T + DAY_US + 8 * HOUR_US);
    }
    assert_int_equal(w->c.clocks.n, 2); /* rows do not grow */
    world_free(w);
}

/* An answer ends the wait that it answered, in whatever order things are told; the next wait is
 * another one. */
static void an_answer_told_late_ends_its_own_wait(void **state)
{
    (void)state;
    struct policy_clock reply = define("reply", CLOCK_KIND_NEXT_CONTACT, 8);
    reply.start = when(FACT_CUSTOMER, YES);
    reply.stop = when(FACT_CUSTOMER, NO);
    reply.again = true;
    struct world *w = CLOCK_CASE(reply);
    w->now_us = T + 7 * HOUR_US;
    TELL_INBOUND(w, T);
    TELL_INBOUND(w, T + 6 * HOUR_US);
    assert_clock(w, "reply", CLOCK_STATE_RUNNING, T + 8 * HOUR_US);
    TELL_REACHED(w, T + HOUR_US);
    assert_clock(w, "reply", CLOCK_STATE_RUNNING, T + 14 * HOUR_US);
    assert_int_equal(clock_named(w, "reply")->instance, 2);
    assert_clocks_whole(w);
    world_free(w);
}

static void a_failed_attempt_is_no_answer(void **state)
{
    (void)state;
    struct policy_clock reply = define("reply", CLOCK_KIND_NEXT_CONTACT, 8);
    reply.start = when(FACT_CUSTOMER, YES);
    reply.stop = when(FACT_CUSTOMER, NO);
    struct world *w = CLOCK_CASE(reply);
    TELL_INBOUND(w, T);
    tell_contact(w, CONTACT_DIRECTION_OUTBOUND, CONTACT_OUTCOME_NO_ANSWER, T + HOUR_US);
    assert_clock(w, "reply", CLOCK_STATE_RUNNING, T + 8 * HOUR_US);
    world_free(w);
}

/* -- stopping ---------------------------------------------------------------------------------- */

static void stopped_by_when_it_was_not_by_when_it_was_told(void **state)
{
    (void)state;
    struct policy_clock first = define("first", CLOCK_KIND_FIRST_RESPONSE, 8);
    first.start = when(FACT_STATUS, STATUSES_WAITING);
    first.stop = when(FACT_CONTACT, YES);
    static const struct {
        int64_t at_us;
        bool fired;
        int state;
    } cases[] = {
        {T + 8 * HOUR_US, false, CLOCK_STATE_MET},
        {T + 8 * HOUR_US, true, CLOCK_STATE_MET}, /* what the timer found is undone */
        {T + 8 * HOUR_US + 1, false, CLOCK_STATE_BREACHED},
        {T + 8 * HOUR_US + 1, true, CLOCK_STATE_BREACHED},
        {T, false, CLOCK_STATE_MET},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world *w = CLOCK_CASE(first);
        w->now_us = T + 9 * HOUR_US;
        if (cases[i].fired)
            world_fire_until(w, w->now_us);
        TELL_REACHED(w, cases[i].at_us);
        assert_clock(w, "first", cases[i].state, T + 8 * HOUR_US);
        assert_int_equal(clock_named(w, "first")->stopped_at, cases[i].at_us);
        bool recorded = cases[i].fired || cases[i].state == CLOCK_STATE_BREACHED;
        assert_int_equal(w->escalations.n, recorded);
        TELL_REACHED(w, T + HOUR_US); /* an earlier one, told after it */
        assert_clock(w, "first", CLOCK_STATE_MET, T + 8 * HOUR_US);
        assert_int_equal(w->escalations.n, recorded);
        assert_clocks_whole(w);
        world_free(w);
    }
}

static void breached_though_resolved_before_anything_looked(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(define_resolution("r", 8));
    w->now_us = T + 8 * HOUR_US + 1;
    tell_status(w, CASE_STATUS_RESOLVED);
    assert_clock(w, "r", CLOCK_STATE_BREACHED, T + 8 * HOUR_US);
    assert_int_equal(w->escalations.n, 1);
    const struct escalation_row *e = ROW_AT(&w->escalations, struct escalation_row, 0);
    assert_int_equal(e->due_at, T + 8 * HOUR_US);
    assert_int_equal(w->c.row.level, 1); /* nobody has to be reminded any more */
    world_free(w);
}

static void what_came_before_the_stop_fires_before_it(void **state)
{
    (void)state;
    struct policy_threshold steps[] = {
        {.percent = 50, .actions = BIT_OF(ESCALATION_ACTION_NOTIFY), .notify = POLICY_NOTIFY_OWNER},
        {.percent = 75, .actions = BIT_OF(ESCALATION_ACTION_NOTIFY), .notify = POLICY_NOTIFY_OWNER},
        {.percent = 150,
         .actions = BIT_OF(ESCALATION_ACTION_NOTIFY),
         .notify = POLICY_NOTIFY_OWNER},
    };
    struct policy_clock r = define_resolution("r", 8);
    r.n_thresholds = 3;
    r.thresholds = steps;
    static const struct {
        int64_t after_us;
        size_t steps;
    } cases[] = {{4 * HOUR_US, 0},
                 {4 * HOUR_US + 1, 1},
                 {7 * HOUR_US, 2},
                 {12 * HOUR_US, 3},
                 {13 * HOUR_US, 4}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world *w = CLOCK_CASE(r);
        w->now_us = T + cases[i].after_us;
        tell_status(w, CASE_STATUS_RESOLVED);
        assert_int_equal(w->escalations.n, cases[i].steps);
        world_free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_that_applies_decides),
        cmocka_unit_test(what_cancels_or_stops_it_keeps_it_from_starting),
        cmocka_unit_test(it_starts_at_the_true_moment),
        cmocka_unit_test(targets_go_by_the_facts_at_the_start),
        cmocka_unit_test(once_a_round_unless_again),
        cmocka_unit_test(an_answer_told_late_ends_its_own_wait),
        cmocka_unit_test(a_failed_attempt_is_no_answer),
        cmocka_unit_test(stopped_by_when_it_was_not_by_when_it_was_told),
        cmocka_unit_test(breached_though_resolved_before_anything_looked),
        cmocka_unit_test(what_came_before_the_stop_fires_before_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
