/* SPDX-License-Identifier: Apache-2.0 */

/* `amendsctl today`: when, what, and the command to type next. The zone is Asia/Kolkata. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "amendsctl/command/today.h"
#include "contract/words.h"

#define NOW 1795341600 /* 2026-11-22T15:30:00+05:30 */

static struct arena arena;

static char case_id[] = "C", offer_id[] = "O", promise_id[] = "P", remedy_id[] = "R";

static Amends__V1__WorkItem item(void)
{
    Amends__V1__WorkItem i = AMENDS__V1__WORK_ITEM__INIT;
    i.case_id = case_id;
    i.version = 7;
    i.offer_id = offer_id;
    i.promise_id = promise_id;
    i.remedy_id = remedy_id;
    return i;
}

static const char *when(int64_t ahead_s, bool relative)
{
    Google__Protobuf__Timestamp t = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    const struct view view = {.now_s = NOW, .relative = relative};
    Amends__V1__WorkItem i = item();
    i.due_time = &t;
    t.seconds = NOW + ahead_s;
    return today_when(&i, &view, &arena);
}

static void test_when(void **state)
{
    (void)state;
    assert_string_equal(when(0, false), "15:30");
    assert_string_equal(when(250, true), "15:34 (in 4m10s)");
    assert_string_equal(when(-3 * 3600, true), "12:30 (3h00m ago)");
    assert_string_equal(when(9 * 3600, true), "23 Nov 00:30 (in 9h00m)");
    assert_string_equal(when(-20 * 86400, true), "02 Nov 15:30");
    assert_string_equal(when(-365 * 86400, true), "2025-11-22 15:30");
}

static void test_the_day_ends_where_the_reader_is(void **state)
{
    (void)state;
    const int64_t midnight = NOW + 8 * 3600 + 1800;
    assert_int_equal(today_end_s(NOW), midnight);
    assert_int_equal(today_end_s(midnight - 1), midnight);
    assert_int_equal(today_end_s(midnight), midnight + 86400);
}

static void test_what(void **state)
{
    Amends__V1__WorkItem i = item();
    (void)state;
    i.reason = (Amends__V1__WorkReason)WORK_REASON_PROMISE;
    i.promise_kind = (Amends__V1__PromiseKind)PROMISE_KIND_VISIT;
    assert_string_equal(today_what(&i), "promise of a visit");
    i.promise_kind = (Amends__V1__PromiseKind)PROMISE_KIND_OTHER;
    assert_string_equal(today_what(&i), "promise");
    i.reason = (Amends__V1__WorkReason)WORK_REASON_CLOCK;
    i.clock_kind = (Amends__V1__ClockKind)CLOCK_KIND_FIRST_RESPONSE;
    assert_string_equal(today_what(&i), "first response");
    i.clock_kind = (Amends__V1__ClockKind)99;
    assert_string_equal(today_what(&i), "clock");
}

static void test_the_next_command(void **state)
{
    static const struct {
        int action;
        const char *command;
    } all[] = {
        {NEXT_ACTION_CONTACT_CUSTOMER,
         "contact record C --direction outbound --channel phone --outcome reached"},
        {NEXT_ACTION_ANSWER_CUSTOMER,
         "contact record C --direction outbound --channel phone --outcome reached"},
        {NEXT_ACTION_KEEP_PROMISE, "promise settle C P --outcome kept"},
        {NEXT_ACTION_ANSWER_OFFER, "offer accept C O"},
        {NEXT_ACTION_FULFIL_REMEDY,
         "remedy fulfil C R --outcome fulfilled --external-reference REFERENCE"},
        {NEXT_ACTION_ACKNOWLEDGE, "escalation acknowledge C"},
        {NEXT_ACTION_RESOLVE_CASE, "case resolve C --expected-version 7"},
        {NEXT_ACTION_TAKE_CASE, "offer request"},
        {99, "case get C"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        Amends__V1__WorkItem one = item();
        one.next_action = (Amends__V1__NextAction)all[i].action;
        const char *command = today_command(&one, &arena);
        assert_memory_equal(command, "amendsctl ", 10);
        assert_string_equal(command + 10, all[i].command);
    }
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1u << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_when),
        cmocka_unit_test(test_the_day_ends_where_the_reader_is),
        cmocka_unit_test(test_what),
        cmocka_unit_test(test_the_next_command),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
