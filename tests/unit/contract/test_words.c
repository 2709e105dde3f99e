/* SPDX-License-Identifier: Apache-2.0 */

/* The generated words of the contract against the descriptors that protobuf-c made of it. */

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "contract/statuses.h"
#include "contract/word.h"
#include "contract/words.h"

static const ProtobufCEnumDescriptor *const all[] = {CONTRACT_ALL_WORDS};
#define ALL (sizeof(all) / sizeof(all[0]))

static void every_enumeration_begins_with_unspecified(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALL; i++)
        assert_string_equal(contract_word(all[i], 0), "UNSPECIFIED");
}

static void every_value_has_a_word_of_its_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALL; i++) {
        for (unsigned k = 0; k < all[i]->n_values; k++) {
            const ProtobufCEnumValue *v = &all[i]->values[k];
            const char *word = contract_word(all[i], v->value);
            assert_true(isupper((unsigned char)word[0]));
            assert_true(strlen(word) < strlen(v->name));
            assert_int_equal(contract_number(all[i], word), v->value);
        }
    }
}

static void words_have_either_case(void **state)
{
    (void)state;
    assert_string_equal(contract_word(CASE_STATUS_WORDS, CASE_STATUS_IN_PROGRESS), "IN_PROGRESS");
    assert_int_equal(contract_number(CASE_STATUS_WORDS, "in_progress"), CASE_STATUS_IN_PROGRESS);
}

static void what_the_contract_does_not_have_is_told(void **state)
{
    (void)state;
    assert_string_equal(contract_word(CASE_STATUS_WORDS, CASE_STATUS_COUNT), "?");
    assert_string_equal(contract_word(CASE_STATUS_WORDS, -1), "?");
    assert_int_equal(contract_number(CASE_STATUS_WORDS, "NO_SUCH_STATUS"), -1);
    assert_int_equal(contract_number(CASE_STATUS_WORDS, "CASE_STATUS_OPEN"), -1);
}

static void a_refusal_without_reason_has_no_word(void **state)
{
    (void)state;
    assert_string_equal(contract_reason(ERROR_REASON_CASE_NOT_FOUND), "CASE_NOT_FOUND");
    assert_string_equal(contract_reason(ERROR_REASON_UNSPECIFIED), "");
}

/* The descriptors are sorted by number, so the last value is the largest. */
static int count_of(const ProtobufCEnumDescriptor *words)
{
    return words->values[words->n_values - 1].value + 1;
}

static void a_count_is_the_largest_number_and_one(void **state)
{
    (void)state;
    assert_int_equal(CASE_STATUS_COUNT, count_of(CASE_STATUS_WORDS));
    assert_int_equal(CHANNEL_COUNT, count_of(CHANNEL_WORDS));
    assert_int_equal(CLOCK_KIND_COUNT, count_of(CLOCK_KIND_WORDS));
    assert_int_equal(ERROR_REASON_COUNT, count_of(ERROR_REASON_WORDS));
    assert_int_equal(EVENT_KIND_COUNT, count_of(EVENT_KIND_WORDS));
    assert_int_equal(REMEDY_KIND_COUNT, count_of(REMEDY_KIND_WORDS));
    /* An array that is indexed by an enumeration stays small. */
    for (size_t i = 0; i < ALL; i++)
        assert_true(all[i]->values[0].value == 0 && count_of(all[i]) < 256);
}

static void sql_has_the_same_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        int number;
    } samples[] = {
        {SQL_CASE_STATUS_OPEN, CASE_STATUS_OPEN},
        {SQL_CASE_STATUS_AWAITING_APPROVAL, CASE_STATUS_AWAITING_APPROVAL},
        {SQL_OWNER_KIND_AGENT, OWNER_KIND_AGENT},
        {SQL_OFFER_STATE_PENDING, OFFER_STATE_PENDING},
        {SQL_EVENT_KIND_POLICY_MIGRATED, EVENT_KIND_POLICY_MIGRATED},
        {SQL_ERROR_REASON_NOT_THE_LEVEL, ERROR_REASON_NOT_THE_LEVEL},
    };
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        assert_int_equal(strtol(samples[i].sql, NULL, 10), samples[i].number);
}

/* The sets of statuses are told twice, for C and for SQL. */
static void sets_of_statuses_are_the_same_in_sql(void **state)
{
    char sql[64];
    const int first = __builtin_ctz(STATUSES_WAITING), n = __builtin_popcount(STATUSES_WAITING);
    (void)state;
    assert_int_equal(STATUSES_WAITING >> first, (1u << n) - 1); /* without gaps */
    (void)snprintf(sql, sizeof(sql), "between %d and %d", first, first + n - 1);
    assert_string_equal(SQL_STATUS_WAITING, sql);
    assert_string_equal(SQL_STATUS_NOT_WAITING, "not " SQL_STATUS_WAITING);
    assert_int_equal(__builtin_popcount(STATUSES_COUNTED), 2);
    (void)snprintf(sql, sizeof(sql), "in (%d, %d)", __builtin_ctz(STATUSES_COUNTED),
                   31 - __builtin_clz(STATUSES_COUNTED));
    assert_string_equal(SQL_STATUS_COUNTED, sql);
}

static void every_status_is_waiting_resolved_or_final(void **state)
{
    (void)state;
    assert_int_equal(STATUSES_WAITING & STATUSES_FINAL, 0);
    assert_int_equal(STATUSES_WAITING | 1u << CASE_STATUS_RESOLVED | STATUSES_FINAL,
                     (1u << CASE_STATUS_COUNT) - 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_enumeration_begins_with_unspecified),
        cmocka_unit_test(every_value_has_a_word_of_its_own),
        cmocka_unit_test(words_have_either_case),
        cmocka_unit_test(what_the_contract_does_not_have_is_told),
        cmocka_unit_test(a_refusal_without_reason_has_no_word),
        cmocka_unit_test(a_count_is_the_largest_number_and_one),
        cmocka_unit_test(sql_has_the_same_numbers),
        cmocka_unit_test(sets_of_statuses_are_the_same_in_sql),
        cmocka_unit_test(every_status_is_waiting_resolved_or_final),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
