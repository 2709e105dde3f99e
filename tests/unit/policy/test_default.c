/* SPDX-License-Identifier: Apache-2.0 */

/* The bundle that ships is whole, and finds what it is asked for. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "amends/v1/types.pb-c.h"
#include "contract/words.h"
#include "policy/compile/bundle.h"

#define REFUND AMENDS__V1__REMEDY_KIND__REMEDY_KIND_REFUND

static void four_levels_each_with_a_steward_to_reach(void **state)
{
    const struct policy *p = *state;
    static const char *const stewards[] = {"", "steward", "steward-lead", "steward-manager",
                                           "steward-executive"};
    assert_int_equal(p->n_levels, 4);
    for (int i = 1; i <= 4; i++) {
        assert_string_equal(p->levels[i].steward, stewards[i]);
        assert_true(strlen(p->levels[i].steward_contact) > 0);
        assert_true(strlen(p->levels[i].steward_hours) > 0);
    }
}

static void lowest_level_may_give_something_of_every_kind(void **state)
{
    const struct policy *p = *state;
    for (int kind = 1; kind < REMEDY_KIND_COUNT; kind++)
        assert_int_equal(policy_level_that_may(p, kind, 1), 1);
}

static void level_that_may_is_the_lowest(void **state)
{
    const struct policy *p = *state;
    assert_int_equal(policy_level_that_may(p, REFUND, 100 * MONEY_MICROS), 1);
    assert_int_equal(policy_level_that_may(p, REFUND, 100 * MONEY_MICROS + 1), 2);
    assert_int_equal(policy_level_that_may(p, REFUND, 5000 * MONEY_MICROS), 3);
    assert_int_equal(policy_level_that_may(p, REFUND, INT64_MAX - 1), 4);
    assert_int_equal(policy_level_that_may(p, 0, 1), 0);
    assert_int_equal(policy_level_that_may(p, REMEDY_KIND_COUNT, 1), 0);
}

static void failures_are_found_by_code_or_nearest_branch(void **state)
{
    const struct policy *p = *state;
    assert_string_equal(policy_failure_find(p, "billing.overcharge")->code, "billing.overcharge");
    assert_string_equal(policy_failure_find(p, "billing")->code, "billing");
    assert_string_equal(policy_failure_find(p, "billing.never_heard_of")->code, "billing");
    assert_string_equal(policy_failure_find(p, "billing.overcharge.card")->code,
                        "billing.overcharge");
    assert_null(policy_failure_find(p, "bill"));
    assert_null(policy_failure_find(p, "billingx"));
    assert_null(policy_failure_find(p, "weather.rain"));
    assert_null(policy_failure_find(p, ""));
    assert_null(policy_failure_find(p, "."));
}

static void every_failure_is_found_and_asks_for_its_branch_as_skill(void **state)
{
    const struct policy *p = *state;
    for (size_t i = 0; i < p->n_failures; i++) {
        const struct policy_failure *f = &p->failures[i];
        size_t len = strcspn(f->code, ".");
        assert_ptr_equal(policy_failure_find(p, f->code), f);
        assert_int_equal(strlen(f->skill), len);
        assert_memory_equal(f->skill, f->code, len);
    }
}

static void sources_compile_by_name_or_text(void **state)
{
    (void)state;
    struct arena arena;
    struct fault fault;
    arena_init(&arena, 1 << 16);
    fault_init(&fault, &arena);
    struct policy *p = policy_compile(3, "default", &fault);
    assert_non_null(p);
    assert_int_equal(p->version, 3);
    policy_free(p);
    assert_null(policy_compile(3, "amends: 1\nlevels: []", &fault));
    assert_string_equal(fault.violations[0].key, "levels");
    assert_string_equal(fault.violations[0].text,
                        "line 2, column 1: is no key here; known are "
                        "amends, currency, time_zone, tiers, calendars, "
                        "ladder, failures, clocks, templates, notify, promises, close_gate, "
                        "reopen, assignment, priority, retention");
    arena_free(&arena);
}

static int setup(void **state)
{
    *state = policy_default(1);
    return 0;
}

static int teardown(void **state)
{
    policy_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_levels_each_with_a_steward_to_reach),
        cmocka_unit_test(lowest_level_may_give_something_of_every_kind),
        cmocka_unit_test(level_that_may_is_the_lowest),
        cmocka_unit_test(failures_are_found_by_code_or_nearest_branch),
        cmocka_unit_test(every_failure_is_found_and_asks_for_its_branch_as_skill),
        cmocka_unit_test(sources_compile_by_name_or_text),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
