/* SPDX-License-Identifier: Apache-2.0 */

/* A customer who comes back after the case was resolved or closed. */

#include <string.h>

#include "base/time.h"
#include "contract/statuses.h"
#include "rig.h"

#define IN CONTACT_DIRECTION_INBOUND
#define OUT CONTACT_DIRECTION_OUTBOUND

static struct world *resolved(void)
{
    struct world *w = rig_owned();
    w->now_us += HOUR_US;
    rig_recover(w, "ann");
    rig_resolve(w, "ann");
    assert_written(w);
    w->now_us += DAY_US;
    return w;
}

static void write_letter(struct world *w)
{
    rig_contact(w, "bob", IN, CONTACT_OUTCOME_UNSPECIFIED, CHANNEL_LETTER);
    assert_written(w);
}

static const struct clock_row *clock_of(struct world *w, int kind)
{
    const struct clock_row *last = NULL;
    ROWS_EACH (k, const struct clock_row, &w->c.clocks)
        if (k->kind == kind && (!last || k->started_at >= last->started_at))
            last = k;
    assert_non_null(last);
    return last;
}

static struct agent_row *agent(struct world *w, const char *id)
{
    ROWS_EACH (a, struct agent_row, &w->agents)
        if (strcmp(a->agent_id, id) == 0)
            return a;
    return NULL;
}

static void assert_back(const struct world *w, int round, int level)
{
    assert_int_equal(w->c.row.status, CASE_STATUS_IN_PROGRESS);
    assert_int_equal(w->c.row.round, round);
    assert_int_equal(w->c.row.level, level);
    assert_string_equal(w->c.row.owner_id, "ann");
}

static void a_letter_puts_a_resolved_case_back_to_work(void **state)
{
    (void)state;
    struct world *w = resolved();
    const struct clock_row before = *clock_of(w, CLOCK_KIND_RESOLUTION);
    const int64_t resolved_us = w->c.row.resolved_at;
    size_t told = w->notifications.n;
    write_letter(w);
    assert_back(w, 1, 1);
    assert_int_equal(w->c.row.resolved_at, 0);
    assert_int_equal(w->c.row.first_resolved_at, resolved_us);
    assert_int_equal(world_event(w, 1)->kind, EVENT_KIND_CONTACT_RECORDED);
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_CASE_RETURNED);
    assert_string_equal(world_detail(w, world_event(w, 0))->cause, "contact");
    const struct clock_row *k = clock_of(w, CLOCK_KIND_RESOLUTION);
    assert_int_equal(before.state, CLOCK_STATE_MET);
    assert_int_equal(k->state, CLOCK_STATE_RUNNING);
    assert_int_equal(k->instance, before.instance);
    assert_int_equal(k->due_at, before.due_at + DAY_US); /* as long as it was resolved */
    assert_int_equal(clock_of(w, CLOCK_KIND_FOLLOW_UP)->state, CLOCK_STATE_CANCELLED);
    assert_int_equal(w->notifications.n, told + 2); /* its owner and the desk */
    assert_chain_intact(w);
    world_free(w);
}

static void it_is_resolved_again_and_closes_by_itself(void **state)
{
    (void)state;
    struct world *w = resolved();
    const int64_t first_us = w->c.row.resolved_at;
    write_letter(w);
    rig_resolve(w, "ann");
    assert_true(fault_has(&w->cmd.fault, "ANSWER"));
    rig_contact(w, "ann", OUT, CONTACT_OUTCOME_REACHED, CHANNEL_PHONE);
    rig_resolve(w, "ann");
    assert_written(w);
    assert_int_equal(w->c.row.first_resolved_at, first_us);
    assert_int_equal(clock_of(w, CLOCK_KIND_RESOLUTION)->state, CLOCK_STATE_MET);
    assert_int_equal(clock_of(w, CLOCK_KIND_FOLLOW_UP)->state, CLOCK_STATE_RUNNING);
    world_fire_until(w, w->now_us + 8 * DAY_US);
    assert_int_equal(w->c.row.status, CASE_STATUS_CLOSED);
    assert_chain_intact(w);
    world_free(w);
}

static void what_was_late_stays_late(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    rig_recover(w, "ann");
    const int64_t due = clock_of(w, CLOCK_KIND_RESOLUTION)->due_at;
    world_fire_until(w, due + HOUR_US);
    rig_resolve(w, "ann");
    assert_written(w);
    w->now_us += DAY_US;
    write_letter(w);
    const struct clock_row *k = clock_of(w, CLOCK_KIND_RESOLUTION);
    assert_int_equal(k->state, CLOCK_STATE_BREACHED);
    assert_int_equal(k->breached_at, due);
    assert_int_equal(k->stopped_at, 0);
    world_free(w);
}

static void thanks_and_what_was_answered_bring_nobody_back(void **state)
{
    (void)state;
    struct world *w = resolved();
    write_letter(w);
    struct contact_row *letter = ROW_AT(&w->c.contacts, struct contact_row, w->c.contacts.n - 1);
    assert_int_equal(letter->asks, CONTACT_ASK_ANSWER);
    world_free(w);

    w = resolved();
    rig_contact(w, "ann", OUT, CONTACT_OUTCOME_REACHED, CHANNEL_PHONE);
    Amends__V1__RecordContactRequest r = AMENDS__V1__RECORD_CONTACT_REQUEST__INIT;
    char id[UUID_TEXT_LEN + 1];
    r.request_id = world_uuid(w);
    r.case_id = uuid_format(&w->c.row.case_id, id);
    r.direction = IN;
    r.channel = CHANNEL_EMAIL;
    r.contact_time = rig_time(w, w->now_us - HOUR_US); /* told late, and answered since */
    world_run(w, &record_contact_kind, "bob", &r.base);
    assert_written(w);
    assert_int_equal(w->c.row.status, CASE_STATUS_RESOLVED);
    r.request_id = world_uuid(w);
    r.contact_time = NULL;
    r.asks = CONTACT_ASK_NOTHING;
    world_run(w, &record_contact_kind, "bob", &r.base);
    assert_written(w);
    assert_int_equal(w->c.row.status, CASE_STATUS_RESOLVED);
    world_free(w);
}

static void an_owner_who_went_home_does_not_get_it_back(void **state)
{
    (void)state;
    struct world *w = resolved();
    agent(w, "ann")->presence = PRESENCE_OFFLINE;
    write_letter(w);
    assert_int_equal(w->c.row.status, CASE_STATUS_OPEN);
    assert_string_equal(w->c.row.owner_id, "steward");
    assert_int_equal(w->c.queue.n, 1);
    world_free(w);
}

static void a_closed_case_is_reopened_at_its_level(void **state)
{
    (void)state;
    struct world *w = resolved();
    rig_close(w, "ann");
    w->now_us += 29 * DAY_US;
    write_letter(w);
    assert_back(w, 2, 1);
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_CASE_REOPENED);
    assert_int_equal(clock_of(w, CLOCK_KIND_RESOLUTION)->round, 2);
    assert_chain_intact(w);
    world_free(w);
}

static void a_late_word_is_kept_and_the_steward_told(void **state)
{
    static const struct uuid other = {{7}};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct world *w = resolved();
        rig_close(w, "ann");
        if (i == 0)
            w->now_us += 31 * DAY_US;
        else
            w->other_case_id = other; /* that one goes on */
        size_t contacts = w->c.contacts.n, told = w->notifications.n;
        write_letter(w);
        assert_int_equal(w->c.row.status, CASE_STATUS_CLOSED);
        assert_int_equal(w->c.contacts.n, contacts + 1);
        assert_int_equal(w->notifications.n, told + 1);
        const struct notification_row *n =
            ROW_AT(&w->notifications, const struct notification_row, told);
        assert_int_equal(n->kind, NOTIFICATION_KIND_WORD);
        assert_string_equal(n->recipient, "steward");
        assert_chain_intact(w);
        world_free(w);
    }
}

static void a_repeat_claim_does_the_same(void **state)
{
    (void)state;
    for (int closed = 0; closed < 2; closed++) {
        struct world *w = resolved();
        if (closed)
            rig_close(w, "ann");
        rig_open(w, rig_open_request(w));
        assert_written(w);
        assert_true(w->cmd.joined);
        assert_back(w, 1 + closed, 1);
        assert_int_equal(w->c.signals.n, 1);
        world_free(w);
    }
}

static void a_bad_answer_to_a_survey_rises(void **state)
{
    (void)state;
    struct world *w = resolved();
    Amends__V1__OpenCaseRequest *r = rig_open_request(w);
    r->trigger = (Amends__V1__Trigger)TRIGGER_SURVEY;
    rig_open(w, r);
    assert_written(w);
    assert_back(w, 1, 2);
    world_free(w);
}

static void deny_and_resolve(struct world *w)
{
    rig_contact(w, "ann", OUT, CONTACT_OUTCOME_REACHED, CHANNEL_PHONE);
    rig_act(w, "ann", ACT_KIND_EXPLANATION);
    rig_root_cause(w, "ann", "customer.damage");
    rig_deny(w, "ann", "it is not covered");
    rig_resolve(w, "ann");
    assert_written(w);
    w->now_us += DAY_US;
}

static void an_appeal_rises_once(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    deny_and_resolve(w);
    write_letter(w);
    assert_back(w, 1, 2);
    assert_int_equal(w->c.row.appealed_at, w->now_us);
    for (int i = 0; i < 3; i++) { /* polite letters do not reach the executive desk */
        rig_contact(w, "ann", OUT, CONTACT_OUTCOME_REACHED, CHANNEL_PHONE);
        rig_resolve(w, "ann");
        assert_written(w);
        w->now_us += HOUR_US;
        write_letter(w);
        assert_back(w, 1, 2);
    }
    world_free(w);
}

/* What the company notices itself brings the case back, and is no appeal. */
static void a_detected_failure_is_no_appeal(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    deny_and_resolve(w);
    Amends__V1__OpenCaseRequest *r = rig_open_request(w);
    r->trigger = (Amends__V1__Trigger)TRIGGER_DETECTED_FAILURE;
    rig_open(w, r);
    assert_written(w);
    assert_back(w, 1, 1);
    assert_int_equal(w->c.row.appealed_at, 0);
    assert_string_equal(world_detail(w, world_event(w, 0))->cause, "detected failure");
    write_letter(w); /* it works on already: no appeal either */
    assert_back(w, 1, 1);
    world_free(w);
}

/* A replica of the release before begins a round without clearing it. */
static void a_first_resolution_of_another_round_is_none(void **state)
{
    (void)state;
    struct world *w = resolved();
    w->c.row.first_resolved_at = w->c.row.resolved_at - 1;
    w->c.row.round_since = w->c.row.resolved_at;
    const int64_t resolved_us = w->c.row.resolved_at;
    assert_null(message_case(&w->c, false, &w->arena)->first_resolve_time);
    write_letter(w);
    assert_int_equal(w->c.row.first_resolved_at, resolved_us);
    world_free(w);
}

/* A migration passes over what has ended; it counts when that goes on. */
static void a_policy_of_meanwhile_counts_when_it_goes_on(void **state)
{
    (void)state;
    struct world *w = resolved();
    const struct clock_row before = *clock_of(w, CLOCK_KIND_RESOLUTION);
    w->policy->version++;
    w->c.row.policy_version = w->policy->version;
    for (size_t i = 0; i < w->policy->n_clocks; i++)
        if (w->policy->clocks[i].kind == CLOCK_KIND_RESOLUTION)
            for (size_t j = 0; j < w->policy->clocks[i].n_targets; j++)
                w->policy->clocks[i].targets[j].ms += 2 * DAY_US / US_PER_MS;
    write_letter(w);
    assert_back(w, 1, 1);
    const struct clock_row *k = clock_of(w, CLOCK_KIND_RESOLUTION);
    assert_int_equal(k->policy_version, w->policy->version);
    assert_int_equal(k->due_at, before.due_at + 3 * DAY_US);
    assert_int_equal(k->instance, before.instance);
    world_free(w);
}

static void a_reversed_remedy_alarms_at_once(void **state)
{
    (void)state;
    struct world *w = resolved();
    size_t told = w->notifications.n;
    const struct uuid remedy = ROW_AT(&w->c.remedies, struct remedy_row, 0)->remedy_id;
    rig_fulfil(w, "payments", &remedy, FULFILMENT_OUTCOME_REVERSED, "");
    assert_written(w);
    assert_back(w, 1, 1);
    assert_int_equal(w->notifications.n, told + 2);
    assert_string_equal(world_detail(w, world_event(w, 0))->cause, "remedy reversed");
    world_free(w);
}

static void a_promise_holds_a_resolved_case_and_brings_it_back_when_broken(void **state)
{
    (void)state;
    for (int admitted = 0; admitted < 2; admitted++) {
        struct world *w = resolved();
        const int64_t due = w->now_us + 20 * DAY_US;
        rig_promise(w, "ann", due);
        assert_written(w);
        const struct uuid id = w->cmd.result_id;
        assert_int_equal(w->c.row.status, CASE_STATUS_RESOLVED);
        world_fire_until(w, w->now_us + 19 * DAY_US);
        assert_int_equal(w->c.row.status, CASE_STATUS_RESOLVED);
        if (admitted)
            rig_settle(w, "ann", &id, PROMISE_OUTCOME_BROKEN, 0);
        else
            world_fire_until(w, due);
        (void)rig_promised(w, 0, PROMISE_STATE_BROKEN);
        assert_true(status_is_waiting(w->c.row.status));
        assert_int_equal(w->c.row.round, 1);
        assert_int_equal(w->c.row.level, 2);
        assert_chain_intact(w);
        world_free(w);
    }
}

/* Another case of the claim is open and goes on: this one stays resolved, and does not climb. */
static void a_promise_that_is_broken_while_another_case_is_open(void **state)
{
    static const struct uuid other = {{7}};
    (void)state;
    struct world *w = resolved();
    rig_promise(w, "ann", w->now_us + DAY_US);
    const struct uuid id = w->cmd.result_id;
    w->other_case_id = other;
    rig_settle(w, "ann", &id, PROMISE_OUTCOME_BROKEN, 0);
    (void)rig_promised(w, 0, PROMISE_STATE_BROKEN);
    assert_int_equal(w->c.row.status, CASE_STATUS_RESOLVED);
    assert_int_equal(w->c.row.level, 1);
    assert_string_equal(w->c.row.owner_id, "ann");
    const struct notification_row *n =
        ROW_AT(&w->notifications, const struct notification_row, w->notifications.n - 1);
    assert_string_equal(n->recipient, "steward");
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_letter_puts_a_resolved_case_back_to_work),
        cmocka_unit_test(it_is_resolved_again_and_closes_by_itself),
        cmocka_unit_test(what_was_late_stays_late),
        cmocka_unit_test(thanks_and_what_was_answered_bring_nobody_back),
        cmocka_unit_test(an_owner_who_went_home_does_not_get_it_back),
        cmocka_unit_test(a_closed_case_is_reopened_at_its_level),
        cmocka_unit_test(a_late_word_is_kept_and_the_steward_told),
        cmocka_unit_test(a_repeat_claim_does_the_same),
        cmocka_unit_test(a_bad_answer_to_a_survey_rises),
        cmocka_unit_test(an_appeal_rises_once),
        cmocka_unit_test(a_detected_failure_is_no_appeal),
        cmocka_unit_test(a_first_resolution_of_another_round_is_none),
        cmocka_unit_test(a_policy_of_meanwhile_counts_when_it_goes_on),
        cmocka_unit_test(a_reversed_remedy_alarms_at_once),
        cmocka_unit_test(a_promise_holds_a_resolved_case_and_brings_it_back_when_broken),
        cmocka_unit_test(a_promise_that_is_broken_while_another_case_is_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
