/* SPDX-License-Identifier: Apache-2.0 */

/* What the lists keep of a case, in the database: written with the case, when it differs, and by
 * nobody else. */

#include "calls.h"

#include "assignment/decide/decide.h"

static struct rig *rig;

static void open_case(struct call *c)
{
    call_open(rig, c, (struct opening){NULL, "hanna", "information", "H-1"});
    call_run(rig, c);
    if (fault_is_set(&c->sub.cmd.fault))
        fail_msg("%s", c->sub.cmd.fault.message);
}

static void offer_to_hugo(const struct uuid *case_id, bool accepted)
{
    struct offer_case_args args = {.generation = 1, .accepted = accepted};
    struct call c;
    call_init(rig, &c, &offer_case_kind, NULL);
    c.sub.cmd.case_id = *case_id;
    c.sub.cmd.agent_id = "hugo";
    c.sub.cmd.args = &args;
    c.sub.cmd.principal = SYSTEM_ACTOR;
    call_run(rig, &c);
    assert_false(fault_is_set(&c.sub.cmd.fault));
    call_free(&c);
}

static void test_written_with_the_case(void **state)
{
    struct call c;
    (void)state;
    open_case(&c);
    assert_string_equal(rig_value(rig, "select status || owner_id || level || queue_level"
                                       " || (waits_since = opened_at) from case_work"),
                        "1steward11true");
    assert_int_equal(rig_int(rig, "select count(*) from case_work w join clock c using (case_id)"
                                  " where w.next_due_at = c.due_at and w.next_due_kind = c.kind"),
                     1);
    assert_int_equal(rig_int(rig, "select count(*) from open_claim where customer_id = 'hanna'"),
                     1);
    offer_to_hugo(&c.sub.cmd.result_case_id, true);
    assert_string_equal(rig_value(rig,
                                  "select owner_id || queue_level || coalesce(waits_since::text"
                                  ", '-') from case_work"),
                        "hugo0-");
    call_free(&c);
    assert_sound(rig);
}

/* A repeat of the claim changes the case and its version, and nothing that lists go by. */
static void test_what_is_the_same_is_not_written(void **state)
{
    const char *before = NULL;
    struct call c;
    (void)state;
    for (int i = 0; i < 3; i++) {
        before = rig_value(rig, "select xmin from case_work");
        open_case(&c);
        assert_true(c.sub.cmd.joined);
        call_free(&c);
    }
    assert_string_equal(before, rig_value(rig, "select xmin from case_work"));
    assert_string_not_equal(before, rig_value(rig, "select xmin from recovery_case"));
    assert_sound(rig);
}

static int setup(void **state)
{
    (void)state;
    rig = rig_new("work", NULL, 0);
    rig_exec(rig, "insert into agent values (" RIG_TENANT ", 'hugo', 1, '', '', '', 1, 5,"
                  " 'information:1', '', '', 1, '2026-01-01', '2026-01-01')");
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
        cmocka_unit_test(test_written_with_the_case),
        cmocka_unit_test(test_what_is_the_same_is_not_written),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
