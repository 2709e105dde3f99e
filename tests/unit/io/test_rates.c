/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/time.h"
#include "io/rates.h"

#define NOW INT64_C(1000000000)

/* How often the name may use one unit at this time. */
static int uses(struct rates *r, const char *name, int64_t now_us)
{
    int n = 0;
    for (; rates_wait_us(r, name, now_us) == 0 && n < 100000; n++)
        rates_use(r, name, 1, now_us);
    return n;
}

static void a_burst_and_then_so_many_a_second(void **state)
{
    struct rates *r = rates_new(100, 200);
    (void)state;
    assert_int_equal(uses(r, "ann", NOW), 200);
    assert_int_equal(rates_wait_us(r, "ann", NOW), 10000);
    assert_int_equal(uses(r, "ann", NOW + 9999), 0);
    assert_int_equal(uses(r, "ann", NOW + 10000), 1);
    assert_int_equal(uses(r, "ann", NOW + US_PER_S), 99);
    assert_int_equal(uses(r, "bob", NOW), 200);
    assert_int_equal(uses(r, "ann", NOW + 3600 * US_PER_S), 200);
    rates_free(r);
}

static void what_costs_much_is_let_in_and_paid_afterwards(void **state)
{
    struct rates *r = rates_new(100, 200);
    (void)state;
    rates_use(r, "ann", 150, NOW);
    assert_int_equal(rates_wait_us(r, "ann", NOW), 0);
    rates_use(r, "ann", 150, NOW);
    assert_int_equal(rates_wait_us(r, "ann", NOW), 1010 * US_PER_MS);
    rates_free(r);
}

/* Whoever lowers the limit does not lock out for hours whoever makes one call that costs much. */
static void one_use_is_a_bucket_at_most(void **state)
{
    struct rates *r = rates_new(1, 2);
    (void)state;
    rates_use(r, "ann", 5000, NOW);
    assert_int_equal(rates_wait_us(r, "ann", NOW), US_PER_S);
    rates_free(r);
}

/* Calls that are let in at once are all paid afterwards: they owe half a minute at most. */
static void many_uses_at_once_owe_within_bounds(void **state)
{
    struct rates *r = rates_new(100, 200);
    (void)state;
    for (int i = 0; i < 2048; i++)
        rates_use(r, "ann", 200, NOW);
    assert_in_range(rates_wait_us(r, "ann", NOW), 20 * US_PER_S, 30 * US_PER_S);
    assert_int_equal(rates_wait_us(r, "ann", NOW + 30 * US_PER_S), 0);
    rates_free(r);
}

static void no_limit(void **state)
{
    struct rates *r = rates_new(0, 0);
    (void)state;
    assert_int_equal(uses(r, "ann", NOW), 100000);
    rates_free(r);
    rates_free(NULL);
}

/* More names than there are places: those that have used nothing else give way. */
static void many_names(void **state)
{
    struct rates *r = rates_new(1, 100);
    char name[RATES_NAME_BYTES + 50];
    (void)state;
    rates_use(r, "busy", 100, NOW);
    for (int i = 0; i < 100000; i++) {
        (void)snprintf(name, sizeof name, "%d", i);
        rates_use(r, name, 1, NOW);
        rates_use(r, "busy", 1, NOW);
    }
    assert_true(rates_wait_us(r, "busy", NOW) > 0);
    for (size_t i = 0; i < sizeof name - 1; i++)
        name[i] = 'x';
    name[sizeof name - 1] = '\0';
    rates_use(r, name, 100, NOW);
    assert_true(rates_wait_us(r, name, NOW) > 0);
    rates_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_and_then_so_many_a_second),
        cmocka_unit_test(what_costs_much_is_let_in_and_paid_afterwards),
        cmocka_unit_test(one_use_is_a_bucket_at_most),
        cmocka_unit_test(many_uses_at_once_owe_within_bounds),
        cmocka_unit_test(no_limit),
        cmocka_unit_test(many_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
