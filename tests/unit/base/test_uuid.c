/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/uuid.h"

static const char sample[] = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";

static void test_text_round_trip(void **state)
{
    (void)state;
    struct uuid id;
    struct uuid upper;
    char text[UUID_TEXT_LEN + 1];
    assert_int_equal(uuid_parse(sample, &id), AM_OK);
    assert_string_equal(uuid_format(&id, text), sample);
    assert_int_equal(uuid_parse("017F22E2-79B0-7CC3-98C4-DC0C0C07398F", &upper), AM_OK);
    assert_true(uuid_eq(&id, &upper));
}

static void test_malformed_text(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "017f22e2",
                                      "017f22e279b07cc398c4dc0c0c07398f",
                                      "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
                                      "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
                                      "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
                                      "017f22e2079b0-7cc3-98c4-dc0c0c07398f",
                                      "017f22e-279b0-7cc3-98c4-dc0c0c07398f",
                                      "{17f22e2-79b0-7cc3-98c4-dc0c0c07398}"};
    struct uuid id;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(uuid_parse(bad[i], &id), AM_EINVAL);
    assert_int_equal(uuid_parse(NULL, &id), AM_EINVAL);
}

/* The example of RFC 9562, appendix A.6. */
static void test_version_7(void **state)
{
    (void)state;
    static const uint8_t entropy[10] = {0xfc, 0xc3, 0xd8, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f};
    char text[UUID_TEXT_LEN + 1];
    struct uuid id = uuid_v7(INT64_C(1645557742000) * 1000 + 999, entropy);
    assert_string_equal(uuid_format(&id, text), sample);
}

static void test_derived_ids_are_the_same_twice_and_distinct(void **state)
{
    (void)state;
    struct uuid seed = uuid_new(INT64_C(1645557742000000));
    struct uuid ids[100];
    for (uint32_t n = 0; n < 100; n++) {
        ids[n] = uuid_derive(&seed, n);
        struct uuid again = uuid_derive(&seed, n);
        assert_true(uuid_eq(&ids[n], &again));
        assert_memory_equal(ids[n].b, seed.b, 6);
        assert_int_equal(ids[n].b[6] >> 4, 7);
        assert_int_equal(ids[n].b[8] >> 6, 2);
        for (uint32_t k = 0; k < n; k++)
            assert_false(uuid_eq(&ids[n], &ids[k]));
    }
}

/* Ids are derived again after a restart by another release: the function must never change. */
static void test_derivation_is_stable(void **state)
{
    (void)state;
    struct uuid seed;
    char text[UUID_TEXT_LEN + 1];
    assert_int_equal(uuid_parse(sample, &seed), AM_OK);
    struct uuid id = uuid_derive(&seed, 1);
    assert_string_equal(uuid_format(&id, text), "017f22e2-79b0-7ad1-8b38-839c8bc2a984");
}

static void test_new_ids_differ(void **state)
{
    (void)state;
    struct uuid a = uuid_new(1000);
    struct uuid b = uuid_new(1000);
    struct uuid zero = {{0}};
    assert_false(uuid_eq(&a, &b));
    assert_false(uuid_is_zero(&a));
    assert_true(uuid_is_zero(&zero));
    assert_true(uuid_cmp(&zero, &a) < 0 && uuid_cmp(&a, &zero) > 0 && uuid_cmp(&a, &a) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_round_trip),
        cmocka_unit_test(test_malformed_text),
        cmocka_unit_test(test_version_7),
        cmocka_unit_test(test_derived_ids_are_the_same_twice_and_distinct),
        cmocka_unit_test(test_derivation_is_stable),
        cmocka_unit_test(test_new_ids_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
