/* SPDX-License-Identifier: Apache-2.0 */

/* Segments without faults of the network: replay, order, bad commands, busy keys, more keys found.
 * */

#include <stdio.h>

#include "base/metrics.h"
#include "contract/reasons.h"
#include "toy.h"

static struct world *w;

static int set_up(void **state)
{
    (void)state;
    w = world_new("segment");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_check(w);
    world_free(w);
    return 0;
}

static void same_request_twice_in_one_queue(void **state)
{
    (void)state;
    struct toy *t = toy_new(w, 1, 1, NULL);
    struct toy_cmd *first = toy_send(t, 1, 10, 5);
    struct toy_cmd *second = toy_send(t, 1, 10, 5);
    world_settle(w, 20000);
    assert_int_equal(first->code, FAULT_OK);
    assert_true(first->wrote && !first->replayed);
    assert_int_equal(second->code, FAULT_OK);
    assert_true(!second->wrote && second->replayed);
    assert_int_equal(first->seq, second->seq);
    assert_int_equal(world_int(w, "select total from account where id = 10"), 5);
    toy_free(t);
}

static void same_request_in_two_lanes(void **state)
{
    (void)state;
    struct toy *t = toy_new(w, 2, 1, NULL);
    struct toy_cmd *cmds[20];
    for (int i = 0; i < 20; i++) {
        cmds[i] = toy_send(t, 2, 11, 7);
        world_turn(w, i % 3);
    }
    world_settle(w, 20000);
    int wrote = 0;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(cmds[i]->code, FAULT_OK);
        assert_int_equal(cmds[i]->seq, 1);
        wrote += cmds[i]->wrote;
    }
    assert_int_equal(wrote, 1);
    toy_free(t);
}

static void same_request_in_two_replicas(void **state)
{
    (void)state;
    struct toy *a = toy_new(w, 1, 1, NULL), *b = toy_new(w, 1, 1, NULL);
    for (int64_t i = 0; i < 50; i++) {
        struct toy_cmd *x = toy_send(a, 1000 + i, 12 + i % 3, 1);
        struct toy_cmd *y = toy_send(b, 1000 + i, 12 + i % 3, 1);
        if (i % 5 == 0)
            world_settle(w, 20000);
        if (i % 5 == 0)
            assert_int_equal(x->wrote + y->wrote, 1);
    }
    world_settle(w, 20000);
    assert_int_equal(world_int(w, "select count(*) from entry"), 50);
    toy_free(a);
    toy_free(b);
}

static void one_case_keeps_its_order(void **state)
{
    (void)state;
    struct toy *t = toy_new(w, 2, 1, NULL);
    struct toy_cmd *cmds[300];
    for (int64_t i = 0; i < 300; i++)
        cmds[i] = toy_send(t, 2000 + i, i % 2 ? 20 : 21 + i % 7, 1);
    world_settle(w, 20000);
    int64_t seq = 0;
    for (int i = 1; i < 300; i += 2) {
        assert_int_equal(cmds[i]->code, FAULT_OK);
        assert_int_equal(cmds[i]->seq, ++seq);
    }
    toy_free(t);
}

static void one_bad_command_among_64(void **state)
{
    (void)state;
    struct toy *t = toy_new(w, 1, 1, NULL);
    struct toy_cmd *cmds[64];
    for (int64_t i = 0; i < 64; i++)
        cmds[i] = toy_send(t, 3000 + i, 100 + i, i == 37 ? TOY_BAD : 1);
    world_settle(w, 20000);
    assert_int_equal(t->segments, 1 + 2 * 6); /* the whole, then two halves for each of six cuts */
    for (int i = 0; i < 64; i++)
        assert_int_equal(cmds[i]->code, i == 37 ? FAULT_INTERNAL : FAULT_OK);
    assert_int_equal(cmds[37]->reason, ERROR_REASON_DEFECT);
    assert_int_equal(world_int(w, "select count(*) from entry"), 63);
    toy_free(t);
}

static void lock_elsewhere(const char *call, int64_t account)
{
    char sql[128];
    (void)snprintf(sql, sizeof(sql), "select %s(%lld)", call,
                   (long long)toy_key(w, "account", account));
    world_exec(w, sql);
}

static void a_key_held_by_another_backend(void **state)
{
    (void)state;
    struct toy *t = toy_new(w, 1, 1, NULL);
    struct toy_cmd *cmds[64];
    lock_elsewhere("pg_advisory_lock", 205);
    for (int64_t i = 0; i < 64; i++)
        cmds[i] = toy_send(t, 4000 + i, 200 + i, 1);
    struct toy_cmd *behind = toy_send(t, 4100, 205, 1);
    world_turn(w, 200);
    for (int i = 0; i < 64; i++)
        assert_int_equal(cmds[i]->done, i != 5);
    for (int i = 0; i < 64; i++)
        assert_true(i == 5 || cmds[i]->segment == 1); /* the good commands were committed at once */
    assert_false(behind->done);
    lock_elsewhere("pg_advisory_unlock", 205);
    world_settle(w, 20000);
    assert_int_equal(cmds[5]->seq, 1);
    assert_int_equal(behind->seq, 2);
    toy_free(t);
}

static void a_key_held_for_too_long(void **state)
{
    (void)state;
    struct toy *t = toy_new(w, 1, 1, NULL);
    lock_elsewhere("pg_advisory_lock", 300);
    int64_t start = time_mono_us();
    struct toy_cmd *c = toy_send(t, 5000, 300, 1);
    struct toy_cmd *expired = toy_cmd(t, 5001, 300, 1);
    expired->cmd.deadline_us = start + 500 * US_PER_MS;
    toy_submit(expired);
    world_settle(w, 20000);
    assert_int_equal(c->code, FAULT_UNAVAILABLE);
    assert_int_equal(c->reason, ERROR_REASON_CONTENDED);
    assert_int_equal(expired->code, FAULT_DEADLINE_EXCEEDED);
    assert_in_range(time_mono_us() - start, 2900 * US_PER_MS, 3500 * US_PER_MS);
    lock_elsewhere("pg_advisory_unlock", 300);
    toy_free(t);
}

/* Somebody outside holds the row itself. The lock time-out ends the attempt, which is repeated at
 * most twice. */
static void a_row_locked_by_an_outsider(void **state)
{
    (void)state;
    struct toy *t = toy_new(w, 1, 1, NULL);
    struct toy_cmd *c = toy_send(t, 5500, 350, 1);
    world_settle(w, 20000);
    world_exec(w, "begin; select * from account where id = 350 for update");
    struct toy_cmd *short_wait = toy_send(t, 5501, 350, 1);
    world_turn(w, 350);
    assert_false(short_wait->done);
    world_exec(w, "rollback");
    world_settle(w, 20000);
    assert_int_equal(short_wait->code, FAULT_OK);
    assert_in_range(short_wait->decisions, 2, 3);
    world_exec(w, "begin; select * from account where id = 350 for update");
    struct toy_cmd *long_wait = toy_send(t, 5502, 350, 1);
    world_settle(w, 20000);
    assert_int_equal(long_wait->code, FAULT_UNAVAILABLE);
    assert_int_equal(long_wait->reason, ERROR_REASON_CONTENDED);
    assert_int_equal(long_wait->decisions, 3);
    world_exec(w, "rollback");
    assert_int_equal(c->code, FAULT_OK);
    toy_free(t);
}

/* At most 256 keys are taken at once, whatever the number of commands. */
static void many_keys_make_smaller_segments(void **state)
{
    (void)state;
    struct toy *t = toy_new(w, 1, 1, NULL);
    struct toy_cmd *cmds[64];
    for (int64_t i = 0; i < 64; i++) {
        cmds[i] = toy_cmd(t, 8000 + i, 600 + i, 1);
        for (int64_t k = 0; k < 4; k++)
            cmds[i]->extra[k] = 100000 + 10 * i + k;
        toy_submit(cmds[i]);
    }
    world_settle(w, 20000);
    for (int i = 0; i < 64; i++)
        assert_int_equal(cmds[i]->segment, i < PG_SEG_KEYS / 6 ? 1 : 2);
    toy_free(t);
}

static void decide_finds_another_key(void **state)
{
    (void)state;
    struct toy *t = toy_new(w, 1, 1, NULL);
    struct toy_cmd *c = toy_cmd(t, 6000, 400, 1);
    c->discovered = 401;
    toy_submit(c);
    struct toy_cmd *younger = toy_cmd(t, 6001, 401, 1);
    younger->other = 400;
    toy_submit(younger);
    struct toy_cmd *third = toy_send(t, 6002, 401, 1);
    world_settle(w, 20000);
    assert_int_equal(c->decisions, 2);
    assert_true(c->wrote && younger->wrote && third->wrote);
    assert_true(c->done_at < younger->done_at && younger->done_at < third->done_at);
    toy_free(t);
}

static void nothing_to_write_is_answered_without_commit(void **state)
{
    (void)state;
    struct toy *t = toy_new(w, 1, 1, NULL);
    world_exec(w, "delete from entry; delete from dedup; delete from account");
    struct toy_cmd *c = toy_send(t, 7000, 500, 0);
    struct toy_cmd *next = toy_send(t, 7001, 500, 3);
    world_settle(w, 20000);
    assert_int_equal(c->code, FAULT_OK);
    assert_false(c->wrote);
    assert_true(next->wrote);
    assert_int_equal(world_int(w, "select count(*) from entry"), 1);
    assert_true(pg_quiet(t->pg));
    toy_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(same_request_twice_in_one_queue, set_up, tear_down),
        cmocka_unit_test_setup_teardown(same_request_in_two_lanes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(same_request_in_two_replicas, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_case_keeps_its_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_bad_command_among_64, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_key_held_by_another_backend, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_key_held_for_too_long, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_row_locked_by_an_outsider, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_keys_make_smaller_segments, set_up, tear_down),
        cmocka_unit_test_setup_teardown(decide_finds_another_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_to_write_is_answered_without_commit, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("segment", tests, NULL, NULL);
}
