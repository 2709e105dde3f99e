/* SPDX-License-Identifier: Apache-2.0 */

/* ReportFulfilment: every state with every outcome. A report can be repeated with the same
 * reference, and one reference proves one remedy. */

#include <string.h>

#include "contract/reasons.h"
#include "rig.h"

#define STARTED FULFILMENT_OUTCOME_STARTED
#define FULFILLED FULFILMENT_OUTCOME_FULFILLED
#define FAILED FULFILMENT_OUTCOME_FAILED
#define REVERSED FULFILMENT_OUTCOME_REVERSED

/* A case with one refund in this state; its id. */
static struct uuid with_remedy(struct world *w, int state)
{
    rig_propose(w, "ann", REMEDY_KIND_REFUND, "USD", 30 + (int64_t)w->c.remedies.n);
    assert_written(w);
    struct uuid id = w->cmd.result_id;
    ROW_AT(&w->c.remedies, struct remedy_row, w->c.remedies.n - 1)->state = (int16_t)state;
    return id;
}

static int expected(int from, int outcome)
{
    bool owed = from == REMEDY_STATE_ACCEPTED || from == REMEDY_STATE_FULFILLING;
    if (outcome == STARTED && from == REMEDY_STATE_ACCEPTED)
        return REMEDY_STATE_FULFILLING;
    if (outcome == FULFILLED && owed)
        return REMEDY_STATE_FULFILLED;
    if (outcome == FAILED && owed)
        return REMEDY_STATE_FAILED;
    if (outcome == REVERSED && from == REMEDY_STATE_FULFILLED)
        return REMEDY_STATE_REVERSED;
    return 0;
}

static void every_state_against_every_outcome(void **state)
{
    (void)state;
    for (int from = REMEDY_STATE_PROPOSED; from <= REMEDY_STATE_REVERSED; from++)
        for (int outcome = STARTED; outcome <= REVERSED; outcome++) {
            struct world *w = rig_owned();
            struct uuid id = with_remedy(w, from);
            int to = expected(from, outcome);
            rig_fulfil(w, "crm", &id, outcome, "r-1");
            if (to != 0) {
                assert_written(w);
                assert_string_equal(rig_remedy(w, 0, to)->fulfilment_reference, "r-1");
                assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_REMEDY_FULFILMENT_REPORTED);
                assert_true(uuid_eq(&w->cmd.result_id, &id));
            } else {
                assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_REMEDY_STATE);
                (void)rig_remedy(w, 0, from);
            }
            assert_chain_intact(w);
            world_free(w);
        }
}

static void the_way_to_fulfilled_and_back(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    struct uuid id = with_remedy(w, REMEDY_STATE_ACCEPTED);
    rig_fulfil(w, "crm", &id, STARTED, "order-1");
    rig_fulfil(w, "crm", &id, FULFILLED, "refund-1");
    assert_written(w);
    const struct remedy_row *r = rig_remedy(w, 0, REMEDY_STATE_FULFILLED);
    assert_int_equal(r->fulfilled_at, w->now_us);
    assert_string_equal(r->fulfilment_reference, "refund-1");
    rig_fulfil(w, "crm", &id, REVERSED, "");
    assert_written(w);
    assert_string_equal(rig_remedy(w, 0, REMEDY_STATE_REVERSED)->fulfilment_reference, "refund-1");
    world_free(w);
}

static void reports_are_idempotent_by_reference(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    struct uuid id = with_remedy(w, REMEDY_STATE_ACCEPTED);
    rig_fulfil(w, "crm", &id, FULFILLED, "refund-1");
    size_t events = w->events.n;
    rig_fulfil(w, "crm", &id, FULFILLED, "refund-1"); /* another request id */
    assert_false(fault_is_set(&w->cmd.fault));
    assert_true(uuid_eq(&w->cmd.result_id, &id));
    assert_non_null(w->case_after);
    assert_int_equal(w->events.n, events);
    rig_fulfil(w, "crm", &id, FULFILLED, "refund-2");
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_REMEDY_STATE);
    w->c.row.status = CASE_STATUS_CLOSED; /* late repetitions hurt nobody */
    rig_fulfil(w, "crm", &id, FULFILLED, "refund-1");
    assert_false(fault_is_set(&w->cmd.fault));
    world_free(w);
}

static void one_reference_proves_one_remedy(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    struct uuid one = with_remedy(w, REMEDY_STATE_ACCEPTED);
    struct uuid two = with_remedy(w, REMEDY_STATE_ACCEPTED);
    rig_fulfil(w, "crm", &one, FULFILLED, "refund-1");
    rig_fulfil(w, "crm", &two, FULFILLED, "refund-1");
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_ALREADY_COMPENSATED);
    rig_fulfil(w, "crm", &two, FULFILLED, "refund-2");
    assert_written(w);
    struct uuid three = with_remedy(w, REMEDY_STATE_ACCEPTED); /* one parcel, two kinds */
    ROW_AT(&w->c.remedies, struct remedy_row, 2)->kind = REMEDY_KIND_GIFT;
    rig_fulfil(w, "crm", &three, FULFILLED, "refund-2");
    assert_written(w);
    world_free(w);
}

static void final_cases_take_no_new_reports(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    struct uuid id = with_remedy(w, REMEDY_STATE_ACCEPTED);
    w->c.row.status = CASE_STATUS_CLOSED;
    rig_fulfil(w, "crm", &id, FULFILLED, "r");
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS);
    ROW_AT(&w->c.remedies, struct remedy_row, 0)->state = REMEDY_STATE_FULFILLED;
    rig_fulfil(w, "crm", &id, REVERSED, "r"); /* what was taken back is always told */
    assert_written(w);
    world_free(w);
}

static void unknown_remedies_are_not_found(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    struct uuid nobody = {{3}};
    rig_fulfil(w, "crm", &nobody, FULFILLED, "r");
    assert_refused(w, FAULT_NOT_FOUND, ERROR_REASON_REMEDY_NOT_FOUND);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_against_every_outcome),
        cmocka_unit_test(the_way_to_fulfilled_and_back),
        cmocka_unit_test(reports_are_idempotent_by_reference),
        cmocka_unit_test(one_reference_proves_one_remedy),
        cmocka_unit_test(final_cases_take_no_new_reports),
        cmocka_unit_test(unknown_remedies_are_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
