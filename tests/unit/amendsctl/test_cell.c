/* SPDX-License-Identifier: Apache-2.0 */

/* Values for people: what is stored is shown, zeros and all digits of money too. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "amends/v1/agent.pb-c.h"
#include "amends/v1/case.pb-c.h"
#include "amends/v1/event.pb-c.h"
#include "amendsctl/cell.h"

static struct arena arena;
static const struct view plain;

static void money_is_shown(int64_t units, int32_t nanos, const char *text)
{
    Amends__V1__Remedy remedy = AMENDS__V1__REMEDY__INIT;
    Google__Type__Money money = GOOGLE__TYPE__MONEY__INIT;
    money.units = units;
    money.nanos = nanos;
    money.currency_code = (char *)(uintptr_t) "KWD";
    remedy.amount = &money;
    assert_string_equal(cell_path(&remedy.base, "amount", &plain, &arena), text);
}

static void test_a_duration_is_shown_as_bundles_write_it(void **state)
{
    Amends__V1__Escalation step = AMENDS__V1__ESCALATION__INIT;
    Google__Protobuf__Duration before = GOOGLE__PROTOBUF__DURATION__INIT;
    (void)state;
    before.seconds = 5400;
    step.before = &before;
    assert_string_equal(cell_path(&step.base, "before", &plain, &arena), "1h30m");
}

static void test_money_has_all_its_digits(void **state)
{
    (void)state;
    money_is_shown(0, 5000000, "0.005 KWD");
    money_is_shown(49, 900000000, "49.90 KWD");
    money_is_shown(5000, 0, "5000 KWD");
    money_is_shown(0, 1, "0.000000001 KWD");
    money_is_shown(0, -5000000, "-0.005 KWD");
    money_is_shown(-3, -250000000, "-3.25 KWD");
    money_is_shown(0, 0, "0 KWD");
}

static void test_zero_is_a_number(void **state)
{
    Amends__V1__Agent agent = AMENDS__V1__AGENT__INIT;
    Amends__V1__Remedy remedy = AMENDS__V1__REMEDY__INIT;
    (void)state;
    assert_string_equal(cell_path(&agent.base, "load", &plain, &arena), "0");
    assert_string_equal(cell_path(&agent.base, "version", &plain, &arena), "0");
    assert_string_equal(cell_path(&remedy.base, "on_the_spot", &plain, &arena), "no");
    assert_string_equal(cell_path(&agent.base, "presence", &plain, &arena), "");
    assert_string_equal(cell_path(&remedy.base, "amount", &plain, &arena), "");
}

static void test_an_actor_is_told_with_who_called_for_them(void **state)
{
    Amends__V1__CaseEvent event = AMENDS__V1__CASE_EVENT__INIT;
    (void)state;
    event.actor = (char *)(uintptr_t) "ann";
    assert_string_equal(cell_path(&event.base, "via>actor", &plain, &arena), "ann");
    event.via = (char *)(uintptr_t) "crm";
    assert_string_equal(cell_path(&event.base, "via>actor", &plain, &arena), "ann via crm");
    assert_string_equal(cell_heading("via>actor"), "actor");
}

static void test_a_text_cannot_forge_a_row(void **state)
{
    Amends__V1__Agent agent = AMENDS__V1__AGENT__INIT;
    (void)state;
    agent.display_name = (char *)(uintptr_t) "Ann\n2  CASE_CLOSED";
    assert_string_equal(cell_path(&agent.base, "display_name", &plain, &arena),
                        "Ann\\n2  CASE_CLOSED");
}

static void test_headings(void **state)
{
    (void)state;
    assert_string_equal(cell_heading("case_id"), "case_id");
    assert_string_equal(cell_heading("case.status"), "status");
    assert_string_equal(cell_heading("case.owner.id"), "owner.id");
    assert_string_equal(cell_heading("owner.id"), "owner.id");
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
        cmocka_unit_test(test_money_has_all_its_digits),
        cmocka_unit_test(test_a_duration_is_shown_as_bundles_write_it),
        cmocka_unit_test(test_zero_is_a_number),
        cmocka_unit_test(test_an_actor_is_told_with_who_called_for_them),
        cmocka_unit_test(test_a_text_cannot_forge_a_row),
        cmocka_unit_test(test_headings),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
