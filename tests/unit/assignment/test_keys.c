/* SPDX-License-Identifier: Apache-2.0 */

/* A member that was written to Redis reads back as it was written. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "assignment/engine/keys.h"

static void timers(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 4096);
    const struct route_timer t = {.tenant_id = INT64_MAX,
                                  .case_id = {{1, 2, 3}},
                                  .clock_id = {{4, 5, [15] = 9}},
                                  .generation = 12};
    int64_t tenant_id;
    int64_t generation;
    struct uuid case_id, clock_id;
    const char *text = member_timer(&arena, &t);
    assert_int_equal(member_timer_parse(text, &tenant_id, &case_id, &clock_id, &generation), AM_OK);
    assert_int_equal(tenant_id, INT64_MAX);
    assert_true(uuid_eq(&case_id, &t.case_id));
    assert_true(uuid_eq(&clock_id, &t.clock_id));
    assert_int_equal(generation, 12);
    assert_true(key_timer_shard(&t.clock_id) < KEY_TIMER_SHARDS);
    arena_free(&arena);
}

static void cases_and_agents(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 4096);
    const struct uuid id = {{8, 8}};
    struct uuid found;
    int64_t generation;
    int64_t tenant_id;
    const char *agent_id;
    assert_int_equal(member_case_parse(member_case(&arena, &id, 3), &found, &generation), AM_OK);
    assert_true(uuid_eq(&found, &id));
    assert_int_equal(generation, 3);
    assert_int_equal(member_agent_parse(member_agent(&arena, 5, "a/b@c.d"), &tenant_id, &agent_id),
                     AM_OK);
    assert_int_equal(tenant_id, 5);
    assert_string_equal(agent_id, "a/b@c.d");
    assert_string_equal(key_queue(&arena, 5, 2, "l=en"), "amends:q:5:2:l=en");
    assert_string_equal(key_heads(&arena, 5, 2), "amends:h:5:2");
    arena_free(&arena);
}

static void others_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "x",
                                      "7",
                                      "7/",
                                      "0/a",
                                      "-1/a",
                                      "99999999999/a",
                                      "7/a",
                                      "7/00000000-0000-0000-0000-000000000000/1"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        int64_t tenant_id;
        int64_t generation;
        struct uuid a, b;
        assert_int_equal(member_timer_parse(bad[i], &tenant_id, &a, &b, &generation), AM_EINVAL);
        assert_int_equal(member_case_parse(bad[i], &a, &generation), AM_EINVAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers),
        cmocka_unit_test(cases_and_agents),
        cmocka_unit_test(others_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
