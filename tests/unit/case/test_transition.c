/* SPDX-License-Identifier: Apache-2.0 */

/* Every pair of the transition table, and what a refusal says. */

#include <string.h>

#include "contract/reasons.h"
#include "contract/word.h"
#include "contract/words.h"
#include "world.h"

/* Row = from, column = to, in the order of the contract: O pen, I n progress, awaiting C ustomer,
 * F ulfilment, A pproval, R esolved, c L osed, W ithdrawn, M erged. */
static const char *const expected[] = {
    "",          /* from 0 */
    ".xxxx..xx", /* OPEN: not resolved while nobody has accepted it */
    "x.xxxx.xx", /* IN_PROGRESS */
    "xx.xxx.xx", /* AWAITING_CUSTOMER */
    "xxx.xx.xx", /* AWAITING_FULFILMENT */
    "xxxx.x.xx", /* AWAITING_APPROVAL */
    "xx....x..", /* RESOLVED */
    "xx.......", /* CLOSED: reopened */
    ".........", /* WITHDRAWN */
    ".........", /* MERGED */
};

static void every_pair(void **state)
{
    (void)state;
    for (int from = 1; from <= 9; from++)
        for (int to = 1; to <= 9; to++)
            if (status_may_follow(from, to) != (expected[from][to - 1] == 'x'))
                fail_msg("%s -> %s", contract_word(CASE_STATUS_WORDS, from),
                         contract_word(CASE_STATUS_WORDS, to));
}

static void numbers_beyond_the_table_are_refused(void **state)
{
    (void)state;
    static const int bad[] = {-1, 0, 10, 31, 32, 1000, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(status_may_follow(bad[i], CASE_STATUS_OPEN));
        assert_false(status_may_follow(CASE_STATUS_OPEN, bad[i]));
        assert_false(status_is_final(bad[i]));
        assert_false(status_is_waiting(bad[i]));
    }
}

static void set_status_moves_or_says_why(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    for (int from = 1; from <= 9; from++)
        for (int to = 1; to <= 9; to++) {
            struct decision *d = world_decision(w, "crm");
            w->c.row.status = (int16_t)from;
            bool allowed = status_may_follow(from, to);
            assert_int_equal(case_set_status(d, to), allowed);
            assert_int_equal(w->c.row.status, allowed ? to : from);
            if (allowed)
                continue;
            assert_int_equal(d->cmd->fault.code, FAULT_FAILED_PRECONDITION);
            assert_int_equal(d->cmd->fault.reason, ERROR_REASON_CASE_STATUS);
            assert_string_equal(fault_meta_of(&d->cmd->fault, "status"),
                                contract_word(CASE_STATUS_WORDS, from));
            assert_string_equal(fault_meta_of(&d->cmd->fault, "to"),
                                contract_word(CASE_STATUS_WORDS, to));
        }
    world_free(w);
}

static void live_means_not_final(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    for (int status = 1; status <= 9; status++) {
        w->c.row.status = (int16_t)status;
        struct decision *d = world_decision(w, "crm");
        assert_int_equal(case_require_live(d, true), !status_is_final(status));
        d = world_decision(w, "crm");
        assert_int_equal(case_require_live(d, false), status_is_waiting(status));
        assert_int_equal(status_is_waiting(status), status <= CASE_STATUS_AWAITING_APPROVAL);
    }
    world_free(w);
}

static void a_full_case_says_so(void **state)
{
    (void)state;
    struct world *w = world_with_case();
    struct decision *d = world_decision(w, "crm");
    struct rows rows = {.n = 2};
    assert_true(case_require_room(d, &rows, 3, "acts"));
    rows.n = 3;
    assert_false(case_require_room(d, &rows, 3, "acts"));
    assert_int_equal(d->cmd->fault.reason, ERROR_REASON_CASE_FULL);
    assert_string_equal(fault_meta_of(&d->cmd->fault, "most"), "3");
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair),
        cmocka_unit_test(numbers_beyond_the_table_are_refused),
        cmocka_unit_test(set_status_moves_or_says_why),
        cmocka_unit_test(live_means_not_final),
        cmocka_unit_test(a_full_case_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
