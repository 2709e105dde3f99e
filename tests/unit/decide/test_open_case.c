/* SPDX-License-Identifier: Apache-2.0 */

/* OpenCase: a new case, a repeat claim that joins, and what each leaves behind. */

#include <string.h>

#include "case/model/desired.h"
#include "contract/reasons.h"
#include "rig.h"

/* -- a new case -------------------------------------------------------------------------------- */

static void a_new_case_has_an_owner_and_clocks_at_once(void **state)
{
    (void)state;
    struct world *w = world_new();
    rig_open(w, rig_open_request(w));
    assert_written(w);
    const struct case_row *r = &w->c.row;
    assert_false(w->cmd.joined);
    assert_true(uuid_eq(&w->cmd.result_case_id, &r->case_id));
    assert_int_equal(r->status, CASE_STATUS_OPEN);
    assert_int_equal(r->owner_kind, OWNER_KIND_STEWARD);
    assert_string_equal(r->owner_id, "steward");
    assert_int_equal(r->assignment_generation, 1);
    assert_int_equal(r->level, 1);
    assert_int_equal(r->level_since, w->now_us);
    assert_int_equal(r->round, 1);
    assert_int_equal(r->policy_version, 1);
    assert_int_equal(r->opened_at, w->now_us);
    assert_int_equal(r->severity, 3); /* what policy says for the failure */
    assert_int_equal(r->contacts, 1);
    assert_int_equal(w->c.clocks.n, 2);
    const struct clock_row *first = clock_running(&w->c, CLOCK_KIND_FIRST_RESPONSE);
    assert_int_equal(first->due_at, w->now_us + 8 * HOUR_US);
    assert_int_equal(clock_running(&w->c, CLOCK_KIND_RESOLUTION)->due_at, w->now_us + 3 * DAY_US);
    assert_int_equal(w->c.queue.n, 1);
    assert_string_equal(ROW_AT(&w->c.queue, struct queue_row, 0)->signature,
                        "s=billing:1;a=6::100000000");
    assert_int_equal(w->c.signals.n, 1);
    assert_string_equal(ROW_AT(&w->c.signals, struct signal_row, 0)->reporter, "crm");
    assert_int_equal(w->events.n, 1);
    assert_int_equal(r->last_seq, 1);
    assert_chain_intact(w);
    world_free(w);
}

static void everything_given_is_kept(void **state)
{
    (void)state;
    struct world *w = world_new();
    Amends__V1__OpenCaseRequest *r = rig_open_request(w);
    Amends__V1__DesiredOutcome desired[] = {DESIRED_OUTCOME_REFUND, DESIRED_OUTCOME_APOLOGY};
    r->trigger = TRIGGER_DETECTED_FAILURE;
    r->channel = CHANNEL_SYSTEM;
    r->customer_name = rig_text(w, "Carol");
    r->customer_contact = rig_text(w, "+1 555 0100");
    r->language = rig_text(w, "de-AT");
    r->customer_tier = rig_text(w, "gold");
    r->customer_time_zone = rig_text(w, "Asia/Kolkata");
    r->failure->product = rig_text(w, "phone");
    r->failure->occurred_time = rig_time(w, w->now_us - 5);
    r->failure->money_at_stake = rig_money(w, "USD", 600);
    r->severity = 5;
    r->desired_outcomes = desired;
    r->n_desired_outcomes = 2;
    r->minutes_lost = 90;
    r->external_reference = rig_text(w, "crm-77");
    rig_open(w, r);
    assert_written(w);
    const Amends__V1__Case *c = w->case_after;
    assert_string_equal(c->customer_name, "Carol");
    assert_string_equal(c->customer_contact, "+1 555 0100");
    assert_string_equal(c->customer_tier, "gold");
    assert_string_equal(c->customer_time_zone, "Asia/Kolkata");
    assert_string_equal(c->failure->product, "phone");
    assert_int_equal(c->failure->money_at_stake->units, 600);
    assert_int_equal(c->severity, 5);
    assert_int_equal(c->n_desired_outcomes, 2);
    assert_int_equal(c->desired_outcomes[0], DESIRED_OUTCOME_REFUND);
    assert_int_equal(c->desired_outcomes[1], DESIRED_OUTCOME_APOLOGY);
    assert_int_equal(c->effort->minutes_lost, 90);
    assert_int_equal(c->effort->contacts, 0); /* the company noticed by itself */
    assert_string_equal(c->signals[0]->external_reference, "crm-77");
    assert_int_equal(c->clocks[0]->due_time->seconds - c->open_time->seconds, 3600);
    assert_string_equal(ROW_AT(&w->c.queue, struct queue_row, 0)->signature,
                        "s=billing:1;l=de-at;a=6:USD:5000000000");
    world_free(w);
}

/* Personal data is in the private part alone, so that nothing of it is left after an erasure. */
static void the_public_event_has_no_personal_data(void **state)
{
    (void)state;
    struct world *w = world_new();
    Amends__V1__OpenCaseRequest *r = rig_open_request(w);
    r->customer_name = rig_text(w, "Carol-in-private");
    r->customer_contact = rig_text(w, "contact-in-private");
    r->failure->description = rig_text(w, "words-in-private");
    rig_open(w, r);
    struct slice body = world_event(w, 0)->public_body;
    assert_null(memmem(body.data, body.len, "in-private", 10));
    assert_int_equal(w->privates.n, 1);
    struct slice personal = ROW_AT(&w->privates, struct event_private_row, 0)->body;
    assert_non_null(memmem(personal.data, personal.len, "Carol-in-private", 16));
    assert_non_null(memmem(personal.data, personal.len, "contact-in-private", 18));
    assert_non_null(memmem(personal.data, personal.len, "words-in-private", 16));
    const Amends__V1__EventDetail *detail = world_detail(w, world_event(w, 0));
    assert_string_equal(detail->customer_id, "c-1");
    assert_string_equal(detail->failure_code, "billing.overcharge");
    assert_int_equal(detail->policy_version, 1);
    assert_int_equal(detail->n_clocks, 2);
    assert_string_equal(detail->owner->id, "steward");
    assert_int_equal(detail->signal->number, 1);
    world_free(w);
}

static void the_new_case_gets_the_id_of_the_command(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct uuid before = w->c.row.case_id;
    rig_open(w, rig_open_request(w));
    assert_false(uuid_is_zero(&w->cmd.case_id));
    /* The store makes the empty case with the command's id; this world has made its own before. */
    assert_true(uuid_eq(&w->cmd.result_case_id, &before));
    world_free(w);
}

static void a_code_below_a_known_branch_takes_the_branch(void **state)
{
    (void)state;
    struct world *w = world_new();
    Amends__V1__OpenCaseRequest *r = rig_open_request(w);
    r->failure->code = rig_text(w, "outage.of.my.own");
    rig_open(w, r);
    assert_written(w);
    assert_int_equal(w->c.row.severity, 4);
    assert_string_equal(w->c.row.failure_code, "outage.of.my.own");
    world_free(w);
}

static void a_code_that_left_the_taxonomy_is_refused(void **state)
{
    (void)state;
    struct world *w = world_new();
    Amends__V1__OpenCaseRequest *r = rig_open_request(w);
    r->failure->code = rig_text(w, "weather.rain");
    rig_open(w, r);
    assert_refused(w, FAULT_INVALID_ARGUMENT, ERROR_REASON_INVALID_ARGUMENT);
    assert_string_equal(w->cmd.fault.violations[0].key, "failure.code");
    assert_false(w->c.exists);
    world_free(w);
}

static void a_replay_opens_nothing(void **state)
{
    (void)state;
    struct world *w = world_new();
    Amends__V1__OpenCaseRequest *r = rig_open_request(w);
    rig_open(w, r);
    rig_open(w, r);
    assert_int_equal(w->verdict, DECISION_ANSWER);
    assert_true(w->cmd.replayed);
    assert_false(w->cmd.joined);
    assert_int_equal(w->events.n, 1);
    assert_int_equal(w->c.signals.n, 1);
    assert_true(uuid_eq(&w->cmd.result_case_id, &w->c.row.case_id));
    r->severity = 2;
    rig_open(w, r);
    assert_refused(w, FAULT_ALREADY_EXISTS, ERROR_REASON_REQUEST_ID_REUSED);
    world_free(w);
}

/* -- a repeat claim ---------------------------------------------------------------------------- */

static struct world *opened(void)
{
    struct world *w = world_new();
    rig_open(w, rig_open_request(w));
    assert_written(w);
    w->now_us += HOUR_US;
    return w;
}

static void a_repeat_claim_joins_and_raises_the_priority(void **state)
{
    (void)state;
    struct world *w = opened();
    int64_t boost = w->c.row.boost_ms;
    int64_t score = ROW_AT(&w->c.queue, struct queue_row, 0)->score_ms;
    Amends__V1__OpenCaseRequest *r = rig_open_request(w);
    r->minutes_lost = 20;
    r->channel = CHANNEL_EMAIL;
    rig_open(w, r);
    assert_written(w);
    assert_true(w->cmd.joined);
    assert_true(uuid_eq(&w->cmd.result_case_id, &w->c.row.case_id));
    assert_true(uuid_eq(&w->cmd.open_case_id, &w->c.row.case_id));
    assert_int_equal(w->c.signals.n, 2);
    assert_int_equal(ROW_AT(&w->c.signals, struct signal_row, 1)->number, 2);
    assert_int_equal(w->c.row.contacts, 2);
    assert_int_equal(w->c.row.minutes_lost, 20);
    assert_int_equal(w->c.row.boost_ms, boost + w->policy->boost_repeat_ms);
    assert_int_equal(ROW_AT(&w->c.queue, struct queue_row, 0)->score_ms,
                     score - w->policy->boost_repeat_ms);
    assert_int_equal(w->c.clocks.n, 2);
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_SIGNAL_JOINED);
    assert_int_equal(world_detail(w, world_event(w, 0))->signal->channel, CHANNEL_EMAIL);
    assert_int_equal(w->privates.n, 2);
    rig_open(w, r); /* repeated: it joined then, so it says now */
    assert_true(w->cmd.replayed);
    assert_true(w->cmd.joined);
    assert_int_equal(w->c.signals.n, 2);
    assert_chain_intact(w);
    world_free(w);
}

/* A case that was found by its natural key is not locked yet. The command is decided only once its
 * key is held. */
static void joining_asks_for_the_cases_key_first(void **state)
{
    (void)state;
    struct world *w = opened();
    Amends__V1__OpenCaseRequest *r = rig_open_request(w);
    struct decision *d = world_decision(w, "crm");
    struct fault f;
    fault_init(&f, &w->arena);
    d->cmd->kind = &open_case_kind;
    command_from_request(d->cmd, &r->base, &f);
    command_keys(d->cmd, &w->keys);
    assert_int_equal(w->keys.n, 3); /* request, customer and reference */
    assert_int_equal(command_decide(d), DECISION_AGAIN);
    assert_true(d->again);
    assert_int_equal(w->c.signals.n, 1);
    command_keys(d->cmd, &w->keys);
    assert_int_equal(w->keys.n, 4);
    d->again = false;
    assert_int_equal(command_decide(d), DECISION_WRITE);
    assert_int_equal(w->c.signals.n, 2);
    world_free(w);
}

static void a_repeat_claim_may_know_more_but_takes_nothing_back(void **state)
{
    (void)state;
    struct world *w = opened();
    Amends__V1__DesiredOutcome desired[] = {DESIRED_OUTCOME_EXPLANATION};
    Amends__V1__OpenCaseRequest *r = rig_open_request(w);
    r->customer_name = rig_text(w, "Carol");
    r->language = rig_text(w, "en");
    r->customer_time_zone = rig_text(w, "Asia/Kolkata");
    r->severity = 4;
    r->failure->money_at_stake = rig_money(w, "USD", 50);
    r->desired_outcomes = desired;
    r->n_desired_outcomes = 1;
    rig_open(w, r);
    r = rig_open_request(w);
    r->customer_name = rig_text(w, "Somebody else");
    r->language = rig_text(w, "fr");
    r->customer_tier = rig_text(w, "gold");
    r->customer_time_zone = rig_text(w, "UTC");
    r->severity = 1;
    r->failure->money_at_stake = rig_money(w, "USD", 10);
    rig_open(w, r);
    r = rig_open_request(w);
    r->failure->money_at_stake = rig_money(w, "EUR", 999);
    rig_open(w, r);
    assert_written(w);
    assert_string_equal(w->c.row.customer_name, "Carol");
    assert_string_equal(w->c.row.language, "en");
    assert_string_equal(w->c.row.customer_tier, "gold");
    assert_string_equal(w->c.row.time_zone, "Asia/Kolkata");
    assert_int_equal(w->c.row.severity, 4);
    assert_string_equal(w->c.row.stake_currency, "USD");
    assert_int_equal(w->c.row.stake_micros, 50 * MONEY_MICROS);
    assert_int_equal(w->c.row.desired_outcomes, desired_add(0, DESIRED_OUTCOME_EXPLANATION));
    assert_chain_intact(w);
    world_free(w);
}

static void an_application_raises_the_severity_by_one_at_most(void **state)
{
    (void)state;
    struct world *w = opened();
    Amends__V1__OpenCaseRequest *r = rig_open_request(w);
    int before = w->c.row.severity;
    assert_true(before < 4);
    r->severity = 5;
    rig_open(w, r);
    assert_written(w);
    assert_int_equal(w->c.row.severity, before + 1);
    assert_int_equal(world_detail(w, world_event(w, 0))->severity, before + 1);
    world_free(w);
}

static void an_agent_raises_it_to_what_it_is(void **state)
{
    (void)state;
    struct world *w = opened();
    int64_t due = ROW_AT(&w->c.clocks, struct clock_row, 0)->due_at;
    (void)world_agent(w, "crm", 1); /* the one who calls */
    Amends__V1__OpenCaseRequest *r = rig_open_request(w);
    r->severity = 5;
    rig_open(w, r);
    assert_written(w);
    assert_int_equal(w->c.row.severity, 5);
    assert_true(ROW_AT(&w->c.clocks, struct clock_row, 0)->due_at < due);
    world_free(w);
}

static void a_full_case_takes_no_more_signals(void **state)
{
    (void)state;
    struct world *w = opened();
    for (int i = 1; i < CASE_SIGNALS_MAX; i++)
        rig_open(w, rig_open_request(w));
    assert_written(w);
    rig_open(w, rig_open_request(w));
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_FULL);
    assert_int_equal(w->c.signals.n, CASE_SIGNALS_MAX);
    assert_true(w->c.row.boost_ms <= w->policy->boost_max_ms);
    assert_chain_intact(w);
    world_free(w);
}

static void keys_differ_by_customer_failure_and_order(void **state)
{
    (void)state;
    struct world *w = world_new();
    uint64_t keys[4];
    for (int i = 0; i < 4; i++) {
        Amends__V1__OpenCaseRequest *r = rig_open_request(w);
        if (i == 1)
            r->customer_id = rig_text(w, "c-2");
        if (i == 2)
            r->failure->code = rig_text(w, "billing");
        if (i == 3)
            r->failure->order_reference = rig_text(w, "");
        struct decision *d = world_decision(w, "crm");
        d->cmd->kind = &open_case_kind;
        d->cmd->request = &r->base;
        command_keys(d->cmd, &w->keys);
        keys[i] = w->keys.keys[1];
        for (int other = 0; other < i; other++)
            assert_true(keys[i] != keys[other]);
    }
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_case_has_an_owner_and_clocks_at_once),
        cmocka_unit_test(everything_given_is_kept),
        cmocka_unit_test(the_public_event_has_no_personal_data),
        cmocka_unit_test(the_new_case_gets_the_id_of_the_command),
        cmocka_unit_test(a_code_below_a_known_branch_takes_the_branch),
        cmocka_unit_test(a_code_that_left_the_taxonomy_is_refused),
        cmocka_unit_test(a_replay_opens_nothing),
        cmocka_unit_test(a_repeat_claim_joins_and_raises_the_priority),
        cmocka_unit_test(joining_asks_for_the_cases_key_first),
        cmocka_unit_test(a_repeat_claim_may_know_more_but_takes_nothing_back),
        cmocka_unit_test(an_application_raises_the_severity_by_one_at_most),
        cmocka_unit_test(an_agent_raises_it_to_what_it_is),
        cmocka_unit_test(a_full_case_takes_no_more_signals),
        cmocka_unit_test(keys_differ_by_customer_failure_and_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
