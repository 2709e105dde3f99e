/* SPDX-License-Identifier: Apache-2.0 */

/* Thresholds that are a time before the deadline. */

#include "clock_rig.h"

#include "case/clocks/impl.h"
#include "policy/build.h"

static const int64_t T = WORLD_START_US;
#define HOURS_MS(n) ((n)*3600 * 1000LL)
#define HOUR_BEFORE (-3600)
#define TELL .actions = BIT_OF(ESCALATION_ACTION_NOTIFY), .notify = POLICY_NOTIFY_OWNER

static struct policy_threshold steps[] = {
    {.percent = 50, TELL},
    {.before_ms = HOURS_MS(1), TELL},
    {.percent = 100, TELL},
    {.percent = 150, TELL},
};

static struct policy_clock stepped(void)
{
    struct policy_clock r = define_resolution("r", 8);
    r.pause_single_ms = r.pause_total_ms = HOURS_MS(100);
    r.n_thresholds = 4;
    r.thresholds = steps;
    return r;
}

static size_t fired_at(const struct world *w, int32_t id, int64_t due_us)
{
    size_t n = 0;
    ROWS_EACH (e, const struct escalation_row, &w->escalations)
        n += e->threshold == id && e->due_at == due_us;
    return n;
}

static void it_comes_in_its_place(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(stepped());
    world_fire_until(w, T + 4 * HOUR_US);
    assert_int_equal(clock_named(w, "r")->next_at, T + 7 * HOUR_US);
    world_fire_until(w, T + 7 * HOUR_US);
    assert_int_equal(fired_at(w, HOUR_BEFORE, T + 7 * HOUR_US), 1);
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_CLOCK_THRESHOLD);
    const Amends__V1__Clock *shown = world_detail(w, world_event(w, 0))->clocks[0];
    assert_int_equal(shown->fired_percent, 0);
    assert_int_equal(shown->fired_before->seconds, 3600);
    const Amends__V1__Escalation *step = world_detail(w, world_event(w, 0))->escalation;
    assert_int_equal(step->threshold, 0);
    assert_int_equal(step->before->seconds, 3600);
    assert_clock(w, "r", CLOCK_STATE_RUNNING, T + 8 * HOUR_US);
    world_fire_until(w, T + 100 * HOUR_US);
    assert_clock(w, "r", CLOCK_STATE_BREACHED, T + 8 * HOUR_US);
    assert_int_equal(w->escalations.n, 4);
    assert_clocks_whole(w);
    assert_chain_intact(w);
    world_free(w);
}

static void all_in_order_while_nobody_looked(void **state)
{
    (void)state;
    static const int32_t order[] = {50, HOUR_BEFORE, 100, 150};
    struct world *w = CLOCK_CASE(stepped());
    w->now_us = T + 50 * HOUR_US;
    world_fire(w, clock_named(w, "r"));
    assert_int_equal(w->escalations.n, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(ROW_AT(&w->escalations, const struct escalation_row, i)->threshold,
                         order[i]);
    world_free(w);
}

static void a_pause_moves_it_with_the_deadline(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(stepped());
    world_fire_until(w, T + 6 * HOUR_US);
    tell_pause(w, T + 9 * HOUR_US);
    world_fire_until(w, T + 9 * HOUR_US);
    assert_int_equal(clock_named(w, "r")->next_at, T + 10 * HOUR_US);
    world_fire_until(w, T + 10 * HOUR_US);
    /* One that begins within the last hour does not fire it again. */
    tell_pause(w, T + 12 * HOUR_US);
    world_fire_until(w, T + 13 * HOUR_US);
    assert_int_equal(fired_at(w, HOUR_BEFORE, T + 10 * HOUR_US), 1);
    assert_clock(w, "r", CLOCK_STATE_BREACHED, T + 13 * HOUR_US);
    assert_int_equal(w->escalations.n, 3);
    assert_clocks_whole(w);
    world_free(w);
}

static void without_any_share_a_breach_still_comes(void **state)
{
    (void)state;
    struct policy_clock r = stepped();
    r.thresholds = steps + 1;
    r.n_thresholds = 1;
    struct world *w = CLOCK_CASE(r);
    world_fire_until(w, T + 50 * HOUR_US);
    assert_int_equal(fired_at(w, HOUR_BEFORE, T + 7 * HOUR_US), 1);
    assert_int_equal(fired_at(w, 100, T + 8 * HOUR_US), 1);
    assert_int_equal(w->escalations.n, 2);
    world_free(w);
}

/* -- other targets ----------------------------------------------------------------------------- */

static struct policy_target targets[2];

/* Eight hours; four from severity 5. */
static struct policy_clock by_severity(void)
{
    struct policy_clock r = stepped();
    targets[0] = (struct policy_target){.when = when(FACT_SEVERITY, BIT_OF(5)), .ms = HOURS_MS(4)};
    targets[1] = (struct policy_target){.when = always(), .ms = HOURS_MS(8)};
    r.n_targets = 2;
    r.targets = targets;
    return r;
}

static void tell_severity(struct world *w, int64_t at_us, int severity)
{
    w->now_us = at_us;
    w->c.row.severity = (int16_t)severity;
    tell_nothing(w);
    assert_clocks_whole(w);
}

static void a_retarget_takes_it_along(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(by_severity());
    tell_severity(w, T + HOUR_US, 5);
    assert_clock(w, "r", CLOCK_STATE_RUNNING, T + 4 * HOUR_US);
    world_fire_until(w, T + 4 * HOUR_US - 1);
    assert_int_equal(fired_at(w, 50, T + 2 * HOUR_US), 1);
    assert_int_equal(fired_at(w, HOUR_BEFORE, T + 3 * HOUR_US), 1);
    assert_int_equal(w->escalations.n, 2);
    world_free(w);
}

/* Six and a half hours are over and an hour is left: the last hour begins with the re-target. */
static void what_a_retarget_puts_behind_now_comes_now(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(by_severity());
    int64_t at = T + 6 * HOUR_US + HOUR_US / 2;
    tell_severity(w, at, 5);
    assert_clock(w, "r", CLOCK_STATE_RUNNING, at + HOUR_US);
    assert_int_equal(fired_at(w, 50, T + 4 * HOUR_US), 1);
    assert_int_equal(fired_at(w, HOUR_BEFORE, at), 1);
    tell_severity(w, at + HOUR_US / 2, 4);
    tell_severity(w, at + HOUR_US / 2 + 1, 5);
    assert_int_equal(w->escalations.n, 2);
    world_free(w);
}

/* A list that the compiler would refuse for this target: the place in the list counts. */
static void none_comes_before_those_that_stand_before_it(void **state)
{
    (void)state;
    struct policy_threshold list[] = {
        {.percent = 50, TELL}, {.before_ms = HOURS_MS(3), TELL}, {.percent = 80, TELL}};
    struct policy_clock def = {.n_thresholds = 3, .thresholds = list};
    struct deadline line = {.start_us = T, .target_ms = HOURS_MS(4)};
    assert_int_equal(deadline_at(&line, -3 * 3600), T + HOUR_US);
    assert_int_equal(threshold_at(&def, &line, -3 * 3600), T + 2 * HOUR_US);
    assert_int_equal(threshold_at(&def, &line, 80), T + 4 * HOUR_US * 8 / 10);
    assert_int_equal(threshold_at(&def, &line, 60), T + 4 * HOUR_US * 6 / 10);
    assert_int_equal(threshold_next(&def, &line, 50).before_ms, HOURS_MS(3));
    assert_int_equal(threshold_next(&def, &line, -3 * 3600).percent, 80);
    assert_int_equal(threshold_next(&def, &line, 80).percent, 100);
    struct policy_threshold none = threshold_next(&def, &line, 100);
    assert_int_equal(policy_threshold_id(&none), 0);
}

static void what_fired_by_another_list_stands_by_its_instant(void **state)
{
    (void)state;
    struct policy_clock def = {.n_thresholds = 4, .thresholds = steps};
    struct policy_threshold shares[] = {{.percent = 50, TELL}, {.percent = 90, TELL}};
    struct policy_clock plain = {.n_thresholds = 2, .thresholds = shares};
    struct deadline line = {.start_us = T, .target_ms = HOURS_MS(8)};
    /* An hour before the end of eight is 87.5 %. */
    assert_int_equal(threshold_next(&def, &line, 80).before_ms, HOURS_MS(1));
    assert_int_equal(threshold_next(&def, &line, 90).percent, 100);
    assert_int_equal(threshold_next(&def, &line, 120).percent, 150);
    assert_int_equal(threshold_next(&plain, &line, HOUR_BEFORE).percent, 90);
    assert_int_equal(threshold_next(&plain, &line, -1800).percent, 100);
    /* A clock of a plain list keeps shares alone, which every release understands. */
    assert_int_equal(threshold_carried(&plain, &line, HOUR_BEFORE), 50);
    assert_int_equal(threshold_carried(&plain, &line, -7 * 3600), 0);
    assert_int_equal(threshold_carried(&plain, &line, 120), 120);
    assert_int_equal(threshold_carried(&def, &line, HOUR_BEFORE), HOUR_BEFORE);
    assert_int_equal(threshold_carried(NULL, &line, HOUR_BEFORE), 0);
}

/* -- what is promised -------------------------------------------------------------------------- */

static void of_a_near_promise_it_comes_at_once(void **state)
{
    (void)state;
    struct policy_clock p = {.name = "p", .kind = CLOCK_KIND_PROMISE, .calendar = -1};
    struct uuid subject = {.b = {7}};
    p.n_thresholds = 1;
    p.thresholds = steps + 1;
    struct world *w = CLOCK_CASE(define_resolution("r", 8), p);
    struct decision *d = world_decision(w, "ann");
    struct clock_row *k =
        clock_start_until(d, CLOCK_KIND_PROMISE, &subject, w->now_us, w->now_us + HOUR_US / 2);
    assert_int_equal(k->next_at, w->now_us);
    tell_nothing(w);
    world_fire_until(w, w->now_us);
    assert_int_equal(fired_at(w, HOUR_BEFORE, T), 1);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_comes_in_its_place),
        cmocka_unit_test(all_in_order_while_nobody_looked),
        cmocka_unit_test(a_pause_moves_it_with_the_deadline),
        cmocka_unit_test(without_any_share_a_breach_still_comes),
        cmocka_unit_test(a_retarget_takes_it_along),
        cmocka_unit_test(what_a_retarget_puts_behind_now_comes_now),
        cmocka_unit_test(none_comes_before_those_that_stand_before_it),
        cmocka_unit_test(what_fired_by_another_list_stands_by_its_instant),
        cmocka_unit_test(of_a_near_promise_it_comes_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
