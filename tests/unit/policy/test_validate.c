/* SPDX-License-Identifier: Apache-2.0 */

/* What the compiler refuses: each mistake alone by its path, and many at once. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/policy.h"

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
    for (int kind = 1; kind < POLICY_REMEDY_KINDS; kind++)
        l.limit_micros[kind] = limit;
    assert_int_equal(policy_add_level(p, &l), AM_OK);
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
    for (int s = 1; s < POLICY_SEVERITIES; s++) {
        p->first_response_ms[s] = 1000;
        p->resolution_ms[s] = 2000;
    }
    p->offer_timeout_ms = p->away_after_ms = 1;
    p->transfer_limit = 1;
    p->unreachable_attempts = 3;
    p->unreachable_channels = 2;
    p->acts_any_of = 1u << 2;
    p->boost_max_ms = 10;
}

static void end(struct checked *c)
{
    policy_free(c->p);
    arena_free(&c->arena);
}

static void assert_only(struct checked *c, const char *field)
{
    assert_int_equal(policy_finish(c->p, &c->fault), AM_EINVAL);
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
    assert_int_equal(policy_finish(c.p, &c.fault), AM_OK);
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

MISTAKE(no_steward, p->levels[2].steward = "", "levels[2].steward")
MISTAKE(bad_steward, p->levels[1].steward = "the steward", "levels[1].steward")
MISTAKE(no_level_name, p->levels[1].name = "", "levels[1].name")
MISTAKE(no_contact, p->levels[1].steward_contact = "", "levels[1].steward_contact")
MISTAKE(no_steward_name, p->levels[1].steward_name = "", "levels[1].steward_name")
MISTAKE(bad_action, p->levels[1].action = 4, "levels[1].action")
MISTAKE(negative_cost, p->levels[1].cost_per_touch_micros = -1, "levels[1].cost_per_touch")
MISTAKE(less_authority_above, p->levels[2].limit_micros[9] = 9, "levels[2].limits.GIFT")
MISTAKE(authority_nobody_has, p->levels[1].limit_micros[9] = p->levels[2].limit_micros[9] = 0,
        "levels.limits.GIFT")
MISTAKE(failure_beyond_everybody, p->failures[0].typical_micros = 21, "failures[0].typical_amount")
MISTAKE(failure_severity, p->failures[0].severity = 6, "failures[0].severity")
MISTAKE(failure_remedy, p->failures[0].typical_remedy = 12, "failures[0].typical_remedy")
MISTAKE(failure_code, p->failures[0].code = "Billing!", "failures[0].code")
MISTAKE(failure_code_end, p->failures[0].code = "billing.", "failures[0].code")
MISTAKE(failure_without_branch, p->failures[0].code = "billing.x", "failures[0].code")
MISTAKE(failure_name, p->failures[0].name = "", "failures[0].name")
MISTAKE(failure_skill, p->failures[0].skill = "no skill", "failures[0].skill")
MISTAKE(failure_skill_level, p->failures[0].skill_level = 0, "failures[0].skill_level")
MISTAKE(failure_twice, assert_int_equal(policy_add_failure(p, &failure), AM_OK), "failures[1].code")
MISTAKE(no_failures, p->n_failures = 0, "failures")
MISTAKE(response_after_resolution, p->resolution_ms[5] = 999, "first_response[5]")
MISTAKE(graver_is_slower, p->resolution_ms[5] = 2001, "resolution[5]")
MISTAKE(offer_timeout, p->offer_timeout_ms = 0, "offer_timeout")
MISTAKE(cooldown, p->decline_cooldown_ms = -1, "decline_cooldown")
MISTAKE(away, p->away_after_ms = 0, "away_after")
MISTAKE(transfers, p->transfer_limit = 0, "transfer_limit")
MISTAKE(unreachable_attempts, p->unreachable_attempts = 1, "unreachable.channels")
MISTAKE(unreachable_window, p->unreachable_window_ms = -1, "unreachable.window")
MISTAKE(unknown_act, p->acts_any_of = 1u << 4, "acts_any_of")
MISTAKE(follow_up, p->follow_up_window_ms = -1, "follow_up_window")
MISTAKE(boost_falls, p->boost_severity_ms[4] = 1, "boost.severity[5]")
MISTAKE(boost_repeat, p->boost_repeat_ms = -1, "boost.repeat")
MISTAKE(boost_without_bound, p->boost_max_ms = INT64_MAX, "boost.max")
MISTAKE(version_zero, p->version = 0, "version")

static void all_mistakes_are_told_at_once(void **state)
{
    (void)state;
    struct checked c = {0};
    arena_init(&c.arena, 1 << 20);
    fault_init(&c.fault, &c.arena);
    c.p = policy_new(0);
    assert_int_equal(policy_finish(c.p, &c.fault), AM_EINVAL);
    assert_true(c.fault.n_violations > 15);
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
        cmocka_unit_test(response_after_resolution),
        cmocka_unit_test(graver_is_slower),
        cmocka_unit_test(offer_timeout),
        cmocka_unit_test(cooldown),
        cmocka_unit_test(away),
        cmocka_unit_test(transfers),
        cmocka_unit_test(unreachable_attempts),
        cmocka_unit_test(unreachable_window),
        cmocka_unit_test(unknown_act),
        cmocka_unit_test(follow_up),
        cmocka_unit_test(boost_falls),
        cmocka_unit_test(boost_repeat),
        cmocka_unit_test(boost_without_bound),
        cmocka_unit_test(version_zero),
        cmocka_unit_test(all_mistakes_are_told_at_once),
        cmocka_unit_test(a_level_too_many_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
