/* SPDX-License-Identifier: Apache-2.0 */

/* Which reads keep others waiting. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pg/pace.h"

enum { SMALL = 1, LONG, STMTS = 100 };

static struct pace_table table;

static int set_up(void **state)
{
    (void)state;
    table = (struct pace_table){0};
    return 0;
}

static bool heavy(uint64_t tenant, unsigned stmt)
{
    const struct pace p = pace_expected(&table, tenant, stmt);
    return pace_is_heavy(&p);
}

static void what_is_unknown_is_light(void **state)
{
    (void)state;
    assert_false(heavy(0, 0));
    assert_false(heavy(7, LONG));
}

static void long_reads_are_known_after_a_few(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        pace_learn(&table, 1, LONG, 20000, 100);
    assert_true(heavy(1, LONG));
    for (int i = 0; i < 5; i++)
        pace_learn(&table, 1, LONG, 300, 100);
    assert_false(heavy(1, LONG));
}

/* One result shows it. It holds for a while, because a tenant's cases differ. */
static void large_results_are_known_at_once(void **state)
{
    (void)state;
    pace_learn(&table, 1, LONG, 300, 5000000);
    assert_true(heavy(1, LONG));
    for (int i = 0; i < 10; i++)
        pace_learn(&table, 1, LONG, 300, 2000);
    assert_true(heavy(1, LONG));
    for (int i = 0; i < 50; i++)
        pace_learn(&table, 1, LONG, 300, 2000);
    assert_false(heavy(1, LONG));
}

/* When the processors are busy with others' reads, some small ones take ten times as long. They
 * must not wait behind the large ones for that. */
static void small_reads_stay_light_beside_a_noisy_neighbour(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        pace_learn(&table, 1, SMALL, i % 3 == 0 ? 6000 : 500, 20000);
        assert_false(heavy(1, SMALL));
    }
    /* What is sent behind one has to reckon with that. */
    assert_in_range(pace_expected(&table, 1, SMALL).us, 1000, 4000);
}

/* Of one tenant, too: its small reads are no heavier for its long ones. */
static void statements_and_tenants_are_told_apart(void **state)
{
    (void)state;
    for (unsigned stmt = 0; stmt < STMTS; stmt++)
        for (int i = 0; i < 5; i++)
            pace_learn(&table, 1, stmt, stmt % 2 ? 20000 : 300, 0);
    unsigned lost = 0;
    for (unsigned stmt = 0; stmt < STMTS; stmt++) {
        assert_true(!heavy(1, stmt) || stmt % 2);
        assert_false(heavy(2, stmt));
        lost += !heavy(1, stmt) && stmt % 2;
    }
    assert_in_range(lost, 0, STMTS / 10); /* some fall into one place */
}

static void odd_figures_do_no_harm(void **state)
{
    (void)state;
    pace_learn(&table, 1, SMALL, -5, 0);
    assert_false(heavy(1, SMALL));
    pace_learn(&table, 1, SMALL, INT64_MAX, 0); /* a server that stood still */
    for (int i = 0; i < 8; i++)
        pace_learn(&table, 1, SMALL, 300, 0);
    assert_false(heavy(1, SMALL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_unknown_is_light, set_up),
        cmocka_unit_test_setup(long_reads_are_known_after_a_few, set_up),
        cmocka_unit_test_setup(large_results_are_known_at_once, set_up),
        cmocka_unit_test_setup(small_reads_stay_light_beside_a_noisy_neighbour, set_up),
        cmocka_unit_test_setup(statements_and_tenants_are_told_apart, set_up),
        cmocka_unit_test_setup(odd_figures_do_no_harm, set_up),
    };
    return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
