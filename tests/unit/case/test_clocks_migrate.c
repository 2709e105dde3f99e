/* SPDX-License-Identifier: Apache-2.0 */

/* Open clocks moved to another policy. */

#include "clock_rig.h"
#include "contract/statuses.h"

#include <string.h>

#include "policy/build.h"
#include "policy/compile/bundle.h"

static const int64_t T = WORLD_START_US;
#define HOURS_MS(n) ((n)*3600 * 1000LL)

static struct policy_threshold steps[] = {
    {.percent = 50, .actions = BIT_OF(ESCALATION_ACTION_NOTIFY), .notify = POLICY_NOTIFY_OWNER},
    {.percent = 100, .actions = BIT_OF(ESCALATION_ACTION_NOTIFY), .notify = POLICY_NOTIFY_OWNER},
    {.percent = 150, .actions = BIT_OF(ESCALATION_ACTION_NOTIFY), .notify = POLICY_NOTIFY_OWNER},
};

static struct policy_clock stepped(void)
{
    struct policy_clock r = define_resolution("r", 8);
    r.pause_single_ms = r.pause_total_ms = HOURS_MS(100);
    r.n_thresholds = 3;
    r.thresholds = steps;
    return r;
}

/* Rows hold texts of the policy before. */
static struct policy *former;

static void end(struct world *w)
{
    world_free(w);
    policy_free(former);
    former = NULL;
}

/* Moves the case to a policy with these clocks. */
static struct clocks_migrated migrate(struct world *w, const struct policy_clock *defs, size_t n)
{
    struct policy *p = policy_default(2);
    p->n_clocks = 0;
    for (size_t i = 0; i < n; i++)
        assert_int_equal(policy_add_clock(p, &defs[i]), AM_OK);
    former = w->policy;
    w->policy = p;
    struct clocks_migrated out;
    struct decision *d = world_decision(w, "crm");
    w->c.row.policy_version = 2;
    clocks_migrate(d, &out);
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    case_event(d, EVENT_KIND_POLICY_MIGRATED, "crm", &detail, NULL);
    return out;
}
#define MIGRATE(w, ...)                                                                            \
    migrate((w), (struct policy_clock[]){__VA_ARGS__},                                             \
            sizeof((struct policy_clock[]){__VA_ARGS__}) / sizeof(struct policy_clock))

static void a_moved_target_keeps_start_pauses_and_what_fired(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(stepped());
    world_fire_until(w, T + 5 * HOUR_US);
    tell_pause(w, T + 6 * HOUR_US);
    world_fire_until(w, T + 6 * HOUR_US);
    struct policy_clock longer = stepped();
    longer.targets = define("", 0, 20).targets;
    struct clocks_migrated out = MIGRATE(w, longer);
    assert_true(out.changed);
    assert_int_equal(out.n_breaching, 0);
    world_commit(w);
    assert_clock(w, "r", CLOCK_STATE_RUNNING, T + 21 * HOUR_US);
    assert_int_equal(clock_named(w, "r")->policy_version, 2);
    assert_int_equal(clock_named(w, "r")->fired, 50); /* half of 20 hours comes unheard */
    world_fire_until(w, T + 20 * HOUR_US);
    assert_int_equal(w->escalations.n, 1);
    assert_clocks_whole(w);
    end(w);
}

static void what_would_breach_now_is_counted_and_fires_at_once(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(define_resolution("r", 8), define_resolution("gone", 8),
                                 define_resolution("same", 8));
    w->now_us = T + 5 * HOUR_US;
    struct policy_clock added = define("new", CLOCK_KIND_STATUTORY, 3);
    added.start = when(FACT_STATUS, STATUSES_WAITING);
    struct clocks_migrated out =
        MIGRATE(w, define_resolution("r", 4), define_resolution("same", 8), added);
    assert_true(out.changed);
    assert_int_equal(out.n_breaching, 2);
    assert_string_equal(out.breaching->name, "r");
    assert_int_equal(out.old_due_us, T + 8 * HOUR_US);
    world_commit(w);
    assert_clock(w, "gone", CLOCK_STATE_CANCELLED, T + 8 * HOUR_US);
    assert_clock(w, "same", CLOCK_STATE_RUNNING, T + 8 * HOUR_US);
    assert_clock(w, "new", CLOCK_STATE_RUNNING, T + 3 * HOUR_US); /* since the case was opened */
    assert_int_equal(w->escalations.n, 0);
    world_fire_until(w, w->now_us);
    assert_clock(w, "r", CLOCK_STATE_BREACHED, T + 4 * HOUR_US);
    assert_clock(w, "new", CLOCK_STATE_BREACHED, T + 3 * HOUR_US);
    assert_int_equal(w->escalations.n, 2);
    end(w);
}

static void nothing_changes_when_the_policy_is_the_same(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(stepped());
    struct clocks_migrated out = MIGRATE(w, stepped());
    assert_false(out.changed);
    assert_int_equal(out.n_breaching, 0);
    world_commit(w);
    assert_int_equal(w->c.clocks.n, 1);
    end(w);
}

/* Eight hours, and one when the severity is 5. */
static struct policy_clock by_severity(void)
{
    static struct policy_target targets[2];
    struct policy_clock r = define_resolution("r", 8);
    targets[0] = (struct policy_target){.when = when(FACT_SEVERITY, BIT_OF(5)), .ms = HOURS_MS(1)};
    targets[1] = (struct policy_target){.when = always(), .ms = HOURS_MS(8)};
    r.n_targets = 2;
    r.targets = targets;
    return r;
}

static void tell_severity(struct world *w, int64_t at_us, int severity)
{
    w->now_us = at_us;
    w->c.row.severity = (int16_t)severity;
    tell_nothing(w);
}

static void equal_targets_keep_what_a_rise_moved(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(by_severity());
    tell_severity(w, T + 3 * HOUR_US, 5);
    assert_clock(w, "r", CLOCK_STATE_RUNNING, T + 3 * HOUR_US + HOUR_US / 4);
    struct clocks_migrated out = MIGRATE(w, by_severity());
    assert_false(out.changed);
    assert_int_equal(out.n_breaching, 0);
    world_commit(w);
    assert_clock(w, "r", CLOCK_STATE_RUNNING, T + 3 * HOUR_US + HOUR_US / 4);
    assert_int_equal(clock_named(w, "r")->policy_version, 2);
    assert_clocks_whole(w);
    end(w);
}

static void equal_targets_keep_what_stayed(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(by_severity());
    tell_severity(w, T + HOUR_US / 2, 5);
    tell_severity(w, T + HOUR_US / 2, 3); /* a fall keeps the deadline */
    assert_false(MIGRATE(w, by_severity()).changed);
    world_commit(w);
    assert_clock(w, "r", CLOCK_STATE_RUNNING, T + HOUR_US);
    end(w);
    w = CLOCK_CASE(by_severity());
    tell_severity(w, T + 7 * HOUR_US + HOUR_US * 9 / 10, 5); /* too late to be moved */
    assert_false(MIGRATE(w, by_severity()).changed);
    world_commit(w);
    assert_clock(w, "r", CLOCK_STATE_RUNNING, T + 8 * HOUR_US);
    end(w);
}

static void other_targets_count_from_the_start_and_may_loosen(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(by_severity());
    tell_severity(w, T + 3 * HOUR_US, 5);
    assert_true(MIGRATE(w, define_resolution("r", 20)).changed);
    world_commit(w);
    assert_clock(w, "r", CLOCK_STATE_RUNNING, T + 20 * HOUR_US);
    assert_string_equal(clock_named(w, "r")->retargets, "");
    end(w);
}

static void what_was_found_breached_is_judged_by_the_new_deadline(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(define_resolution("r", 8));
    world_fire_until(w, T + 9 * HOUR_US);
    assert_clock(w, "r", CLOCK_STATE_BREACHED, T + 8 * HOUR_US);
    struct clocks_migrated out = MIGRATE(w, define_resolution("r", 20));
    assert_true(out.changed);
    world_commit(w);
    w->now_us = T + 15 * HOUR_US;
    tell_status(w, CASE_STATUS_RESOLVED);
    assert_clock(w, "r", CLOCK_STATE_MET, T + 20 * HOUR_US);
    assert_int_equal(w->escalations.n, 1);
    end(w);
}

/* Moves the case to a policy with this clock alone, and reads its rows anew. */
static struct clocks_migrated move_on(struct world *w, struct policy_clock def)
{
    struct policy *before = former;
    struct clocks_migrated out = MIGRATE(w, def);
    world_commit(w);
    policy_free(before);
    return out;
}

/* A definition that was taken out by mistake and put back. */
static void a_definition_that_comes_back_measures_again(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(define_resolution("r", 8));
    w->now_us = T + HOUR_US;
    (void)move_on(w, define_resolution("other", 8));
    assert_clock(w, "r", CLOCK_STATE_CANCELLED, T + 8 * HOUR_US);
    w->now_us = T + 2 * HOUR_US;
    struct clocks_migrated out = move_on(w, define_resolution("r", 9));
    assert_true(out.changed);
    assert_clock(w, "other", CLOCK_STATE_CANCELLED, T + 8 * HOUR_US);
    assert_clock(w, "r", CLOCK_STATE_RUNNING, T + 9 * HOUR_US);
    assert_int_equal(clock_named(w, "r")->instance, 2);
    assert_int_equal(clock_named(w, "r")->next_at, T + 9 * HOUR_US);
    assert_int_equal(w->c.clocks.n, 2);
    end(w);
}

/* A remedy whose clock ended because its definition was gone. */
static void a_remedy_is_measured_again(void **state)
{
    (void)state;
    struct world *w = CLOCK_CASE(define("f", CLOCK_KIND_FULFILMENT, 8));
    struct decision *d = world_decision(w, "ann");
    struct remedy_row *remedy = ROWS_ADD(&w->c.remedies, struct remedy_row, &w->arena);
    remedy->remedy_id.b[0] = 7;
    remedy->state = REMEDY_STATE_ACCEPTED;
    remedy->responded_at = T;
    remedy->currency = remedy->description = remedy->proposer = remedy->fulfilment_reference = "";
    case_refresh(d);
    world_commit(w);
    (void)move_on(w, define_resolution("r", 8));
    assert_clock(w, "f", CLOCK_STATE_CANCELLED, T + 8 * HOUR_US);
    (void)move_on(w, define("f", CLOCK_KIND_FULFILMENT, 8));
    assert_clock(w, "f", CLOCK_STATE_RUNNING, T + 8 * HOUR_US);
    assert_int_equal(clock_named(w, "f")->instance, 2);
    end(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_moved_target_keeps_start_pauses_and_what_fired),
        cmocka_unit_test(what_would_breach_now_is_counted_and_fires_at_once),
        cmocka_unit_test(nothing_changes_when_the_policy_is_the_same),
        cmocka_unit_test(equal_targets_keep_what_a_rise_moved),
        cmocka_unit_test(equal_targets_keep_what_stayed),
        cmocka_unit_test(other_targets_count_from_the_start_and_may_loosen),
        cmocka_unit_test(what_was_found_breached_is_judged_by_the_new_deadline),
        cmocka_unit_test(a_definition_that_comes_back_measures_again),
        cmocka_unit_test(a_remedy_is_measured_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
