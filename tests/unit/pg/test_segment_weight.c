/* SPDX-License-Identifier: Apache-2.0 */

/* Commands that read much: they run in small company, hold nobody up, and all of them get through.
 * There is one segment connection, so that segments have an order. */

#include "pg/metrics.h"
#include "toy.h"

#define MB ((size_t)1 << 20)
#define LARGE 24

static struct world *w;
static struct toy *toy;

static int set_up(void **state)
{
    (void)state;
    w = world_new("weight");
    toy = toy_new(w, 1, 1, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    toy_free(toy);
    world_check(w);
    world_free(w);
    return 0;
}

static struct toy_cmd *send(enum pg_seg_class cls, uint64_t tenant, int64_t id, size_t bytes)
{
    static int64_t request;
    struct toy_cmd *c = toy_cmd(toy, ++request, id, 1);
    c->cmd.cls = cls;
    c->cmd.item.tenant = tenant;
    c->bytes = bytes;
    toy_submit(c);
    return c;
}

/* The bytes that the commands decided in one segment read. */
static size_t read_in(struct toy_cmd *const *cmds, size_t n, uint64_t segment)
{
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += cmds[i]->segment == segment ? cmds[i]->bytes : 0;
    return bytes;
}

static int64_t overflows(void)
{
    return metric_get(&pg_metric_segments, PG_SEGMENT_LARGE);
}

static void assert_all_fit(struct toy_cmd *const *cmds, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(cmds[i]->code, FAULT_OK);
        assert_int_equal(cmds[i]->decisions, 1);
        if (cmds[i]->bytes <= PG_SEG_READ_BYTES)
            assert_true(read_in(cmds, n, cmds[i]->segment) <= PG_SEG_READ_BYTES);
    }
}

static void large_commands_run_in_small_company(void **state)
{
    (void)state;
    struct toy_cmd *c[LARGE];
    const int64_t before = overflows();
    for (int64_t i = 0; i < LARGE; i++)
        c[i] = send(PG_SEG_TIMER, 1, i, 1 * MB);
    world_settle(w, 20000);
    assert_all_fit(c, LARGE);
    assert_int_equal(overflows(), before + 1);
    /* Their weights are known the next time. */
    for (int64_t i = 0; i < LARGE; i++)
        c[i] = send(PG_SEG_TIMER, 1, i, 1 * MB);
    world_settle(w, 20000);
    assert_all_fit(c, LARGE);
    assert_int_equal(overflows(), before + 1);
}

static void small_commands_behind_large_ones_go_on(void **state)
{
    (void)state;
    struct toy_cmd *large[LARGE], *small[LARGE];
    for (int64_t i = 0; i < LARGE; i++)
        large[i] = send(PG_SEG_TIMER, 1, i, 3 * MB);
    for (int64_t i = 0; i < LARGE; i++)
        small[i] = send(PG_SEG_TIMER, i % 2 ? 1 : 2, 1000 + i, 0);
    world_settle(w, 20000);
    assert_all_fit(large, LARGE);
    for (int i = 0; i < LARGE; i++)
        assert_true(small[i]->segment <= 2); /* the first one was too large */
    for (int i = 1; i < LARGE; i++)
        assert_true(large[i]->segment == large[i - 1]->segment + 1);
}

static void one_that_is_larger_than_a_segment_runs_alone(void **state)
{
    (void)state;
    struct toy_cmd *c[3];
    for (int64_t i = 0; i < 3; i++)
        c[i] = send(PG_SEG_CALL, 1, i, i == 1 ? 9 * MB : 1 * MB);
    world_settle(w, 20000);
    assert_all_fit(c, 3);
    assert_int_equal(c[0]->segment, c[2]->segment);
    assert_int_not_equal(c[0]->segment, c[1]->segment);
}

/* Weights of calls leave no room for a timer's, segment after segment. */
static void large_calls_do_not_keep_a_large_timer_waiting(void **state)
{
    (void)state;
    struct toy_cmd *calls[LARGE], *timer;
    for (int64_t i = 0; i < LARGE; i++)
        calls[i] = send(PG_SEG_CALL, 1 + (uint64_t)i, i, 2 * MB);
    timer = send(PG_SEG_TIMER, 1, 1000, 3 * MB);
    world_settle(w, 20000);
    assert_all_fit(calls, LARGE);
    assert_int_equal(timer->code, FAULT_OK);
    assert_true(timer->segment <= 4);
    assert_true(toy->segments > LARGE / 2);
}

/* The server gives up a statement after two seconds. */
static void too_slow_for_many(struct toy *t, struct pg_seg *seg)
{
    struct pg_args args;
    (void)t;
    pg_args_init(&args, seg->arena);
    pg_arg_int4(&args, seg->n > 3 ? 10000 : 0);
    pg_seg_send(seg, TOY_SLEEP, &args);
}

static void a_statement_that_takes_too_long_is_tried_in_small_company(void **state)
{
    (void)state;
    struct toy_cmd *c[6];
    toy->on_read = too_slow_for_many;
    for (int64_t i = 0; i < 6; i++)
        c[i] = send(PG_SEG_TIMER, 1, i, 0);
    world_settle(w, 20000);
    for (int i = 0; i < 6; i++)
        assert_int_equal(c[i]->code, FAULT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(large_commands_run_in_small_company, set_up, tear_down),
        cmocka_unit_test_setup_teardown(small_commands_behind_large_ones_go_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_is_larger_than_a_segment_runs_alone, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(large_calls_do_not_keep_a_large_timer_waiting, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_statement_that_takes_too_long_is_tried_in_small_company,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests_name("segment_weight", tests, NULL, NULL);
}
