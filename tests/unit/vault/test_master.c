/* SPDX-License-Identifier: Apache-2.0 */

/* The file of master keys: what it may hold, and what is said of what it may not. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vault/master.h"

#define ONES "1111111111111111111111111111111111111111111111111111111111111111"
#define MIXED "00ffAbCd11111111111111111111111111111111111111111111111111111180"

static void the_first_key_wraps_and_all_are_found(void **state)
{
    (void)state;
    struct masters m;
    char why[MASTER_WHY_BYTES];
    assert_int_equal(masters_parse("# ours\n\n  2027-01 \t" MIXED " \r\n2026-01 " ONES, &m, why),
                     0);
    assert_int_equal(m.n, 2);
    assert_string_equal(m.keys[0].name, "2027-01");
    assert_int_equal(m.keys[0].key[1], 0xff);
    assert_int_equal(m.keys[0].key[2], 0xab);
    assert_int_equal(m.keys[0].key[31], 0x80);
    assert_ptr_equal(masters_find(&m, "2026-01"), &m.keys[1]);
    assert_null(masters_find(&m, "2025-01"));
    masters_forget(&m);
    assert_int_equal(m.n, 0);
}

static void a_mistake_is_told_with_its_line_and_no_key_of_it(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } wrong[] = {
        {"", "there is no key"},
        {"# nothing\n", "there is no key"},
        {ONES "\n", "line 1: is to begin with a name"},
        {"ok " ONES "\nNAME " ONES, "line 2: is to begin with a name"},
        {"ok " ONES "\n\nok " ONES, "line 3: this name is there twice"},
        {"short 1111", "line 1: behind the name, 64 hexadecimal digits"},
        {"long " ONES "1", "line 1: behind the name, 64 hexadecimal digits"},
        {"letters " ONES "\nother g" ONES, "line 2: behind the name"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct masters m;
        char why[MASTER_WHY_BYTES] = "";
        assert_int_equal(masters_parse(wrong[i].text, &m, why), AM_EINVAL);
        assert_non_null(strstr(why, wrong[i].part));
        assert_null(strstr(why, "1111"));
        assert_int_equal(m.n, 0);
    }
}

static void there_may_be_sixteen_keys(void **state)
{
    (void)state;
    struct masters m;
    char text[2048] = "", why[MASTER_WHY_BYTES];
    for (int c = 'a'; c < 'a' + MASTERS_MAX + 1; c++) {
        const char name[] = {(char)c, '\0'};
        assert_int_equal(masters_parse("x " ONES, &m, why), 0);
        (void)strncat(text, name, sizeof text - strlen(text) - 1);
        (void)strncat(text, " " ONES "\n", sizeof text - strlen(text) - 1);
        assert_int_equal(masters_parse(text, &m, why), c < 'a' + MASTERS_MAX ? 0 : AM_EINVAL);
    }
}

static void a_file_that_is_not_there_is_told(void **state)
{
    (void)state;
    struct masters m;
    char why[MASTER_WHY_BYTES];
    assert_int_equal(masters_read("/nowhere/at/all", &m, why), AM_EIO);
    assert_string_equal(why, "No such file or directory");
    assert_int_equal(masters_read("/proc/self/exe", &m, why), AM_EINVAL);
    assert_non_null(strstr(why, "it is no list of keys"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_key_wraps_and_all_are_found),
        cmocka_unit_test(a_mistake_is_told_with_its_line_and_no_key_of_it),
        cmocka_unit_test(there_may_be_sixteen_keys),
        cmocka_unit_test(a_file_that_is_not_there_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
