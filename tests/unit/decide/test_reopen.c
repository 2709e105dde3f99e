/* SPDX-License-Identifier: Apache-2.0 */

/* ReopenCase: the next round, its level, its owner, its gate. */

#include <string.h>

#include "contract/reasons.h"
#include "rig.h"

static struct world *resolved(void)
{
    struct world *w = rig_owned();
    rig_recover(w, "ann");
    rig_resolve(w, "ann");
    assert_written(w);
    w->now_us += DAY_US;
    return w;
}

static struct agent_row *agent(struct world *w, const char *id)
{
    ROWS_EACH (a, struct agent_row, &w->agents)
        if (strcmp(a->agent_id, id) == 0)
            return a;
    return NULL;
}

/* An agent's reason takes it up; a client application's does not. */
static void a_round_starts_one_level_higher_with_the_same_owner(void **state)
{
    (void)state;
    struct world *w = resolved();
    w->c.row.acknowledged_at = 5;
    w->c.row.raised_ms = 7;
    w->c.row.contributors = "3:2:steward-manager";
    int64_t generation = w->c.row.assignment_generation;
    size_t told = w->notifications.n;
    rig_reopen(w, "bob", NULL);
    assert_written(w);
    const struct case_row *row = &w->c.row;
    assert_int_equal(row->status, CASE_STATUS_IN_PROGRESS);
    assert_int_equal(row->round, 2);
    assert_int_equal(row->round_since, w->now_us);
    assert_int_equal(row->resolved_at, 0);
    assert_int_equal(row->level, 2);
    assert_int_equal(row->level_since, w->now_us);
    assert_string_equal(row->owner_id, "ann");
    assert_int_equal(row->assignment_generation, generation);
    assert_int_equal(row->acknowledged_at, 0);
    assert_int_equal(row->raised_ms, 0);
    assert_string_equal(row->contributors, "");
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_CASE_REOPENED);
    assert_string_equal(world_event(w, 0)->actor, "bob");
    const Amends__V1__EventDetail *detail = world_detail(w, world_event(w, 0));
    assert_int_equal(detail->round, 2);
    assert_int_equal(detail->from_level, 1);
    assert_int_equal(detail->escalation->cause, ESCALATION_CAUSE_REOPENED);
    assert_string_equal(detail->owner->id, "ann");
    static const char *const who[] = {"ann", "steward-lead"};
    assert_int_equal(w->notifications.n, told + 2);
    for (size_t i = 0; i < 2; i++) {
        const struct notification_row *n =
            ROW_AT(&w->notifications, const struct notification_row, told + i);
        assert_string_equal(n->recipient, who[i]);
        assert_int_equal(n->kind, NOTIFICATION_KIND_REOPENED);
    }
    assert_chain_intact(w);
    world_free(w);
}

static void an_application_reopens_it_at_its_level(void **state)
{
    (void)state;
    struct world *w = resolved();
    rig_reopen(w, "crm", NULL);
    assert_written(w);
    assert_int_equal(w->c.row.level, 1);
    assert_int_equal(w->c.row.round, 2);
    world_free(w);
}

static void new_clocks_start_and_the_old_ones_stay_as_they_are(void **state)
{
    (void)state;
    struct world *w = resolved();
    size_t before = w->c.clocks.n;
    rig_reopen(w, "bob", NULL);
    int started = 0;
    ROWS_EACH (k, const struct clock_row, &w->c.clocks) {
        if (k->round == 1)
            assert_false(clock_is_open(k));
        if (k->round == 2 &&
            (k->kind == CLOCK_KIND_FIRST_RESPONSE || k->kind == CLOCK_KIND_RESOLUTION)) {
            assert_int_equal(k->started_at, w->now_us);
            assert_int_equal(k->state, CLOCK_STATE_RUNNING);
            started++;
        }
    }
    assert_int_equal(started, 2);
    assert_true(w->c.clocks.n > before);
    world_free(w);
}

static void who_is_offline_or_unfit_does_not_get_it_back(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct world *w = resolved();
        if (i == 0)
            agent(w, "ann")->presence = PRESENCE_OFFLINE;
        else if (i == 1)
            agent(w, "ann")->skills = "delivery:3";
        else if (i == 2)
            agent(w, "ann")->agent_id = "somebody-else";
        else
            agent(w, "ann")->presence = PRESENCE_AWAY;
        rig_reopen(w, "bob", NULL);
        assert_written(w);
        if (i == 3) {
            assert_string_equal(w->c.row.owner_id, "ann");
            world_free(w);
            continue;
        }
        assert_int_equal(w->c.row.owner_kind, OWNER_KIND_STEWARD);
        assert_string_equal(w->c.row.owner_id, "steward-lead");
        assert_int_equal(w->c.row.status, CASE_STATUS_OPEN);
        assert_int_equal(w->c.queue.n, 1);
        assert_int_equal(ROW_AT(&w->c.queue, struct queue_row, 0)->level, 2);
        assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_OWNER_CHANGED);
        assert_int_equal(world_event(w, 1)->kind, EVENT_KIND_CASE_REOPENED);
        assert_chain_intact(w);
        world_free(w);
    }
}

static void a_closed_case_too(void **state)
{
    (void)state;
    struct world *w = resolved();
    rig_close(w, "ann");
    assert_written(w);
    w->now_us += DAY_US;
    rig_reopen(w, "ann", NULL);
    assert_written(w);
    assert_int_equal(w->c.row.closed_at, 0);
    assert_int_equal(w->c.row.status, CASE_STATUS_IN_PROGRESS);
    world_free(w);
}

static void not_while_it_lives_and_not_beside_another(void **state)
{
    static const struct uuid other = {{7}};
    (void)state;
    struct world *w = rig_owned();
    rig_reopen(w, "ann", NULL);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS);
    assert_false(fault_has(&w->cmd.fault, "case_id"));
    world_free(w);
    w = resolved();
    rig_reopen(w, "ann", &other);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS);
    char id[UUID_TEXT_LEN + 1];
    assert_string_equal(fault_meta_of(&w->cmd.fault, "case_id"), uuid_format(&other, id));
    assert_int_equal(w->c.row.status, CASE_STATUS_RESOLVED);
    world_free(w);
}

/* The keys that the request does not name are locked before the second decision. */
static void it_locks_what_it_needs(void **state)
{
    (void)state;
    struct world *w = resolved();
    rig_reopen(w, "bob", NULL);
    assert_written(w);
    assert_string_equal(w->cmd.claim.customer_id, "c-1");
    assert_string_equal(w->cmd.claim.failure_code, "billing.overcharge");
    assert_string_equal(w->cmd.claim.order_reference, "o-1");
    assert_string_equal(w->cmd.agent_id, "ann");
    assert_int_equal(w->keys.n, 4); /* request, customer, case, agent */
    world_free(w);
}

static void the_round_is_worked_on_anew(void **state)
{
    (void)state;
    struct world *w = resolved();
    rig_reopen(w, "ann", NULL);
    rig_resolve(w, "ann");
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CLOSE_GATE);
    assert_true(fault_has(&w->cmd.fault, "CONTACT"));
    assert_true(fault_has(&w->cmd.fault, "ACT"));
    assert_true(fault_has(&w->cmd.fault, "REMEDY_OR_DENIAL"));
    assert_int_equal(w->cmd.fault.n_violations, 3);
    rig_act(w, "ann", ACT_KIND_EXPLANATION);
    rig_contact(w, "ann", CONTACT_DIRECTION_OUTBOUND, CONTACT_OUTCOME_REACHED, CHANNEL_PHONE);
    rig_deny(w, "ann", "it is not covered");
    rig_resolve(w, "ann");
    assert_written(w);
    world_free(w);
}

/* What can be done with a case whose remedy was reversed after it had been resolved. */
static void a_remedy_reversed_after_the_end(void **state)
{
    (void)state;
    struct world *w = resolved();
    const struct uuid remedy = ROW_AT(&w->c.remedies, struct remedy_row, 0)->remedy_id;
    rig_close(w, "ann");
    rig_fulfil(w, "ann", &remedy, FULFILMENT_OUTCOME_REVERSED, "G-9");
    assert_written(w);
    assert_int_equal(w->c.row.round, 2);
    rig_recover(w, "ann");
    rig_resolve(w, "ann");
    assert_written(w);
    rig_close(w, "ann");
    assert_written(w);
    world_free(w);
}

static void at_the_top_it_stays_there(void **state)
{
    (void)state;
    struct world *w = resolved();
    w->c.row.level = w->policy->n_levels;
    rig_reopen(w, "ann", NULL);
    assert_written(w);
    assert_int_equal(w->c.row.level, w->policy->n_levels);
    assert_string_equal(w->c.row.contributors, "4:3:steward-executive");
    assert_string_equal(w->c.row.owner_id, "ann");
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_round_starts_one_level_higher_with_the_same_owner),
        cmocka_unit_test(an_application_reopens_it_at_its_level),
        cmocka_unit_test(new_clocks_start_and_the_old_ones_stay_as_they_are),
        cmocka_unit_test(who_is_offline_or_unfit_does_not_get_it_back),
        cmocka_unit_test(a_closed_case_too),
        cmocka_unit_test(not_while_it_lives_and_not_beside_another),
        cmocka_unit_test(it_locks_what_it_needs),
        cmocka_unit_test(the_round_is_worked_on_anew),
        cmocka_unit_test(a_remedy_reversed_after_the_end),
        cmocka_unit_test(at_the_top_it_stays_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
