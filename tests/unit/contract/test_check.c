/* SPDX-License-Identifier: Apache-2.0 */

/* Checks of request fields: what passes, what does not, and each field told once. */

#include <stdio.h>
#include <string.h>

#include "contract/check.h"
#include "world.h"

static struct arena arena;
static struct fault fault;

/* True when the last check found nothing. */
static bool fine(void)
{
    bool ok = !fault_is_set(&fault);
    fault_init(&fault, &arena);
    return ok;
}

static void texts(void **state)
{
    (void)state;
    check_text(&fault, "f", "", 5, false);
    assert_true(fine());
    check_text(&fault, "f", "", 5, true);
    assert_false(fine());
    check_text(&fault, "f", " \n", 5, true);
    assert_false(fine());
    check_text(&fault, "f", "12345", 5, true);
    assert_true(fine());
    check_text(&fault, "f", "123456", 5, false);
    assert_false(fine());
}

static void codes_and_principals(void **state)
{
    (void)state;
    check_code(&fault, "f", "billing.over-charge_2", 64, true);
    assert_true(fine());
    check_code(&fault, "f", "Billing", 64, true);
    assert_false(fine());
    check_code(&fault, "f", "", 64, false);
    assert_true(fine());
    check_principal(&fault, "f", "Ann.Smith@desk:1-a_b");
    assert_true(fine());
    check_principal(&fault, "f", "ann smith");
    assert_false(fine());
    check_principal(&fault, "f", "");
    assert_false(fine());
}

static void languages(void **state)
{
    (void)state;
    static const char *const good[] = {"en", "de-AT", "zh-Hant-TW", "sl-rozaj-biske"};
    static const char *const bad[] = {"e",
                                      "e1",
                                      "en-",
                                      "-en",
                                      "en_US",
                                      "de--AT",
                                      "en-toolongsubtag",
                                      "en US",
                                      "aa-bb-cc-dd-ee-ff-gg-hh-ii-jj-kk-lll"};
    for (size_t i = 0; i < 4; i++) {
        check_language(&fault, "f", good[i], true);
        if (!fine())
            fail_msg("%s", good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        check_language(&fault, "f", bad[i], false);
        if (fine())
            fail_msg("%s", bad[i]);
    }
    check_language(&fault, "f", "", false);
    assert_true(fine());
}

static void enumerations(void **state)
{
    (void)state;
    static const struct {
        int value;
        bool required, fine;
    } cases[] = {{0, true, false}, {0, false, true},   {1, true, true},     {5, true, true},
                 {6, true, false}, {-1, false, false}, {1000, false, false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check_enum(&fault, "f", &amends__v1__trigger__descriptor, cases[i].value,
                   cases[i].required);
        assert_int_equal(fine(), cases[i].fine);
    }
}

static void times(void **state)
{
    (void)state;
    const int64_t now = WORLD_START_US;
    static const struct {
        int64_t seconds;
        int nanos;
        bool fine;
    } cases[] = {{0, 0, false},
                 {0, 1000, true},
                 {-1, 0, false},
                 {WORLD_START_US / 1000000, 0, true},
                 {WORLD_START_US / 1000000 + 2, 0, true}, /* a caller's clock may be ahead */
                 {WORLD_START_US / 1000000 + 2, 1000, false},
                 {WORLD_START_US / 1000000 - 1, 999999999, true},
                 {5, -1, false},
                 {5, 1000000000, false},
                 {INT64_MAX, 0, false},
                 {INT64_MIN, 0, false}};
    Google__Protobuf__Timestamp t = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        t.seconds = cases[i].seconds;
        t.nanos = cases[i].nanos;
        check_past_time(&fault, "f", &t, now, false);
        if (fine() != cases[i].fine)
            fail_msg("case %zu", i);
    }
    check_past_time(&fault, "f", NULL, now, false);
    assert_true(fine());
    check_past_time(&fault, "f", NULL, now, true);
    assert_false(fine());
}

static void money(void **state)
{
    (void)state;
    static const struct {
        const char *currency;
        int64_t units;
        int nanos;
        bool any, positive;
    } cases[] = {{"USD", 5, 0, true, true},
                 {"USD", 0, 0, true, false},
                 {"USD", 0, 1000, true, true},
                 {"USD", 0, 1, false, false},
                 {"USD", 1000000000, 0, true, true},
                 {"USD", 1000000000, 1000, false, false},
                 {"USD", INT64_MAX, 0, false, false},
                 {"USD", INT64_MIN, 0, false, false},
                 {"USD", -1, 0, false, false},
                 {"USD", 0, -1000, false, false},
                 {"USD", 1, -1000, false, false},
                 {"USD", -1, 1000, false, false},
                 {"USD", 1, 1000000000, false, false},
                 {"USD", 1, INT32_MIN, false, false},
                 {"usd", 1, 0, false, false},
                 {"US", 1, 0, false, false},
                 {"USDX", 1, 0, false, false},
                 {"", 1, 0, false, false}};
    Google__Type__Money m = GOOGLE__TYPE__MONEY__INIT;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char currency[8];
        (void)snprintf(currency, sizeof(currency), "%s", cases[i].currency);
        m.currency_code = currency;
        m.units = cases[i].units;
        m.nanos = cases[i].nanos;
        check_money(&fault, "f", &m, AMOUNT_ANY);
        if (fine() != cases[i].any)
            fail_msg("case %zu, any", i);
        check_money(&fault, "f", &m, AMOUNT_POSITIVE);
        if (fine() != cases[i].positive)
            fail_msg("case %zu, positive", i);
        check_money(&fault, "f", &m, AMOUNT_REQUIRED);
        if (fine() != cases[i].positive)
            fail_msg("case %zu, required", i);
    }
    check_money(&fault, "f", NULL, AMOUNT_POSITIVE);
    assert_true(fine());
    check_money(&fault, "f", NULL, AMOUNT_REQUIRED);
    assert_false(fine());
}

static void ids(void **state)
{
    (void)state;
    struct uuid id;
    assert_true(check_uuid(&fault, "f", "01940000-0000-7000-8000-000000000001", &id));
    assert_true(fine());
    assert_false(check_uuid(&fault, "f", "00000000-0000-0000-0000-000000000000", &id));
    assert_false(check_uuid(&fault, "f", "", NULL));
    assert_false(check_uuid(&fault, "f", NULL, NULL));
    assert_int_equal(fault.n_violations, 1);
    assert_false(fine());
}

static void a_field_is_told_once(void **state)
{
    (void)state;
    check_text(&fault, "f", "", 5, true);
    check_text(&fault, "f", "", 5, true);
    check_range(&fault, "f", 9, 1, 5);
    check_code(&fault, "g", "A", 5, true);
    check_language(&fault, "g", "!", true);
    check_enum(&fault, "g", &amends__v1__trigger__descriptor, 0, true);
    check_money(&fault, "g", NULL, AMOUNT_REQUIRED);
    check_past_time(&fault, "g", NULL, 0, true);
    assert_int_equal(fault.n_violations, 2);
    assert_false(fine());
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    fault_init(&fault, &arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),     cmocka_unit_test(codes_and_principals),
        cmocka_unit_test(languages), cmocka_unit_test(enumerations),
        cmocka_unit_test(times),     cmocka_unit_test(money),
        cmocka_unit_test(ids),       cmocka_unit_test(a_field_is_told_once),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
