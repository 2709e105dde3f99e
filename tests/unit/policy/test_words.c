/* SPDX-License-Identifier: Apache-2.0 */

/* Values as bundles write them: what each means, and what is no value. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "amends/v1/types.pb-c.h"
#include "policy/policy.h"
#include "policy/words.h"

#define NONE (-1)
#define SECOND 1000LL
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct number {
    const char *text;
    int64_t value; /* NONE: refused */
};

static void durations(void **state)
{
    static const struct number all[] = {{"90s", 90 * SECOND},
                                        {"30m", HOUR / 2},
                                        {"8h", 8 * HOUR},
                                        {"1h30m", 3 * HOUR / 2},
                                        {"5d", 5 * DAY},
                                        {"2w", 14 * DAY},
                                        {"1w2d3h4m5s", 9 * DAY + 3 * HOUR + 245 * SECOND},
                                        {"0s", 0},
                                        {"3653d", 3653 * DAY},
                                        {"3653d1s", NONE},
                                        {"100h", 100 * HOUR},
                                        {"", NONE},
                                        {"5", NONE},
                                        {"h", NONE},
                                        {"1.5h", NONE},
                                        {"-1h", NONE},
                                        {"1h 30m", NONE},
                                        {"1H", NONE},
                                        {"30m1h", NONE},
                                        {"1h1h", NONE},
                                        {"1y", NONE},
                                        {"9999999999999999s", NONE},
                                        {"999999999999999w", NONE}};
    (void)state;
    for (size_t i = 0; i < COUNT(all); i++) {
        int64_t ms = NONE;
        const char *why = word_duration(all[i].text, &ms);
        assert_int_equal(why != NULL, all[i].value == NONE);
        if (!why)
            assert_int_equal(ms, all[i].value);
    }
}

static void amounts(void **state)
{
    static const struct number all[] = {{"0", 0},
                                        {"5", 5 * MONEY_MICROS},
                                        {"12.50", 12500000},
                                        {"0.000001", 1},
                                        {"007", 7 * MONEY_MICROS},
                                        {"1.0000001", NONE},
                                        {"1.", NONE},
                                        {".5", NONE},
                                        {"1,50", NONE},
                                        {"-1", NONE},
                                        {"1e3", NONE},
                                        {"999999999999", 999999999999 * MONEY_MICROS},
                                        {"99999999999999", NONE},
                                        {"", NONE}};
    int64_t micros;
    (void)state;
    for (size_t i = 0; i < COUNT(all); i++) {
        const char *why = word_micros(all[i].text, false, &micros);
        assert_int_equal(why != NULL, all[i].value == NONE);
        if (!why)
            assert_int_equal(micros, all[i].value);
    }
    assert_null(word_micros("unlimited", true, &micros));
    assert_int_equal(micros, MONEY_UNLIMITED);
    assert_non_null(word_micros("unlimited", false, &micros));
}

static void hours(void **state)
{
    static const struct {
        const char *text;
        int32_t from_s, until_s; /* NONE: refused */
    } all[] = {{"09:00-17:30", 32400, 63000},
               {"9:00-17:30", 32400, 63000},
               {"09:00:01-17:30:15", 32401, 63015},
               {"22:00-06:00", 79200, 108000},
               {"00:00-24:00", 0, 86400},
               {"all day", 0, 86400},
               {"00:00-00:00", NONE, NONE},
               {"24:00-06:00", NONE, NONE},
               {"09:00-24:01", NONE, NONE},
               {"9-17", NONE, NONE},
               {"09:60-17:00", NONE, NONE},
               {"09:0-17:00", NONE, NONE},
               {"09:00", NONE, NONE},
               {"09:00-17:00 ", NONE, NONE},
               {"09:00 - 17:00", NONE, NONE},
               {"09:00:00:00-17:00", NONE, NONE},
               {"09:-17:00", NONE, NONE},
               {"", NONE, NONE}};
    (void)state;
    for (size_t i = 0; i < COUNT(all); i++) {
        int32_t from_s, until_s;
        const char *why = word_window(all[i].text, &from_s, &until_s);
        assert_int_equal(why != NULL, all[i].from_s == NONE);
        if (!why) {
            assert_int_equal(from_s, all[i].from_s);
            assert_int_equal(until_s, all[i].until_s);
        }
    }
}

static void weekdays(void **state)
{
    static const struct number all[] = {
        {"mon", 0x01},      {"mon-fri", 0x1f}, {"fri-mon", 0x71},
        {"sat, sun", 0x60}, {"sat,sun", 0x60}, {"Mon-Wed, FRI", 0x17},
        {"mon-sun", 0x7f},  {"sun-sun", 0x40}, {"monday", NONE},
        {"mon-", NONE},     {"mon,", NONE},    {"-fri", NONE},
        {"mon fri", NONE},  {"", NONE}};
    (void)state;
    for (size_t i = 0; i < COUNT(all); i++) {
        unsigned days;
        const char *why = word_weekdays(all[i].text, &days);
        assert_int_equal(why != NULL, all[i].value == NONE);
        if (!why)
            assert_int_equal(days, all[i].value);
    }
}

static void shares_and_ranges(void **state)
{
    static const struct number shares[] = {{"75%", 75},    {"1%", 1},       {"1000%", 1000},
                                           {"0%", NONE},   {"1001%", NONE}, {"75", NONE},
                                           {"7.5%", NONE}, {"%", NONE}};
    static const struct number ranges[] = {
        {"4", 0x10},   {"3-5", 0x38}, {"4+", 0x30},  {"1-1", 0x02}, {"0", NONE}, {"6", NONE},
        {"5-3", NONE}, {"3-", NONE},  {"3-9", NONE}, {"+", NONE},   {"x", NONE}};
    (void)state;
    for (size_t i = 0; i < COUNT(shares); i++) {
        int32_t percent = NONE;
        const char *why = word_percent(shares[i].text, &percent);
        assert_int_equal(why != NULL, shares[i].value == NONE);
        if (!why)
            assert_int_equal(percent, shares[i].value);
    }
    for (size_t i = 0; i < COUNT(ranges); i++) {
        uint32_t bits = 0;
        const char *why = word_range(ranges[i].text, 1, 5, &bits);
        assert_int_equal(why != NULL, ranges[i].value == NONE);
        if (!why)
            assert_int_equal(bits, ranges[i].value);
    }
}

static void words_of_the_contract(void **state)
{
    const ProtobufCEnumDescriptor *statuses = &amends__v1__case_status__descriptor;
    char word[WORD_MAX], list[WORD_LIST_MAX];
    (void)state;
    assert_int_equal(word_enum(statuses, "in_progress"), 2);
    assert_int_equal(word_enum(statuses, "IN_PROGRESS"), 2);
    assert_int_equal(word_enum(statuses, "unspecified"), 0);
    assert_int_equal(word_enum(statuses, "CASE_STATUS_OPEN"), 0);
    assert_int_equal(word_enum(statuses, ""), 0);
    word_enum_name(statuses, 2, word);
    assert_string_equal(word, "in_progress");
    word_enum_name(statuses, 99, word);
    assert_string_equal(word, "?");
    assert_string_equal(word_enum_list(&amends__v1__act_kind__descriptor, list),
                        "thanks, apology, explanation");
    assert_string_equal(word_enum_nearest(statuses, "awaiting_custmer", word), "awaiting_customer");
    assert_null(word_enum_nearest(statuses, "zebra", word));
}

static void the_nearest_word_is_near(void **state)
{
    static const char *const words[] = {"calendar", "clocks", "ladder"};
    char longest[200];
    (void)state;
    memset(longest, 'c', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_string_equal(word_nearest("calender", words, 3), "calendar");
    assert_string_equal(word_nearest("Clock", words, 3), "clocks");
    assert_string_equal(word_nearest("lader", words, 3), "ladder");
    assert_null(word_nearest("failures", words, 3));
    assert_null(word_nearest("", words, 3));
    assert_null(word_nearest(longest, words, 3));
    assert_null(word_nearest("x", words, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations),
        cmocka_unit_test(amounts),
        cmocka_unit_test(hours),
        cmocka_unit_test(weekdays),
        cmocka_unit_test(shares_and_ranges),
        cmocka_unit_test(words_of_the_contract),
        cmocka_unit_test(the_nearest_word_is_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
