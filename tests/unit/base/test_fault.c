/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/fault.h"

/* Reasons are numbers of the contract, which this part does not know. */
enum { CASE_NOT_FOUND = 5, STALE_VERSION = 10, CLOSE_GATE = 15 };

static struct arena arena;
static struct fault f;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 65536);
    fault_init(&f, &arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static void test_the_first_refusal_wins(void **state)
{
    (void)state;
    assert_false(fault_is_set(&f));
    fault_set(&f, FAULT_NOT_FOUND, CASE_NOT_FOUND, "no case %d", 7);
    fault_set(&f, FAULT_ABORTED, STALE_VERSION, "stale");
    assert_true(fault_is_set(&f));
    assert_int_equal(f.code, FAULT_NOT_FOUND);
    assert_int_equal(f.reason, CASE_NOT_FOUND);
    assert_string_equal(f.message, "no case 7");
}

static void test_all_violations_are_collected(void **state)
{
    (void)state;
    fault_violation(&f, "case.subject", "is longer than %d bytes", 200);
    fault_violation(&f, "request_id", "is not a UUID");
    assert_int_equal(f.code, FAULT_INVALID_ARGUMENT);
    assert_int_equal(f.reason, FAULT_REASON_INVALID_ARGUMENT);
    assert_string_equal(f.message, "case.subject: is longer than 200 bytes");
    assert_int_equal(f.n_violations, 2);
    assert_string_equal(f.violations[1].key, "request_id");
    assert_string_equal(f.violations[1].text, "is not a UUID");
}

static void test_violations_past_the_list_are_counted(void **state)
{
    (void)state;
    for (int i = 0; i < FAULT_ITEMS_MAX + 3; i++)
        fault_violation(&f, "items", "item %d is empty", i);
    assert_int_equal(f.n_violations, FAULT_ITEMS_MAX);
    assert_int_equal(f.n_left_out, 3);
    assert_string_equal(f.message, "35 violations, the first: items: item 0 is empty");
}

static void test_violation_does_not_change_another_refusal(void **state)
{
    (void)state;
    fault_set(&f, FAULT_NOT_FOUND, CASE_NOT_FOUND, "no case");
    fault_violation(&f, "x", "y");
    fault_missing(&f, "x", "y");
    assert_int_equal(f.code, FAULT_NOT_FOUND);
    assert_int_equal(f.n_violations, 0);
}

static void test_missing_items_go_with_a_failed_precondition(void **state)
{
    (void)state;
    fault_missing(&f, "ROOT_CAUSE", "root cause is not recorded");
    assert_false(fault_is_set(&f));
    fault_set(&f, FAULT_FAILED_PRECONDITION, CLOSE_GATE, "the case cannot be closed");
    fault_missing(&f, "PROMISE", "promise %d is open", 2);
    assert_int_equal(f.reason, CLOSE_GATE);
    assert_int_equal(f.n_violations, 2);
    assert_string_equal(f.violations[1].text, "promise 2 is open");
}

static void test_metadata_is_bounded(void **state)
{
    (void)state;
    for (int i = 0; i < 12; i++)
        fault_meta(&f, "version", "%d", i);
    assert_int_equal(f.n_metadata, 8);
    assert_string_equal(f.metadata[7].text, "7");
}

static void test_full_arena_keeps_code_and_reason(void **state)
{
    (void)state;
    struct arena tiny;
    struct fault g;
    arena_init(&tiny, 8);
    fault_init(&g, &tiny);
    fault_set(&g, FAULT_ABORTED, STALE_VERSION, "the case is at version %d", 12);
    assert_int_equal(g.code, FAULT_ABORTED);
    assert_int_equal(g.reason, STALE_VERSION);
    assert_string_equal(g.message, "");
    arena_free(&tiny);
}

#define FAULT_TEST(f_) cmocka_unit_test_setup_teardown(f_, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAULT_TEST(test_the_first_refusal_wins),
        FAULT_TEST(test_all_violations_are_collected),
        FAULT_TEST(test_violations_past_the_list_are_counted),
        FAULT_TEST(test_violation_does_not_change_another_refusal),
        FAULT_TEST(test_missing_items_go_with_a_failed_precondition),
        FAULT_TEST(test_metadata_is_bounded),
        FAULT_TEST(test_full_arena_keeps_code_and_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
