/* SPDX-License-Identifier: Apache-2.0 */

/* What is personal, sealed in the database: what lies there, who can read it, and when no more. */

#include "calls.h"

#include <stdio.h>
#include <string.h>

#include "contract/reasons.h"
#include "intake/decide/decide.h"

#define SEALED "like U&'\\FDD0%%'"

static struct rig *rig, *other;
static struct call call;
static struct reading x;

static int begin(void **state)
{
    (void)state;
    rig = rig_new("sealed", NULL, 0);
    rig_connect(rig, NULL);
    rig_seal(rig, '1');
    other = rig_join(rig);
    rig_connect(other, NULL);
    rig_seal(other, '1');
    return 0;
}

static int end(void **state)
{
    (void)state;
    rig_free(other);
    rig_free(rig);
    return 0;
}

/* A case of its own: no claim joins another. */
static struct uuid open_case_of(struct rig *r, const char *customer)
{
    static unsigned orders;
    char order[16];
    (void)snprintf(order, sizeof order, "%u", ++orders);
    call_open(r, &call, (struct opening){NULL, customer, "billing.overcharge", order});
    call_run(r, &call);
    assert_false(fault_is_set(&call.sub.cmd.fault));
    const struct uuid id = call.sub.cmd.result_case_id;
    call_free(&call);
    return id;
}

/* Reads the case with its words; the caller frees `x`. */
static struct case_state *read_case(struct rig *r, const struct uuid *id)
{
    reading_init(r, &x);
    store_read_cases(r->store, &x.read, id, 1, CASE_WORDS);
    rig_run(r, &x.done);
    return x.read.cases;
}

static void assert_reads(struct rig *r, const struct uuid *id, const char *name, const char *body)
{
    const struct case_state *c = read_case(r, id);
    assert_false(fault_is_set(&x.read.fault));
    assert_string_equal(c->row.customer_name, name);
    assert_string_equal(ROW_AT(&c->signals, struct signal_row, 0)->body, body);
    reading_free(&x);
}

struct waiting {
    struct customer_keys_wait wait;
    bool done;
};

static void waited(struct customer_keys_wait *wait, const struct fault *fault)
{
    assert_null(fault);
    CONTAINER_OF(wait, struct waiting, wait)->done = true;
}

static void destroy(struct rig *r, int64_t tenant_id, const char *customer)
{
    struct waiting w = {.wait.done = waited};
    customer_keys_destroy(r->keys, tenant_id, customer, INT64_C(4102444800000000), &w.wait);
    rig_run(r, &w.done);
}

static void what_is_personal_lies_sealed_and_is_read_by_all(void **state)
{
    (void)state;
    const struct uuid id = open_case_of(rig, "ada");
    assert_int_equal(rig_int(rig, "select count(*) from recovery_case where customer_id = 'ada'"
                                  " and customer_name " SEALED " and description " SEALED),
                     1);
    assert_int_equal(rig_int(rig, "select count(*) from signal where body " SEALED), 1);
    assert_int_equal(rig_int(rig, "select count(*) from case_event_private"
                                  " where get_byte(body, 0) <> 0 or length(salt) < 40"),
                     0);
    assert_int_equal(rig_int(rig, "select count(*) from customer_key where customer_id = 'ada'"
                                  " and master = '1'"),
                     1);
    assert_reads(rig, &id, "Ada Example", "the bill was wrong twice");
    assert_reads(other, &id, "Ada Example", "the bill was wrong twice");
}

static void replicas_that_meet_a_new_customer_at_once_make_one_key(void **state)
{
    (void)state;
    struct call one, two;
    call_open(rig, &one, (struct opening){NULL, "bea", "billing.overcharge", "1"});
    call_open(other, &two, (struct opening){NULL, "bea", "billing.overcharge", "2"});
    store_submit(rig->store, &one.sub);
    store_submit(other->store, &two.sub);
    for (int i = 0; i < 5000 && !(one.done && two.done); i++) {
        rig_turn(rig);
        rig_turn(other);
    }
    assert_true(one.done && two.done);
    assert_false(fault_is_set(&one.sub.cmd.fault) || fault_is_set(&two.sub.cmd.fault));
    assert_int_equal(rig_int(rig, "select count(*) from customer_key where customer_id = 'bea'"),
                     1);
    assert_reads(rig, &two.sub.cmd.result_case_id, "Ada Example", "the bill was wrong twice");
    assert_reads(other, &one.sub.cmd.result_case_id, "Ada Example", "the bill was wrong twice");
    call_free(&one);
    call_free(&two);
}

static void with_its_key_destroyed_a_text_is_gone_in_every_replica(void **state)
{
    (void)state;
    const struct uuid id = open_case_of(rig, "cy"), unharmed = open_case_of(rig, "dan");
    assert_reads(other, &id, "Ada Example", "the bill was wrong twice");
    destroy(rig, rig_int(rig, "select tenant_id from tenant where name = 'demo'"), "cy");
    assert_reads(rig, &id, "", "");
    assert_reads(rig, &unharmed, "Ada Example", "the bill was wrong twice");
    const int64_t until = time_mono_us() + 8 * US_PER_S;
    bool gone = false;
    while (!gone && time_mono_us() < until) {
        gone = read_case(other, &id)->row.customer_name[0] == '\0';
        reading_free(&x);
    }
    assert_true(gone);
    const struct uuid anew = open_case_of(rig, "cy");
    assert_reads(rig, &anew, "Ada Example", "the bill was wrong twice");
    assert_int_equal(rig_int(rig, "select count(*) from customer_key where customer_id = 'cy'"), 1);
}

static void without_the_master_key_nothing_is_read_or_written(void **state)
{
    (void)state;
    call_open(rig, &call, (struct opening){NULL, "eve", "billing.overcharge", ""});
    call_run(rig, &call);
    const struct uuid id = call.sub.cmd.result_case_id;
    call_free(&call);
    struct rig *strange = rig_join(rig);
    rig_connect(strange, NULL);
    for (const char *master = " 2"; *master; master++) {
        if (*master != ' ')
            rig_seal(strange, *master);
        (void)read_case(strange, &id);
        assert_int_equal(x.read.fault.reason, ERROR_REASON_CUSTOMER_KEY_LOCKED);
        assert_int_equal(x.read.fault.code, FAULT_UNAVAILABLE);
        reading_free(&x);
        call_open(strange, &call, (struct opening){NULL, "eve", "billing.overcharge", ""});
        call_run(strange, &call);
        assert_int_equal(call.sub.cmd.fault.reason, ERROR_REASON_CUSTOMER_KEY_LOCKED);
        call_free(&call);
    }
    rig_free(strange);
}

static void a_text_that_was_moved_to_another_row_is_not_shown(void **state)
{
    (void)state;
    const struct uuid from = open_case_of(rig, "fay"), to = open_case_of(rig, "gil");
    rig_exec(rig, "update recovery_case set customer_name = (select customer_name from"
                  " recovery_case where customer_id = 'fay') where customer_id = 'gil'");
    assert_reads(rig, &to, "", "the bill was wrong twice");
    rig_exec(rig, "update recovery_case set customer_name = description"
                  " where customer_id = 'fay'");
    assert_reads(rig, &from, "", "the bill was wrong twice");
}

static void what_was_written_before_is_read_as_it_is(void **state)
{
    (void)state;
    const struct uuid id = open_case_of(rig, "hal");
    rig_exec(rig, "update recovery_case set customer_name = 'Hal' where customer_id = 'hal'");
    assert_reads(rig, &id, "Hal", "the bill was wrong twice");
}

static void lists_of_many_customers_are_opened(void **state)
{
    (void)state;
    char customer[16];
    for (int i = 0; i < 30; i++) {
        (void)snprintf(customer, sizeof customer, "many-%d", i);
        (void)open_case_of(other, customer);
    }
    reading_init(rig, &x);
    store_list_cases(rig->store, &x.read, &(struct case_filter){.limit = 30});
    rig_run(rig, &x.done);
    assert_false(fault_is_set(&x.read.fault));
    assert_int_equal(x.read.case_rows.n, 30);
    ROWS_EACH (row, const struct case_row, &x.read.case_rows)
        assert_string_equal(row->customer_name, "Ada Example");
    reading_free(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_personal_lies_sealed_and_is_read_by_all),
        cmocka_unit_test(replicas_that_meet_a_new_customer_at_once_make_one_key),
        cmocka_unit_test(with_its_key_destroyed_a_text_is_gone_in_every_replica),
        cmocka_unit_test(without_the_master_key_nothing_is_read_or_written),
        cmocka_unit_test(a_text_that_was_moved_to_another_row_is_not_shown),
        cmocka_unit_test(what_was_written_before_is_read_as_it_is),
        cmocka_unit_test(lists_of_many_customers_are_opened),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
