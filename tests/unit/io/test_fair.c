/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>

#include "io/fair.h"

#define MAX_ITEMS 1000

static struct fair_item items[MAX_ITEMS];
static struct fair *q;

static int start(size_t capacity)
{
    for (size_t i = 0; i < MAX_ITEMS; i++)
        items[i] = (struct fair_item){0};
    q = fair_new(capacity);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    return start(8);
}

static int teardown(void **state)
{
    (void)state;
    fair_free(q);
    return 0;
}

static int push(size_t i, uint32_t tenant)
{
    items[i].tenant = tenant;
    return fair_push(q, &items[i]);
}

static void assert_takes(const size_t *expected, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct fair_item *item = fair_take(q);
        assert_non_null(item);
        assert_int_equal(item - items, expected[i]);
        assert_null(item->home);
    }
    assert_null(fair_take(q));
}

static void test_first_in_first_out_within_a_tenant(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(push(i, 7), AM_OK);
    assert_takes((const size_t[]){0, 1, 2}, 3);
}

/* A tenant with three waiting items does not delay those with one. */
static void test_round_robin_over_tenants(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(push(i, 1), AM_OK);
    assert_int_equal(push(3, 2), AM_OK);
    assert_int_equal(push(4, 3), AM_OK);
    assert_int_equal(fair_tenants(q), 3);
    assert_takes((const size_t[]){0, 3, 4, 1, 2}, 5);
    assert_int_equal(fair_tenants(q), 0);
}

static void test_one_tenant_passed_over(void **state)
{
    (void)state;
    assert_null(fair_take_but(q, 1));
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(push(i, 1), AM_OK);
    assert_null(fair_take_but(q, 1));
    assert_int_equal(push(2, 2), AM_OK);
    assert_int_equal(push(3, 3), AM_OK);
    assert_ptr_equal(fair_take_but(q, 1), &items[2]);
    assert_ptr_equal(fair_take_but(q, 1), &items[3]);
    assert_null(fair_take_but(q, 1));
    assert_takes((const size_t[]){0, 1}, 2);
}

static void test_a_tenant_alone_gets_half(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(push(i, 1), AM_OK);
    assert_int_equal(push(4, 1), AM_EAGAIN);
    assert_int_equal(push(5, 2), AM_OK);
    assert_int_equal(fair_len(q), 5);
    assert_non_null(fair_take(q));
    assert_int_equal(push(4, 1), AM_OK);
}

static void test_a_full_queue_refuses_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(push(i, (uint32_t)(i / 4)), AM_OK);
    assert_int_equal(push(8, 9), AM_EAGAIN);
    assert_int_equal(fair_tenants(q), 2);
}

static void test_put_back_goes_to_the_head_and_is_never_refused(void **state)
{
    (void)state;
    assert_int_equal(push(0, 1), AM_OK);
    assert_int_equal(push(1, 1), AM_OK);
    struct fair_item *item = fair_take(q);
    for (size_t i = 2; i < 5; i++)
        assert_int_equal(push(i, 1), AM_OK);
    fair_push_head(q, item);
    assert_int_equal(fair_len(q), 5);
    assert_int_equal(push(5, 1), AM_EAGAIN);
    assert_takes((const size_t[]){0, 1, 2, 3, 4}, 5);
    fair_push_head(q, item);
    assert_takes((const size_t[]){0}, 1);
}

static void test_remove_from_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(push(i, 1), AM_OK);
    assert_int_equal(push(3, 2), AM_OK);
    fair_remove(q, &items[1]);
    fair_remove(q, &items[3]);
    assert_null(items[1].home);
    assert_int_equal(fair_tenants(q), 1);
    assert_takes((const size_t[]){0, 2}, 2);
}

/* Random pushes, takes and removals are compared with plain counting. */
static void test_counts_hold(void **state)
{
    (void)state;
    size_t per_tenant[50] = {0};
    size_t len = 0;
    unsigned seed = 1;
    fair_free(q);
    (void)start(200);
    for (int step = 0; step < 200000; step++) {
        struct fair_item *item = &items[(size_t)rand_r(&seed) % MAX_ITEMS];
        if (rand_r(&seed) % 3 == 0) {
            item = fair_take(q);
            assert_true((item == NULL) == (len == 0));
            if (item) {
                len--;
                per_tenant[item->tenant]--;
            }
        } else if (item->home) {
            fair_remove(q, item);
            len--;
            per_tenant[item->tenant]--;
        } else {
            item->tenant = (uint32_t)rand_r(&seed) % (step % 2 ? 2 : 50);
            bool expected = len < 200 && per_tenant[item->tenant] < 100;
            assert_int_equal(fair_push(q, item), expected ? AM_OK : AM_EAGAIN);
            len += expected;
            per_tenant[item->tenant] += expected;
        }
        assert_int_equal(fair_len(q), len);
    }
    size_t waiting = 0;
    for (size_t i = 0; i < 50; i++)
        waiting += per_tenant[i] > 0;
    assert_int_equal(fair_tenants(q), waiting);
}

static void test_freeing_lets_go_of_items(void **state)
{
    (void)state;
    assert_int_equal(push(0, 1), AM_OK);
    fair_free(q);
    assert_null(items[0].home);
    (void)start(1);
    assert_int_equal(push(0, 1), AM_OK);
    assert_int_equal(push(1, 2), AM_EAGAIN);
}

#define FAIR_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static void test_whether_others_wait(void **state)
{
    (void)state;
    assert_false(fair_others_wait(q, 7));
    assert_int_equal(push(0, 7), AM_OK);
    assert_false(fair_others_wait(q, 7));
    assert_true(fair_others_wait(q, 8));
    assert_int_equal(push(1, 8), AM_OK);
    assert_true(fair_others_wait(q, 7));
}

/* Nobody loses a turn because there was no place for what was taken. */
static void test_given_back_is_next_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(push(i, 1), AM_OK);
    assert_int_equal(push(2, 2), AM_OK);
    fair_push_next(q, fair_take(q));
    fair_push_next(q, fair_take(q));
    assert_takes((const size_t[]){0, 2, 1}, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAIR_TEST(test_first_in_first_out_within_a_tenant),
        FAIR_TEST(test_round_robin_over_tenants),
        FAIR_TEST(test_one_tenant_passed_over),
        FAIR_TEST(test_a_tenant_alone_gets_half),
        FAIR_TEST(test_a_full_queue_refuses_all),
        FAIR_TEST(test_put_back_goes_to_the_head_and_is_never_refused),
        FAIR_TEST(test_remove_from_anywhere),
        FAIR_TEST(test_counts_hold),
        FAIR_TEST(test_whether_others_wait),
        FAIR_TEST(test_given_back_is_next_again),
        FAIR_TEST(test_freeing_lets_go_of_items),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
