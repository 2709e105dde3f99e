/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "assignment/matching/claims.h"

static const struct uuid one = {{1}}, two = {{2}};

static void a_case_is_claimed_once(void **state)
{
    struct claims c = {0};
    struct claim mine = {0}, theirs = {0};
    (void)state;
    assert_true(claims_take(&c, &mine, &one));
    assert_false(claims_take(&c, &theirs, &one));
    assert_true(claims_take(&c, &theirs, &two));
    assert_int_equal(c.n, 2);
    claims_drop(&c, &mine);
    claims_drop(&c, &theirs);
    assert_int_equal(c.n, 0);
}

static void a_dropped_case_is_free_again(void **state)
{
    struct claims c = {0};
    struct claim mine = {0}, theirs = {0};
    (void)state;
    assert_true(claims_take(&c, &mine, &one));
    assert_true(claims_has(&c, &one));
    assert_false(claims_has(&c, &two));
    claims_drop(&c, &mine);
    claims_drop(&c, &mine); /* holds nothing */
    assert_false(claims_has(&c, &one));
    assert_true(claims_take(&c, &theirs, &one));
    claims_drop(&c, &theirs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_is_claimed_once),
        cmocka_unit_test(a_dropped_case_is_free_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
