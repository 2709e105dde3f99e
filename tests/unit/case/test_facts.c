/* SPDX-License-Identifier: Apache-2.0 */

/* The facts of a case, and since when they and conditions over them stand. */

#include "case/clocks/wait.h"
#include "clock_rig.h"
#include "contract/statuses.h"

static struct case_facts facts_of(struct world *w)
{
    struct case_facts f;
    case_facts(&w->c, w->policy, w->now_us, &f);
    return f;
}

static void assert_fact(struct world *w, enum fact fact, int value, int64_t since_us)
{
    struct case_facts f = facts_of(w);
    if (f.values.value[fact] != value || f.since_us[fact] != since_us)
        fail_msg("%s is %d since %+lld s, wanted %d since %+lld s", fact_name(fact),
                 f.values.value[fact], (long long)(f.since_us[fact] - WORLD_START_US) / 1000000,
                 value, (long long)(since_us - WORLD_START_US) / 1000000);
}

static void add_contact(struct world *w, int direction, int outcome, int64_t at_us)
{
    struct contact_row *c = ROWS_ADD(&w->c.contacts, struct contact_row, &w->arena);
    c->direction = (int16_t)direction;
    c->outcome = (int16_t)outcome;
    c->at = at_us;
}
#define REACHED(w, at) add_contact((w), CONTACT_DIRECTION_OUTBOUND, CONTACT_OUTCOME_REACHED, (at))
#define TRIED(w, at) add_contact((w), CONTACT_DIRECTION_OUTBOUND, CONTACT_OUTCOME_VOICEMAIL, (at))
#define INBOUND(w, at) add_contact((w), CONTACT_DIRECTION_INBOUND, CONTACT_OUTCOME_REACHED, (at))

static const int64_t T = WORLD_START_US;

static void of_a_case_that_was_just_opened(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    w->now_us = T + HOUR_US;
    assert_fact(w, FACT_STATUS, CASE_STATUS_OPEN, T + HOUR_US);
    assert_fact(w, FACT_SEVERITY, 3, T + HOUR_US);
    assert_fact(w, FACT_CHANNEL, CHANNEL_PHONE, T);
    assert_fact(w, FACT_TRIGGER, TRIGGER_COMPLAINT, T);
    assert_fact(w, FACT_TIER, 0, T);
    assert_fact(w, FACT_OWNER, OWNER_KIND_STEWARD, T);
    assert_fact(w, FACT_LEVEL, 1, T);
    assert_fact(w, FACT_CONTACT, 0, T);
    assert_fact(w, FACT_CUSTOMER, 0, T);
    assert_fact(w, FACT_REMEDY, 0, T + HOUR_US);
    assert_fact(w, FACT_PROMISE, 0, T + HOUR_US);
    assert_fact(w, FACT_PAUSED, 0, T + HOUR_US);
    assert_fact(w, FACT_ACKNOWLEDGED, 0, T);
    assert_fact(w, FACT_PROGRESS, 0, T);
    assert_string_equal(w->policy->failures[facts_of(w).values.failure].code, "billing.overcharge");
    w->c.row.failure_code = "no.such.code";
    assert_int_equal(facts_of(w).values.failure, -1);
    world_free(w);
}

static void contact_is_the_first_of_the_round(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    w->now_us = T + DAY_US;
    TRIED(w, T + 1);
    assert_fact(w, FACT_CONTACT, 0, T);
    REACHED(w, T + 9);
    REACHED(w, T + 5);
    assert_fact(w, FACT_CONTACT, 1, T + 5);
    assert_int_equal(facts_of(w).last_contact_us, T + 9);
    w->c.row.round_since = T + 6;
    assert_fact(w, FACT_CONTACT, 1, T + 9);
    w->c.row.round_since = T + 10;
    assert_fact(w, FACT_CONTACT, 0, T + 10);
    world_free(w);
}

static void the_customer_waits_for_who_reaches_them(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    w->now_us = T + DAY_US;
    INBOUND(w, T + 10);
    assert_true(case_wait(&w->c, w->policy, 0).waits);
    assert_fact(w, FACT_CUSTOMER, 1, T + 10);
    INBOUND(w, T + 20);
    assert_fact(w, FACT_CUSTOMER, 1, T + 10); /* who asks again has waited since the first time */
    TRIED(w, T + 25);
    assert_fact(w, FACT_CUSTOMER, 1, T + 10);
    REACHED(w, T + 15); /* told late: it answered the first */
    assert_fact(w, FACT_CUSTOMER, 1, T + 20);
    REACHED(w, T + 20); /* at the very instant */
    assert_fact(w, FACT_CUSTOMER, 0, T + 20);
    REACHED(w, T + 30);
    assert_fact(w, FACT_CUSTOMER, 0, T + 20);
    assert_false(case_wait(&w->c, w->policy, 0).waits);
    INBOUND(w, T + 19);
    assert_fact(w, FACT_CUSTOMER, 0, T + 20);
    INBOUND(w, T + 31);
    assert_fact(w, FACT_CUSTOMER, 1, T + 31);
    world_free(w);
}

static void of_a_clock_the_wait_at_its_start_counts(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    struct clock_row k = {.started_at = T + 10};
    INBOUND(w, T + 10);
    INBOUND(w, T + 20);
    REACHED(w, T + 9);
    struct case_facts f = facts_of(w);
    case_facts_of_clock(&w->c, w->policy, &k, &f);
    assert_int_equal(f.values.value[FACT_CONTACT], 0);
    assert_int_equal(f.values.value[FACT_CUSTOMER], 1);
    REACHED(w, T + 12);
    f = facts_of(w);
    assert_int_equal(f.values.value[FACT_CUSTOMER], 1); /* they have asked again since */
    case_facts_of_clock(&w->c, w->policy, &k, &f);
    assert_int_equal(f.values.value[FACT_CONTACT], 1);
    assert_int_equal(f.values.value[FACT_CUSTOMER], 0);
    assert_int_equal(f.since_us[FACT_CUSTOMER], T + 12);
    world_free(w);
}

static void a_pause_that_is_over_is_none(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    w->c.row.paused_at = T + 5;
    w->c.row.resume_at = T + 50;
    w->now_us = T + 49;
    assert_fact(w, FACT_PAUSED, 1, T + 5);
    w->now_us = T + 50;
    assert_fact(w, FACT_PAUSED, 0, T + 50);
    world_free(w);
}

static void progress_is_what_came_after_the_level_was_entered(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    w->c.row.level_since = T + 100;
    w->now_us = T + 1000;
    REACHED(w, T + 100);
    assert_fact(w, FACT_PROGRESS, 0, T + 100);
    struct remedy_row *r = ROWS_ADD(&w->c.remedies, struct remedy_row, &w->arena);
    r->state = REMEDY_STATE_DECLINED;
    r->proposed_at = T + 50;
    r->responded_at = T + 500;
    assert_fact(w, FACT_PROGRESS, 0, T + 100); /* a no is none */
    assert_fact(w, FACT_REMEDY, 0, T + 1000);
    r->state = REMEDY_STATE_ACCEPTED;
    assert_fact(w, FACT_PROGRESS, 1, T + 500);
    assert_fact(w, FACT_REMEDY, 1, T + 1000);
    r->proposed_at = T + 400;
    assert_fact(w, FACT_PROGRESS, 1, T + 400);
    REACHED(w, T + 300);
    assert_fact(w, FACT_PROGRESS, 1, T + 300);
    r->state = REMEDY_STATE_FULFILLED;
    assert_fact(w, FACT_REMEDY, 0, T + 1000);
    world_free(w);
}

static void an_open_promise_is_a_fact(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    struct promise_row *p = ROWS_ADD(&w->c.promises, struct promise_row, &w->arena);
    p->state = PROMISE_STATE_OPEN;
    assert_fact(w, FACT_PROMISE, 1, w->now_us);
    p->state = PROMISE_STATE_BROKEN;
    assert_fact(w, FACT_PROMISE, 0, w->now_us);
    world_free(w);
}

/* -- conditions -------------------------------------------------------------------------------- */

static void assert_holds(struct world *w, struct policy_condition c, bool holds, int64_t since_us)
{
    struct case_facts f = facts_of(w);
    int64_t since = 0;
    assert_int_equal(case_holds(&c, &f, &since), holds);
    if (holds)
        assert_int_equal(since, since_us);
}

static void a_condition_holds_since_its_last_fact(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    w->now_us = T + DAY_US;
    w->c.row.owner_since = T + 40;
    REACHED(w, T + 30);
    assert_holds(w, when(FACT_CONTACT, YES), true, T + 30);
    assert_holds(w, when_both(FACT_CONTACT, YES, FACT_OWNER, BIT_OF(OWNER_KIND_STEWARD)), true,
                 T + 40);
    assert_holds(w, when(FACT_SEVERITY, BIT_OF(3) | BIT_OF(4)), true, w->now_us);
    assert_holds(w, when(FACT_SEVERITY, BIT_OF(4)), false, 0);
    assert_holds(w, (struct policy_condition){0, NULL}, false, 0);
    /* Of two boxes the one that holds, and of both the earlier. */
    struct condition_box two[2] = {condition_any(), condition_any()};
    two[0].allowed[FACT_OWNER] = BIT_OF(OWNER_KIND_STEWARD);
    two[1].allowed[FACT_CONTACT] = YES;
    assert_holds(w, (struct policy_condition){2, two}, true, T + 30);
    two[1].allowed[FACT_CONTACT] = NO;
    assert_holds(w, (struct policy_condition){2, two}, true, T + 40);
    world_free(w);
}

static void what_has_been_so_all_along_holds_since_the_round_began(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    w->now_us = T + DAY_US;
    assert_holds(w, always(), true, T);
    assert_holds(w, when(FACT_STATUS, STATUSES_WAITING), true, T);
    assert_holds(w, when(FACT_STATUS, BIT_OF(CASE_STATUS_OPEN)), true, w->now_us);
    w->c.row.round_since = T + 7;
    assert_holds(w, when(FACT_STATUS, STATUSES_WAITING | RESOLVED), true, T + 7);
    w->c.row.status = CASE_STATUS_RESOLVED;
    w->c.row.resolved_at = T + 60;
    assert_holds(w, when(FACT_STATUS, STATUSES_WAITING | RESOLVED), true, T + 7);
    assert_holds(w, when(FACT_STATUS, RESOLVED), true, T + 60);
    assert_holds(w, when(FACT_STATUS, STATUSES_WAITING), false, 0);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_case_that_was_just_opened),
        cmocka_unit_test(contact_is_the_first_of_the_round),
        cmocka_unit_test(the_customer_waits_for_who_reaches_them),
        cmocka_unit_test(of_a_clock_the_wait_at_its_start_counts),
        cmocka_unit_test(a_pause_that_is_over_is_none),
        cmocka_unit_test(progress_is_what_came_after_the_level_was_entered),
        cmocka_unit_test(an_open_promise_is_a_fact),
        cmocka_unit_test(a_condition_holds_since_its_last_fact),
        cmocka_unit_test(what_has_been_so_all_along_holds_since_the_round_began),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
