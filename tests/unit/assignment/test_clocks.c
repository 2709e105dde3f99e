/* SPDX-License-Identifier: Apache-2.0 */

/* FireClock: a clock is recorded once, whoever fires it and however often. */

#include "contract/reasons.h"
#include "world.h"

#include "assignment/decide/decide.h"
#include "base/time.h"

static void set_args(struct command *cmd, void *args)
{
    cmd->args = args;
}

static struct absentee absentee; /* as the last firing found */

static void fire(struct world *w, const struct clock_row *clock)
{
    struct fire_clock_args args = {
        .clock_id = clock->clock_id, .generation = clock->generation, .absentee = &absentee};
    absentee = (struct absentee){.agent_id = NULL};
    world_run_with(w, &fire_clock_kind, SYSTEM_ACTOR, NULL, set_args, &args);
}

static void a_breach_climbs_once(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    struct clock_row armed = *clock_running(&w->c, CLOCK_KIND_FIRST_RESPONSE);
    w->now_us = armed.due_at;
    fire(w, &armed);
    assert_written(w);
    assert_int_equal(w->c.row.level, 2);
    assert_string_equal(w->c.row.owner_id, w->policy->levels[2].steward);
    assert_int_equal(w->escalations.n, 2); /* 75 % and 100 %, of which one has climbed */
    assert_int_equal(w->notifications.n, 2);
    const size_t events = w->events.n;
    fire(w, &armed);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS);
    assert_int_equal(w->events.n, events);
    assert_int_equal(w->c.row.level, 2);
    assert_chain_intact(w);
    world_free(w);
}

static void early_is_refused(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    struct clock_row armed = *clock_running(&w->c, CLOCK_KIND_RESOLUTION);
    assert_true(armed.next_at < armed.due_at); /* a threshold comes before the deadline */
    w->now_us = armed.next_at - 1;
    fire(w, &armed);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS);
    w->now_us = armed.next_at;
    fire(w, &armed);
    assert_written(w);
    assert_int_equal(clock_running(&w->c, CLOCK_KIND_RESOLUTION)->next_at, armed.due_at);
    world_free(w);
}

static void another_generation_is_stale(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    struct clock_row armed = *clock_running(&w->c, CLOCK_KIND_RESOLUTION);
    w->now_us = armed.due_at;
    armed.generation++;
    fire(w, &armed);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS);
    world_free(w);
}

static void an_expired_offer_is_no_breach(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    world_agent(w, "ann", 1);
    const int64_t score_ms = ROW_AT(&w->c.queue, struct queue_row, 0)->score_ms;
    struct uuid offer_id = world_offer(w, "ann")->offer_id;
    struct clock_row armed = *clock_of_subject(&w->c, &offer_id);
    w->now_us = armed.due_at;
    fire(w, &armed);
    assert_written(w);
    assert_int_equal(ROW_AT(&w->c.offers, struct offer_row, 0)->state, OFFER_STATE_EXPIRED);
    assert_int_equal(clock_of_subject(&w->c, &offer_id)->state, CLOCK_STATE_CANCELLED);
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_OFFER_EXPIRED);
    assert_int_equal(w->escalations.n, 0);
    assert_int_equal(w->c.row.level, 1);
    assert_int_equal(ROW_AT(&w->c.queue, struct queue_row, 0)->level, 1);
    assert_int_equal(ROW_AT(&w->c.queue, struct queue_row, 0)->score_ms, score_ms);
    fire(w, &armed);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS);
    assert_chain_intact(w);
    world_free(w);
}

static void an_offer_that_is_expired_late_ended_in_time(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    world_agent(w, "ann", 1);
    struct uuid offer_id = world_offer(w, "ann")->offer_id;
    struct clock_row armed = *clock_of_subject(&w->c, &offer_id);
    w->now_us = armed.due_at + w->policy->decline_cooldown_ms * US_PER_MS;
    fire(w, &armed);
    assert_written(w);
    assert_int_equal(ROW_AT(&w->c.offers, struct offer_row, 0)->decided_at, armed.due_at);
    assert_true(world_offer(w, "ann") != NULL); /* nobody is in a cool-down any more */
    assert_written(w);
    world_free(w);
}

static void a_climb_rescinds_the_offer(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    world_agent(w, "ann", 1);
    struct clock_row armed = *clock_running(&w->c, CLOCK_KIND_FIRST_RESPONSE);
    w->now_us = armed.due_at - 1;
    world_offer(w, "ann");
    w->now_us = armed.due_at;
    fire(w, &armed);
    assert_written(w);
    assert_int_equal(ROW_AT(&w->c.offers, struct offer_row, 0)->state, OFFER_STATE_RESCINDED);
    assert_int_equal(ROW_AT(&w->c.queue, struct queue_row, 0)->level, 2);
    world_free(w);
}

static bool ignored_again(struct world *w, const char *who)
{
    struct uuid offer_id = world_offer(w, "ann")->offer_id;
    struct clock_row armed = *clock_of_subject(&w->c, &offer_id);
    w->now_us = armed.due_at;
    fire(w, &armed);
    assert_written(w);
    if (!absentee.agent_id)
        return false;
    assert_string_equal(absentee.agent_id, who);
    assert_int_equal(absentee.seen_us, armed.due_at);
    return true;
}

static void who_leaves_three_offers_unanswered_is_absent(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    world_agent(w, "ann", 1);
    assert_false(ignored_again(w, "ann"));
    assert_false(ignored_again(w, "ann"));
    assert_true(ignored_again(w, "ann"));
    assert_false(ignored_again(w, "ann"));
    assert_false(ignored_again(w, "ann"));
    assert_true(ignored_again(w, "ann"));
    world_free(w);
}

static void an_answer_begins_the_count_anew(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    world_agent(w, "ann", 1);
    assert_false(ignored_again(w, "ann"));
    assert_false(ignored_again(w, "ann"));
    ROW_AT(&w->c.offers, struct offer_row, 1)->state = OFFER_STATE_DECLINED;
    assert_false(ignored_again(w, "ann"));
    assert_false(ignored_again(w, "ann"));
    assert_true(ignored_again(w, "ann"));
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_breach_climbs_once),
        cmocka_unit_test(early_is_refused),
        cmocka_unit_test(another_generation_is_stale),
        cmocka_unit_test(an_expired_offer_is_no_breach),
        cmocka_unit_test(an_offer_that_is_expired_late_ended_in_time),
        cmocka_unit_test(a_climb_rescinds_the_offer),
        cmocka_unit_test(who_leaves_three_offers_unanswered_is_absent),
        cmocka_unit_test(an_answer_begins_the_count_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
