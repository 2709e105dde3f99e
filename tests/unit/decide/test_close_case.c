/* SPDX-License-Identifier: Apache-2.0 */

/* DenyClaim, ResolveCase and CloseCase: who may, what is missing, what the clocks say. */

#include <stdio.h>
#include <string.h>

#include "contract/reasons.h"
#include "rig.h"

/* Everything but remedy and denial. */
static struct world *worked(void)
{
    struct world *w = rig_owned();
    rig_contact(w, "ann", CONTACT_DIRECTION_OUTBOUND, CONTACT_OUTCOME_REACHED, CHANNEL_PHONE);
    rig_act(w, "ann", ACT_KIND_APOLOGY);
    rig_root_cause(w, "ann", "process.handover");
    assert_written(w);
    return w;
}

static struct uuid accepted_refund(struct world *w)
{
    rig_propose(w, "ann", REMEDY_KIND_REFUND, "USD", 30);
    struct uuid id = w->cmd.result_id;
    rig_answer(w, "ann", &id, CUSTOMER_ANSWER_ACCEPTED);
    assert_written(w);
    return id;
}

/* -- DenyClaim --------------------------------------------------------------------------------- */

static void a_denial_keeps_the_reason_that_was_told(void **state)
{
    (void)state;
    struct world *w = worked();
    rig_deny(w, "ann", "the contract says so");
    assert_written(w);
    assert_string_equal(w->c.row.denial_reason, "the contract says so");
    assert_int_equal(w->c.row.denial_channel, CHANNEL_LETTER);
    assert_int_equal(w->c.row.denial_disclosed_at, w->now_us);
    assert_string_equal(w->c.row.denial_actor, "ann");
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_CLAIM_DENIED);
    struct slice body = world_event(w, 0)->public_body;
    assert_null(memmem(body.data, body.len, "contract", 8)); /* what was told is personal */
    const Amends__V1__EventDetail *detail = world_detail(w, world_event(w, 0));
    assert_int_equal(detail->disclosure_channel, CHANNEL_LETTER);
    assert_int_equal(detail->disclosure_time->seconds, w->now_us / 1000000);
    rig_resolve(w, "ann");
    assert_written(w);
    assert_chain_intact(w);
    world_free(w);
}

static void a_further_denial_needs_a_new_reason_and_all_are_shown(void **state)
{
    (void)state;
    struct world *w = worked();
    rig_deny(w, "ann", "the contract says so");
    rig_deny(w, "lea", " The contract says so\n");
    assert_refused(w, FAULT_INVALID_ARGUMENT, ERROR_REASON_INVALID_ARGUMENT);
    assert_string_equal(w->cmd.fault.violations[0].key, "reason");
    w->now_us += DAY_US;
    rig_deny(w, "lea", "the receipt is of another shop");
    assert_written(w);
    assert_int_equal(w->case_after->n_denials, 2);
    assert_string_equal(w->case_after->denials[0]->reason, "the contract says so");
    assert_string_equal(w->case_after->denials[0]->actor, "ann");
    assert_string_equal(w->case_after->denials[1]->reason, w->case_after->denial->reason);
    rig_deny(w, "ann", "the contract says so");
    assert_refused(w, FAULT_INVALID_ARGUMENT, ERROR_REASON_INVALID_ARGUMENT);
    assert_chain_intact(w);
    world_free(w);
}

/* Told at an instant of the past. */
static void deny_told_at(struct world *w, const char *reason, int64_t at_us)
{
    const int64_t now_us = w->now_us;
    Amends__V1__DenyClaimRequest r = AMENDS__V1__DENY_CLAIM_REQUEST__INIT;
    char id[UUID_TEXT_LEN + 1];
    r.request_id = world_uuid(w);
    r.case_id = uuid_format(&w->c.row.case_id, id);
    r.expected_version = w->c.row.last_seq;
    r.reason = rig_text(w, reason);
    r.disclosure_channel = CHANNEL_LETTER;
    r.disclosure_time = rig_time(w, at_us);
    world_run(w, &deny_claim_kind, "ann", &r.base);
    assert_int_equal(w->now_us, now_us);
}

/* Else the answer that a customer had would be taken back. */
static void denials_are_told_in_order(void **state)
{
    (void)state;
    struct world *w = worked();
    w->now_us += DAY_US;
    const int64_t first_us = w->now_us;
    rig_deny(w, "ann", "the contract says so");
    assert_written(w);
    w->now_us += DAY_US;
    deny_told_at(w, "the receipt is of another shop", first_us - 1000000);
    assert_refused(w, FAULT_INVALID_ARGUMENT, ERROR_REASON_INVALID_ARGUMENT);
    assert_string_equal(w->cmd.fault.violations[0].key, "disclosure_time");
    assert_non_null(strstr(w->cmd.fault.violations[0].text, "in the order"));
    deny_told_at(w, "the receipt is of another shop", first_us);
    assert_written(w);
    assert_int_equal(w->c.row.denial_disclosed_at, first_us);
    assert_int_equal(w->case_after->n_denials, 2);
    assert_chain_intact(w);
    world_free(w);
}

static void a_case_has_room_for_so_many_denials(void **state)
{
    (void)state;
    struct world *w = worked();
    for (int i = 0; i < CASE_DENIALS_MAX; i++) {
        char reason[32];
        (void)snprintf(reason, sizeof(reason), "reason %d", i);
        rig_deny(w, "ann", reason);
        assert_written(w);
    }
    assert_int_equal(w->case_after->n_denials, CASE_DENIALS_MAX);
    rig_deny(w, "ann", "one more");
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_FULL);
    world_free(w);
}

static void a_denial_before_the_opening_is_a_violation(void **state)
{
    (void)state;
    struct world *w = worked();
    w->c.row.opened_at = w->now_us + 1;
    rig_deny(w, "ann", "no");
    assert_refused(w, FAULT_INVALID_ARGUMENT, ERROR_REASON_INVALID_ARGUMENT);
    assert_string_equal(w->cmd.fault.violations[0].key, "disclosure_time");
    world_free(w);
}

/* -- who may ----------------------------------------------------------------------------------- */

typedef void (*owners_call)(struct world *w, const char *who);

static void deny_some(struct world *w, const char *who)
{
    rig_deny(w, who, "no");
}

static void only_the_owner_or_a_level_above(void **state)
{
    (void)state;
    static const owners_call calls[] = {deny_some, rig_resolve, rig_close};
    for (size_t i = 0; i < 3; i++) {
        struct world *w = worked();
        calls[i](w, "crm");
        assert_refused(w, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_AN_AGENT);
        calls[i](w, "bob");
        assert_refused(w, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_THE_OWNER);
        assert_string_equal(fault_meta_of(&w->cmd.fault, "owner"), "ann");
        calls[i](w, "lea");
        assert_true(w->cmd.fault.code != FAULT_PERMISSION_DENIED);
        world_free(w);
    }
}

static void a_stale_version_is_aborted(void **state)
{
    (void)state;
    static const owners_call calls[] = {deny_some, rig_resolve, rig_close};
    for (size_t i = 0; i < 3; i++) {
        struct world *w = worked();
        w->c.row.last_seq--; /* the request is made at what was read */
        calls[i](w, "ann");
        Amends__V1__ResolveCaseRequest r = AMENDS__V1__RESOLVE_CASE_REQUEST__INIT;
        char id[UUID_TEXT_LEN + 1];
        r.request_id = world_uuid(w);
        r.case_id = uuid_format(&w->c.row.case_id, id);
        r.expected_version = w->c.row.last_seq + 7;
        world_run(w, &resolve_case_kind, "ann", &r.base);
        assert_refused(w, FAULT_ABORTED, ERROR_REASON_VERSION_MISMATCH);
        world_free(w);
    }
}

/* -- the gate ---------------------------------------------------------------------------------- */

static void the_gate_lists_everything_that_is_missing(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    struct uuid one = accepted_refund(w);
    rig_propose(w, "ann", REMEDY_KIND_CREDIT, "USD", 10);
    struct uuid two = w->cmd.result_id;
    rig_answer(w, "ann", &two, CUSTOMER_ANSWER_ACCEPTED);
    rig_fulfil(w, "crm", &two, FULFILMENT_OUTCOME_STARTED, "");
    rig_resolve(w, "ann");
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CLOSE_GATE);
    static const char *const missing[] = {"CONTACT", "ROOT_CAUSE", "ACT", "REMEDY_OR_DENIAL",
                                          "UNFULFILLED_REMEDY"};
    for (size_t i = 0; i < 5; i++)
        if (!fault_has(&w->cmd.fault, missing[i]))
            fail_msg("%s is not told", missing[i]);
    assert_int_equal(w->cmd.fault.n_violations, 6); /* each unfulfilled remedy by itself */
    char id[UUID_TEXT_LEN + 1];
    assert_non_null(strstr(w->cmd.fault.violations[4].text, uuid_format(&one, id)));
    assert_int_equal(w->c.row.status, CASE_STATUS_IN_PROGRESS);
    world_free(w);
}

static void each_item_alone_holds_the_case(void **state)
{
    (void)state;
    static const char *const missing[] = {"CONTACT", "ROOT_CAUSE", "ACT", "REMEDY_OR_DENIAL",
                                          "UNFULFILLED_REMEDY"};
    for (size_t i = 0; i < 5; i++) {
        struct world *w = worked();
        struct uuid id = accepted_refund(w);
        if (i != 4)
            rig_fulfil(w, "crm", &id, FULFILMENT_OUTCOME_FULFILLED, "r-1");
        if (i == 0)
            w->c.contacts.n = 0;
        else if (i == 1)
            w->c.row.root_cause_at = 0;
        else if (i == 2)
            w->c.acts.n = 0;
        else if (i == 3)
            w->c.remedies.n = 0;
        else
            rig_deny(w, "ann", "partly");
        rig_resolve(w, "ann");
        assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CLOSE_GATE);
        assert_int_equal(w->cmd.fault.n_violations, 1);
        assert_string_equal(w->cmd.fault.violations[0].key, missing[i]);
        world_free(w);
    }
}

static void a_promise_is_no_remedy(void **state)
{
    (void)state;
    struct world *w = worked();
    rig_propose(w, "ann", REMEDY_KIND_REFUND, "USD", 30);
    rig_resolve(w, "ann");
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CLOSE_GATE);
    assert_true(fault_has(&w->cmd.fault, "REMEDY_OR_DENIAL"));
    world_free(w);
}

static void the_unreachable_customers_case_can_be_resolved(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    const int out = CONTACT_DIRECTION_OUTBOUND;
    rig_contact(w, "ann", out, CONTACT_OUTCOME_NO_ANSWER, CHANNEL_PHONE);
    w->now_us += 2 * DAY_US;
    rig_contact(w, "ann", out, CONTACT_OUTCOME_BOUNCED, CHANNEL_EMAIL);
    w->now_us += 3 * DAY_US;
    rig_contact(w, "ann", out, CONTACT_OUTCOME_VOICEMAIL, CHANNEL_PHONE);
    rig_act(w, "ann", ACT_KIND_EXPLANATION);
    rig_root_cause(w, "ann", "process.handover");
    rig_deny(w, "ann", "as written in our letter");
    rig_resolve(w, "ann");
    assert_written(w);
    const struct clock_row *first = ROW_AT(&w->c.clocks, const struct clock_row, 0);
    const struct clock_row *resolution = ROW_AT(&w->c.clocks, const struct clock_row, 1);
    assert_int_equal(first->state, CLOCK_STATE_BREACHED); /* silence is a breach */
    assert_int_equal(resolution->state, CLOCK_STATE_BREACHED);
    assert_int_equal(first->breached_at, first->due_at);
    assert_int_equal(resolution->stopped_at, w->now_us);
    assert_int_equal(w->c.row.level, 2); /* two breaches found together climb one level */
    assert_chain_intact(w);
    world_free(w);
}

/* -- ResolveCase ------------------------------------------------------------------------------- */

static struct world *resolvable(void)
{
    struct world *w = worked();
    struct uuid id = accepted_refund(w);
    rig_fulfil(w, "crm", &id, FULFILMENT_OUTCOME_FULFILLED, "r-1");
    assert_written(w);
    return w;
}

static void resolving_stops_the_clock_in_time(void **state)
{
    (void)state;
    struct world *w = resolvable();
    w->now_us += DAY_US;
    rig_resolve(w, "ann");
    assert_written(w);
    assert_int_equal(w->c.row.status, CASE_STATUS_RESOLVED);
    assert_int_equal(w->c.row.resolved_at, w->now_us);
    const struct clock_row *k = ROW_AT(&w->c.clocks, const struct clock_row, 1);
    assert_int_equal(k->state, CLOCK_STATE_MET);
    assert_int_equal(k->stopped_at, w->now_us);
    const Amends__V1__EventDetail *detail = world_detail(w, world_event(w, 0));
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_CASE_RESOLVED);
    assert_int_equal(detail->status, CASE_STATUS_RESOLVED);
    assert_int_equal(detail->n_clocks, 3); /* it, the cadence's end, and the follow-up's start */
    assert_int_equal(w->c.queue.n, 0);
    assert_chain_intact(w);
    world_free(w);
}

static void a_second_late_is_breached(void **state)
{
    (void)state;
    struct world *w = resolvable();
    const struct clock_row *k = ROW_AT(&w->c.clocks, const struct clock_row, 1);
    w->now_us = k->due_at + 1000000;
    rig_resolve(w, "ann");
    assert_written(w);
    k = ROW_AT(&w->c.clocks, const struct clock_row, 1);
    assert_int_equal(k->state, CLOCK_STATE_BREACHED);
    assert_int_equal(k->breached_at, k->due_at);
    assert_int_equal(w->c.row.level, 2);
    assert_int_equal(w->c.row.status, CASE_STATUS_RESOLVED);
    world_free(w);
}

/* By its timestamp the executive desk had taken the case before the call. */
static void a_breach_that_takes_the_case_away_comes_first(void **state)
{
    (void)state;
    struct world *w = resolvable();
    w->c.row.level = 3;
    w->now_us = ROW_AT(&w->c.clocks, const struct clock_row, 1)->due_at + 1;
    rig_resolve(w, "ann");
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS);
    assert_int_equal(w->c.row.level, 3); /* refused: nothing is written; the timer will */
    world_free(w);
}

/* A yes that comes after that is kept, and brings the case back; the offer stays expired. */
static void what_was_offered_ends_with_it(void **state)
{
    (void)state;
    struct world *w = resolvable();
    rig_propose(w, "ann", REMEDY_KIND_GIFT, "USD", 5);
    struct uuid id = w->cmd.result_id;
    assert_int_equal(w->c.row.status, CASE_STATUS_AWAITING_CUSTOMER);
    rig_resolve(w, "ann");
    assert_written(w);
    (void)rig_remedy(w, 1, REMEDY_STATE_EXPIRED);
    assert_int_equal(world_event(w, 1)->kind, EVENT_KIND_REMEDY_EXPIRED);
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_CASE_RESOLVED);
    w->now_us++;
    rig_answer(w, "ann", &id, CUSTOMER_ANSWER_ACCEPTED);
    assert_written(w);
    (void)rig_remedy(w, 1, REMEDY_STATE_EXPIRED);
    assert_int_equal(w->c.row.status, CASE_STATUS_IN_PROGRESS);
    assert_chain_intact(w);
    world_free(w);
}

static void nobodys_case_is_not_resolved(void **state)
{
    (void)state;
    struct world *w = resolvable();
    struct decision *d = world_decision(w, SYSTEM_ACTOR);
    case_set_owner(d, OWNER_KIND_STEWARD, "steward", NULL, OWNER_REASSIGNED);
    world_commit(w);
    rig_resolve(w, "lea");
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS);
    assert_non_null(strstr(w->cmd.fault.message, "nobody has accepted"));
    world_free(w);
}

/* -- CloseCase --------------------------------------------------------------------------------- */

static void only_resolved_cases_close(void **state)
{
    (void)state;
    for (int status = CASE_STATUS_IN_PROGRESS; status <= CASE_STATUS_MERGED; status++) {
        struct world *w = resolvable();
        w->c.row.status = (int16_t)status;
        rig_close(w, "ann");
        if (status == CASE_STATUS_RESOLVED) {
            assert_written(w);
            assert_int_equal(w->c.row.status, CASE_STATUS_CLOSED);
            assert_int_equal(w->c.row.closed_at, w->now_us);
            assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_CASE_CLOSED);
        } else
            assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS);
        world_free(w);
    }
}

static void what_was_taken_back_since_holds_the_case_open(void **state)
{
    (void)state;
    struct world *w = worked();
    struct uuid id = accepted_refund(w);
    rig_fulfil(w, "payments", &id, FULFILMENT_OUTCOME_FULFILLED, "RF-1");
    rig_resolve(w, "ann");
    assert_written(w);
    rig_fulfil(w, "payments", &id, FULFILMENT_OUTCOME_REVERSED, "RF-1");
    assert_written(w);
    rig_close(w, "ann"); /* it has gone back to work */
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS);
    rig_resolve(w, "ann");
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CLOSE_GATE);
    assert_string_equal(w->cmd.fault.violations[0].key, "REMEDY_OR_DENIAL");
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_denial_keeps_the_reason_that_was_told),
        cmocka_unit_test(a_further_denial_needs_a_new_reason_and_all_are_shown),
        cmocka_unit_test(denials_are_told_in_order),
        cmocka_unit_test(a_case_has_room_for_so_many_denials),
        cmocka_unit_test(a_denial_before_the_opening_is_a_violation),
        cmocka_unit_test(only_the_owner_or_a_level_above),
        cmocka_unit_test(a_stale_version_is_aborted),
        cmocka_unit_test(the_gate_lists_everything_that_is_missing),
        cmocka_unit_test(each_item_alone_holds_the_case),
        cmocka_unit_test(a_promise_is_no_remedy),
        cmocka_unit_test(the_unreachable_customers_case_can_be_resolved),
        cmocka_unit_test(resolving_stops_the_clock_in_time),
        cmocka_unit_test(a_second_late_is_breached),
        cmocka_unit_test(a_breach_that_takes_the_case_away_comes_first),
        cmocka_unit_test(what_was_offered_ends_with_it),
        cmocka_unit_test(nobodys_case_is_not_resolved),
        cmocka_unit_test(only_resolved_cases_close),
        cmocka_unit_test(what_was_taken_back_since_holds_the_case_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
