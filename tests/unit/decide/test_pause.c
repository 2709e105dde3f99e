/* SPDX-License-Identifier: Apache-2.0 */

/* Pauses by hand: how long, of which clocks, and how they end. */

#include <string.h>

#include "contract/reasons.h"
#include "rig.h"

/* Of the shipped policy: resolution pauses 5 d at once, 10 d in all; first response does not. */
#define SINGLE_US (5 * DAY_US)

static struct clock_row *clock_named(struct world *w, const char *name)
{
    ROWS_EACH (k, struct clock_row, &w->c.clocks)
        if (strcmp(k->name, name) == 0 && k->round == w->c.row.round)
            return k;
    fail_msg("no clock %s", name);
    return NULL;
}

static void what_may_pause_does_and_the_rest_runs_on(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    int64_t due = clock_named(w, "resolution")->due_at;
    rig_pause(w, "ann", w->now_us + DAY_US);
    assert_written(w);
    assert_int_equal(w->c.row.paused_at, w->now_us);
    assert_int_equal(w->c.row.resume_at, w->now_us + DAY_US);
    assert_int_equal(clock_named(w, "resolution")->state, CLOCK_STATE_PAUSED);
    assert_int_equal(clock_named(w, "first_response")->state, CLOCK_STATE_RUNNING);
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_CASE_PAUSED);
    const Amends__V1__EventDetail *detail = world_detail(w, world_event(w, 0));
    assert_int_equal(detail->pause->reason, PAUSE_REASON_CUSTOMER_AWAY);
    assert_int_equal(detail->n_clocks, 1);

    w->now_us += 6 * HOUR_US;
    rig_resume(w, "bob");
    assert_written(w);
    assert_int_equal(w->c.row.paused_at, 0);
    assert_int_equal(w->c.row.paused_ms, 6 * HOUR_US / 1000);
    assert_int_equal(clock_named(w, "resolution")->state, CLOCK_STATE_RUNNING);
    assert_int_equal(clock_named(w, "resolution")->due_at, due + 6 * HOUR_US);
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_CASE_RESUMED);
    assert_chain_intact(w);
    world_free(w);
}

static void it_ends_by_itself(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    rig_contact(w, "ann", CONTACT_DIRECTION_OUTBOUND, CONTACT_OUTCOME_REACHED, CHANNEL_PHONE);
    int64_t due = clock_named(w, "resolution")->due_at;
    rig_pause(w, "ann", w->now_us + DAY_US);
    world_fire_until(w, w->now_us + DAY_US);
    assert_int_equal(w->c.row.paused_at, 0);
    assert_int_equal(w->c.row.paused_ms, DAY_US / 1000);
    assert_int_equal(clock_named(w, "resolution")->state, CLOCK_STATE_RUNNING);
    assert_int_equal(clock_named(w, "resolution")->due_at, due + DAY_US);
    assert_int_equal(world_event(w, 0)->kind, EVENT_KIND_CASE_RESUMED);
    assert_string_equal(world_event(w, 0)->actor, SYSTEM_ACTOR);
    rig_resume(w, "ann");
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_PAUSE_STATE);
    world_free(w);
}

static void policy_says_how_long(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    rig_pause(w, "ann", w->now_us + SINGLE_US + 1);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_PAUSE_LIMIT);
    assert_string_equal(fault_meta_of(&w->cmd.fault, "most_until"), "2026-01-06T00:00:00Z");
    rig_pause(w, "ann", 0);
    assert_written(w);
    assert_int_equal(w->c.row.resume_at, w->now_us + SINGLE_US);
    rig_pause(w, "ann", 0);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_PAUSE_STATE);
    world_free(w);
}

static void all_pauses_together_are_capped(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    for (int i = 0; i < 2; i++) {
        rig_pause(w, "ann", 0);
        assert_written(w);
        w->now_us += SINGLE_US - (i == 1 ? HOUR_US : 0);
        if (i == 1)
            rig_resume(w, "ann");
    }
    rig_pause(w, "ann", w->now_us + HOUR_US + 1);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_PAUSE_LIMIT);
    rig_pause(w, "ann", w->now_us + HOUR_US);
    assert_written(w);
    w->now_us += 2 * HOUR_US; /* over, and nobody has looked */
    rig_pause(w, "ann", 0);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_PAUSE_LIMIT);
    world_free(w);
}

static void what_is_overdue_does_not_pause(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    w->now_us = clock_named(w, "resolution")->due_at; /* and nobody has looked */
    rig_pause(w, "ann", 0);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_PAUSE_STATE);
    world_free(w);
}

static void a_case_without_such_clocks_is_not_paused(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    for (size_t i = 0; i < w->policy->n_clocks; i++)
        w->policy->clocks[i].pause_total_ms = 0;
    rig_pause(w, "ann", 0);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_PAUSE_STATE);
    world_free(w);
}

static void who_may_and_when(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    rig_pause(w, "bob", 0);
    assert_refused(w, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_THE_OWNER);
    rig_pause(w, "crm", 0);
    assert_refused(w, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_AN_AGENT);
    rig_pause(w, "ann", w->now_us);
    assert_refused(w, FAULT_INVALID_ARGUMENT, ERROR_REASON_INVALID_ARGUMENT);
    rig_resume(w, "ann");
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_PAUSE_STATE);
    rig_resume(w, "crm");
    assert_refused(w, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_AN_AGENT);
    rig_pause(w, "lea", 0);
    assert_written(w);
    world_free(w);
}

/* A clock that stood still when the case was resolved is judged by its deadline all the same. */
static void resolving_ends_it(void **state)
{
    (void)state;
    struct world *w = rig_owned();
    w->now_us += 2 * HOUR_US;
    rig_pause(w, "ann", 0);
    w->now_us += HOUR_US;
    rig_recover(w, "ann");
    rig_resolve(w, "ann");
    assert_written(w);
    assert_int_equal(w->c.row.paused_at, 0);
    assert_int_equal(w->c.row.paused_ms, HOUR_US / 1000);
    const struct clock_row *k = clock_named(w, "resolution");
    assert_int_equal(k->state, CLOCK_STATE_MET);
    assert_int_equal(k->stopped_at, w->now_us);
    rig_pause(w, "ann", 0);
    assert_refused(w, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_STATUS);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_may_pause_does_and_the_rest_runs_on),
        cmocka_unit_test(it_ends_by_itself),
        cmocka_unit_test(policy_says_how_long),
        cmocka_unit_test(all_pauses_together_are_capped),
        cmocka_unit_test(what_is_overdue_does_not_pause),
        cmocka_unit_test(a_case_without_such_clocks_is_not_paused),
        cmocka_unit_test(who_may_and_when),
        cmocka_unit_test(resolving_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
