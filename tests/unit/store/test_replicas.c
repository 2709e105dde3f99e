/* SPDX-License-Identifier: Apache-2.0 */

/* Two replicas at once: what holds between processes holds by the database alone. */

#include "calls.h"

#include <stdio.h>
#include <string.h>

#include "assignment/decide/decide.h"
#include "contract/word.h"

#define MANY 100
#define CAPACITY 3

static struct rig *one, *two;
static struct call calls[MANY];

/* Half of the calls go to each replica; all at once. */
static void submit_all(size_t n)
{
    for (size_t i = 0; i < n; i++)
        store_submit(i % 2 ? one->store : two->store, &calls[i].sub);
    bool both = false;
    while (!both) {
        rig_turn(one);
        rig_turn(two);
        both = true;
        for (size_t i = 0; i < n; i++)
            both = both && calls[i].done;
    }
}

static void free_all(size_t n)
{
    for (size_t i = 0; i < n; i++)
        call_free(&calls[i]);
}

static void assert_all_ok(size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (fault_is_set(&calls[i].sub.cmd.fault))
            fail_msg("%s: %s", contract_reason(calls[i].sub.cmd.fault.reason),
                     calls[i].sub.cmd.fault.message);
}

static void test_one_request_id(void **state)
{
    (void)state;
    for (int i = 0; i < MANY; i++)
        call_open(one, &calls[i],
                  (struct opening){"7e57ab1e-0000-4000-8000-000000000001", "ada", "delivery.late",
                                   "A-1"});
    submit_all(MANY);
    assert_all_ok(MANY);
    for (int i = 1; i < MANY; i++)
        assert_true(uuid_eq(&calls[0].sub.cmd.result_case_id, &calls[i].sub.cmd.result_case_id));
    free_all(MANY);
    assert_int_equal(rig_int(one, "select count(*) from recovery_case"), 1);
    assert_int_equal(rig_int(one, "select count(*) from signal"), 1);
    assert_sound(one);
}

static void test_one_claim(void **state)
{
    size_t joined = 0;
    (void)state;
    for (int i = 0; i < MANY; i++)
        call_open(one, &calls[i], (struct opening){NULL, "bob", "delivery.late", "B-1"});
    submit_all(MANY);
    assert_all_ok(MANY);
    for (int i = 0; i < MANY; i++)
        joined += calls[i].sub.cmd.joined;
    assert_int_equal(joined, MANY - 1);
    free_all(MANY);
    assert_int_equal(rig_int(one, "select count(*) from recovery_case where customer_id = 'bob'"),
                     1);
    assert_int_equal(rig_int(one, "select count(*) from signal s join recovery_case c using"
                                  " (tenant_id, case_id) where c.customer_id = 'bob'"),
                     MANY);
    assert_sound(one);
}

/* Both replicas give cases to one agent: never more than there is room for. */
static void test_capacity(void **state)
{
    struct offer_case_args args = {.generation = 1, .accepted = true};
    size_t accepted = 0;
    char order[16];
    (void)state;
    rig_exec(one,
             "insert into agent values (" RIG_TENANT
             ", 'gus', 1, '', '', '', 1, %d, 'delivery:1', '', '',"
             " 1, '2026-01-01', '2026-01-01')",
             CAPACITY);
    for (int i = 0; i < 20; i++) {
        (void)snprintf(order, sizeof(order), "C-%d", i);
        call_open(one, &calls[i], (struct opening){NULL, "carl", "delivery.late", order});
    }
    submit_all(20);
    assert_all_ok(20);
    free_all(20);
    for (int i = 0; i < 20; i++) {
        const char *id = rig_value(one,
                                   "select case_id from recovery_case where order_reference ="
                                   " 'C-%d'",
                                   i);
        call_init(one, &calls[i], &offer_case_kind, NULL);
        assert_int_equal(uuid_parse(id, &calls[i].sub.cmd.case_id), AM_OK);
        calls[i].sub.cmd.agent_id = "gus";
        calls[i].sub.cmd.principal = SYSTEM_ACTOR;
        calls[i].sub.cmd.args = &args;
    }
    submit_all(20);
    for (int i = 0; i < 20; i++) {
        accepted += !fault_is_set(&calls[i].sub.cmd.fault);
        if (fault_is_set(&calls[i].sub.cmd.fault))
            assert_int_equal(calls[i].sub.cmd.fault.code, FAULT_FAILED_PRECONDITION);
    }
    assert_int_equal(accepted, CAPACITY);
    free_all(20);
    assert_int_equal(rig_int(one, "select count(*) from recovery_case where owner_id = 'gus'"),
                     CAPACITY);
    assert_sound(one);
}

static int setup(void **state)
{
    (void)state;
    one = rig_new("replicas", NULL, 0);
    two = rig_join(one);
    rig_connect(one, NULL);
    rig_connect(two, NULL);
    /* Both know the tenant before they race. */
    struct call c;
    call_init(one, &c, &offer_case_kind, NULL);
    call_free(&c);
    call_init(two, &c, &offer_case_kind, NULL);
    call_free(&c);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_free(two);
    rig_free(one);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_request_id),
        cmocka_unit_test(test_one_claim),
        cmocka_unit_test(test_capacity),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
