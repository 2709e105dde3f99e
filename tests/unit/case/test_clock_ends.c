/* SPDX-License-Identifier: Apache-2.0 */

/* Resets, rounds, the end of a case, clocks of remedies, and a case full of clocks. */

#include "clock_rig.h"
#include "contract/clock_kinds.h"
#include "contract/statuses.h"

#include <string.h>

static const int64_t T = WORLD_START_US;

/* -- resetting --------------------------------------------------------------------------------- */

static struct policy_clock cadence_of(int hours)
{
    struct policy_clock k = define("cadence", CLOCK_KIND_NEXT_CONTACT, hours);
    k.start = when_both(FACT_CONTACT, YES, FACT_STATUS, STATUSES_WAITING);
    k.reset = when(FACT_CONTACT, YES);
    k.cancel = when(FACT_STATUS, RESOLVED);
    return k;
}

static void a_contact_begins_the_cadence_anew(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(cadence_of(72));
    assert_null(clock_named(w, "cadence"));
    w->now_us = T + HOUR_US;
    TELL_REACHED(w, w->now_us);
    assert_clock(w, "cadence", CLOCK_STATE_RUNNING, T + 73 * HOUR_US);
    struct uuid id = clock_named(w, "cadence")->clock_id;
    w->now_us = T + 40 * HOUR_US;
    TELL_REACHED(w, T + 30 * HOUR_US);
    assert_clock(w, "cadence", CLOCK_STATE_RUNNING, T + 102 * HOUR_US);
    assert_int_equal(clock_named(w, "cadence")->instance, 2);
    TELL_REACHED(w, T + 20 * HOUR_US); /* an earlier one resets nothing */
    assert_clock(w, "cadence", CLOCK_STATE_RUNNING, T + 102 * HOUR_US);
    assert_true(uuid_eq(&clock_named(w, "cadence")->clock_id, &id));
    assert_int_equal(w->escalations.n, 0);
    tell_status(w, CASE_STATUS_RESOLVED);
    assert_clock(w, "cadence", CLOCK_STATE_CANCELLED, T + 102 * HOUR_US);
    world_free(w);
}

static void a_reset_that_is_late_is_a_breach_of_the_instance_before(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(cadence_of(10));
    TELL_REACHED(w, T);
    w->now_us = T + 11 * HOUR_US;
    TELL_REACHED(w, w->now_us);
    assert_clock(w, "cadence", CLOCK_STATE_RUNNING, T + 21 * HOUR_US);
    assert_int_equal(w->escalations.n, 1);
    assert_int_equal(ROW_AT(&w->escalations, struct escalation_row, 0)->instance, 1);
    /* The event of the breach shows the instance that was late. */
    const Amends__V1__EventDetail *detail = world_detail(w, world_event(w, 0));
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_CLOCK_BREACHED);
    assert_int_equal(detail->n_clocks, 1);
    assert_int_equal(detail->clocks[0]->instance, 1);
    assert_int_equal(detail->clocks[0]->state, CLOCK_STATE_BREACHED);
    /* The next one is a step of its own. */
    world_fire_until(w, T + 21 * HOUR_US);
    assert_int_equal(w->escalations.n, 2);
    assert_int_equal(ROW_AT(&w->escalations, struct escalation_row, 1)->instance, 2);
    assert_chain_intact(w);
    world_free(w);
}

/* -- rounds and ends --------------------------------------------------------------------------- */

static void a_round_starts_clocks_of_its_own(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(define_resolution("r", 8));
    w->now_us = T + HOUR_US;
    tell_status(w, CASE_STATUS_RESOLVED);
    assert_clock(w, "r", CLOCK_STATE_MET, T + 8 * HOUR_US);
    const struct clock_row before = *clock_named(w, "r");
    w->now_us = T + DAY_US;
    w->c.row.round = 2;
    w->c.row.round_since = w->now_us;
    tell_status(w, CASE_STATUS_IN_PROGRESS);
    assert_int_equal(w->c.clocks.n, 2);
    assert_clock(w, "r", CLOCK_STATE_RUNNING, T + DAY_US + 8 * HOUR_US);
    assert_int_equal(clock_named(w, "r")->round, 2);
    assert_memory_equal(&before, w->c.clocks.items, sizeof(before)); /* frozen as evidence */
    world_free(w);
}

static void an_earlier_rounds_clock_does_not_run_on(void **state)
{
    (void)state;
    struct policy_clock k = define("k", CLOCK_KIND_STATUTORY, 100);
    k.start = always();
    struct world *w = CLOCK_CASE(k);
    w->now_us = T + HOUR_US;
    w->c.row.round = 2;
    w->c.row.round_since = w->now_us;
    tell_nothing(w);
    assert_int_equal(ROW_AT(&w->c.clocks, struct clock_row, 0)->state, CLOCK_STATE_CANCELLED);
    assert_clock(w, "k", CLOCK_STATE_RUNNING, T + 101 * HOUR_US);
    world_free(w);
}

static void a_final_case_has_no_open_clock(void **state)
{
    (void)state;
    struct policy_clock a = define("a", CLOCK_KIND_STATUTORY, 100);
    struct policy_clock b = define("b", CLOCK_KIND_STATUTORY, 2);
    struct policy_clock c = define("c", CLOCK_KIND_STATUTORY, 100);
    a.start = b.start = c.start = always();
    c.stop = when(FACT_STATUS, BIT_OF(CASE_STATUS_CLOSED));
    struct world *w = CLOCK_CASE(a, b, c);
    tell_status(w, CASE_STATUS_RESOLVED);
    w->now_us = T + 3 * HOUR_US;
    tell_status(w, CASE_STATUS_CLOSED);
    assert_clock(w, "a", CLOCK_STATE_CANCELLED, T + 100 * HOUR_US);
    assert_clock(w, "b", CLOCK_STATE_BREACHED, T + 2 * HOUR_US); /* it was late by then */
    assert_clock(w, "c", CLOCK_STATE_MET, T + 100 * HOUR_US);
    assert_int_equal(w->escalations.n, 1);
    assert_clocks_whole(w);
    world_free(w);
}

static void clocks_of_before_definitions_belong_to_their_kind(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(define_resolution("r", 8));
    struct clock_row *k = clock_named(w, "r");
    k->name = "";
    tell_nothing(w);
    assert_int_equal(w->c.clocks.n, 1);
    w->now_us = T + 8 * HOUR_US;
    tell_status(w, CASE_STATUS_RESOLVED);
    assert_int_equal(ROW_AT(&w->c.clocks, struct clock_row, 0)->state, CLOCK_STATE_MET);
    world_free(w);
}

/* -- subjects ---------------------------------------------------------------------------------- */

static struct remedy_row *add_remedy(struct world *w, int state)
{
    struct remedy_row *r = ROWS_ADD(&w->c.remedies, struct remedy_row, &w->arena);
    r->remedy_id = (struct uuid){{(uint8_t)(50 + w->c.remedies.n)}};
    r->state = (int16_t)state;
    r->proposed_at = w->now_us;
    r->currency = r->description = r->proposer = r->fulfilment_reference = "";
    return r;
}

static void each_remedy_has_its_clock(void **state)
{
    (void)state;
    struct world *w =
        CLOCK_CASE(define("f", CLOCK_KIND_FULFILMENT, 10), define("a", CLOCK_KIND_APPROVAL, 2));
    (void)add_remedy(w, REMEDY_STATE_OFFERED);
    (void)add_remedy(w, REMEDY_STATE_PENDING_APPROVAL);
    tell_nothing(w);
    assert_int_equal(w->c.clocks.n, 1);
    assert_clock(w, "a", CLOCK_STATE_RUNNING, T + 2 * HOUR_US);
    struct remedy_row *r = w->c.remedies.items;
    w->now_us = T + 3 * HOUR_US;
    r[0].state = REMEDY_STATE_ACCEPTED;
    r[0].responded_at = T + HOUR_US;
    r[1].state = REMEDY_STATE_REJECTED;
    tell_nothing(w);
    assert_clock(w, "f", CLOCK_STATE_RUNNING, T + 11 * HOUR_US);
    assert_clock(w, "a", CLOCK_STATE_BREACHED, T + 2 * HOUR_US);
    assert_true(uuid_eq(&clock_named(w, "f")->subject_id, &r[0].remedy_id));
    w->now_us = T + 20 * HOUR_US;
    r[0].state = REMEDY_STATE_FULFILLED;
    r[0].fulfilled_at = T + 11 * HOUR_US;
    tell_nothing(w);
    assert_clock(w, "f", CLOCK_STATE_MET, T + 11 * HOUR_US);
    struct remedy_row *failing = add_remedy(w, REMEDY_STATE_FULFILLING);
    failing->responded_at = w->now_us;
    tell_nothing(w);
    assert_clock(w, "f", CLOCK_STATE_RUNNING, T + 30 * HOUR_US);
    ROW_AT(&w->c.remedies, struct remedy_row, 2)->state = REMEDY_STATE_FAILED;
    tell_nothing(w);
    assert_clock(w, "f", CLOCK_STATE_CANCELLED, T + 30 * HOUR_US);
    assert_int_equal(w->c.clocks.n, 3);
    world_free(w);
}

/* A kind that the contract's table gives to remedies and that no remedy starts would be silent. */
static void every_kind_of_a_remedy_is_started_by_some_state(void **state)
{
    (void)state;
    for (int kind = 1; kind < CLOCK_KIND_COUNT; kind++) {
        if (clock_kind(kind)->subject != SUBJECT_REMEDY)
            continue;
        struct world *w = CLOCK_CASE(define("k", kind, 10));
        for (int s = 1; s < REMEDY_STATE_COUNT; s++)
            (void)add_remedy(w, s);
        tell_nothing(w);
        assert_true(w->c.clocks.n > 0);
        assert_int_equal(clock_named(w, "k")->kind, kind);
        world_free(w);
    }
}

/* -- bounds ------------------------------------------------------------------------------------ */

static void a_case_full_of_clocks_goes_on(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(define_resolution("r", 500000));
    int64_t until = T + HOUR_US;
    for (int i = 0; i < CASE_CLOCKS_MAX + 50; i++) {
        struct uuid id = {{3, (uint8_t)(i >> 8), (uint8_t)i}};
        w->now_us++;
        (void)clock_start_until(world_decision(w, "ann"), CLOCK_KIND_OFFER, &id, w->now_us, until);
        world_commit(w);
        clock_stop(world_decision(w, "ann"), clock_of_subject(&w->c, &id), w->now_us, true);
        world_commit(w);
    }
    assert_int_equal(w->c.clocks.n, CASE_CLOCKS_MAX);
    assert_clock(w, "r", CLOCK_STATE_RUNNING, T + 500000 * HOUR_US);
    int again = 0;
    ROWS_EACH (k, struct clock_row, &w->c.clocks)
        again += k->instance > 1;
    assert_int_equal(again, 51);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_contact_begins_the_cadence_anew),
        cmocka_unit_test(a_reset_that_is_late_is_a_breach_of_the_instance_before),
        cmocka_unit_test(a_round_starts_clocks_of_its_own),
        cmocka_unit_test(an_earlier_rounds_clock_does_not_run_on),
        cmocka_unit_test(a_final_case_has_no_open_clock),
        cmocka_unit_test(clocks_of_before_definitions_belong_to_their_kind),
        cmocka_unit_test(each_remedy_has_its_clock),
        cmocka_unit_test(every_kind_of_a_remedy_is_started_by_some_state),
        cmocka_unit_test(a_case_full_of_clocks_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
