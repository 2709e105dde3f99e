/* SPDX-License-Identifier: Apache-2.0 */

/* What the compiler refuses: each mistake alone by its path, and many at once. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "contract/statuses.h"
#include "contract/words.h"
#include "policy/build.h"
#include "policy/validate/validate.h"

struct checked {
    struct arena arena;
    struct fault fault;
    struct policy *p;
};

static const struct policy_level level = {.name = "one",
                                          .steward = "steward",
                                          .steward_name = "Desk",
                                          .steward_contact = "call us",
                                          .steward_hours = "",
                                          .action = 1,
                                          .cost_per_touch_micros = 1};
static const struct policy_failure failure = {.code = "billing",
                                              .name = "Billing",
                                              .skill = "billing",
                                              .skill_level = 1,
                                              .severity = 3,
                                              .typical_remedy = 6,
                                              .typical_micros = 5};

static void add_level(struct policy *p, const struct policy_level *base, int64_t limit)
{
    struct policy_level l = *base;
    for (int kind = 1; kind < REMEDY_KIND_COUNT; kind++)
        l.limit_micros[kind] = limit;
    assert_int_equal(policy_add_level(p, &l), AM_OK);
}

/* Starts in every live case, stops when it is resolved. */
static void add_clock(struct policy *p)
{
    struct condition_box any = condition_any(), live = any, resolved = any;
    live.allowed[FACT_STATUS] = STATUSES_WAITING;
    resolved.allowed[FACT_STATUS] = 1u << 6;
    struct policy_target target = {.when = {1, &any}, .ms = 2000};
    struct policy_threshold threshold = {.percent = 100, .actions = 1u << 3};
    struct policy_clock clock = {.name = "resolution",
                                 .kind = 3,
                                 .calendar = -1,
                                 .start = {1, &live},
                                 .stop = {1, &resolved},
                                 .n_targets = 1,
                                 .targets = &target,
                                 .n_thresholds = 1,
                                 .thresholds = &threshold};
    assert_int_equal(policy_add_clock(p, &clock), AM_OK);
}

/* A policy that is fine: two levels, one failure. */
static void begin(struct checked *c)
{
    arena_init(&c->arena, 1 << 20);
    fault_init(&c->fault, &c->arena);
    struct policy *p = c->p = policy_new(1);
    add_level(p, &level, 10);
    add_level(p, &level, 20);
    assert_int_equal(policy_add_failure(p, &failure), AM_OK);
    add_clock(p);
    p->offer_timeout_ms = p->away_after_ms = 1;
    p->transfer_limit = 1;
    p->unreachable_attempts = 3;
    p->unreachable_channels = 2;
    p->acts_any_of = 1u << 2;
    p->boost_max_ms = 10;
    p->promise_ahead_max_ms = 1;
}

static void end(struct checked *c)
{
    policy_free(c->p);
    arena_free(&c->arena);
}

/* The errors of the policy, as a fault. */
static int check(struct checked *c)
{
    struct bundle_problems problems;
    bundle_problems_init(&problems, &c->arena);
    policy_validate(c->p, &problems);
    bundle_problems_fault(&problems, &c->fault);
    return problems.n_errors > 0 ? AM_EINVAL : AM_OK;
}

static void assert_only(struct checked *c, const char *field)
{
    assert_int_equal(check(c), AM_EINVAL);
    assert_int_equal(c->fault.code, FAULT_INVALID_ARGUMENT);
    assert_string_equal(c->fault.violations[0].key, field);
    assert_int_equal(c->fault.n_violations, 1);
    end(c);
}

static void a_whole_policy_is_taken(void **state)
{
    (void)state;
    struct checked c;
    begin(&c);
    assert_int_equal(check(&c), AM_OK);
    end(&c);
}

/* One mistake a row: where it is made and where it is told. */
#define MISTAKE(name, change, field)                                                               \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        struct checked c;                                                                          \
        begin(&c);                                                                                 \
        struct policy *p = c.p;                                                                    \
        change;                                                                                    \
        assert_only(&c, field);                                                                    \
    }

MISTAKE(no_steward, p->levels[2].steward = "", "ladder[1].steward.id")
MISTAKE(bad_steward, p->levels[1].steward = "the steward", "ladder[0].steward.id")
MISTAKE(no_level_name, p->levels[1].name = "", "ladder[0].name")
MISTAKE(no_contact, p->levels[1].steward_contact = "", "ladder[0].steward.contact")
MISTAKE(no_steward_name, p->levels[1].steward_name = "", "ladder[0].steward.name")
MISTAKE(bad_action, p->levels[1].action = 4, "ladder[0].action")
MISTAKE(negative_cost, p->levels[1].cost_per_touch_micros = -1, "ladder[0].cost_per_touch")
MISTAKE(less_authority_above, p->levels[2].limit_micros[9] = 9, "ladder[1].authority.gift")
MISTAKE(authority_nobody_has, p->levels[1].limit_micros[9] = p->levels[2].limit_micros[9] = 0,
        "ladder[1].authority.gift")
MISTAKE(failure_beyond_everybody, p->failures[0].typical_micros = 21, "failures.billing.amount")
MISTAKE(failure_severity, p->failures[0].severity = 6, "failures.billing.severity")
MISTAKE(failure_remedy, p->failures[0].typical_remedy = REMEDY_KIND_COUNT,
        "failures.billing.remedy")
MISTAKE(failure_code, p->failures[0].code = "Billing!", "failures.Billing!")
MISTAKE(failure_code_end, p->failures[0].code = "billing.", "failures.billing.")
MISTAKE(failure_without_branch, p->failures[0].code = "billing.x", "failures.billing.x")
MISTAKE(failure_name, p->failures[0].name = "", "failures.billing.name")
MISTAKE(failure_skill, p->failures[0].skill = "no skill", "failures.billing.skill")
MISTAKE(failure_skill_level, p->failures[0].skill_level = 0, "failures.billing.skill_level")
MISTAKE(failure_twice, assert_int_equal(policy_add_failure(p, &failure), AM_OK), "failures.billing")
MISTAKE(no_failures, p->n_failures = 0, "failures")
MISTAKE(offer_timeout, p->offer_timeout_ms = 0, "assignment.offer_timeout")
MISTAKE(cooldown, p->decline_cooldown_ms = -1, "assignment.decline_cooldown")
MISTAKE(away, p->away_after_ms = 0, "assignment.away_after")
MISTAKE(transfers, p->transfer_limit = 0, "assignment.transfer_limit")
MISTAKE(unreachable_attempts, p->unreachable_attempts = 1, "close_gate.unreachable.channels")
MISTAKE(unreachable_window, p->unreachable_window_ms = -1, "close_gate.unreachable.window")
MISTAKE(unknown_act, p->acts_any_of = 1u << 4, "close_gate.acts_any_of")
MISTAKE(boost_falls, p->boost_severity_ms[4] = 1, "priority.severity.5")
MISTAKE(boost_repeat, p->boost_repeat_ms = -1, "priority.repeat")
MISTAKE(boost_without_bound, p->boost_max_ms = INT64_MAX, "priority.max")
MISTAKE(version_zero, p->version = 0, "version")

static void all_mistakes_are_told_at_once(void **state)
{
    (void)state;
    struct checked c = {0};
    arena_init(&c.arena, 1 << 20);
    fault_init(&c.fault, &c.arena);
    c.p = policy_new(0);
    assert_int_equal(check(&c), AM_EINVAL);
    assert_true(c.fault.n_violations >= 8);
    end(&c);
}

static void a_level_too_many_is_refused(void **state)
{
    (void)state;
    struct policy *p = policy_new(1);
    for (int i = 0; i < POLICY_LEVELS_MAX; i++)
        assert_int_equal(policy_add_level(p, &level), AM_OK);
    assert_int_equal(policy_add_level(p, &level), AM_ENOMEM);
    for (int i = 0; i < POLICY_FAILURES_MAX; i++)
        assert_int_equal(policy_add_failure(p, &failure), AM_OK);
    assert_int_equal(policy_add_failure(p, &failure), AM_ENOMEM);
    policy_free(p);
    policy_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_policy_is_taken),
        cmocka_unit_test(no_steward),
        cmocka_unit_test(bad_steward),
        cmocka_unit_test(no_level_name),
        cmocka_unit_test(no_contact),
        cmocka_unit_test(no_steward_name),
        cmocka_unit_test(bad_action),
        cmocka_unit_test(negative_cost),
        cmocka_unit_test(less_authority_above),
        cmocka_unit_test(authority_nobody_has),
        cmocka_unit_test(failure_beyond_everybody),
        cmocka_unit_test(failure_severity),
        cmocka_unit_test(failure_remedy),
        cmocka_unit_test(failure_code),
        cmocka_unit_test(failure_code_end),
        cmocka_unit_test(failure_without_branch),
        cmocka_unit_test(failure_name),
        cmocka_unit_test(failure_skill),
        cmocka_unit_test(failure_skill_level),
        cmocka_unit_test(failure_twice),
        cmocka_unit_test(no_failures),
        cmocka_unit_test(offer_timeout),
        cmocka_unit_test(cooldown),
        cmocka_unit_test(away),
        cmocka_unit_test(transfers),
        cmocka_unit_test(unreachable_attempts),
        cmocka_unit_test(unreachable_window),
        cmocka_unit_test(unknown_act),
        cmocka_unit_test(boost_falls),
        cmocka_unit_test(boost_repeat),
        cmocka_unit_test(boost_without_bound),
        cmocka_unit_test(version_zero),
        cmocka_unit_test(all_mistakes_are_told_at_once),
        cmocka_unit_test(a_level_too_many_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
