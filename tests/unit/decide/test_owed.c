/* SPDX-License-Identifier: Apache-2.0 */

/* What work lists go by: each sort of what is owed appears with its deadline, stays when that was
 * missed, and goes when somebody did it. */

#include "case/owed.h"
#include "rig.h"

static struct owed owed_of(const struct world *w)
{
    struct owed owed;
    case_owed(&w->c, w->policy, &owed);
    return owed;
}

static void reach(struct world *w)
{
    rig_contact(w, "ann", CONTACT_DIRECTION_OUTBOUND, CONTACT_OUTCOME_REACHED, CHANNEL_PHONE);
    assert_written(w);
}

static void write_in(struct world *w)
{
    rig_contact(w, "ann", CONTACT_DIRECTION_INBOUND, CONTACT_OUTCOME_REACHED, CHANNEL_EMAIL);
    assert_written(w);
}

static void a_missed_deadline_stays_owed(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    const struct clock_row *first = clock_running(&w->c, CLOCK_KIND_FIRST_RESPONSE);
    assert_non_null(first);
    const int64_t due_us = first->due_at;
    assert_int_equal(owed_of(w).clock_us, due_us);
    assert_int_equal(owed_of(w).promise_us, 0);
    assert_int_equal(owed_of(w).answer_us, 0);
    world_fire_until(w, due_us + HOUR_US);
    assert_null(clock_running(&w->c, CLOCK_KIND_FIRST_RESPONSE));
    assert_int_equal(owed_of(w).clock_us, due_us);
    reach(w);
    assert_true(owed_of(w).clock_us > w->now_us);
    world_free(w);
}

static void an_answer_is_owed_until_the_customer_has_it(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    reach(w);
    assert_int_equal(owed_of(w).answer_us, 0);
    w->now_us += HOUR_US;
    write_in(w);
    const int64_t due_us = owed_of(w).answer_us;
    assert_int_equal(due_us, w->now_us + 8 * HOUR_US); /* `reply` of the default policy */
    assert_true(owed_of(w).clock_us != due_us);
    world_fire_until(w, due_us + HOUR_US);
    assert_int_equal(owed_of(w).answer_us, due_us);
    reach(w);
    assert_int_equal(owed_of(w).answer_us, 0);
    world_free(w);
}

/* A policy may lack the clock: who waits is listed all the same. */
static void who_waits_is_told_without_a_clock(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    rig_policy(w, "clocks:\n  all_of_it: {kind: resolution, target: 9h}\n");
    reach(w);
    assert_int_equal(owed_of(w).answer_us, 0);
    w->now_us += HOUR_US;
    write_in(w);
    assert_true(owed_of(w).answer_us != 0);
    assert_int_equal(owed_of(w).answer_us, owed_of(w).clock_us);
    reach(w);
    assert_int_equal(owed_of(w).answer_us, 0);
    world_free(w);
}

static void a_promise_is_owed_until_it_is_settled(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    const int64_t soon_us = w->now_us + HOUR_US, later_us = w->now_us + 2 * HOUR_US;
    rig_promise(w, "ann", later_us);
    assert_int_equal(owed_of(w).promise_us, later_us);
    rig_promise(w, "ann", soon_us);
    assert_int_equal(owed_of(w).promise_us, soon_us);
    const struct uuid soon = w->cmd.result_id;
    rig_settle(w, "ann", &soon, PROMISE_OUTCOME_KEPT, 0);
    assert_written(w);
    assert_int_equal(owed_of(w).promise_us, later_us);
    world_free(w);
}

/* The beginning of each test about what answers for a promise that time has broken. */
static struct world *broken_by_time(int64_t *due_us, struct uuid *promise)
{
    struct world *w = rig_owned();
    *due_us = w->now_us + HOUR_US;
    rig_promise(w, "ann", *due_us);
    *promise = w->cmd.result_id;
    world_fire_until(w, *due_us + 60000000);
    (void)rig_promised(w, 0, PROMISE_STATE_BROKEN);
    assert_int_equal(owed_of(w).promise_us, *due_us);
    return w;
}

static void a_broken_promise_is_owed_until_it_is_answered_for(void **state)
{
    (void)state;
    int64_t due_us;
    struct uuid promise;
    struct world *w = broken_by_time(&due_us, &promise);
    rig_settle(w, "ann", &promise, PROMISE_OUTCOME_KEPT, 0); /* late */
    assert_written(w);
    assert_int_equal(owed_of(w).promise_us, 0);
    world_free(w);
    w = broken_by_time(&due_us, &promise);
    reach(w);
    assert_int_equal(owed_of(w).promise_us, 0);
    world_free(w);
    w = broken_by_time(&due_us, &promise);
    rig_promise(w, "ann", w->now_us + HOUR_US);
    assert_int_equal(owed_of(w).promise_us, w->now_us + HOUR_US);
    world_free(w);
}

static void who_says_that_it_is_broken_owes_it_no_more(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    rig_promise(w, "ann", w->now_us + HOUR_US);
    const struct uuid promise = w->cmd.result_id;
    rig_settle(w, "ann", &promise, PROMISE_OUTCOME_BROKEN, 0);
    assert_written(w);
    assert_int_equal(owed_of(w).promise_us, 0);
    world_free(w);
}

static void nothing_is_owed_while_paused_or_resolved(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    reach(w);
    rig_pause(w, "ann", w->now_us + 24 * HOUR_US);
    assert_written(w);
    const struct owed paused = owed_of(w);
    ROWS_EACH (clock, const struct clock_row, &w->c.clocks)
        assert_true(clock->state != CLOCK_STATE_PAUSED || clock->due_at != paused.clock_us);
    rig_resume(w, "ann");
    assert_true(owed_of(w).clock_us != 0);
    rig_recover(w, "ann");
    rig_resolve(w, "ann");
    assert_written(w);
    assert_non_null(clock_running(&w->c, CLOCK_KIND_FOLLOW_UP));
    assert_int_equal(owed_of(w).clock_us, 0);
    assert_int_equal(owed_of(w).answer_us, 0);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missed_deadline_stays_owed),
        cmocka_unit_test(an_answer_is_owed_until_the_customer_has_it),
        cmocka_unit_test(who_waits_is_told_without_a_clock),
        cmocka_unit_test(a_promise_is_owed_until_it_is_settled),
        cmocka_unit_test(a_broken_promise_is_owed_until_it_is_answered_for),
        cmocka_unit_test(who_says_that_it_is_broken_owes_it_no_more),
        cmocka_unit_test(nothing_is_owed_while_paused_or_resolved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
