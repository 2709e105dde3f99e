/* SPDX-License-Identifier: Apache-2.0 */

/* Validation: a good request passes, and a bad one is told at once all that is wrong with it. */

#include <stdio.h>
#include <string.h>

#include "contract/check.h"
#include "intake/decide/decide.h"
#include "resolution/decide/decide.h"
#include "rig.h"

#include "policy/build.h"

static struct world *w;
static struct fault fault;

static void assert_fields(const char *const *fields, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!fault_has(&fault, fields[i]))
            fail_msg("'%s' is not told", fields[i]);
    for (size_t i = 0; i < fault.n_violations; i++) {
        bool known = false;
        for (size_t j = 0; j < n; j++)
            known = known || strcmp(fault.violations[i].key, fields[j]) == 0;
        if (!known)
            fail_msg("'%s' is told too: %s", fault.violations[i].key, fault.violations[i].text);
    }
    assert_int_equal(fault.n_violations, n);
    if (n > 0)
        assert_int_equal(fault.code, FAULT_INVALID_ARGUMENT);
    fault_init(&fault, &w->arena);
}

#define ASSERT_FIELDS(...)                                                                         \
    do {                                                                                           \
        static const char *const list[] = {__VA_ARGS__};                                           \
        assert_fields(list, sizeof(list) / sizeof(list[0]));                                       \
    } while (0)

static void assert_fine(void)
{
    assert_fields(NULL, 0);
}

static char *long_text(size_t n)
{
    char *text = arena_must(&w->arena, n + 1);
    memset(text, 'x', n);
    text[n] = '\0';
    return text;
}

static void open_case(const Amends__V1__OpenCaseRequest *r)
{
    open_case_validate(&r->base, w->now_us, w->policy, &fault);
}

static void a_good_open_case_passes(void **state)
{
    (void)state;
    Amends__V1__OpenCaseRequest *r = rig_open_request(w);
    Amends__V1__DesiredOutcome desired[] = {1, 2, 3, 4, 5, 6, 7};
    open_case(r);
    assert_fine();
    r->customer_id = long_text(128);
    r->customer_name = long_text(200);
    r->failure->description = long_text(4000);
    r->failure->occurred_time = rig_time(w, w->now_us);
    r->failure->money_at_stake = rig_money(w, "USD", 1000000000);
    r->severity = 5;
    r->minutes_lost = 1000000;
    r->desired_outcomes = desired;
    r->n_desired_outcomes = 7;
    r->language = rig_text(w, "de-AT");
    r->customer_tier = long_text(64);
    r->customer_time_zone = rig_text(w, "Australia/Lord_Howe");
    open_case(r);
    assert_fine();
}

static void a_time_zone_is_known_by_its_name(void **state)
{
    (void)state;
    static const char *const names[] = {"+02:00", "Europe/Nowhere", "/etc/localtime", "..", " "};
    Amends__V1__OpenCaseRequest *r = rig_open_request(w);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        r->customer_time_zone = rig_text(w, names[i]);
        open_case(r);
        ASSERT_FIELDS("customer_time_zone");
    }
    r->customer_time_zone = long_text(100000);
    open_case(r);
    ASSERT_FIELDS("customer_time_zone");
}

static void an_empty_open_case_is_told_everything(void **state)
{
    (void)state;
    Amends__V1__OpenCaseRequest r = AMENDS__V1__OPEN_CASE_REQUEST__INIT;
    open_case(&r);
    ASSERT_FIELDS("request_id", "trigger", "channel", "customer_id", "failure");
    Amends__V1__Failure empty = AMENDS__V1__FAILURE__INIT;
    r.failure = &empty;
    open_case(&r);
    ASSERT_FIELDS("request_id", "trigger", "channel", "customer_id", "failure.code",
                  "failure.description");
}

static void everything_wrong_is_told_at_once(void **state)
{
    (void)state;
    Amends__V1__OpenCaseRequest *r = rig_open_request(w);
    Amends__V1__DesiredOutcome desired[] = {1, 0, 99};
    r->request_id = rig_text(w, "one");
    r->trigger = (Amends__V1__Trigger)17;
    r->channel = (Amends__V1__Channel)(-1);
    r->customer_id = long_text(129);
    r->customer_name = long_text(201);
    r->customer_contact = long_text(201);
    r->language = rig_text(w, "english please");
    r->customer_tier = long_text(65);
    r->customer_time_zone = rig_text(w, "CET/Vienna");
    r->failure->code = rig_text(w, "Billing");
    r->failure->description = long_text(4001);
    r->failure->occurred_time = rig_time(w, w->now_us + CHECK_SKEW_US + 1);
    r->failure->product = long_text(201);
    r->failure->order_reference = long_text(201);
    r->failure->money_at_stake = rig_money(w, "usd", -1);
    r->severity = 6;
    r->desired_outcomes = desired;
    r->n_desired_outcomes = 3;
    r->minutes_lost = -1;
    r->external_reference = long_text(201);
    open_case(r);
    ASSERT_FIELDS("request_id", "trigger", "channel", "customer_id", "customer_name",
                  "customer_contact", "language", "customer_tier", "customer_time_zone",
                  "failure.code", "failure.description", "failure.occurred_time", "failure.product",
                  "failure.order_reference", "failure.money_at_stake", "severity",
                  "desired_outcomes[1]", "desired_outcomes[2]", "minutes_lost",
                  "external_reference");
}

static void an_unknown_failure_names_the_branches(void **state)
{
    (void)state;
    Amends__V1__OpenCaseRequest *r = rig_open_request(w);
    r->failure->code = rig_text(w, "weather.rain");
    open_case(r);
    const char *text = fault.violations[0].text;
    assert_non_null(strstr(text, "access, appointment, billing, delivery, information, outage, "
                                 "product, staff_conduct"));
    assert_null(strstr(text, "billing.overcharge"));
    ASSERT_FIELDS("failure.code");
    open_case_validate(&r->base, w->now_us, NULL, &fault); /* the policy is not loaded yet */
    assert_fine();
}

static void very_many_branches_are_cut_off(void **state)
{
    (void)state;
    struct policy *p = policy_new(1);
    for (int i = 0; i < POLICY_FAILURES_MAX; i++) {
        char code[32];
        (void)snprintf(code, sizeof(code), "branch-number-%03d", i);
        const struct policy_failure f = {.code = code, .name = code, .skill = ""};
        assert_int_equal(policy_add_failure(p, &f), AM_OK);
    }
    failure_code_validate("weather", p, &fault);
    assert_non_null(strstr(fault.violations[0].text, "..."));
    ASSERT_FIELDS("failure.code");
    p->n_failures = 0;
    failure_code_validate("weather", p, &fault);
    ASSERT_FIELDS("failure.code");
    policy_free(p);
}

static void too_many_desired_outcomes(void **state)
{
    (void)state;
    Amends__V1__OpenCaseRequest *r = rig_open_request(w);
    Amends__V1__DesiredOutcome desired[8] = {0};
    r->desired_outcomes = desired;
    r->n_desired_outcomes = 8;
    open_case(r);
    ASSERT_FIELDS("desired_outcomes");
}

/* -- resolution -------------------------------------------------------------------------------- */

/* Sets the ids of any request of resolution. */
#define GOOD_IDS(r) ((r).request_id = world_uuid(w), (r).case_id = world_uuid(w))

static void contacts(void **state)
{
    (void)state;
    Amends__V1__RecordContactRequest r = AMENDS__V1__RECORD_CONTACT_REQUEST__INIT;
    record_contact_validate(&r.base, w->now_us, NULL, &fault);
    ASSERT_FIELDS("request_id", "case_id", "direction", "channel", "outcome");
    GOOD_IDS(r);
    r.direction = CONTACT_DIRECTION_INBOUND;
    r.channel = CHANNEL_STORE;
    record_contact_validate(&r.base, w->now_us, NULL, &fault);
    assert_fine();
    r.outcome = CONTACT_OUTCOME_VOICEMAIL;
    r.contact_time = rig_time(w, w->now_us + CHECK_SKEW_US + 1000000);
    r.note = long_text(4001);
    r.minutes_lost = 1000001;
    record_contact_validate(&r.base, w->now_us, NULL, &fault);
    ASSERT_FIELDS("outcome", "contact_time", "note", "minutes_lost");
    r.outcome = (Amends__V1__ContactOutcome)77;
    record_contact_validate(&r.base, w->now_us + 1000000, NULL, &fault);
    assert_true(fault_has(&fault, "outcome"));
    fault_init(&fault, &w->arena);
}

static void acts_and_root_causes(void **state)
{
    (void)state;
    Amends__V1__RecordActRequest act = AMENDS__V1__RECORD_ACT_REQUEST__INIT;
    record_act_validate(&act.base, w->now_us, NULL, &fault);
    ASSERT_FIELDS("request_id", "case_id", "kind");
    GOOD_IDS(act);
    act.kind = ACT_KIND_THANKS;
    record_act_validate(&act.base, w->now_us, NULL, &fault);
    assert_fine();
    Amends__V1__RecordRootCauseRequest cause = AMENDS__V1__RECORD_ROOT_CAUSE_REQUEST__INIT;
    cause.note = long_text(1001);
    record_root_cause_validate(&cause.base, w->now_us, NULL, &fault);
    ASSERT_FIELDS("request_id", "case_id", "code", "note");
    GOOD_IDS(cause);
    cause.note = long_text(1000);
    cause.code = rig_text(w, "Not A Code");
    record_root_cause_validate(&cause.base, w->now_us, NULL, &fault);
    ASSERT_FIELDS("code");
    cause.code = rig_text(w, "process.handover");
    record_root_cause_validate(&cause.base, w->now_us, NULL, &fault);
    assert_fine();
}

static void proposals(void **state)
{
    (void)state;
    static const int with_price[] = {REMEDY_KIND_REFUND, REMEDY_KIND_CREDIT, REMEDY_KIND_WAIVER};
    Amends__V1__ProposeRemedyRequest r = AMENDS__V1__PROPOSE_REMEDY_REQUEST__INIT;
    propose_remedy_validate(&r.base, w->now_us, NULL, &fault);
    ASSERT_FIELDS("request_id", "case_id", "kind");
    GOOD_IDS(r);
    for (size_t i = 0; i < 3; i++) {
        r.kind = (Amends__V1__RemedyKind)with_price[i];
        r.amount = NULL;
        propose_remedy_validate(&r.base, w->now_us, NULL, &fault);
        ASSERT_FIELDS("amount");
        r.amount = rig_money(w, "USD", 0);
        propose_remedy_validate(&r.base, w->now_us, NULL, &fault);
        ASSERT_FIELDS("amount");
        r.amount = rig_money(w, "USD", 1);
        propose_remedy_validate(&r.base, w->now_us, NULL, &fault);
        assert_fine();
    }
    r.kind = REMEDY_KIND_APOLOGY;
    r.amount = NULL;
    propose_remedy_validate(&r.base, w->now_us, NULL, &fault);
    assert_fine();
    r.kind = (Amends__V1__RemedyKind)REMEDY_KIND_COUNT;
    r.amount = rig_money(w, "USD", 1000000001);
    r.description = long_text(1001);
    propose_remedy_validate(&r.base, w->now_us, NULL, &fault);
    ASSERT_FIELDS("kind", "amount", "description");
}

static void answers_and_reports(void **state)
{
    (void)state;
    Amends__V1__RecordCustomerResponseRequest a =
        AMENDS__V1__RECORD_CUSTOMER_RESPONSE_REQUEST__INIT;
    record_customer_response_validate(&a.base, w->now_us, NULL, &fault);
    ASSERT_FIELDS("request_id", "case_id", "remedy_id", "answer");
    GOOD_IDS(a);
    a.remedy_id = world_uuid(w);
    a.answer = CUSTOMER_ANSWER_DECLINED;
    record_customer_response_validate(&a.base, w->now_us, NULL, &fault);
    assert_fine();
    Amends__V1__ReportFulfilmentRequest r = AMENDS__V1__REPORT_FULFILMENT_REQUEST__INIT;
    report_fulfilment_validate(&r.base, w->now_us, NULL, &fault);
    ASSERT_FIELDS("request_id", "case_id", "remedy_id", "outcome");
    GOOD_IDS(r);
    r.remedy_id = world_uuid(w);
    r.outcome = FULFILMENT_OUTCOME_STARTED;
    report_fulfilment_validate(&r.base, w->now_us, NULL, &fault);
    assert_fine();
    r.outcome = FULFILMENT_OUTCOME_FULFILLED;
    report_fulfilment_validate(&r.base, w->now_us, NULL, &fault);
    ASSERT_FIELDS("external_reference");
}

static void denials_resolutions_and_closings(void **state)
{
    (void)state;
    Amends__V1__DenyClaimRequest d = AMENDS__V1__DENY_CLAIM_REQUEST__INIT;
    deny_claim_validate(&d.base, w->now_us, NULL, &fault);
    ASSERT_FIELDS("request_id", "case_id", "expected_version", "reason", "disclosure_channel",
                  "disclosure_time");
    GOOD_IDS(d);
    d.expected_version = 3;
    d.reason = rig_text(w, "  "); /* no denial without a reason */
    d.disclosure_channel = CHANNEL_EMAIL;
    d.disclosure_time = rig_time(w, w->now_us + CHECK_SKEW_US + 1);
    deny_claim_validate(&d.base, w->now_us, NULL, &fault);
    ASSERT_FIELDS("reason", "disclosure_time");
    Amends__V1__ResolveCaseRequest r = AMENDS__V1__RESOLVE_CASE_REQUEST__INIT;
    resolve_case_validate(&r.base, w->now_us, NULL, &fault);
    ASSERT_FIELDS("request_id", "case_id", "expected_version");
    Amends__V1__CloseCaseRequest c = AMENDS__V1__CLOSE_CASE_REQUEST__INIT;
    GOOD_IDS(c);
    c.expected_version = -1;
    close_case_validate(&c.base, w->now_us, NULL, &fault);
    ASSERT_FIELDS("expected_version");
    c.expected_version = 1;
    close_case_validate(&c.base, w->now_us, NULL, &fault);
    assert_fine();
}

static int setup(void **state)
{
    (void)state;
    w = world_new();
    fault_init(&fault, &w->arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_free(w);
    return 0;
}

static void promises(void **state)
{
    (void)state;
    Amends__V1__MakePromiseRequest r = AMENDS__V1__MAKE_PROMISE_REQUEST__INIT;
    make_promise_validate(&r.base, w->now_us, w->policy, &fault);
    ASSERT_FIELDS("request_id", "case_id", "kind", "description", "promise_time");
    r.request_id = r.case_id = world_uuid(w);
    r.kind = AMENDS__V1__PROMISE_KIND__PROMISE_KIND_VISIT;
    r.description = long_text(1001);
    r.promise_time = rig_time(w, w->now_us);
    make_promise_validate(&r.base, w->now_us, w->policy, &fault);
    ASSERT_FIELDS("description", "promise_time");
    r.description = long_text(1000);
    r.promise_time = rig_time(w, w->now_us + 1);
    make_promise_validate(&r.base, w->now_us, w->policy, &fault);
    assert_fine();
    r.local_time = rig_text(w, "2026-02-01T10:00");
    make_promise_validate(&r.base, w->now_us, w->policy, &fault);
    ASSERT_FIELDS("local_time");
    r.promise_time = NULL;
    make_promise_validate(&r.base, w->now_us, w->policy, &fault);
    assert_fine();
}

static void what_became_of_promises(void **state)
{
    (void)state;
    Amends__V1__SettlePromiseRequest r = AMENDS__V1__SETTLE_PROMISE_REQUEST__INIT;
    settle_promise_validate(&r.base, w->now_us, w->policy, &fault);
    ASSERT_FIELDS("request_id", "case_id", "promise_id", "outcome");
    r.request_id = r.case_id = r.promise_id = world_uuid(w);
    r.outcome = AMENDS__V1__PROMISE_OUTCOME__PROMISE_OUTCOME_RENEGOTIATED;
    settle_promise_validate(&r.base, w->now_us, w->policy, &fault);
    ASSERT_FIELDS("customer_consented", "promise_time");
    r.customer_consented = true;
    r.promise_time = rig_time(w, w->now_us + HOUR_US);
    settle_promise_validate(&r.base, w->now_us, w->policy, &fault);
    assert_fine();
    r.outcome = AMENDS__V1__PROMISE_OUTCOME__PROMISE_OUTCOME_KEPT;
    r.note = long_text(1001);
    settle_promise_validate(&r.base, w->now_us, w->policy, &fault);
    ASSERT_FIELDS("customer_consented", "promise_time", "note");
}

static void pauses_and_rounds(void **state)
{
    (void)state;
    Amends__V1__PauseCaseRequest p = AMENDS__V1__PAUSE_CASE_REQUEST__INIT;
    pause_case_validate(&p.base, w->now_us, w->policy, &fault);
    ASSERT_FIELDS("request_id", "case_id", "expected_version", "reason");
    Amends__V1__ResumeCaseRequest r = AMENDS__V1__RESUME_CASE_REQUEST__INIT;
    resume_case_validate(&r.base, w->now_us, w->policy, &fault);
    ASSERT_FIELDS("request_id", "case_id");
    Amends__V1__ReopenCaseRequest o = AMENDS__V1__REOPEN_CASE_REQUEST__INIT;
    reopen_case_validate(&o.base, w->now_us, w->policy, &fault);
    ASSERT_FIELDS("request_id", "case_id", "expected_version", "reason");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_open_case_passes),
        cmocka_unit_test(an_empty_open_case_is_told_everything),
        cmocka_unit_test(a_time_zone_is_known_by_its_name),
        cmocka_unit_test(everything_wrong_is_told_at_once),
        cmocka_unit_test(an_unknown_failure_names_the_branches),
        cmocka_unit_test(very_many_branches_are_cut_off),
        cmocka_unit_test(too_many_desired_outcomes),
        cmocka_unit_test(contacts),
        cmocka_unit_test(acts_and_root_causes),
        cmocka_unit_test(proposals),
        cmocka_unit_test(answers_and_reports),
        cmocka_unit_test(denials_resolutions_and_closings),
        cmocka_unit_test(promises),
        cmocka_unit_test(what_became_of_promises),
        cmocka_unit_test(pauses_and_rounds),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
