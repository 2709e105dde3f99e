/* SPDX-License-Identifier: Apache-2.0 */

/* Which words are offered in place of a wrong one. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "amendsctl/suggest.h"

static const char *const words[] = {
    "case-id",         "customer-id", "customer-name", "failure-code",
    "failure-product", "status",      "list",          "get"};

static void suggests(const char *word, const char *text)
{
    struct arena arena;
    struct suggest s;
    arena_init(&arena, 1u << 16);
    suggest_init(&s, word);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        suggest_add(&s, words[i]);
    assert_string_equal(suggest_text(&s, "--", &arena), text);
    arena_free(&arena);
}

static void test_slips_of_the_finger(void **state)
{
    (void)state;
    suggests("lsit", "; did you mean --list?");
    suggests("staus", "; did you mean --status?");
    suggests("costumer-id", "; did you mean --customer-id?");
}

static void test_beginnings_and_parts(void **state)
{
    (void)state;
    suggests("failure", "; did you mean --failure-code or --failure-product?");
    suggests("code", "; did you mean --failure-code?");
    suggests("customer", "; did you mean --customer-id or --customer-name?");
}

static void test_what_is_like_nothing(void **state)
{
    (void)state;
    suggests("", "");
    suggests("zebra", "");
    suggests("a-word-that-is-much-longer-than-any-that-a-command-line-has-for-a-flag", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slips_of_the_finger),
        cmocka_unit_test(test_beginnings_and_parts),
        cmocka_unit_test(test_what_is_like_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
