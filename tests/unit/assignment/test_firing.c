/* SPDX-License-Identifier: Apache-2.0 */

/* The table of clocks being fired: each once, bounded, every place used again. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "assignment/timers/firing.h"

static struct firings firings;

static struct timer_member member(unsigned n, int64_t generation)
{
    struct timer_member m = {.tenant_id = 1, .generation = generation};
    memcpy(m.case_id.b, &n, sizeof(n));
    memcpy(m.clock_id.b + 16 - sizeof(n), &n, sizeof(n));
    return m;
}

static int setup(void **state)
{
    (void)state;
    firings_init(&firings, &firings);
    return 0;
}

static void each_is_fired_once_at_a_time(void **state)
{
    (void)state;
    const struct timer_member m = member(1, 1), moved = member(1, 2);
    struct firing *f = firings_add(&firings, &m, false);
    assert_non_null(f);
    assert_ptr_equal(f->owner, &firings);
    assert_null(firings_add(&firings, &m, true));
    assert_non_null(firings_add(&firings, &moved, false));
    firings_remove(&firings, f);
    assert_non_null(firings_add(&firings, &m, true));
    assert_int_equal(firings.n, 2);
    assert_int_equal(firings.n_found, 1);
}

static void a_full_table_takes_no_more_and_every_place_is_used_again(void **state)
{
    (void)state;
    struct firing *all[FIRING_MAX];
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < FIRING_MAX; i++) {
            const struct timer_member m = member(i * 7919, round);
            all[i] = firings_add(&firings, &m, i % 2);
            assert_non_null(all[i]);
        }
        const struct timer_member more = member(1, 99);
        assert_null(firings_add(&firings, &more, false));
        assert_int_equal(firings.n, FIRING_MAX);
        for (unsigned i = 0; i < FIRING_MAX; i++)
            firings_remove(&firings, all[(i * 31) % FIRING_MAX]);
        assert_int_equal(firings.n, 0);
        assert_int_equal(firings.n_found, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_is_fired_once_at_a_time, setup),
        cmocka_unit_test_setup(a_full_table_takes_no_more_and_every_place_is_used_again, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
