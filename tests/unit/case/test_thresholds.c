/* SPDX-License-Identifier: Apache-2.0 */

/* Thresholds fire once an instance, in order, whatever happens to the clock. */

#include "clock_rig.h"
#include "contract/statuses.h"

#include <string.h>

static const int64_t T = WORLD_START_US;
#define HOURS_MS(n) ((n)*3600 * 1000LL)

static struct policy_threshold steps[] = {
    {.percent = 50, .actions = BIT_OF(ESCALATION_ACTION_NOTIFY), .notify = POLICY_NOTIFY_OWNER},
    {.percent = 100, .actions = BIT_OF(ESCALATION_ACTION_NOTIFY), .notify = POLICY_NOTIFY_OWNER},
    {.percent = 150, .actions = BIT_OF(ESCALATION_ACTION_NOTIFY), .notify = POLICY_NOTIFY_OWNER},
};

static struct policy_clock stepped(void)
{
    struct policy_clock r = define_resolution("r", 8);
    r.pause_single_ms = r.pause_total_ms = HOURS_MS(100);
    r.n_thresholds = 3;
    r.thresholds = steps;
    return r;
}

static const struct escalation_row *step(const struct world *w, size_t i)
{
    assert_true(i < w->escalations.n);
    return ROW_AT(&w->escalations, const struct escalation_row, i);
}

static void each_in_its_time(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(stepped());
    assert_int_equal(clock_named(w, "r")->next_at, T + 4 * HOUR_US);
    world_fire_until(w, T + 4 * HOUR_US - 1);
    assert_int_equal(w->escalations.n, 0);
    world_fire_until(w, T + 4 * HOUR_US);
    assert_int_equal(w->escalations.n, 1);
    assert_int_equal(step(w, 0)->threshold, 50);
    assert_int_equal(step(w, 0)->due_at, T + 4 * HOUR_US);
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_CLOCK_THRESHOLD);
    assert_int_equal(world_detail(w, world_event(w, 0))->clocks[0]->fired_percent, 50);
    assert_clock(w, "r", CLOCK_STATE_RUNNING, T + 8 * HOUR_US);
    world_fire_until(w, T + 8 * HOUR_US);
    assert_clock(w, "r", CLOCK_STATE_BREACHED, T + 8 * HOUR_US);
    assert_int_equal(clock_named(w, "r")->next_at, T + 12 * HOUR_US);
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_CLOCK_BREACHED);
    world_fire_until(w, T + 100 * HOUR_US);
    assert_int_equal(w->escalations.n, 3);
    assert_int_equal(clock_named(w, "r")->next_at, 0);
    assert_clocks_whole(w);
    assert_chain_intact(w);
    world_free(w);
}

static void all_that_came_while_nobody_looked_in_order(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(stepped());
    w->now_us = T + 50 * HOUR_US;
    world_fire(w, clock_named(w, "r"));
    assert_int_equal(w->escalations.n, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(step(w, i)->threshold, 50 * (int)(i + 1));
        assert_int_equal(step(w, i)->due_at, T + (int64_t)(i + 1) * 4 * HOUR_US);
    }
    world_free(w);
}

static void a_hundred_per_cent_are_always_there(void **state)
{
    (void)state;
    struct policy_clock r = stepped();
    r.n_thresholds = 1;
    struct world *w = CLOCK_CASE(r);
    world_fire_until(w, T + 50 * HOUR_US);
    assert_clock(w, "r", CLOCK_STATE_BREACHED, T + 8 * HOUR_US);
    assert_int_equal(w->escalations.n, 2);
    assert_int_equal(step(w, 1)->threshold, 100);
    assert_int_equal(step(w, 1)->actions, 0);
    assert_int_equal(w->notifications.n, 1);
    world_free(w);
}

static void a_pause_does_not_fire_it_again(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(stepped());
    world_fire_until(w, T + 5 * HOUR_US);
    tell_pause(w, T + 7 * HOUR_US);
    world_fire_until(w, T + 10 * HOUR_US);
    assert_clock(w, "r", CLOCK_STATE_BREACHED, T + 10 * HOUR_US);
    assert_int_equal(w->escalations.n, 2);
    assert_int_equal(step(w, 1)->due_at, T + 10 * HOUR_US);
    assert_int_equal(clock_named(w, "r")->next_at, T + 14 * HOUR_US);
    assert_clocks_whole(w);
    world_free(w);
}

/* -- what the end does ------------------------------------------------------------------------- */

static void at_the_top_it_goes_round_until_somebody_takes_notice(void **state)
{
    (void)state;
    struct policy_threshold again = {.percent = 100,
                                     .actions = BIT_OF(ESCALATION_ACTION_NOTIFY) |
                                                BIT_OF(ESCALATION_ACTION_RESTART)};
    struct policy_clock l = define("level", CLOCK_KIND_LEVEL, 24);
    l.level = 1;
    l.start = when_both(FACT_LEVEL, BIT_OF(1), FACT_ACKNOWLEDGED, NO);
    l.stop = when(FACT_ACKNOWLEDGED, YES);
    l.n_thresholds = 1;
    l.thresholds = &again;
    struct world *w = CLOCK_CASE(l);
    for (int i = 1; i <= 3; i++) {
        world_fire_until(w, T + i * DAY_US);
        assert_clock(w, "level", CLOCK_STATE_RUNNING, T + (i + 1) * DAY_US);
        assert_int_equal(clock_named(w, "level")->instance, i + 1);
        assert_int_equal(w->escalations.n, i);
        assert_int_equal(step(w, (size_t)i - 1)->instance, i);
        assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_CLOCK_CHANGED);
        assert_int_equal(world_event(w, 1)->kind, EVENT_KIND_CLOCK_BREACHED);
    }
    w->now_us += HOUR_US;
    w->c.row.acknowledged_at = w->now_us;
    tell_nothing(w);
    assert_clock(w, "level", CLOCK_STATE_MET, T + 4 * DAY_US);
    assert_chain_intact(w);
    world_free(w);
}

static struct policy_clock follow_up(void)
{
    static struct policy_threshold close = {.percent = 100,
                                            .actions = BIT_OF(ESCALATION_ACTION_CLOSE)};
    struct policy_clock f = define("f", CLOCK_KIND_FOLLOW_UP, 168);
    f.start = when(FACT_STATUS, RESOLVED);
    f.stop = when(FACT_STATUS, BIT_OF(CASE_STATUS_CLOSED));
    f.cancel = when(FACT_STATUS, STATUSES_WAITING);
    f.n_thresholds = 1;
    f.thresholds = &close;
    return f;
}

/* All that the close gate asks for. */
static void pass_gate(struct world *w)
{
    TELL_REACHED(w, w->now_us);
    struct act_row *act = ROWS_ADD(&w->c.acts, struct act_row, &w->arena);
    act->kind = ACT_KIND_APOLOGY;
    act->at = w->now_us;
    act->actor = act->note = "";
    w->c.row.root_cause_at = w->now_us;
    w->c.row.denial_disclosed_at = w->now_us;
    tell_nothing(w);
    assert_int_equal(case_gate_missing(&w->c, w->policy), 0);
}

static void the_case_closes_when_nobody_says_a_word(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(follow_up());
    pass_gate(w);
    tell_status(w, CASE_STATUS_RESOLVED);
    assert_clock(w, "f", CLOCK_STATE_RUNNING, T + 7 * DAY_US);
    world_fire_until(w, T + 8 * DAY_US);
    assert_clock(w, "f", CLOCK_STATE_MET, T + 7 * DAY_US);
    assert_int_equal(clock_named(w, "f")->stopped_at, T + 7 * DAY_US);
    assert_int_equal(w->c.row.status, CASE_STATUS_CLOSED);
    assert_int_equal(w->c.row.closed_at, T + 7 * DAY_US);
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_CASE_CLOSED);
    assert_string_equal(world_event(w, 0)->actor, SYSTEM_ACTOR);
    assert_int_equal(w->escalations.n, 0);
    assert_chain_intact(w);
    world_free(w);
}

static void what_does_not_pass_any_more_is_told_again_and_again(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(follow_up());
    pass_gate(w);
    tell_status(w, CASE_STATUS_RESOLVED);
    w->c.row.root_cause_at = 0;
    world_fire_until(w, T + 8 * DAY_US);
    assert_int_equal(w->c.row.status, CASE_STATUS_RESOLVED);
    assert_clock(w, "f", CLOCK_STATE_RUNNING, T + 14 * DAY_US);
    assert_int_equal(w->escalations.n, 1);
    assert_int_equal(step(w, 0)->due_at, T + 7 * DAY_US);
    assert_int_equal(w->notifications.n, 2);
    world_fire_until(w, T + 15 * DAY_US);
    assert_clock(w, "f", CLOCK_STATE_RUNNING, T + 21 * DAY_US);
    assert_int_equal(w->escalations.n, 2);
    assert_int_equal(w->notifications.n, 4);
    w->c.row.root_cause_at = w->now_us;
    world_fire_until(w, T + 22 * DAY_US);
    assert_int_equal(w->c.row.status, CASE_STATUS_CLOSED);
    assert_clock(w, "f", CLOCK_STATE_MET, T + 21 * DAY_US);
    assert_chain_intact(w);
    world_free(w);
}

static void who_waits_for_an_answer_is_not_closed(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(follow_up());
    pass_gate(w);
    tell_status(w, CASE_STATUS_RESOLVED);
    w->now_us = T + 6 * DAY_US;
    TELL_INBOUND(w, w->now_us);
    world_fire_until(w, T + 8 * DAY_US);
    assert_int_equal(w->c.row.status, CASE_STATUS_RESOLVED);
    assert_clock(w, "f", CLOCK_STATE_RUNNING, T + 14 * DAY_US);
    assert_int_equal(w->notifications.n, 2);
    w->now_us = T + 9 * DAY_US;
    TELL_REACHED(w, w->now_us);
    world_fire_until(w, T + 15 * DAY_US);
    assert_int_equal(w->c.row.status, CASE_STATUS_CLOSED);
    assert_chain_intact(w);
    world_free(w);
}

/* Nobody looked in time. What came later does not pause a window that had ended before. */
static void a_window_that_is_over_does_not_pause(void **state)
{
    (void)state;
    struct policy_clock f = follow_up();
    f.pause = when(FACT_CUSTOMER, YES);
    f.pause_single_ms = f.pause_total_ms = 24 * 3600 * 1000LL;
    struct world *w = CLOCK_CASE(f);
    pass_gate(w);
    tell_status(w, CASE_STATUS_RESOLVED);
    w->now_us = T + 8 * DAY_US;
    TELL_INBOUND(w, w->now_us);
    assert_clock(w, "f", CLOCK_STATE_RUNNING, T + 7 * DAY_US);
    /* And yet the case is not closed over the customer's word: who looks late knows of it. */
    world_fire_until(w, T + 9 * DAY_US);
    assert_int_equal(w->c.row.status, CASE_STATUS_RESOLVED);
    assert_int_equal(clock_named(w, "f")->instance, 2);
    assert_int_equal(clock_named(w, "f")->started_at, T + 8 * DAY_US);
    world_free(w);
}

static void closed_by_hand_is_no_breach_however_late(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(follow_up());
    pass_gate(w);
    tell_status(w, CASE_STATUS_RESOLVED);
    w->now_us = T + 9 * DAY_US;
    case_close(world_decision(w, "ann"), "ann");
    world_commit(w);
    assert_clock(w, "f", CLOCK_STATE_MET, T + 7 * DAY_US);
    assert_int_equal(clock_named(w, "f")->stopped_at, T + 7 * DAY_US);
    assert_int_equal(w->escalations.n, 0);
    world_free(w);
}

static void what_was_found_is_recorded_by_due_instant(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(define_resolution("late", 8), define_resolution("early", 4));
    w->now_us = T + 20 * HOUR_US;
    tell_status(w, CASE_STATUS_RESOLVED);
    assert_int_equal(w->escalations.n, 2);
    assert_int_equal(step(w, 0)->due_at, T + 4 * HOUR_US);
    assert_int_equal(step(w, 1)->due_at, T + 8 * HOUR_US);
    world_free(w);
}

static void catching_up_fires_what_came_before_now(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(stepped());
    w->now_us = T + 8 * HOUR_US;
    driver_catch_up(world_decision(w, "ann"));
    world_commit(w);
    assert_int_equal(w->escalations.n, 1); /* not what comes now: it may still be met */
    w->now_us++;
    driver_catch_up(world_decision(w, "ann"));
    world_commit(w);
    assert_int_equal(w->escalations.n, 2);
    world_free(w);
}

/* -- instants that are given ------------------------------------------------------------------- */

static void a_given_instant_is_kept_to_the_microsecond(void **state)
{
    (void)state;
    struct policy_clock p = define("p", CLOCK_KIND_PROMISE, 1);
    p.n_thresholds = 3;
    p.thresholds = steps;
    struct world *w = CLOCK_CASE(p);
    struct uuid id = {{77}};
    for (int64_t span = 1; span < 3000; span += 7) {
        id.b[1]++;
        struct clock_row *k = clock_start_until(world_decision(w, "ann"), CLOCK_KIND_PROMISE, &id,
                                                T, T + HOUR_US + span);
        assert_int_equal(k->due_at, T + HOUR_US + span);
        assert_true(k->started_at <= T && k->started_at > T - 1000);
        assert_string_equal(k->name, "p");
        world_commit(w);
    }
    assert_clocks_whole(w);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_in_its_time),
        cmocka_unit_test(all_that_came_while_nobody_looked_in_order),
        cmocka_unit_test(a_hundred_per_cent_are_always_there),
        cmocka_unit_test(a_pause_does_not_fire_it_again),
        cmocka_unit_test(at_the_top_it_goes_round_until_somebody_takes_notice),
        cmocka_unit_test(the_case_closes_when_nobody_says_a_word),
        cmocka_unit_test(what_does_not_pass_any_more_is_told_again_and_again),
        cmocka_unit_test(who_waits_for_an_answer_is_not_closed),
        cmocka_unit_test(a_window_that_is_over_does_not_pause),
        cmocka_unit_test(closed_by_hand_is_no_breach_however_late),
        cmocka_unit_test(what_was_found_is_recorded_by_due_instant),
        cmocka_unit_test(catching_up_fires_what_came_before_now),
        cmocka_unit_test(a_given_instant_is_kept_to_the_microsecond),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
