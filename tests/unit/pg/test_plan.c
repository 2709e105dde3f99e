/* SPDX-License-Identifier: Apache-2.0 */

/* The plans of the machinery's own and of the toy's statements; and that the check finds what is
 * wrong. */

#include "pg/statements.h"
#include "plan_check.h"
#include "toy.h"

static struct world *w;

static int set_up(void **state)
{
    (void)state;
    w = world_new("plan");
    world_exec(w, "create table child(tenant_id int4, parent int8, id int8, primary key "
                  "(tenant_id, parent, id))");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_free(w);
    return 0;
}

static void toy_statements_are_by_key(void **state)
{
    (void)state;
    assert_int_equal(plan_check(w->conninfo, toy_stmts, TOY_STMTS, NULL, NULL), 0);
}

static void own_statements_are_by_key(void **state)
{
    (void)state;
    static const char *const exempt[] = {PG_BEGIN, PG_COMMIT, PG_ROLLBACK,
                                         NULL}; /* they have no plan */
    assert_int_equal(plan_check(w->conninfo, pg_own_statements, pg_n_own_statements, NULL, exempt),
                     0);
}

static int bad(const char *sql)
{
    const struct pg_stmt stmt = {"bad", sql};
    return plan_check(w->conninfo, &stmt, 1, "tenant_id", NULL);
}

static void the_check_finds_bad_plans(void **state)
{
    (void)state;
    assert_true(bad("select * from entry where request = $1::int8") > 0);
    assert_true(bad("select a.* from unnest($1::int8[]) i join account a on a.id = i") > 0);
    assert_true(bad("select count(*) from account") > 0);
    assert_true(bad("select * from child where tenant_id = $1::int4 and id = $2::int8") > 0);
    assert_true(bad("select * from no_such_table") > 0);
}

static void the_check_lets_good_plans_pass(void **state)
{
    (void)state;
    assert_int_equal(bad("select * from child where tenant_id = $1::int4 and parent = $2::int8"),
                     0);
    assert_int_equal(bad("select * from account order by id limit 1"), 0);
    assert_int_equal(
        bad("select c.* from unnest($1::int4[], $2::int8[]) k(t, p) cross join lateral"
            " (select id from child where tenant_id = k.t and parent = k.p offset 0) c"),
        0);
}

static void exempt_statements_are_only_prepared(void **state)
{
    (void)state;
    static const struct pg_stmt stmts[] = {{"sweep", "select count(*) from account"}};
    static const char *const exempt[] = {"sweep", NULL};
    assert_int_equal(plan_check(w->conninfo, stmts, 1, NULL, exempt), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(toy_statements_are_by_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(own_statements_are_by_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_check_finds_bad_plans, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_check_lets_good_plans_pass, set_up, tear_down),
        cmocka_unit_test_setup_teardown(exempt_statements_are_only_prepared, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
