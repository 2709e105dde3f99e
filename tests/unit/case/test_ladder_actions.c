/* SPDX-License-Identifier: Apache-2.0 */

/* The actions of a threshold, each alone: what it changes, whom it tells, what is recorded. */

#include <string.h>

#include "case/people/contributors.h"
#include "world.h"
#include "base/bits.h"

static struct clock_row *clock_of(struct world *w, int kind)
{
    struct clock_row *clock = clock_open(&w->c, kind);
    assert_non_null(clock);
    return clock;
}

/* As the clock code does it: at its instant, with what it found. */
static void reach(struct world *w, int kind, const struct policy_threshold *t)
{
    const struct clock_row clock = *clock_of(w, kind);
    ladder_threshold(world_decision(w, SYSTEM_ACTOR), &clock, t, w->now_us);
    world_commit(w);
}

static void reach_with(struct world *w, int percent, unsigned actions, unsigned notify)
{
    const struct policy_threshold t = {
        .percent = percent, .actions = actions, .notify = notify, .raise_ms = 60000};
    w->now_us += 60 * 1000000LL;
    reach(w, CLOCK_KIND_RESOLUTION, &t);
}

static struct world *agents_case(void)
{
    struct world *w = world_with_case();
    (void)world_agent(w, "ann", 1);
    world_own(w, "ann");
    return w;
}

static const struct escalation_row *last(const struct world *w)
{
    return ROW_AT(&w->escalations, const struct escalation_row, w->escalations.n - 1);
}

static void assert_told(const struct world *w, size_t from, const char *const *who, size_t n)
{
    assert_int_equal(w->notifications.n - from, n);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(
            ROW_AT(&w->notifications, const struct notification_row, from + i)->recipient, who[i]);
}

static void a_notification_names_its_step(void **state)
{
    (void)state;
    struct world *w = agents_case();
    reach_with(w, 50, BIT_OF(ESCALATION_ACTION_NOTIFY),
               POLICY_NOTIFY_OWNER | POLICY_NOTIFY_STEWARD);
    static const char *const who[] = {"ann", "steward"};
    assert_told(w, 0, who, 2);
    const struct notification_row *n = ROW_AT(&w->notifications, struct notification_row, 0);
    assert_int_equal(n->kind, NOTIFICATION_KIND_THRESHOLD);
    assert_int_equal(n->threshold, 50);
    assert_int_equal(n->instance, 1);
    assert_true(uuid_eq(&n->clock_id, &clock_of(w, CLOCK_KIND_RESOLUTION)->clock_id));
    assert_int_equal(last(w)->actions, BIT_OF(ESCALATION_ACTION_NOTIFY));
    assert_int_equal(last(w)->from_level, last(w)->to_level);
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_CLOCK_THRESHOLD);
    const Amends__V1__EventDetail *detail = world_detail(w, world_event(w, 0));
    assert_int_equal(detail->escalation->threshold, 50);
    assert_int_equal(detail->escalation->n_actions, 1);
    assert_chain_intact(w);
    world_free(w);
}

static void nobody_is_told_twice_of_a_step(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    reach_with(w, 50, BIT_OF(ESCALATION_ACTION_NOTIFY),
               POLICY_NOTIFY_OWNER | POLICY_NOTIFY_STEWARD);
    static const char *const desk[] = {"steward"};
    assert_told(w, 0, desk, 1);
    reach_with(w, 100, BIT_OF(ESCALATION_ACTION_NOTIFY) | BIT_OF(ESCALATION_ACTION_CLIMB),
               POLICY_NOTIFY_OWNER | POLICY_NOTIFY_STEWARD | POLICY_NOTIFY_NEXT);
    static const char *const climbed[] = {"steward-lead", "steward-manager"};
    assert_told(w, 1, climbed, 2);
    world_free(w);
}

static void above_the_top_there_is_the_top(void **state)
{
    (void)state;
    struct world *w = agents_case();
    w->c.row.level = 4;
    reach_with(w, 50, BIT_OF(ESCALATION_ACTION_NOTIFY), POLICY_NOTIFY_NEXT);
    static const char *const who[] = {"steward-executive"};
    assert_told(w, 0, who, 1);
    world_free(w);
}

static void priority_is_raised_within_its_bound(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    int64_t boost = w->c.row.boost_ms;
    int64_t score = ROW_AT(&w->c.queue, struct queue_row, 0)->score_ms;
    reach_with(w, 25, BIT_OF(ESCALATION_ACTION_RAISE_PRIORITY), 0);
    assert_int_equal(w->c.row.raised_ms, 60000);
    assert_int_equal(w->c.row.boost_ms, boost + 60000);
    assert_int_equal(ROW_AT(&w->c.queue, struct queue_row, 0)->score_ms, score - 60000);
    assert_int_equal(w->notifications.n, 0);
    for (int i = 0; i < 1000; i++)
        reach_with(w, 25, BIT_OF(ESCALATION_ACTION_RAISE_PRIORITY), 0);
    assert_int_equal(w->c.row.boost_ms, w->policy->boost_max_ms);
    world_free(w);
}

static void severity_rises_to_five(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    for (int severity = 4; severity <= 5; severity++) {
        reach_with(w, 25, BIT_OF(ESCALATION_ACTION_RAISE_SEVERITY), 0);
        assert_int_equal(w->c.row.severity, severity);
        assert_int_equal(last(w)->actions, BIT_OF(ESCALATION_ACTION_RAISE_SEVERITY));
    }
    reach_with(w, 25, BIT_OF(ESCALATION_ACTION_RAISE_SEVERITY), 0);
    assert_int_equal(w->c.row.severity, 5);
    assert_int_equal(last(w)->actions, 0);
    world_free(w);
}

static void reassigning_takes_it_from_an_agent_only(void **state)
{
    (void)state;
    struct world *w = agents_case();
    reach_with(w, 75, BIT_OF(ESCALATION_ACTION_REASSIGN) | BIT_OF(ESCALATION_ACTION_NOTIFY),
               POLICY_NOTIFY_OWNER);
    assert_string_equal(w->c.row.owner_id, "steward");
    assert_int_equal(w->c.row.status, CASE_STATUS_OPEN);
    assert_int_equal(w->c.queue.n, 1);
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_OWNER_CHANGED);
    assert_string_equal(world_detail(w, world_event(w, 0))->cause, "reassigned");
    static const char *const who[] = {"ann", "steward"};
    assert_told(w, 0, who, 2);
    const struct notification_row *taken = ROW_AT(&w->notifications, struct notification_row, 0);
    assert_int_equal(taken->kind, NOTIFICATION_KIND_TAKEN_AWAY);
    assert_int_equal(taken->cause, NOTIFICATION_CAUSE_REASSIGNED);
    assert_int_equal(taken[1].ask, NOTIFICATION_ASK_ASSIGN);
    int64_t generation = w->c.row.assignment_generation;
    reach_with(w, 76, BIT_OF(ESCALATION_ACTION_REASSIGN), 0);
    assert_int_equal(w->c.row.assignment_generation, generation);
    assert_int_equal(last(w)->actions, 0);
    world_free(w);
}

static void climbing_and_reassigning_goes_to_the_new_desk(void **state)
{
    (void)state;
    struct world *w = agents_case();
    reach_with(w, 100, BIT_OF(ESCALATION_ACTION_REASSIGN) | BIT_OF(ESCALATION_ACTION_CLIMB), 0);
    assert_int_equal(w->c.row.level, 2);
    assert_string_equal(w->c.row.owner_id, "steward-lead");
    assert_int_equal(last(w)->actions, BIT_OF(ESCALATION_ACTION_REASSIGN) |
                                           BIT_OF(ESCALATION_ACTION_CLIMB) |
                                           BIT_OF(ESCALATION_ACTION_NOTIFY));
    /* The executive desk takes over by itself: nothing is left to reassign. */
    struct world *top = agents_case();
    top->c.row.level = 3;
    int64_t generation = top->c.row.assignment_generation;
    reach_with(top, 100, BIT_OF(ESCALATION_ACTION_REASSIGN) | BIT_OF(ESCALATION_ACTION_CLIMB), 0);
    assert_string_equal(top->c.row.owner_id, "steward-executive");
    assert_int_equal(top->c.row.assignment_generation, generation + 1);
    assert_int_equal(last(top)->actions, BIT_OF(ESCALATION_ACTION_TAKE_OVER) |
                                             BIT_OF(ESCALATION_ACTION_CLIMB) |
                                             BIT_OF(ESCALATION_ACTION_NOTIFY));
    world_free(w);
    world_free(top);
}

static void the_desk_joins(void **state)
{
    (void)state;
    struct world *w = agents_case();
    reach_with(w, 75, BIT_OF(ESCALATION_ACTION_CO_OWN), 0);
    assert_string_equal(w->c.row.contributors, "1:2:steward");
    reach_with(w, 76, BIT_OF(ESCALATION_ACTION_TAKE_OVER), 0);
    assert_string_equal(w->c.row.contributors, "1:3:steward");
    reach_with(w, 77, BIT_OF(ESCALATION_ACTION_CO_OWN), 0);
    assert_string_equal(w->c.row.contributors, "1:3:steward");
    assert_string_equal(w->c.row.owner_id, "ann");
    reach_with(w, 100, BIT_OF(ESCALATION_ACTION_CLIMB) | BIT_OF(ESCALATION_ACTION_TAKE_OVER), 0);
    assert_string_equal(w->c.row.contributors, "1:3:steward 2:3:steward-lead");
    world_free(w);
}

static void climbing_costs_a_touch(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    int64_t sum = 0;
    for (int level = 2; level <= 4; level++) {
        reach_with(w, 100, BIT_OF(ESCALATION_ACTION_CLIMB), 0);
        assert_int_equal(last(w)->cost_micros, w->policy->levels[level].cost_per_touch_micros);
        assert_string_equal(last(w)->cost_currency, w->policy->currency);
        sum += last(w)->cost_micros;
        assert_int_equal(w->c.row.touch_cost_micros, sum);
    }
    reach_with(w, 100, BIT_OF(ESCALATION_ACTION_CLIMB), 0);
    assert_int_equal(last(w)->cost_micros, 0);
    assert_int_equal(w->c.row.touch_cost_micros, sum);
    assert_string_equal(w->c.row.touch_cost_currency, w->policy->currency);
    world_free(w);
}

static void amounts_of_two_currencies_are_not_added(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    reach_with(w, 100, BIT_OF(ESCALATION_ACTION_CLIMB), 0);
    int64_t first = w->c.row.touch_cost_micros;
    w->policy->currency = "EUR";
    reach_with(w, 100, BIT_OF(ESCALATION_ACTION_CLIMB), 0);
    assert_int_equal(w->c.row.touch_cost_micros, first);
    assert_string_equal(w->c.row.touch_cost_currency, "USD");
    assert_string_equal(last(w)->cost_currency, "EUR");
    world_free(w);
}

static void a_climb_ends_the_acknowledgement(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    w->c.row.acknowledged_at = w->now_us;
    w->c.row.acknowledged_by = "lea";
    reach_with(w, 50, BIT_OF(ESCALATION_ACTION_RAISE_PRIORITY), 0);
    assert_string_equal(w->c.row.acknowledged_by, "lea");
    reach_with(w, 100, BIT_OF(ESCALATION_ACTION_CLIMB), 0);
    assert_int_equal(w->c.row.acknowledged_at, 0);
    assert_string_equal(w->c.row.acknowledged_by, "");
    world_free(w);
}

static void an_ended_case_is_only_told_of(void **state)
{
    (void)state;
    struct world *w = agents_case();
    w->c.row.status = CASE_STATUS_RESOLVED;
    const struct clock_row clock = *ROW_AT(&w->c.clocks, struct clock_row, 0);
    const struct policy_threshold t = {
        .percent = 100, .actions = ~1u & 0x3fe, .notify = POLICY_NOTIFY_OWNER, .raise_ms = 5};
    ladder_threshold(world_decision(w, SYSTEM_ACTOR), &clock, &t, w->now_us + 1);
    world_commit(w);
    assert_int_equal(w->c.row.level, 1);
    assert_int_equal(w->c.row.severity, 3);
    assert_int_equal(w->c.row.raised_ms, 0);
    assert_string_equal(w->c.row.contributors, "");
    assert_string_equal(w->c.row.owner_id, "ann");
    static const char *const who[] = {"ann"};
    assert_told(w, 0, who, 1);
    world_free(w);
}

/* -- messages to the executives are answered --------------------------------------------------- */

static void write_in(struct world *w, int level)
{
    struct decision *d = world_decision(w, "ann");
    struct contact_row *c = ROWS_ADD(&w->c.contacts, struct contact_row, &w->arena);
    c->tenant_id = w->c.row.tenant_id;
    c->case_id = w->c.row.case_id;
    c->contact_id = decision_id(d);
    c->direction = CONTACT_DIRECTION_INBOUND;
    c->outcome = CONTACT_OUTCOME_REACHED;
    c->at = w->now_us;
    c->actor = "ann";
    c->note = "";
    c->addressed_level = (int16_t)level;
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    case_event(d, EVENT_KIND_CONTACT_RECORDED, "ann", &detail, NULL);
    world_commit(w);
}

static void late(struct world *w)
{
    struct clock_row *reply = clock_of(w, CLOCK_KIND_NEXT_CONTACT);
    world_fire_until(w, reply->due_at);
}

static void a_late_answer_climbs_to_whom_the_customer_wrote(void **state)
{
    (void)state;
    static const struct {
        int first, second, reached;
    } cases[] = {{0, 0, 2}, {4, 0, 4}, {0, 3, 3}, {1, 0, 2}, {8, 0, 4}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world *w = agents_case();
        w->now_us += HOUR_US; /* the reply is due after the first response */
        struct decision *d = world_decision(w, "ann");
        clock_stop(d, clock_of(w, CLOCK_KIND_FIRST_RESPONSE), w->now_us, true);
        write_in(w, cases[i].first);
        w->now_us += HOUR_US;
        write_in(w, cases[i].second);
        late(w);
        if (w->c.row.level != cases[i].reached)
            fail_msg("%d, %d: level %d", cases[i].first, cases[i].second, w->c.row.level);
        world_free(w);
    }
}

/* What was answered does not matter any more when the customer writes again. */
static void what_was_answered_is_forgotten(void **state)
{
    (void)state;
    struct world *w = agents_case();
    w->now_us += HOUR_US;
    write_in(w, 4);
    w->now_us += HOUR_US;
    write_in(w, 0);
    ROW_AT(&w->c.contacts, struct contact_row, 1)->direction = CONTACT_DIRECTION_OUTBOUND;
    ROW_AT(&w->c.contacts, struct contact_row, 1)->outcome = CONTACT_OUTCOME_REACHED;
    w->now_us += HOUR_US;
    write_in(w, 0);
    late(w);
    assert_int_equal(w->c.row.level, 2);
    world_free(w);
}

/* An answer in writing, and a denial, answer as a call does. */
static void what_was_answered_in_writing_is_forgotten(void **state)
{
    (void)state;
    for (int by_denial = 0; by_denial < 2; by_denial++) {
        struct world *w = agents_case();
        w->now_us += HOUR_US;
        struct decision *d = world_decision(w, "ann");
        clock_stop(d, clock_of(w, CLOCK_KIND_FIRST_RESPONSE), w->now_us, true);
        write_in(w, 4);
        w->now_us += HOUR_US;
        if (by_denial) {
            w->c.row.denial_disclosed_at = w->now_us;
        } else {
            write_in(w, 0);
            struct contact_row *sent = ROW_AT(&w->c.contacts, struct contact_row, 1);
            sent->direction = CONTACT_DIRECTION_OUTBOUND;
            sent->outcome = CONTACT_OUTCOME_SENT;
        }
        w->now_us += HOUR_US;
        write_in(w, 0);
        late(w);
        if (w->c.row.level != 2)
            fail_msg("denial %d: level %d", by_denial, w->c.row.level);
        world_free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_notification_names_its_step),
        cmocka_unit_test(nobody_is_told_twice_of_a_step),
        cmocka_unit_test(above_the_top_there_is_the_top),
        cmocka_unit_test(priority_is_raised_within_its_bound),
        cmocka_unit_test(severity_rises_to_five),
        cmocka_unit_test(reassigning_takes_it_from_an_agent_only),
        cmocka_unit_test(climbing_and_reassigning_goes_to_the_new_desk),
        cmocka_unit_test(the_desk_joins),
        cmocka_unit_test(climbing_costs_a_touch),
        cmocka_unit_test(amounts_of_two_currencies_are_not_added),
        cmocka_unit_test(a_climb_ends_the_acknowledgement),
        cmocka_unit_test(an_ended_case_is_only_told_of),
        cmocka_unit_test(a_late_answer_climbs_to_whom_the_customer_wrote),
        cmocka_unit_test(what_was_answered_is_forgotten),
        cmocka_unit_test(what_was_answered_in_writing_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
