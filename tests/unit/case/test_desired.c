/* SPDX-License-Identifier: Apache-2.0 */

/* The customer's wishes keep their order. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "case/model/desired.h"

static void assert_order(int32_t wishes, const int *expected, size_t n)
{
    int order[DESIRED_MAX];
    assert_int_equal(desired_list(wishes, order), n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(order[i], expected[i]);
}

/* All orders of all outcomes, by swapping each to the front of the rest. */
static void try_orders(int *all, size_t from)
{
    if (from == DESIRED_MAX) {
        int32_t wishes = 0;
        for (size_t i = 0; i < DESIRED_MAX; i++) {
            wishes = desired_add(wishes, all[i]);
            assert_order(wishes, all, i + 1);
        }
        assert_true(wishes > 0);
        return;
    }
    for (size_t i = from; i < DESIRED_MAX; i++) {
        const int one = all[i];
        all[i] = all[from];
        all[from] = one;
        try_orders(all, from + 1);
        all[from] = all[i];
        all[i] = one;
    }
}

static void every_order_is_kept(void **state)
{
    (void)state;
    int all[DESIRED_MAX] = {1, 2, 3, 4, 5, 6, 7};
    try_orders(all, 0);
}

static void a_wish_said_twice_keeps_its_first_place(void **state)
{
    (void)state;
    int32_t wishes = desired_add(desired_add(0, 5), 2);
    assert_int_equal(desired_add(wishes, 5), wishes);
}

/* Release 1 sets bits alone, also in a row whose places we filled. */
static void bits_without_a_place_come_last(void **state)
{
    (void)state;
    assert_order(1 << 6 | 1 << 2, (const int[]){2, 6}, 2);
    const int32_t wishes = desired_add(desired_add(0, 7), 3) | 1 << 1;
    assert_order(wishes, (const int[]){7, 3, 1}, 3);
    assert_order(desired_add(wishes, 4), (const int[]){7, 3, 1, 4}, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_order_is_kept),
        cmocka_unit_test(a_wish_said_twice_keeps_its_first_place),
        cmocka_unit_test(bits_without_a_place_come_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
