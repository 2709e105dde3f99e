/* SPDX-License-Identifier: Apache-2.0 */

/* What others wrote is shown, never obeyed; widths are counted in columns. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "amendsctl/text.h"

static struct arena arena;

static void shows(const char *text, enum text_form form, const char *shown)
{
    assert_string_equal(text_visible(text, form, &arena), shown);
}

static void test_controls_are_shown(void **state)
{
    (void)state;
    shows("\x1b[2J", TEXT_LINE, "\\x1b[2J");
    shows("a\nb\tc\rd\x7f", TEXT_LINE, "a\\nb\\tc\\rd\\x7f");
    shows("\xc2\x9b"
          "31m",
          TEXT_LINE, "\\u009b31m"); /* CSI as one character */
    shows("\xc2\x85\xe2\x80\xa8\xe2\x80\xa9", TEXT_LINE, "\\u0085\\u2028\\u2029");
    for (int c = 1; c < 0x20; c++) {
        const char text[] = {(char)c, '\0'};
        assert_int_equal(text_visible(text, TEXT_LINE, &arena)[0], '\\');
    }
}

static void test_what_turns_the_text_round_is_shown(void **state)
{
    (void)state;
    shows("\xe2\x80\xaetxt.exe", TEXT_LINE, "\\u202etxt.exe");
    shows("\xe2\x81\xa6\xe2\x81\xa9\xe2\x80\x8f\xd8\x9c", TEXT_LINE,
          "\\u2066\\u2069\\u200f\\u061c");
    shows("\xef\xbb\xbf\xe2\x80\x8b", TEXT_LINE, "\\ufeff\\u200b");
}

static void test_what_is_no_utf8_is_shown(void **state)
{
    (void)state;
    shows("a\xff\xc3(", TEXT_LINE, "a\\xff\\xc3(");
    shows("\xed\xa0\x80", TEXT_LINE, "\\xed\\xa0\\x80"); /* half of a surrogate pair */
}

static void test_words_of_all_languages_stay(void **state)
{
    static const char *const texts[] = {
        "",
        "plain",
        "back\\slash",
        "\xc3\xa4\xc3\xb6\xc3\xbc \xe2\x82\xac",
        "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
        "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d",
        "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae\xd9\x88\xd8\xa7\xd9\x87\xd9\x85",
        "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x94\xa7"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_ptr_equal(text_visible(texts[i], TEXT_LINE, &arena), texts[i]);
}

static void test_a_text_of_lines_keeps_its_lines(void **state)
{
    (void)state;
    shows("a:\n\tb\r\n\x1b", TEXT_LINES, "a:\n\tb\\r\n\\x1b");
}

static void test_json_stays_json(void **state)
{
    (void)state;
    shows("\"\x7f\xc2\x9b\xe2\x80\xae\"", TEXT_JSON, "\"\\u007f\\u009b\\u202e\"");
    shows("\"\xf3\xa0\x81\x81\"", TEXT_JSON, "\"\\udb40\\udc41\""); /* a tag, past U+FFFF */
}

static void test_widths_are_columns(void **state)
{
    (void)state;
    assert_int_equal(text_width("abc"), 3);
    assert_int_equal(text_width("M\xc3\xbcller"), 6);
    assert_int_equal(text_width("Mu\xcc\x88ller"), 6);           /* combining */
    assert_int_equal(text_width("\xe6\x97\xa5\xe6\x9c\xac"), 4); /* wide */
    assert_int_equal(text_width("\xf0\x9f\x98\x80"), 2);         /* emoji */
    assert_string_equal(text_cut("abcdef", 6, &arena), "abcdef");
    assert_string_equal(text_cut("abcdef", 4, &arena), "abc\xe2\x80\xa6");
    assert_string_equal(text_cut("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 4, &arena),
                        "\xe6\x97\xa5\xe2\x80\xa6"); /* no half of a wide character */
    assert_string_equal(text_cut("abc", 0, &arena), "");
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
        cmocka_unit_test(test_controls_are_shown),
        cmocka_unit_test(test_what_turns_the_text_round_is_shown),
        cmocka_unit_test(test_what_is_no_utf8_is_shown),
        cmocka_unit_test(test_words_of_all_languages_stay),
        cmocka_unit_test(test_a_text_of_lines_keeps_its_lines),
        cmocka_unit_test(test_json_stays_json),
        cmocka_unit_test(test_widths_are_columns),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
