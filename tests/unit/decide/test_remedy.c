/* SPDX-License-Identifier: Apache-2.0 */

/* ProposeRemedy and RecordCustomerResponse: authority, the per-case sum,
 * never twice, the answers. */

#include <string.h>

#include "contract/reasons.h"
#include "rig.h"

#define REFUND REMEDY_KIND_REFUND

static void within_authority_it_is_offered_on_the_spot(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    rig_propose(w, "ann", REFUND, "USD", 100);
    assert_written(w);
    const struct remedy_row *r = rig_remedy(w, 0, REMEDY_STATE_OFFERED);
    assert_true(r->on_the_spot);
    assert_string_equal(r->proposer, "ann");
    assert_int_equal(r->micros, 100 * MONEY_MICROS);
    assert_true(uuid_eq(&w->cmd.result_id, &r->remedy_id));
    const Amends__V1__EventDetail *detail = world_detail(w, world_event(w, 0));
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_REMEDY_PROPOSED);
    assert_int_equal(detail->remedy->state, REMEDY_STATE_OFFERED);
    assert_int_equal(detail->remedy->amount->units, 100);
    assert_string_equal(detail->remedy->description, "");
    assert_chain_intact(w);
    world_free(w);
}

static void beyond_authority_names_the_limit_and_who_may(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    rig_propose(w, "ann", REFUND, "USD", 101);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_BEYOND_AUTHORITY);
    assert_string_equal(fault_meta_of(&w->cmd.fault, "limit"), "100");
    assert_string_equal(fault_meta_of(&w->cmd.fault, "currency"), "USD");
    assert_string_equal(fault_meta_of(&w->cmd.fault, "level_that_may"), "2");
    assert_int_equal(w->c.remedies.n, 0);
    rig_propose(w, "lea", REFUND, "USD", 101);
    assert_written(w);
    rig_propose(w, "ann", REFUND, "USD", 1000000);
    assert_string_equal(fault_meta_of(&w->cmd.fault, "level_that_may"), "4");
    world_free(w);
}

static void the_sum_of_the_case_counts(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    rig_propose(w, "ann", REFUND, "USD", 60);
    assert_written(w);
    rig_propose(w, "bob", REFUND, "USD", 41);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_BEYOND_AUTHORITY);
    assert_string_equal(fault_meta_of(&w->cmd.fault, "given_already"), "60");
    rig_propose(w, "bob", REFUND, "USD", 20);
    assert_written(w);
    rig_propose(w, "bob", REFUND, "USD", 21);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_BEYOND_AUTHORITY);
    assert_string_equal(fault_meta_of(&w->cmd.fault, "given_already"), "80");
    rig_propose(w, "bob", REFUND, "USD", 19);
    assert_written(w);
    rig_propose(w, "ann", REFUND, "EUR", 90); /* limits are per currency */
    assert_written(w);
    rig_propose(w, "ann", REMEDY_KIND_GIFT, "USD", 90); /* and per kind */
    assert_written(w);
    world_free(w);
}

static void what_came_to_nothing_does_not_count(void **state)
{
    (void)state;
    static const int ended[] = {REMEDY_STATE_REJECTED,  REMEDY_STATE_DECLINED,
                                REMEDY_STATE_COUNTERED, REMEDY_STATE_EXPIRED,
                                REMEDY_STATE_FAILED,    REMEDY_STATE_REVERSED};
    static const int live[] = {REMEDY_STATE_ACCEPTED, REMEDY_STATE_FULFILLING,
                               REMEDY_STATE_FULFILLED};
    for (size_t i = 0; i < sizeof(ended) / sizeof(ended[0]); i++) {
        struct world *w = rig_owned();
        rig_propose(w, "ann", REFUND, "USD", 100);
        ROW_AT(&w->c.remedies, struct remedy_row, 0)->state = (int16_t)ended[i];
        rig_propose(w, "ann", REFUND, "USD", 100);
        assert_written(w);
        world_free(w);
    }
    for (size_t i = 0; i < sizeof(live) / sizeof(live[0]); i++) {
        struct world *w = rig_owned();
        rig_propose(w, "ann", REFUND, "USD", 100);
        ROW_AT(&w->c.remedies, struct remedy_row, 0)->state = (int16_t)live[i];
        rig_propose(w, "ann", REFUND, "USD", 1);
        assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_BEYOND_AUTHORITY);
        world_free(w);
    }
}

static void own_authority_counts(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    ROW_AT(&w->agents, struct agent_row, 0)->authorities = "6:USD:250000000 9:USD:0";
    rig_propose(w, "ann", REFUND, "USD", 250);
    assert_written(w);
    rig_propose(w, "ann", REMEDY_KIND_GIFT, "USD", 1);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_BEYOND_AUTHORITY);
    assert_string_equal(fault_meta_of(&w->cmd.fault, "limit"), "0");
    assert_string_equal(fault_meta_of(&w->cmd.fault, "level_that_may"), "1");
    world_free(w);
}

static void no_authority_at_all_refuses_remedies_without_a_price_too(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    rig_propose(w, "ann", REMEDY_KIND_PROCESS_FIX, "", 0);
    assert_written(w);
    w->policy->levels[1].limit_micros[REMEDY_KIND_PROCESS_FIX] = 0;
    rig_propose(w, "ann", REMEDY_KIND_PROCESS_FIX, "", 0);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_BEYOND_AUTHORITY);
    assert_string_equal(fault_meta_of(&w->cmd.fault, "level_that_may"), "2");
    world_free(w);
}

static void the_same_failure_is_not_compensated_twice(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    rig_propose(w, "ann", REFUND, "USD", 30);
    struct uuid first = w->cmd.result_id;
    rig_propose(w, "bob", REFUND, "USD", 30);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_ALREADY_COMPENSATED);
    char id[UUID_TEXT_LEN + 1];
    assert_string_equal(fault_meta_of(&w->cmd.fault, "remedy_id"), uuid_format(&first, id));
    rig_propose(w, "bob", REMEDY_KIND_REPLACEMENT, "", 0);
    assert_written(w);
    rig_propose(w, "bob", REMEDY_KIND_REPLACEMENT, "", 0);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_ALREADY_COMPENSATED);
    world_free(w);
}

static void three_apologies_and_chocolates_are_fine(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    for (int i = 0; i < 3; i++) {
        rig_propose(w, "ann", REMEDY_KIND_APOLOGY, "", 0);
        assert_written(w);
        rig_propose(w, "ann", REMEDY_KIND_GIFT, "USD", 15);
        assert_written(w);
    }
    rig_propose(w, "ann", REMEDY_KIND_UPGRADE, "USD", 40);
    assert_written(w);
    assert_int_equal(w->c.remedies.n, 7);
    world_free(w);
}

static void proposing_needs_an_agent_and_a_live_case(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    rig_propose(w, "crm", REFUND, "USD", 1);
    assert_refused(w, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_AN_AGENT);
    w->c.row.status = CASE_STATUS_RESOLVED;
    rig_propose(w, "ann", REFUND, "USD", 1);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS);
    assert_string_equal(fault_meta_of(&w->cmd.fault, "status"), "RESOLVED");
    world_free(w);
}

static void a_full_case_takes_no_more(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    for (int i = 0; i < CASE_REMEDIES_MAX; i++) {
        struct remedy_row *r = ROWS_ADD(&w->c.remedies, struct remedy_row, &w->arena);
        r->currency = "";
        r->row.change = ROW_SAME;
    }
    rig_propose(w, "ann", REFUND, "USD", 1);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_FULL);
    world_free(w);
}

/* -- the customer's answer --------------------------------------------------------------------- */

static void answers_move_an_offered_remedy(void **state)
{
    (void)state;
    static const int expected[] = {0, REMEDY_STATE_ACCEPTED, REMEDY_STATE_DECLINED,
                                   REMEDY_STATE_COUNTERED};
    for (int answer = 1; answer <= 3; answer++) {
        struct world *w = rig_owned();
        rig_propose(w, "ann", REFUND, "USD", 30);
        struct uuid id = w->cmd.result_id;
        w->now_us += 5;
        rig_answer(w, "bob", &id, answer);
        assert_written(w);
        const struct remedy_row *r = rig_remedy(w, 0, expected[answer]);
        assert_int_equal(r->responded_at, w->now_us);
        assert_true(uuid_eq(&w->cmd.result_id, &id));
        assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_REMEDY_ANSWERED);
        assert_int_equal(w->privates.n, 2); /* the description and the note */
        assert_chain_intact(w);
        world_free(w);
    }
}

static void only_offered_remedies_are_answered(void **state)
{
    (void)state;
    for (int s = REMEDY_STATE_PROPOSED; s <= REMEDY_STATE_REVERSED; s++) {
        if (s == REMEDY_STATE_OFFERED || s == REMEDY_STATE_EXPIRED)
            continue;
        struct world *w = rig_owned();
        rig_propose(w, "ann", REFUND, "USD", 30);
        struct uuid id = w->cmd.result_id;
        ROW_AT(&w->c.remedies, struct remedy_row, 0)->state = (int16_t)s;
        rig_answer(w, "ann", &id, CUSTOMER_ANSWER_ACCEPTED);
        assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_REMEDY_STATE);
        assert_true(strlen(fault_meta_of(&w->cmd.fault, "state")) > 0);
        world_free(w);
    }
}

static void unknown_remedies_are_not_found(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    rig_propose(w, "ann", REFUND, "USD", 30);
    struct uuid nobody = {{3}};
    rig_answer(w, "ann", &nobody, CUSTOMER_ANSWER_ACCEPTED);
    assert_refused(w, FAULT_NOT_FOUND, ERROR_REASON_REMEDY_NOT_FOUND);
    rig_answer(w, "crm", &nobody, CUSTOMER_ANSWER_ACCEPTED);
    assert_refused(w, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_AN_AGENT);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(within_authority_it_is_offered_on_the_spot),
        cmocka_unit_test(beyond_authority_names_the_limit_and_who_may),
        cmocka_unit_test(the_sum_of_the_case_counts),
        cmocka_unit_test(what_came_to_nothing_does_not_count),
        cmocka_unit_test(own_authority_counts),
        cmocka_unit_test(no_authority_at_all_refuses_remedies_without_a_price_too),
        cmocka_unit_test(the_same_failure_is_not_compensated_twice),
        cmocka_unit_test(three_apologies_and_chocolates_are_fine),
        cmocka_unit_test(proposing_needs_an_agent_and_a_live_case),
        cmocka_unit_test(a_full_case_takes_no_more),
        cmocka_unit_test(answers_move_an_offered_remedy),
        cmocka_unit_test(only_offered_remedies_are_answered),
        cmocka_unit_test(unknown_remedies_are_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
