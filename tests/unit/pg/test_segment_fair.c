/* SPDX-License-Identifier: Apache-2.0 */

/* The order of commands by tenants, classes and shares. There is one segment connection, so that
 * segments have an order. */

#include <stdio.h>

#include "contract/reasons.h"
#include "toy.h"

static struct world *w;
static struct toy *toy;

static int set_up(void **state)
{
    (void)state;
    w = world_new("fair");
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

static struct toy_cmd *send_as(uint32_t tenant, enum pg_seg_class cls, int64_t id)
{
    struct toy_cmd *c = toy_cmd(toy, id, id, 1);
    c->cmd.item.tenant = tenant;
    c->cmd.cls = cls;
    toy_submit(c);
    return c;
}

static void a_flood_does_not_delay_another_tenant(void **state)
{
    (void)state;
    struct toy_cmd *b[20];
    struct toy_cmd *a[2000];
    for (int64_t i = 0; i < 2000; i++)
        a[i] = send_as(1, PG_SEG_CALL, 1 + i);
    world_turn(w, 0); /* a first segment of A alone is on its way */
    for (int64_t i = 0; i < 20; i++)
        b[i] = send_as(2, PG_SEG_CALL, 10000 + i);
    world_settle(w, 20000);
    uint64_t first = b[0]->segment;
    assert_true(first <= 3);
    for (int i = 0; i < 20; i++)
        assert_int_equal(b[i]->segment, first); /* all of B in the very next segment */
    for (int i = 0; i < 2000; i++)
        assert_true(a[i]->segment != first); /* and A, who would make it last, is not in it */
    for (int i = 1; i < 2000; i++)
        assert_true(a[i]->segment >= a[i - 1]->segment);
}

static void bulk_alone_has_whole_segments(void **state)
{
    (void)state;
    struct toy_cmd *bulk[256];
    for (int64_t i = 0; i < 256; i++)
        bulk[i] = send_as(3, PG_SEG_BULK, 1 + i);
    world_settle(w, 20000);
    for (int i = 0; i < 256; i++)
        assert_int_equal(bulk[i]->segment, 1 + i / PG_SEG_COMMANDS);
}

/* How many of the commands were in that segment. */
static int members(struct toy_cmd *const *cmds, int n, uint64_t segment)
{
    int found = 0;
    for (int i = 0; i < n; i++)
        found += cmds[i]->segment == segment;
    return found;
}

static void a_crowd_has_half_of_a_segment_while_others_are_active(void **state)
{
    (void)state;
    struct toy_cmd *a[500];
    for (int64_t i = 0; i < 500; i++)
        a[i] = send_as(1, PG_SEG_CALL, 1 + i);
    world_turn(w, 0);
    struct toy_cmd *b = send_as(2, PG_SEG_CALL, 9999);
    world_settle(w, 20000);
    assert_int_equal(members(a, 500, 1), PG_SEG_COMMANDS); /* nobody else was there */
    assert_int_equal(b->segment, 2);
    assert_int_equal(members(a, 500, 2), 0);
    assert_int_equal(members(a, 500, 3), PG_SEG_COMMANDS / 2);
}

/* There is one connection, and other tenants always have commands: the crowd still gets every fifth
 * segment, and its turn in it. */
static void a_crowd_is_not_passed_over_for_ever(void **state)
{
    (void)state;
    struct toy_cmd *a[400];
    (void)send_as(2, PG_SEG_CALL, 9999);
    for (int64_t i = 0; i < 400; i++)
        a[i] = send_as(1, PG_SEG_CALL, 1 + i);
    for (int64_t i = 0; i < 600; i++) /* of 200 tenants, three each */
        (void)send_as(3 + (uint32_t)(i % 200), PG_SEG_CALL, 10000 + i);
    world_turn(w, 0);
    world_settle(w, 20000);
    assert_true(a[0]->segment <= 6);
}

/* The commands that should go first have expired. The crowd must then go without waiting for
 * another wake-up. */
static void a_crowd_goes_when_the_others_have_expired(void **state)
{
    (void)state;
    struct toy_cmd *b[5];
    for (int64_t i = 0; i < 200; i++)
        (void)send_as(1, PG_SEG_CALL, 1 + i);
    world_turn(w, 0);
    for (int64_t i = 0; i < 5; i++) {
        b[i] = send_as(2, PG_SEG_CALL, 10000 + i);
        b[i]->cmd.deadline_us = 1;
    }
    world_settle(w, 20000);
    for (int64_t i = 0; i < 5; i++)
        assert_int_equal(b[i]->code, FAULT_DEADLINE_EXCEEDED);
}

/* Two connections: while one carries a segment of A, the commands of B go at once on the other,
 * which A does not get. */
static void a_flood_leaves_the_last_connection_to_others(void **state)
{
    (void)state;
    struct toy *two = toy_new(w, 2, 1, NULL), *before = toy;
    struct toy_cmd *b[20];
    toy = two;
    for (int64_t i = 0; i < 400; i++)
        (void)send_as(1, PG_SEG_CALL, 1 + i);
    (void)send_as(2, PG_SEG_CALL, 9999); /* both are active */
    world_turn(w, 0);
    for (int64_t i = 0; i < 20; i++)
        b[i] = send_as(2, PG_SEG_CALL, 10000 + i);
    world_turn(w, 0);
    for (int i = 0; i < 20; i++)
        assert_int_equal(b[i]->cmd.tries, 1); /* on its way */
    world_settle(w, 20000);
    toy_free(two);
    toy = before;
}

static void two_floods_halve_the_segments(void **state)
{
    (void)state;
    struct toy_cmd *cmds[2][640];
    for (int64_t i = 0; i < 640; i++)
        cmds[0][i] = send_as(1, PG_SEG_CALL, 1 + i);
    for (int64_t i = 0; i < 640; i++)
        cmds[1][i] = send_as(2, PG_SEG_CALL, 10000 + i);
    world_settle(w, 20000);
    for (uint64_t s = 1; s <= 20; s++) {
        int n[2] = {0, 0};
        for (int i = 0; i < 2 * 640; i++)
            n[i % 2] += cmds[i % 2][i / 2]->segment == s;
        assert_int_equal(n[0], PG_SEG_COMMANDS / 2);
        assert_int_equal(n[1], PG_SEG_COMMANDS / 2);
    }
}

static void timers_have_a_quarter(void **state)
{
    (void)state;
    struct toy_cmd *calls[960], *timers[160];
    for (int64_t i = 0; i < 960; i++)
        calls[i] = send_as(1, PG_SEG_CALL, 1 + i);
    for (int64_t i = 0; i < 160; i++)
        timers[i] = send_as(1, PG_SEG_TIMER, 10000 + i);
    world_settle(w, 20000);
    for (int i = 0; i < 160; i++)
        assert_int_equal(timers[i]->segment, 1 + i / 16); /* 16 in each */
    for (int i = 0; i < 480; i++)
        assert_int_equal(calls[i]->segment, 1 + i / 48);
}

/* -- bulk -------------------------------------------------------------------------------------- */

static int64_t next_id;

/* Each answered call is followed by another, for a second: there are always some that wait. */
static int64_t flood_until_us;
static void (*plain_done)(struct pg_seg_cmd *cmd, const struct fault *fault);

static void call_again(struct pg_seg_cmd *cmd, const struct fault *fault)
{
    plain_done(cmd, fault);
    if (time_mono_us() >= flood_until_us)
        return;
    struct toy_cmd *c = send_as(1, PG_SEG_CALL, ++next_id);
    c->cmd.done = call_again;
}

static void bulk_yields_but_gets_a_segment_each_100_ms(void **state)
{
    (void)state;
    struct toy_cmd *bulk[1900];
    next_id = 100000;
    flood_until_us = time_mono_us() + 1000 * US_PER_MS;
    for (int i = 0; i < 200; i++) {
        struct toy_cmd *c = send_as(1, PG_SEG_CALL, ++next_id);
        plain_done = c->cmd.done;
        c->cmd.done = call_again;
    }
    for (int64_t i = 0; i < 1900; i++)
        bulk[i] = send_as(3, PG_SEG_BULK, 1 + i);
    world_turn(w, 950);
    int done = 0;
    for (int i = 0; i < 1900; i++)
        done += bulk[i]->done;
    assert_in_range(done / 24, 6, 10); /* 24 in each while there are calls */
    for (int i = 24; i < done; i++)
        assert_true(bulk[i]->segment > bulk[i - 24]->segment);
    world_settle(w, 20000);
}

/* Bulk work whose time is over takes nobody's turn: the calls behind it go at once. */
static void calls_go_when_bulk_has_expired(void **state)
{
    (void)state;
    (void)send_as(1, PG_SEG_CALL, 1);
    world_turn(w, 0); /* the only connection is busy, so that all else waits */
    struct toy_cmd *bulk = send_as(3, PG_SEG_BULK, 2);
    bulk->cmd.deadline_us = 1;
    struct toy_cmd *call = send_as(1, PG_SEG_CALL, 3);
    world_settle(w, 5000);
    assert_int_equal(bulk->code, FAULT_DEADLINE_EXCEEDED);
    assert_int_equal(call->segment, 2);
}

/* And the other way round, when it is not bulk's turn yet. */
static void bulk_goes_when_calls_have_expired(void **state)
{
    (void)state;
    struct toy_cmd *bulk[2];
    bulk[0] = send_as(3, PG_SEG_BULK, 1);
    world_turn(w, 0); /* the only connection is busy, and bulk work has had its turn */
    struct toy_cmd *call = send_as(1, PG_SEG_CALL, 2);
    call->cmd.deadline_us = 1;
    bulk[1] = send_as(3, PG_SEG_BULK, 3);
    world_settle(w, 5000);
    assert_int_equal(call->code, FAULT_DEADLINE_EXCEEDED);
    assert_int_equal(bulk[1]->segment, 2);
}

/* -- shares ------------------------------------------------------------------------------------ */

static void only_who_is_over_its_share_is_refused(void **state)
{
    (void)state;
    const struct pg_config config = {.conninfo = w->conninfo,
                                     .segment_connections = 1,
                                     .queue = 300,
                                     .application_name = w->schema};
    struct toy *small = toy_new_config(w, &config); /* not up yet: everything waits */
    struct toy *before = toy;
    int refused[3] = {0, 0, 0}, accepted[3] = {0, 0, 0};
    toy = small;
    for (int64_t i = 0; i < 200; i++) {
        const struct toy_cmd *c = send_as(0, PG_SEG_CALL, 1 + i);
        *(c->done ? &refused[0] : &accepted[0]) += 1;
        if (c->done)
            assert_int_equal(c->reason, ERROR_REASON_OVERLOADED);
    }
    for (uint32_t tenant = 1; tenant < 3; tenant++)
        for (int64_t i = 0; i < 30; i++)
            *(send_as(tenant, PG_SEG_CALL, 10000 * tenant + i)->done ? &refused[tenant]
                                                                     : &accepted[tenant]) += 1;
    assert_int_equal(accepted[0], 150);
    assert_int_equal(accepted[1], 30);
    assert_int_equal(accepted[2], 30);
    world_settle(w, 20000);
    toy_free(small);
    toy = before;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_flood_does_not_delay_another_tenant, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bulk_alone_has_whole_segments, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_crowd_has_half_of_a_segment_while_others_are_active,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_crowd_is_not_passed_over_for_ever, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_crowd_goes_when_the_others_have_expired, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_flood_leaves_the_last_connection_to_others, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(two_floods_halve_the_segments, set_up, tear_down),
        cmocka_unit_test_setup_teardown(timers_have_a_quarter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(calls_go_when_bulk_has_expired, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bulk_goes_when_calls_have_expired, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bulk_yields_but_gets_a_segment_each_100_ms, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(only_who_is_over_its_share_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("segment_fair", tests, NULL, NULL);
}
