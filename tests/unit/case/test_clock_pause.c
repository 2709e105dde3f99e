/* SPDX-License-Identifier: Apache-2.0 */

/* Pauses by hand and by definition: they are limited, and never count as time that was met. */

#include "clock_rig.h"
#include "contract/statuses.h"

#include <string.h>

static const int64_t T = WORLD_START_US;
#define HOURS_MS(n) ((n)*3600 * 1000LL)

/* Eight hours; may pause three hours at a time, five in all. */
static struct policy_clock pausable(void)
{
    struct policy_clock r = define_resolution("r", 8);
    r.pause_single_ms = HOURS_MS(3);
    r.pause_total_ms = HOURS_MS(5);
    return r;
}

static const struct clock_row *r_of(struct world *w)
{
    return clock_named(w, "r");
}

static void by_hand_until_it_is_resumed(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(pausable());
    w->now_us = T + HOUR_US;
    tell_pause(w, T + 3 * HOUR_US);
    /* The end of the pause is known, so the deadline is known, too. */
    assert_clock(w, "r", CLOCK_STATE_PAUSED, T + 10 * HOUR_US);
    assert_int_equal(r_of(w)->next_at, T + 3 * HOUR_US);
    assert_int_equal(r_of(w)->pause_reason, PAUSE_REASON_CUSTOMER_ASKED);
    w->now_us = T + 2 * HOUR_US;
    tell_resume(w);
    assert_clock(w, "r", CLOCK_STATE_RUNNING, T + 9 * HOUR_US);
    const Amends__V1__EventDetail *detail = world_detail(w, world_event(w, 0));
    assert_int_equal(detail->n_clocks, 1);
    assert_int_equal(detail->clocks[0]->n_pauses, 1);
    assert_int_equal(detail->clocks[0]->pauses[0]->end_time->seconds, w->now_us / 1000000);
    assert_clocks_whole(w);
    world_free(w);
}

static void it_ends_by_itself(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(pausable());
    tell_pause(w, T + 2 * HOUR_US);
    world_fire_until(w, T + 5 * HOUR_US);
    assert_clock(w, "r", CLOCK_STATE_RUNNING, T + 10 * HOUR_US);
    assert_int_equal(w->c.row.paused_at, 0);
    assert_int_equal(w->c.row.paused_ms, HOURS_MS(2));
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_CASE_RESUMED);
    assert_string_equal(world_event(w, 0)->actor, SYSTEM_ACTOR);
    const Amends__V1__EventDetail *detail = world_detail(w, world_event(w, 0));
    assert_int_equal(detail->pause->end_time->seconds, (T + 2 * HOUR_US) / 1000000);
    assert_clocks_whole(w);
    world_free(w);
}

/* The pause ended at its own instant, however late somebody looks. */
static void it_ended_then_whoever_looks(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(pausable());
    tell_pause(w, T + 2 * HOUR_US);
    w->now_us = T + 6 * HOUR_US;
    tell_nothing(w);
    assert_clock(w, "r", CLOCK_STATE_RUNNING, T + 10 * HOUR_US);
    assert_string_equal(r_of(w)->pauses, "1767225600000000-1767232800000000:1");
    assert_int_equal(w->c.row.paused_at, 0);
    world_free(w);
}

static void a_single_pause_is_capped(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(pausable());
    tell_pause(w, T + 24 * HOUR_US);
    assert_clock(w, "r", CLOCK_STATE_PAUSED, T + 11 * HOUR_US);
    world_fire_until(w, T + 4 * HOUR_US);
    assert_clock(w, "r", CLOCK_STATE_RUNNING, T + 11 * HOUR_US);
    assert_true(r_of(w)->pause_capped);
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_CLOCK_CHANGED);
    assert_true(w->c.row.paused_at != 0); /* the case is paused still */
    tell_nothing(w);
    assert_clock(w, "r", CLOCK_STATE_RUNNING, T + 11 * HOUR_US);
    /* Only another pause pauses it again. */
    tell_resume(w);
    assert_false(r_of(w)->pause_capped);
    w->now_us = T + 5 * HOUR_US;
    tell_pause(w, T + 6 * HOUR_US);
    assert_clock(w, "r", CLOCK_STATE_PAUSED, T + 12 * HOUR_US);
    world_free(w);
}

static void all_pauses_together_are_capped(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(pausable());
    tell_pause(w, T + 3 * HOUR_US);
    world_fire_until(w, T + 4 * HOUR_US);
    tell_pause(w, T + 7 * HOUR_US);
    /* Two of its three hours are left. */
    assert_clock(w, "r", CLOCK_STATE_PAUSED, T + 13 * HOUR_US);
    world_fire_until(w, T + 6 * HOUR_US);
    assert_clock(w, "r", CLOCK_STATE_RUNNING, T + 13 * HOUR_US);
    tell_resume(w);
    w->now_us += HOUR_US;
    tell_pause(w, T + 9 * HOUR_US);
    assert_clock(w, "r", CLOCK_STATE_RUNNING, T + 13 * HOUR_US);
    assert_true(r_of(w)->pause_capped);
    assert_clocks_whole(w);
    world_free(w);
}

static void without_caps_and_statutory_it_never_pauses(void **state)
{
    (void)state;
    struct policy_clock statute = define("s", CLOCK_KIND_STATUTORY, 8);
    statute.start = always();
    statute.pause_single_ms = statute.pause_total_ms = HOURS_MS(100);
    statute.pause = always();
    struct policy_target days = {.when = always(), .unit = POLICY_UNIT_DAYS, .days = 2};
    struct policy_clock daily = statute;
    daily.name = "d";
    daily.kind = CLOCK_KIND_NEXT_CONTACT;
    daily.targets = &days;
    struct world *w = CLOCK_CASE(define_resolution("r", 8), statute, daily);
    tell_pause(w, T + 2 * HOUR_US);
    assert_clock(w, "r", CLOCK_STATE_RUNNING, T + 8 * HOUR_US);
    assert_clock(w, "s", CLOCK_STATE_RUNNING, T + 8 * HOUR_US);
    assert_clock(w, "d", CLOCK_STATE_RUNNING, T + 48 * HOUR_US);
    assert_clocks_whole(w);
    world_free(w);
}

static void by_its_own_condition(void **state)
{
    (void)state;
    struct policy_clock r = pausable();
    r.pause = when(FACT_SEVERITY, BIT_OF(1));
    struct world *w = CLOCK_CASE(r);
    w->now_us = T + HOUR_US;
    w->c.row.severity = 1;
    tell_nothing(w);
    assert_clock(w, "r", CLOCK_STATE_PAUSED, T + 11 * HOUR_US); /* at most three hours */
    assert_int_equal(r_of(w)->pause_reason, PAUSE_REASON_POLICY);
    w->now_us = T + 2 * HOUR_US;
    w->c.row.severity = 2;
    tell_nothing(w);
    assert_clock(w, "r", CLOCK_STATE_RUNNING, T + 9 * HOUR_US);
    w->c.row.severity = 1;
    tell_nothing(w);
    assert_clock(w, "r", CLOCK_STATE_PAUSED, T + 12 * HOUR_US);
    world_fire_until(w, T + 6 * HOUR_US);
    assert_clock(w, "r", CLOCK_STATE_RUNNING, T + 12 * HOUR_US);
    assert_true(r_of(w)->pause_capped);
    world_free(w);
}

/* The customer answered at an instant that is told later. From that instant on the clock runs
 * again. */
static void it_resumes_at_the_true_moment(void **state)
{
    (void)state;
    struct policy_clock r = pausable();
    r.pause = when(FACT_SEVERITY, BIT_OF(1));
    r.resume = when(FACT_CUSTOMER, YES);
    struct world *w = CLOCK_CASE(r);
    w->c.row.severity = 1;
    tell_nothing(w);
    w->now_us = T + 2 * HOUR_US;
    TELL_INBOUND(w, T + HOUR_US);
    assert_clock(w, "r", CLOCK_STATE_RUNNING, T + 9 * HOUR_US);
    assert_clocks_whole(w);
    world_free(w);
}

static void the_definitions_pause_takes_over_from_the_one_by_hand(void **state)
{
    (void)state;
    struct policy_clock r = pausable();
    r.pause = when(FACT_SEVERITY, BIT_OF(1));
    struct world *w = CLOCK_CASE(r);
    tell_pause(w, T + HOUR_US);
    w->c.row.severity = 1;
    tell_nothing(w);
    assert_clock(w, "r", CLOCK_STATE_PAUSED, T + 9 * HOUR_US);
    world_fire_until(w, T + 2 * HOUR_US);
    assert_clock(w, "r", CLOCK_STATE_PAUSED, T + 12 * HOUR_US); /* one and at most three more */
    assert_int_equal(r_of(w)->paused_at, T + HOUR_US);
    assert_int_equal(r_of(w)->pause_reason, PAUSE_REASON_POLICY);
    assert_clocks_whole(w);
    world_free(w);
}

static void a_clock_that_starts_in_a_pause_is_paused(void **state)
{
    (void)state;
    struct policy_clock reply = define("r", CLOCK_KIND_NEXT_CONTACT, 8);
    reply.start = when(FACT_CUSTOMER, YES);
    reply.pause_single_ms = reply.pause_total_ms = HOURS_MS(100);
    struct world *w = CLOCK_CASE(reply);
    tell_pause(w, T + 4 * HOUR_US);
    w->now_us = T + HOUR_US;
    TELL_INBOUND(w, w->now_us);
    assert_clock(w, "r", CLOCK_STATE_PAUSED, T + 12 * HOUR_US);
    assert_int_equal(r_of(w)->paused_at, T + HOUR_US);
    assert_clocks_whole(w);
    world_free(w);
}

/* -- stopped while paused ---------------------------------------------------------------------- */

static void an_open_pause_never_counts_as_met(void **state)
{
    (void)state;
    static const struct {
        int64_t resolved_us;
        int state;
        int64_t due_us;
    } cases[] = {
        /* In the pause: seven of eight hours were used up before it. */
        {T + 9 * HOUR_US, CLOCK_STATE_MET, T + 10 * HOUR_US},
        /* After it ended by its cap, an hour is left. */
        {T + 11 * HOUR_US, CLOCK_STATE_MET, T + 11 * HOUR_US},
        {T + 11 * HOUR_US + 1, CLOCK_STATE_BREACHED, T + 11 * HOUR_US},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world *w = CLOCK_CASE(pausable());
        w->now_us = T + 7 * HOUR_US;
        tell_pause(w, T + 50 * HOUR_US);
        w->now_us = cases[i].resolved_us;
        tell_status(w, CASE_STATUS_RESOLVED);
        assert_clock(w, "r", cases[i].state, cases[i].due_us);
        assert_int_equal(r_of(w)->stopped_at, cases[i].resolved_us);
        assert_clocks_whole(w);
        world_free(w);
    }
}

static void what_was_late_before_the_pause_does_not_pause(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(pausable());
    w->now_us = T + 9 * HOUR_US; /* and nothing has looked since it was due */
    tell_pause(w, T + 10 * HOUR_US);
    assert_clock(w, "r", CLOCK_STATE_BREACHED, T + 8 * HOUR_US);
    assert_int_equal(w->escalations.n, 1);
    tell_resume(w);
    assert_clock(w, "r", CLOCK_STATE_BREACHED, T + 8 * HOUR_US);
    assert_clocks_whole(w);
    world_free(w);
}

static void a_stop_from_before_the_pause_is_as_if_there_were_none(void **state)
{
    (void)state;
    struct policy_clock first = define("r", CLOCK_KIND_FIRST_RESPONSE, 8);
    first.start = when(FACT_STATUS, STATUSES_WAITING);
    first.stop = when(FACT_CONTACT, YES);
    first.pause_single_ms = first.pause_total_ms = HOURS_MS(100);
    struct world *w = CLOCK_CASE(first);
    w->now_us = T + 5 * HOUR_US;
    tell_pause(w, T + 30 * HOUR_US);
    TELL_REACHED(w, T + 4 * HOUR_US);
    assert_clock(w, "r", CLOCK_STATE_MET, T + 8 * HOUR_US);
    assert_string_equal(r_of(w)->pauses, "");
    world_free(w);
}

static void more_pauses_than_a_row_keeps_are_not_made(void **state)
{
    (void)state;
    struct policy_clock r = define_resolution("r", 8);
    r.pause_single_ms = r.pause_total_ms = HOURS_MS(1000);
    struct world *w = CLOCK_CASE(r);
    for (int i = 0; i < PAUSES_MAX + 5; i++) {
        tell_pause(w, w->now_us + HOUR_US);
        w->now_us += 1000000;
        tell_resume(w);
        w->now_us += 1000000;
    }
    assert_clock(w, "r", CLOCK_STATE_RUNNING, T + 8 * HOUR_US + PAUSES_MAX * 1000000LL);
    tell_pause(w, w->now_us + HOUR_US);
    assert_int_equal(r_of(w)->state, CLOCK_STATE_RUNNING);
    assert_clocks_whole(w);
    world_free(w);
}

static void what_no_program_wrote_does_no_harm(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(pausable());
    struct clock_row *k = clock_named(w, "r");
    k->pauses = "no pauses";
    w->now_us = T + HOUR_US;
    tell_pause(w, T + 2 * HOUR_US);
    assert_clock(w, "r", CLOCK_STATE_RUNNING, T + 8 * HOUR_US);
    clock_named(w, "r")->calendar = "gone";
    world_fire_until(w, T + 8 * HOUR_US);
    assert_clock(w, "r", CLOCK_STATE_BREACHED, T + 8 * HOUR_US);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand_until_it_is_resumed),
        cmocka_unit_test(it_ends_by_itself),
        cmocka_unit_test(it_ended_then_whoever_looks),
        cmocka_unit_test(a_single_pause_is_capped),
        cmocka_unit_test(all_pauses_together_are_capped),
        cmocka_unit_test(without_caps_and_statutory_it_never_pauses),
        cmocka_unit_test(by_its_own_condition),
        cmocka_unit_test(it_resumes_at_the_true_moment),
        cmocka_unit_test(the_definitions_pause_takes_over_from_the_one_by_hand),
        cmocka_unit_test(a_clock_that_starts_in_a_pause_is_paused),
        cmocka_unit_test(an_open_pause_never_counts_as_met),
        cmocka_unit_test(what_was_late_before_the_pause_does_not_pause),
        cmocka_unit_test(a_stop_from_before_the_pause_is_as_if_there_were_none),
        cmocka_unit_test(more_pauses_than_a_row_keeps_are_not_made),
        cmocka_unit_test(what_no_program_wrote_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
