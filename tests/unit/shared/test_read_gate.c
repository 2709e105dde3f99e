/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/list.h"
#include "contract/reasons.h"
#include "shared/read_gate.h"

#define MB (1u << 20)

/* A read of the test. */
struct look {
    struct read_gate_place place;
    int begun, refused;
    int order; /* when it began */
};

static struct read_gate *gate;
static int begun;

static void done(struct read_gate_place *place, const struct fault *fault)
{
    struct look *l = CONTAINER_OF(place, struct look, place);
    if (fault)
        assert_int_equal(fault->reason, ERROR_REASON_OVERLOADED);
    l->refused += fault != NULL;
    l->begun += fault == NULL;
    l->order = ++begun;
}

static void enter(struct look *l, uint64_t tenant, size_t bytes)
{
    *l = (struct look){.place = {.bytes = bytes, .done = done}};
    l->place.item.tenant = tenant;
    read_gate_enter(gate, &l->place);
}

static int setup(void **state)
{
    (void)state;
    gate = read_gate_new(2 * READ_GATE_MOST, 8);
    begun = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    read_gate_free(gate);
    return 0;
}

/* One tenant alone has half of the 32 MB for large reads; there is room for another one. */
static void a_tenant_holds_as_much_as_is_free(void **state)
{
    struct look a[4], b;
    (void)state;
    for (int i = 0; i < 3; i++)
        enter(&a[i], 1, 8 * MB);
    assert_int_equal(a[0].begun + a[1].begun, 2);
    assert_int_equal(a[2].begun, 0);
    enter(&b, 2, 8 * MB);
    assert_int_equal(b.begun, 1);
    read_gate_leave(gate, &b.place);
    assert_int_equal(a[2].begun, 0);
    read_gate_leave(gate, &a[0].place);
    assert_int_equal(a[2].begun, 1);
    read_gate_leave(gate, &a[1].place);
    read_gate_leave(gate, &a[2].place);
    read_gate_leave(gate, &a[2].place); /* nothing the second time */
}

static void small_reads_do_not_wait_for_large_ones(void **state)
{
    struct look large, waiting, small;
    (void)state;
    enter(&large, 1, READ_GATE_MOST);
    enter(&waiting, 2, READ_GATE_MOST);
    enter(&small, 2, 1 * MB);
    assert_int_equal(large.begun + small.begun, 2);
    assert_int_equal(waiting.begun, 0);
    read_gate_leave(gate, &large.place);
    assert_int_equal(waiting.begun, 1);
    read_gate_leave(gate, &waiting.place);
    read_gate_leave(gate, &small.place);
}

/* A read that needs everything gets it, although smaller ones keep coming. */
static void a_large_read_has_its_turn(void **state)
{
    struct look first, all, later;
    (void)state;
    enter(&first, 1, 4 * MB);
    enter(&all, 2, READ_GATE_MOST);
    enter(&later, 3, 4 * MB);
    assert_int_equal(all.begun + later.begun, 0);
    read_gate_leave(gate, &first.place);
    assert_int_equal(all.begun, 1);
    assert_int_equal(later.begun, 0);
    read_gate_leave(gate, &all.place);
    assert_int_equal(later.begun, 1);
    read_gate_leave(gate, &later.place);
}

static void tenants_have_turns(void **state)
{
    struct look holds, a[3], b;
    (void)state;
    enter(&holds, 9, READ_GATE_MOST);
    for (int i = 0; i < 3; i++)
        enter(&a[i], 1, 10 * MB);
    enter(&b, 2, 10 * MB);
    read_gate_leave(gate, &holds.place);
    assert_int_equal(a[0].begun + b.begun, 2);
    assert_int_equal(a[1].begun, 0);
    read_gate_leave(gate, &b.place);
    for (int i = 0; i < 3; i++)
        read_gate_leave(gate, &a[i].place);
    assert_int_equal(a[2].begun, 1);
}

/* The queue has eight places, and one tenant half of them. */
static void what_cannot_wait_is_refused(void **state)
{
    struct look holds, a[5];
    (void)state;
    enter(&holds, 9, READ_GATE_MOST);
    assert_true(read_gate_would_wait(gate, &holds.place));
    for (int i = 0; i < 5; i++)
        enter(&a[i], 1, 4 * MB);
    assert_int_equal(a[3].refused, 0);
    assert_int_equal(a[4].refused, 1);
    for (int i = 0; i < 4; i++)
        read_gate_leave(gate, &a[i].place); /* stops waiting */
    read_gate_leave(gate, &a[4].place);
    read_gate_leave(gate, &holds.place);
    assert_int_equal(a[0].begun, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_tenant_holds_as_much_as_is_free), TEST(small_reads_do_not_wait_for_large_ones),
        TEST(a_large_read_has_its_turn),         TEST(tenants_have_turns),
        TEST(what_cannot_wait_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
