/* SPDX-License-Identifier: Apache-2.0 */

/* A case with many parts is read in slices, and looks as if it had been read at once. */

#include "calls.h"

#include <stdio.h>
#include <string.h>

#include "contract/reasons.h"
#include "intake/decide/decide.h"

#define MANY 130 /* parts of each kind: more than two pages */

static struct rig *rig;
static struct uuid id;
static char id_text[UUID_TEXT_LEN + 1];
static unsigned asked; /* how often a read asked whether somebody waits */
static bool gone_at_once, changing;

static void insert_parts(const char *text)
{
    const char *id_is = id_text;
    rig_exec(rig,
             "insert into signal select tenant_id, case_id, n, 1, 1, opened_at, 'w', '%s' || n,"
             " 'p' from recovery_case, generate_series(2, %d) n where case_id = '%s';"
             "insert into contact_attempt select tenant_id, case_id, gen_random_uuid(), 2, 1, 2,"
             " opened_at + n %% 7 * interval '1 s', 'a', '%s' || n"
             " from recovery_case, generate_series(1, %d) n where case_id = '%s';"
             "insert into act select tenant_id, case_id, gen_random_uuid(), 2,"
             " opened_at + n %% 7 * interval '1 s', 'a', '%s' || n"
             " from recovery_case, generate_series(1, %d) n where case_id = '%s'",
             text, MANY, id_is, text, MANY, id_is, text, MANY, id_is);
    rig_exec(rig,
             "insert into offer select tenant_id, case_id, gen_random_uuid(), 'a', 4, n, 100, true,"
             " opened_at + n * interval '1 s', opened_at, opened_at, 'r'"
             " from recovery_case, generate_series(1, %d) n where case_id = '%s'",
             MANY, id_is);
}

static void change_case(void)
{
    rig_exec(rig,
             "update recovery_case set last_seq = last_seq + 1 where case_id = '%s';"
             "insert into signal select tenant_id, case_id, %d, 1, 1, opened_at, 'w', 'new', 'p'"
             " from recovery_case where case_id = '%s'",
             id_text, MANY + 1, id_text);
}

static bool gone(struct store_read *r)
{
    (void)r;
    asked++;
    if (changing && asked == 1)
        change_case();
    return gone_at_once;
}

static void read_case(struct reading *x, enum case_depth depth, size_t bytes_most)
{
    asked = 0;
    reading_init(rig, x);
    x->read.gone = gone;
    x->read.bytes_most = bytes_most;
    store_read_cases(rig->store, &x->read, &id, 1, depth);
    rig_run(rig, &x->done);
}

static const struct case_state *read_well(struct reading *x, enum case_depth depth)
{
    read_case(x, depth, 0);
    if (fault_is_set(&x->read.fault))
        fail_msg("%s", x->read.fault.message);
    assert_true(x->read.cases[0].exists);
    return &x->read.cases[0];
}

static void assert_all_parts(const struct case_state *c, size_t signals)
{
    assert_int_equal(c->signals.n, signals);
    assert_int_equal(c->contacts.n, MANY);
    assert_int_equal(c->acts.n, MANY);
    assert_int_equal(c->offers.n, MANY);
    assert_int_equal(c->clocks.n, 2);
    for (size_t i = 0; i < signals; i++)
        assert_int_equal(ROW_AT(&c->signals, struct signal_row, i)->number, i + 1);
    for (size_t i = 1; i < MANY; i++) {
        const struct act_row *a = ROW_AT(&c->acts, struct act_row, i - 1), *b = a + 1;
        assert_true(a->at < b->at || (a->at == b->at && uuid_cmp(&a->act_id, &b->act_id) < 0));
        assert_true(ROW_AT(&c->offers, struct offer_row, i)->created_at >
                    ROW_AT(&c->offers, struct offer_row, i - 1)->created_at);
    }
}

/* How many of the newest signals have their words; older ones have none. */
static size_t newest_with_words(const struct case_state *c)
{
    size_t n = 0;
    while (n < c->signals.n &&
           ROW_AT(&c->signals, struct signal_row, c->signals.n - 1 - n)->body != words_unread)
        n++;
    for (size_t i = n; i < c->signals.n; i++)
        assert_ptr_equal(ROW_AT(&c->signals, struct signal_row, c->signals.n - 1 - i)->body,
                         words_unread);
    return n;
}

static void all_parts_are_read_in_slices(void **state)
{
    struct reading x;
    (void)state;
    insert_parts("short ");
    assert_all_parts(read_well(&x, CASE_PARTS), MANY);
    assert_int_equal(asked, 2); /* a third slice had the last rows */
    assert_int_equal(newest_with_words(&x.read.cases[0]), 0);
    assert_true(x.read.pg.bytes > 100000); /* of all slices */
    reading_free(&x);
}

static void words_are_given_up_to_a_bound(void **state)
{
    struct reading x;
    (void)state;
    insert_parts("short ");
    assert_all_parts(read_well(&x, CASE_WORDS), MANY);
    assert_int_equal(newest_with_words(&x.read.cases[0]), MANY); /* of all pages */
    assert_string_equal(ROW_AT(&x.read.cases[0].signals, struct signal_row, 7)->body, "short 8");
    reading_free(&x);
}

static void long_words_are_left_out(void **state)
{
    struct reading x;
    char text[1001] = "";
    (void)state;
    insert_parts(memset(text, 'x', sizeof(text) - 1));
    assert_all_parts(read_well(&x, CASE_WORDS), MANY);
    const size_t n = newest_with_words(&x.read.cases[0]);
    assert_in_range(n, STORE_WORDS_BYTES / 1100, STORE_WORDS_BYTES / 1000 + 2);
    reading_free(&x);
}

static void few_parts_are_one_slice(void **state)
{
    struct reading x;
    (void)state;
    assert_int_equal(read_well(&x, CASE_WORDS)->signals.n, 1);
    assert_int_equal(asked, 0);
    reading_free(&x);
}

static void slices_are_of_one_version(void **state)
{
    struct reading x;
    (void)state;
    insert_parts("short ");
    changing = true;
    const struct case_state *c = read_well(&x, CASE_WORDS);
    assert_int_equal(c->row.last_seq, rig_int(rig, "select last_seq from recovery_case"));
    assert_all_parts(c, MANY + 1);
    assert_int_equal(newest_with_words(c), MANY + 1);
    assert_int_equal(asked, 2); /* then all at once */
    reading_free(&x);
}

static void what_is_read_again_takes_no_room_twice(void **state)
{
    struct reading x;
    (void)state;
    insert_parts("short ");
    (void)read_well(&x, CASE_WORDS);
    const size_t quiet = x.arena.used_bytes;
    reading_free(&x);
    changing = true;
    (void)read_well(&x, CASE_WORDS);
    /* All at once takes less than half of what slices take, whose lists grow. */
    assert_in_range(x.arena.used_bytes, 1, quiet / 10 * 6);
    reading_free(&x);
}

static void nobody_waits_for_the_next_slice(void **state)
{
    struct reading x;
    (void)state;
    insert_parts("short ");
    gone_at_once = true;
    read_case(&x, CASE_PARTS, 0);
    assert_int_equal(x.read.fault.code, FAULT_DEADLINE_EXCEEDED);
    assert_int_equal(x.read.fault.reason, ERROR_REASON_DEADLINE);
    assert_int_equal(asked, 1);
    reading_free(&x);
}

static void a_large_case_is_given_up_early(void **state)
{
    struct reading x;
    (void)state;
    insert_parts("short ");
    read_case(&x, CASE_PARTS, 100000);
    assert_true(x.read.too_large);
    assert_int_equal(x.read.fault.reason, ERROR_REASON_TOO_LARGE);
    assert_int_equal(asked, 1); /* the first slice fitted */
    reading_free(&x);
}

static void rows_of_several_cases(void **state)
{
    struct reading x;
    const struct uuid ids[] = {{{1}}, id};
    (void)state;
    reading_init(rig, &x);
    store_read_cases(rig->store, &x.read, ids, 2, CASE_ROW);
    rig_run(rig, &x.done);
    assert_false(fault_is_set(&x.read.fault));
    assert_int_equal(x.read.n_cases, 2);
    assert_false(x.read.cases[0].exists);
    assert_true(x.read.cases[1].exists);
    assert_int_equal(x.read.cases[1].signals.n, 0);
    reading_free(&x);
}

static int begin(void **state)
{
    struct call c;
    (void)state;
    gone_at_once = changing = false;
    call_open(rig, &c, (struct opening){NULL, "ada", "billing.overcharge", "A-1"});
    call_run(rig, &c);
    assert_false(fault_is_set(&c.sub.cmd.fault));
    id = c.sub.cmd.result_case_id;
    (void)uuid_format(&id, id_text);
    call_free(&c);
    return 0;
}

static int end(void **state)
{
    (void)state;
    rig_exec(rig,
             "truncate recovery_case, case_work, open_claim, signal, contact_attempt, act, offer,"
             " clock, case_event, case_event_private, dedup");
    return 0;
}

static int setup(void **state)
{
    (void)state;
    rig = rig_new("read_case", NULL, 0);
    rig_number_tenant(rig);
    rig_connect(rig, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_free(rig);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_parts_are_read_in_slices, begin, end),
        cmocka_unit_test_setup_teardown(words_are_given_up_to_a_bound, begin, end),
        cmocka_unit_test_setup_teardown(long_words_are_left_out, begin, end),
        cmocka_unit_test_setup_teardown(few_parts_are_one_slice, begin, end),
        cmocka_unit_test_setup_teardown(rows_of_several_cases, begin, end),
        cmocka_unit_test_setup_teardown(slices_are_of_one_version, begin, end),
        cmocka_unit_test_setup_teardown(what_is_read_again_takes_no_room_twice, begin, end),
        cmocka_unit_test_setup_teardown(nobody_waits_for_the_next_slice, begin, end),
        cmocka_unit_test_setup_teardown(a_large_case_is_given_up_early, begin, end),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
