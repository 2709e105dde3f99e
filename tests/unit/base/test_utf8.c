/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/utf8.h"

static void test_valid(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "plain",
                                        "\x7f",
                                        "\xc2\x80",
                                        "\xdf\xbf",
                                        "\xe0\xa0\x80",
                                        "\xed\x9f\xbf",
                                        "\xee\x80\x80",
                                        "\xef\xbf\xbf",
                                        "\xf0\x90\x80\x80",
                                        "\xf4\x8f\xbf\xbf",
                                        "eight by\xc3\xa9 eight bytes and more"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (!utf8_valid(texts[i], strlen(texts[i])))
            fail_msg("text %zu is valid", i);
}

/* Each is also tried behind 0 to 16 bytes of ASCII, for the path that takes eight bytes at once. */
static void test_invalid(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len;
    } bad[] = {{"\0", 1},
               {"\x80", 1},
               {"\xbf", 1},
               {"\xc0\x80", 2},
               {"\xc1\xbf", 2},
               {"\xc2", 1},
               {"\xc2\x41", 2},
               {"\xe0\x9f\xbf", 3},
               {"\xe1\x80", 2},
               {"\xed\xa0\x80", 3},
               {"\xed\xbf\xbf", 3},
               {"\xe1\x80\xc0", 3},
               {"\xf0\x8f\xbf\xbf", 4},
               {"\xf4\x90\x80\x80", 4},
               {"\xf5\x80\x80\x80", 4},
               {"\xf1\x80\x80", 3},
               {"\xf1\x80\x80\x41", 4},
               {"\xfe", 1},
               {"\xff", 1},
               {"\xf8\x88\x80\x80\x80", 5}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        for (size_t before = 0; before <= 16; before++) {
            char text[64];
            memset(text, 'a', sizeof(text));
            memcpy(text + before, bad[i].text, bad[i].len);
            if (utf8_valid(text, before + bad[i].len))
                fail_msg("text %zu behind %zu bytes is not valid", i, before);
        }
    }
}

static void test_next(void **state)
{
    (void)state;
    assert_int_equal(utf8_next("a", 1), 1);
    assert_int_equal(utf8_next("\xc3\xa9", 2), 2);
    assert_int_equal(utf8_next("\xc3\xa9", 1), 0);
    assert_int_equal(utf8_next("", 1), 0);
    assert_int_equal(utf8_next("", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_invalid),
        cmocka_unit_test(test_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
