/* SPDX-License-Identifier: Apache-2.0 */

/* Roles as bits and as words. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "auth/role_set.h"
#include "contract/words.h"

static void test_words_become_bits_in_either_case(void **state)
{
    (void)state;
    uint32_t set = 0;
    assert_int_equal(role_set_add(&set, "agent", 5), AM_OK);
    assert_int_equal(role_set_add(&set, "ADMIN,", 5), AM_OK);
    assert_int_equal(set, ROLE_BIT(ROLE_AGENT) | ROLE_BIT(ROLE_ADMIN));
}

static void test_other_words_are_no_roles(void **state)
{
    (void)state;
    static const char *const words[] = {"", "agents", "unspecified", "a-very-long-word-of-nothing"};
    uint32_t set = 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        assert_int_equal(role_set_add(&set, words[i], strlen(words[i])), AM_ENOENT);
    assert_int_equal(set, 0);
}

static void test_a_set_is_told_in_words(void **state)
{
    (void)state;
    char text[ROLE_SET_TEXT_BYTES];
    assert_string_equal(role_set_text(0, text), "");
    assert_string_equal(role_set_text(ROLE_BIT(ROLE_SUPERVISOR) | ROLE_BIT(ROLE_AGENT), text),
                        "AGENT, SUPERVISOR");
    assert_string_equal(role_set_text(ROLES_ALL, text),
                        "OBSERVER, AGENT, SUPERVISOR, CLIENT, GATEWAY, ADMIN, OPERATOR, INTERNAL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_become_bits_in_either_case),
        cmocka_unit_test(test_other_words_are_no_roles),
        cmocka_unit_test(test_a_set_is_told_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
