/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/digest.h"

/* FIPS 180-2, appendix B.1. */
static const uint8_t sha256_of_abc[DIGEST_LEN] = {
    0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
    0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};

static void test_known_answer(void **state)
{
    (void)state;
    uint8_t out[DIGEST_LEN];
    digest_sha256("abc", 3, out);
    assert_memory_equal(out, sha256_of_abc, DIGEST_LEN);
}

static void test_pieces_give_the_same_as_the_whole(void **state)
{
    (void)state;
    uint8_t out[DIGEST_LEN];
    struct digest_ctx *d = digest_begin();
    digest_add(d, "a", 1);
    digest_add(d, NULL, 0);
    digest_add(d, "bc", 2);
    digest_end(d, out);
    assert_memory_equal(out, sha256_of_abc, DIGEST_LEN);
}

static void test_field_is_its_length_and_bytes(void **state)
{
    (void)state;
    uint8_t fields[DIGEST_LEN];
    uint8_t plain[DIGEST_LEN];
    struct digest_ctx *d = digest_begin();
    digest_add_field(d, "ab", 2);
    digest_add_field(d, "", 0);
    digest_end(d, fields);
    digest_sha256("\0\0\0\2ab\0\0\0\0", 10, plain);
    assert_memory_equal(fields, plain, DIGEST_LEN);
}

/* Processes of different releases lock the same keys: this number must never change. */
static void test_key_is_stable(void **state)
{
    (void)state;
    const struct slice fields[] = {slice_str("case"), slice_str("tenant-1")};
    uint8_t hash[DIGEST_LEN];
    digest_sha256("\0\0\0\4case\0\0\0\10tenant-1", 20, hash);
    uint64_t expected = 0;
    for (size_t i = 0; i < 8; i++)
        expected = expected << 8 | hash[i];
    assert_true(digest_key(fields, 2) == expected);
    assert_true(expected == UINT64_C(0x9a532ed4f356e8f3));
}

static void test_fields_do_not_run_into_each_other(void **state)
{
    (void)state;
    const struct slice one[] = {slice_str("ab"), slice_str("c")};
    const struct slice other[] = {slice_str("a"), slice_str("bc")};
    assert_true(digest_key(one, 2) != digest_key(other, 2));
}

/* Long fields take another way through the code; the hash is the same function. */
static void test_long_key(void **state)
{
    (void)state;
    uint8_t text[4 + 2000] = {0, 0, 2000 >> 8, 2000 & 255};
    uint8_t hash[DIGEST_LEN];
    const struct slice field = slice_of(text + 4, 2000);
    digest_sha256(text, sizeof(text), hash);
    uint64_t expected = 0;
    for (size_t i = 0; i < 8; i++)
        expected = expected << 8 | hash[i];
    assert_true(digest_key(&field, 1) == expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answer),
        cmocka_unit_test(test_pieces_give_the_same_as_the_whole),
        cmocka_unit_test(test_field_is_its_length_and_bytes),
        cmocka_unit_test(test_key_is_stable),
        cmocka_unit_test(test_fields_do_not_run_into_each_other),
        cmocka_unit_test(test_long_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
