/* SPDX-License-Identifier: Apache-2.0 */

/* RecordContact, RecordAct, RecordRootCause: any agent, on any case that is not final. */

#include <string.h>

#include "contract/reasons.h"
#include "rig.h"

#define OUT CONTACT_DIRECTION_OUTBOUND
#define IN CONTACT_DIRECTION_INBOUND

static const struct clock_row *first_response(const struct world *w)
{
    return ROW_AT(&w->c.clocks, const struct clock_row, 0);
}

static void reaching_the_customer_stops_the_first_response(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    w->now_us += HOUR_US;
    rig_contact(w, "ann", OUT, CONTACT_OUTCOME_REACHED, CHANNEL_PHONE);
    assert_written(w);
    assert_int_equal(first_response(w)->state, CLOCK_STATE_MET);
    assert_int_equal(first_response(w)->stopped_at, w->now_us);
    assert_int_equal(w->c.row.contacts, 1);
    const struct contact_row *c = ROW_AT(&w->c.contacts, const struct contact_row, 0);
    assert_true(uuid_eq(&w->cmd.result_id, &c->contact_id));
    assert_string_equal(c->actor, "ann");
    assert_int_equal(c->at, w->now_us);
    const Amends__V1__EventDetail *detail = world_detail(w, world_event(w, 0));
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_CONTACT_RECORDED);
    assert_int_equal(detail->n_clocks, 2); /* it, and the cadence that begins with it */
    assert_string_equal(detail->contact->note, "");
    assert_int_equal(w->privates.n, 1);
    assert_chain_intact(w);
    world_free(w);
}

static void only_outbound_reached_stops_it(void **state)
{
    (void)state;
    static const struct {
        int direction, outcome, contacts, channel;
    } cases[] = {{OUT, CONTACT_OUTCOME_NO_ANSWER, 0, CHANNEL_PHONE},
                 {OUT, CONTACT_OUTCOME_VOICEMAIL, 0, CHANNEL_PHONE},
                 {OUT, CONTACT_OUTCOME_BOUNCED, 0, CHANNEL_EMAIL},
                 {OUT, CONTACT_OUTCOME_REFUSED, 0, CHANNEL_PHONE},
                 {OUT, CONTACT_OUTCOME_SENT, 0, CHANNEL_EMAIL},
                 {OUT, CONTACT_OUTCOME_REACHED, 0, CHANNEL_SYSTEM},
                 {IN, CONTACT_OUTCOME_REACHED, 1, CHANNEL_PHONE},
                 {IN, CONTACT_OUTCOME_UNSPECIFIED, 1, CHANNEL_PHONE}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world *w = rig_owned();
        rig_contact(w, "bob", cases[i].direction, cases[i].outcome, cases[i].channel);
        assert_written(w);
        assert_int_equal(first_response(w)->state, CLOCK_STATE_RUNNING);
        assert_int_equal(w->c.row.contacts, cases[i].contacts);
        world_free(w);
    }
}

static void an_inbound_contact_is_always_reached(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    rig_contact(w, "ann", IN, CONTACT_OUTCOME_UNSPECIFIED, CHANNEL_STORE);
    assert_int_equal(ROW_AT(&w->c.contacts, struct contact_row, 0)->outcome,
                     CONTACT_OUTCOME_REACHED);
    world_free(w);
}

static void contact_at(struct world *w, int64_t at, int32_t minutes)
{
    Amends__V1__RecordContactRequest r = AMENDS__V1__RECORD_CONTACT_REQUEST__INIT;
    char id[UUID_TEXT_LEN + 1];
    r.request_id = world_uuid(w);
    r.case_id = uuid_format(&w->c.row.case_id, id);
    r.direction = OUT;
    r.outcome = CONTACT_OUTCOME_REACHED;
    r.channel = CHANNEL_PHONE;
    r.contact_time = rig_time(w, at);
    r.minutes_lost = minutes;
    world_run(w, &record_contact_kind, "ann", &r.base);
}

static void the_time_of_the_contact_decides_not_of_the_record(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    int64_t due = first_response(w)->due_at;
    w->now_us = due + HOUR_US; /* no timer has looked yet */
    contact_at(w, due - HOUR_US, 7);
    assert_written(w);
    assert_int_equal(first_response(w)->state, CLOCK_STATE_MET);
    assert_int_equal(first_response(w)->stopped_at, due - HOUR_US);
    assert_int_equal(w->c.row.minutes_lost, 7);
    assert_int_equal(w->c.row.level, 1);
    world_free(w);
}

static void a_contact_in_time_undoes_a_breach_that_was_found(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    int64_t due = first_response(w)->due_at;
    w->now_us = due + HOUR_US;
    rig_contact(w, "ann", OUT, CONTACT_OUTCOME_REACHED, CHANNEL_PHONE);
    assert_int_equal(first_response(w)->state, CLOCK_STATE_BREACHED);
    contact_at(w, due + HOUR_US, 0);
    assert_int_equal(world_detail(w, world_event(w, 0))->n_clocks, 0);
    contact_at(w, due - HOUR_US, 0);
    assert_written(w);
    assert_int_equal(first_response(w)->state, CLOCK_STATE_MET);
    assert_int_equal(first_response(w)->stopped_at, due - HOUR_US);
    const Amends__V1__EventDetail *detail = world_detail(w, world_event(w, 0));
    assert_int_equal(detail->n_clocks, 1);
    assert_int_equal(detail->clocks[0]->state, CLOCK_STATE_MET);
    assert_int_equal(w->c.row.level, 2); /* what was done in good faith stays */
    assert_chain_intact(w);
    world_free(w);
}

static void correct(struct world *w, size_t contact, int asks)
{
    Amends__V1__CorrectContactRequest r = AMENDS__V1__CORRECT_CONTACT_REQUEST__INIT;
    char id[UUID_TEXT_LEN + 1], contact_id[UUID_TEXT_LEN + 1];
    r.request_id = world_uuid(w);
    r.case_id = uuid_format(&w->c.row.case_id, id);
    r.contact_id =
        uuid_format(&ROW_AT(&w->c.contacts, struct contact_row, contact)->contact_id, contact_id);
    r.asks = (Amends__V1__ContactAsk)asks;
    world_run(w, &correct_contact_kind, "bob", &r.base);
}

static void what_a_contact_asks_for_is_corrected(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    rig_contact(w, "ann", IN, CONTACT_OUTCOME_UNSPECIFIED, CHANNEL_EMAIL);
    assert_non_null(clock_running(&w->c, CLOCK_KIND_NEXT_CONTACT));
    correct(w, 0, CONTACT_ASK_NOTHING);
    assert_written(w);
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_CONTACT_CORRECTED);
    assert_int_equal(world_detail(w, world_event(w, 0))->contact->asks, CONTACT_ASK_NOTHING);
    assert_null(clock_running(&w->c, CLOCK_KIND_NEXT_CONTACT));
    assert_int_equal(w->c.row.contacts, 0);
    size_t told = w->events.n;
    correct(w, 0, CONTACT_ASK_NOTHING); /* it says so already */
    assert_written(w);
    assert_int_equal(w->events.n, told);
    correct(w, 0, CONTACT_ASK_ANSWER);
    assert_non_null(clock_running(&w->c, CLOCK_KIND_NEXT_CONTACT));
    assert_int_equal(w->c.row.contacts, 1);
    rig_contact(w, "ann", OUT, CONTACT_OUTCOME_REACHED, CHANNEL_PHONE);
    correct(w, 1, CONTACT_ASK_NOTHING);
    assert_refused(w, FAULT_INVALID_ARGUMENT, ERROR_REASON_INVALID_ARGUMENT);
    assert_chain_intact(w);
    world_free(w);
}

static void a_late_contact_is_a_breach_that_climbs(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    w->now_us = first_response(w)->due_at + 1;
    rig_contact(w, "ann", OUT, CONTACT_OUTCOME_REACHED, CHANNEL_PHONE);
    assert_written(w);
    assert_int_equal(first_response(w)->state, CLOCK_STATE_BREACHED);
    assert_int_equal(w->c.row.level, 2);
    assert_string_equal(w->c.row.owner_id, "ann");
    assert_int_equal(world_event(w, 3)->kind, EVENT_KIND_CONTACT_RECORDED);
    assert_int_equal(world_event(w, 2)->kind, EVENT_KIND_CLOCK_THRESHOLD);
    assert_int_equal(world_event(w, 1)->kind, EVENT_KIND_CLOCK_BREACHED);
    assert_string_equal(world_event(w, 1)->actor, SYSTEM_ACTOR);
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_ESCALATED);
    assert_chain_intact(w);
    world_free(w);
}

static void before_the_opening_is_a_violation(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    contact_at(w, w->c.row.opened_at - 1, 0);
    assert_refused(w, FAULT_INVALID_ARGUMENT, ERROR_REASON_INVALID_ARGUMENT);
    assert_string_equal(w->cmd.fault.violations[0].key, "contact_time");
    contact_at(w, w->c.row.opened_at, 0);
    assert_written(w);
    world_free(w);
}

/* An agent who works on a case of the steward does not become its owner. */
static void the_steward_stays_owner(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    (void)world_agent(w, "ann", 1);
    rig_contact(w, "ann", OUT, CONTACT_OUTCOME_REACHED, CHANNEL_PHONE);
    rig_act(w, "ann", ACT_KIND_APOLOGY);
    rig_root_cause(w, "ann", "process.handover");
    assert_written(w);
    assert_int_equal(w->c.row.status, CASE_STATUS_OPEN);
    assert_string_equal(w->c.row.owner_id, "steward");
    assert_int_equal(w->c.queue.n, 1);
    assert_int_equal(w->c.row.assignment_generation, 1);
    world_free(w);
}

static void acts_are_records(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    static const int kinds[] = {ACT_KIND_THANKS, ACT_KIND_APOLOGY, ACT_KIND_EXPLANATION};
    for (size_t i = 0; i < 3; i++) {
        rig_act(w, "bob", kinds[i]);
        assert_written(w);
        const struct act_row *a = ROW_AT(&w->c.acts, const struct act_row, i);
        assert_int_equal(a->kind, kinds[i]);
        assert_true(uuid_eq(&a->act_id, &w->cmd.result_id));
        assert_int_equal(world_detail(w, world_event(w, 0))->act->kind, kinds[i]);
        assert_string_equal(world_detail(w, world_event(w, 0))->act->note, "");
    }
    assert_string_equal(w->c.row.owner_id, "ann");
    assert_chain_intact(w);
    world_free(w);
}

static void the_latest_root_cause_counts(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    rig_root_cause(w, "ann", "process.handover");
    rig_root_cause(w, "bob", "system.billing_run");
    assert_written(w);
    assert_string_equal(w->c.row.root_cause_code, "system.billing_run");
    assert_string_equal(w->c.row.root_cause_actor, "bob");
    assert_true(w->c.row.root_cause_preventable);
    const Amends__V1__EventDetail *detail = world_detail(w, world_event(w, 0));
    assert_string_equal(detail->root_cause->code, "system.billing_run");
    assert_string_equal(detail->root_cause->note, "");
    assert_chain_intact(w);
    world_free(w);
}

static void each(struct world *w, const char *who, int which)
{
    if (which == 0)
        rig_contact(w, who, OUT, CONTACT_OUTCOME_REACHED, CHANNEL_PHONE);
    else if (which == 1)
        rig_act(w, who, ACT_KIND_APOLOGY);
    else
        rig_root_cause(w, who, "process.handover");
}

static void only_agents(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct world *w = rig_owned();
        each(w, "crm", i);
        assert_refused(w, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_AN_AGENT);
        world_free(w);
    }
}

/* A contact is always taken: it is what the customer says, or what is said to them. */
static void acts_and_causes_not_on_final_cases(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        for (int status = CASE_STATUS_RESOLVED; status <= CASE_STATUS_MERGED; status++) {
            struct world *w = rig_owned();
            w->c.row.status = (int16_t)status;
            each(w, "ann", i);
            if (status == CASE_STATUS_RESOLVED || i == 0)
                assert_written(w);
            else
                assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS);
            world_free(w);
        }
}

static void a_full_case_takes_no_more(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    for (int i = 0; i < CASE_ACTS_MAX; i++)
        ROWS_ADD(&w->c.acts, struct act_row, &w->arena)->row.change = ROW_SAME;
    for (int i = 0; i < CASE_CONTACTS_MAX; i++)
        ROWS_ADD(&w->c.contacts, struct contact_row, &w->arena)->row.change = ROW_SAME;
    each(w, "ann", 0);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_FULL);
    each(w, "ann", 1);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_FULL);
    world_free(w);
}

static void minutes_do_not_overflow(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    w->c.row.minutes_lost = INT32_MAX - 5;
    contact_at(w, w->now_us, 1000000);
    assert_written(w);
    assert_true(w->c.row.minutes_lost > 0);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reaching_the_customer_stops_the_first_response),
        cmocka_unit_test(only_outbound_reached_stops_it),
        cmocka_unit_test(an_inbound_contact_is_always_reached),
        cmocka_unit_test(the_time_of_the_contact_decides_not_of_the_record),
        cmocka_unit_test(a_contact_in_time_undoes_a_breach_that_was_found),
        cmocka_unit_test(what_a_contact_asks_for_is_corrected),
        cmocka_unit_test(a_late_contact_is_a_breach_that_climbs),
        cmocka_unit_test(before_the_opening_is_a_violation),
        cmocka_unit_test(the_steward_stays_owner),
        cmocka_unit_test(acts_are_records),
        cmocka_unit_test(the_latest_root_cause_counts),
        cmocka_unit_test(only_agents),
        cmocka_unit_test(acts_and_causes_not_on_final_cases),
        cmocka_unit_test(a_full_case_takes_no_more),
        cmocka_unit_test(minutes_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
