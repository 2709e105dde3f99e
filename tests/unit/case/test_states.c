/* SPDX-License-Identifier: Apache-2.0 */

/* A move from one state to another sets the time that belongs to it and marks the row. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "case/model/states.h"
#include "contract/remedy_states.h"
#include "contract/words.h"

static void a_remedy_gets_the_time_of_each_move(void **state)
{
    struct remedy_row r = {.row.change = ROW_SAME};
    (void)state;
    remedy_set_state(&r, REMEDY_STATE_OFFERED, 10);
    assert_int_equal(r.state, REMEDY_STATE_OFFERED);
    assert_int_equal(r.row.change, ROW_CHANGED);
    remedy_set_state(&r, REMEDY_STATE_ACCEPTED, 20);
    remedy_set_state(&r, REMEDY_STATE_FULFILLING, 30);
    assert_int_equal(r.fulfilled_at, 0);
    remedy_set_state(&r, REMEDY_STATE_FULFILLED, 40);
    remedy_set_state(&r, REMEDY_STATE_REVERSED, 50);
    assert_int_equal(r.proposed_at, 10);
    assert_int_equal(r.responded_at, 20);
    assert_int_equal(r.fulfilled_at, 40);
}

static void a_remedy_that_has_ended_moves_no_more(void **state)
{
    static const int ended[] = {REMEDY_STATE_DECLINED, REMEDY_STATE_COUNTERED, REMEDY_STATE_EXPIRED,
                                REMEDY_STATE_FAILED, REMEDY_STATE_REVERSED};
    (void)state;
    for (size_t i = 0; i < sizeof(ended) / sizeof(ended[0]); i++)
        for (int to = 0; to < REMEDY_STATE_COUNT; to++)
            assert_false(remedy_state_may_follow(ended[i], to));
    assert_false(remedy_state_may_follow(REMEDY_STATE_OFFERED, REMEDY_STATE_FULFILLED));
    assert_false(remedy_state_may_follow(REMEDY_STATE_ACCEPTED, REMEDY_STATE_REVERSED));
    assert_false(remedy_state_may_follow(REMEDY_STATE_OFFERED, REMEDY_STATE_COUNT));
}

static void an_offer_is_decided_once(void **state)
{
    struct offer_row o = {.row.change = ROW_NEW};
    (void)state;
    offer_set_state(&o, OFFER_STATE_PENDING, 10);
    assert_int_equal(o.decided_at, 0);
    offer_set_state(&o, OFFER_STATE_DECLINED, 20);
    assert_int_equal(o.state, OFFER_STATE_DECLINED);
    assert_int_equal(o.created_at, 10);
    assert_int_equal(o.decided_at, 20);
    assert_int_equal(o.row.change, ROW_NEW);
}

static void a_broken_promise_may_turn_out_to_be_kept(void **state)
{
    struct promise_row p = {.settled_by = ""};
    (void)state;
    promise_set_state(&p, PROMISE_STATE_OPEN, 10, "ann");
    assert_int_equal(p.settled_at, 0);
    promise_set_state(&p, PROMISE_STATE_BROKEN, 20, "amends");
    promise_set_state(&p, PROMISE_STATE_KEPT, 30, "bob");
    assert_int_equal(p.state, PROMISE_STATE_KEPT);
    assert_int_equal(p.made_at, 10);
    assert_string_equal(p.made_by, "ann");
    assert_int_equal(p.settled_at, 30);
    assert_string_equal(p.settled_by, "bob");
    assert_int_equal(p.row.change, ROW_CHANGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_remedy_gets_the_time_of_each_move),
        cmocka_unit_test(a_remedy_that_has_ended_moves_no_more),
        cmocka_unit_test(an_offer_is_decided_once),
        cmocka_unit_test(a_broken_promise_may_turn_out_to_be_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
