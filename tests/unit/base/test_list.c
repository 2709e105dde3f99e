/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/list.h"

struct thing {
    int number;
    struct list link;
};

static void test_order_and_removal(void **state)
{
    (void)state;
    struct list head;
    struct thing things[4] = {{.number = 0}, {.number = 1}, {.number = 2}, {.number = 3}};
    list_init(&head);
    assert_true(list_empty(&head));
    assert_null(list_pop_front(&head));
    for (size_t i = 1; i < 4; i++)
        list_push_back(&head, &things[i].link);
    list_push_front(&head, &things[0].link);
    list_remove(&things[2].link);
    list_remove(&things[2].link);
    static const int expected[] = {0, 1, 3};
    size_t n = 0;
    LIST_FOR_EACH (it, &head)
        assert_int_equal(CONTAINER_OF(it, struct thing, link)->number, expected[n++]);
    assert_int_equal(n, 3);
}

static void test_safe_walk_may_remove(void **state)
{
    (void)state;
    struct list head;
    struct thing things[3] = {{.number = 0}, {.number = 1}, {.number = 2}};
    list_init(&head);
    for (size_t i = 0; i < 3; i++)
        list_push_back(&head, &things[i].link);
    LIST_FOR_EACH_SAFE (it, &head)
        list_remove(it);
    assert_true(list_empty(&head));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_removal),
        cmocka_unit_test(test_safe_walk_may_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
