/* SPDX-License-Identifier: Apache-2.0 */

/* The ladder: a breach is recorded once and climbs one level at most. */

#include "world.h"

static struct clock_row *clock_at(struct world *w, size_t i)
{
    return ROW_AT(&w->c.clocks, struct clock_row, i);
}

/* As if what comes before the deadline had been recorded. */
static void breach(struct world *w, size_t i)
{
    struct clock_row *k = clock_at(w, i);
    if (k->state == CLOCK_STATE_RUNNING) {
        k->fired = 99;
        k->next_at = k->due_at;
    }
    world_fire(w, k);
}

static const struct escalation_row *last_escalation(const struct world *w)
{
    return ROW_AT(&w->escalations, const struct escalation_row, w->escalations.n - 1);
}

static void a_stewarded_case_passes_to_the_next_desk(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    (void)world_offer(w, "ann");
    int64_t since = ROW_AT(&w->c.queue, struct queue_row, 0)->since;
    w->now_us = clock_at(w, 0)->due_at + 5;
    breach(w, 0);

    assert_int_equal(clock_at(w, 0)->state, CLOCK_STATE_BREACHED);
    assert_int_equal(clock_at(w, 0)->breached_at, clock_at(w, 0)->due_at);
    assert_int_equal(clock_at(w, 0)->stopped_at, 0);
    assert_int_equal(w->c.row.level, 2);
    assert_int_equal(w->c.row.level_since, w->now_us);
    assert_string_equal(w->c.row.owner_id, "steward-lead");
    assert_int_equal(w->c.row.assignment_generation, 2);
    assert_int_equal(w->c.row.status, CASE_STATUS_OPEN);
    const struct queue_row *q = ROW_AT(&w->c.queue, struct queue_row, 0);
    assert_int_equal(q->level, 2);
    assert_int_equal(q->generation, 2);
    assert_int_equal(q->since, since);
    assert_int_equal(ROW_AT(&w->c.offers, struct offer_row, 0)->state, OFFER_STATE_RESCINDED);

    const struct escalation_row *e = last_escalation(w);
    assert_int_equal(w->escalations.n, 1);
    assert_int_equal(e->from_level, 1);
    assert_int_equal(e->to_level, 2);
    assert_int_equal(e->threshold, 100);
    assert_int_equal(e->action, LADDER_ACTION_INFORM);
    assert_int_equal(w->notifications.n, 1);
    assert_string_equal(ROW_AT(&w->notifications, struct notification_row, 0)->recipient,
                        "steward-lead");
    assert_int_equal(world_event(w, 2)->kind, EVENT_KIND_CLOCK_BREACHED);
    assert_true(world_detail(w, world_event(w, 2))->climbed);
    assert_int_equal(world_event(w, 1)->kind, EVENT_KIND_OWNER_CHANGED);
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_ESCALATED);
    assert_int_equal(world_detail(w, world_event(w, 0))->from_level, 1);
    assert_int_equal(world_detail(w, world_event(w, 0))->level, 2);
    assert_chain_intact(w);
    world_free(w);
}

static void once(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    w->now_us = clock_at(w, 0)->due_at + 5;
    breach(w, 0);
    size_t events = w->events.n;
    breach(w, 0);
    assert_int_equal(w->events.n, events);
    assert_int_equal(w->escalations.n, 1);
    assert_int_equal(w->c.row.level, 2);
    world_free(w);
}

static void an_agents_case_keeps_its_owner(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    world_own(w, "ann");
    w->now_us = clock_at(w, 0)->due_at + 5;
    breach(w, 0);
    assert_int_equal(w->c.row.level, 2);
    assert_string_equal(w->c.row.owner_id, "ann");
    assert_int_equal(w->c.row.assignment_generation, 2);
    assert_int_equal(w->notifications.n, 2); /* the new level's desk, and ann */
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_ESCALATED);
    assert_int_equal(world_event(w, 1)->kind, EVENT_KIND_CLOCK_BREACHED);
    assert_chain_intact(w);
    world_free(w);
}

static void take_over_takes_it_from_the_agent(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    w->c.row.level = 3;
    world_own(w, "ann");
    w->now_us = clock_at(w, 0)->due_at + 5;
    breach(w, 0);
    assert_int_equal(w->c.row.level, 4);
    assert_int_equal(w->c.row.owner_kind, OWNER_KIND_STEWARD);
    assert_string_equal(w->c.row.owner_id, "steward-executive");
    assert_int_equal(w->c.row.status, CASE_STATUS_OPEN);
    assert_int_equal(w->c.queue.n, 1);
    /* The clock of level 3 was late as well: recorded, and it climbs no further. */
    assert_int_equal(w->escalations.n, 2);
    assert_int_equal(last_escalation(w)->to_level, 4);
    const struct escalation_row *first = ROW_AT(&w->escalations, const struct escalation_row, 0);
    assert_int_equal(first->action, LADDER_ACTION_TAKE_OVER);
    world_free(w);
}

static void two_that_fell_due_together_climb_one_level(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    clock_at(w, 1)->target_ms = clock_at(w, 0)->target_ms + 3;
    clock_at(w, 1)->due_at = clock_at(w, 0)->due_at + 3000;
    w->now_us = clock_at(w, 0)->due_at + HOUR_US;
    breach(w, 0);
    breach(w, 1);
    assert_int_equal(w->c.row.level, 2);
    assert_int_equal(w->escalations.n, 2);
    assert_int_equal(last_escalation(w)->from_level, 2);
    assert_int_equal(last_escalation(w)->to_level, 2);
    assert_int_equal(last_escalation(w)->action, LADDER_ACTION_UNSPECIFIED);
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_CLOCK_BREACHED);
    assert_false(world_detail(w, world_event(w, 0))->climbed);
    assert_int_equal(w->notifications.n, 2); /* the same desk, of each */
    world_free(w);
}

static void due_after_the_level_was_entered_climbs_again(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    w->now_us = clock_at(w, 0)->due_at + 5;
    breach(w, 0);
    assert_true(clock_at(w, 1)->due_at > w->now_us);
    w->now_us = clock_at(w, 1)->due_at + 5;
    breach(w, 1);
    assert_int_equal(w->c.row.level, 3);
    assert_string_equal(w->c.row.owner_id, "steward-manager");
    world_free(w);
}

static void due_at_the_very_instant_of_entering_does_not_climb(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    w->c.row.level_since = clock_at(w, 0)->due_at;
    w->now_us = clock_at(w, 0)->due_at;
    breach(w, 0);
    assert_int_equal(w->c.row.level, 1);
    world_free(w);
}

static void at_the_top_it_is_only_recorded(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    w->c.row.level = 4;
    w->now_us = clock_at(w, 0)->due_at + 5;
    breach(w, 0);
    assert_int_equal(w->c.row.level, 4);
    assert_int_equal(w->escalations.n, 1);
    assert_int_equal(last_escalation(w)->to_level, 4);
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_CLOCK_BREACHED);
    assert_int_equal(w->notifications.n, 2); /* the owner and the desk of the level */
    world_free(w);
}

static void the_top_is_where_policy_ends(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    w->policy->n_levels = 2;
    w->now_us = clock_at(w, 1)->due_at + 5;
    breach(w, 0);
    assert_int_equal(w->c.row.level, 2);
    w->c.row.level_since = 0;
    breach(w, 1);
    assert_int_equal(w->c.row.level, 2);
    assert_int_equal(last_escalation(w)->to_level, 2);
    world_free(w);
}

static void an_ended_case_does_not_climb(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    w->c.row.status = CASE_STATUS_RESOLVED;
    w->now_us = clock_at(w, 0)->due_at + 5;
    breach(w, 0);
    assert_int_equal(w->c.row.level, 1);
    assert_int_equal(w->escalations.n, 1);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stewarded_case_passes_to_the_next_desk),
        cmocka_unit_test(once),
        cmocka_unit_test(an_agents_case_keeps_its_owner),
        cmocka_unit_test(take_over_takes_it_from_the_agent),
        cmocka_unit_test(two_that_fell_due_together_climb_one_level),
        cmocka_unit_test(due_after_the_level_was_entered_climbs_again),
        cmocka_unit_test(due_at_the_very_instant_of_entering_does_not_climb),
        cmocka_unit_test(at_the_top_it_is_only_recorded),
        cmocka_unit_test(the_top_is_where_policy_ends),
        cmocka_unit_test(an_ended_case_does_not_climb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
