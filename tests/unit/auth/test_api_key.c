/* SPDX-License-Identifier: Apache-2.0 */

/* The text of an API key: what it is made of, what is refused, what is stored of it. */

#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "auth/api_key.h"

/* Worked out with Python's hashlib, so that a client in another language can be compared. */
#define KNOWN "amends_0123456789ab_0000000000000000000000000000000000000000000_4ZFnko"
#define KNOWN_HASH "b918b22a1581fedd39058065f00e6aad35bd561f20257151131a1ddcd21803de"

static struct api_key make(void)
{
    struct api_key_id id;
    struct api_key key;
    api_key_draw_id(&id);
    api_key_make(&id, &key);
    return key;
}

static enum api_key_form form_of(const char *text)
{
    struct api_key_mark mark;
    return api_key_read(text, strlen(text), &mark);
}

static void test_what_is_made_can_be_read(void **state)
{
    (void)state;
    struct api_key key = make();
    struct api_key_mark mark;
    assert_int_equal(strlen(key.text), API_KEY_CHARS);
    assert_true(api_key_takes(key.text, strlen(key.text)));
    assert_int_equal(api_key_read(key.text, strlen(key.text), &mark), API_KEY_GOOD);
    assert_string_equal(mark.id.text, key.mark.id.text);
    assert_true(api_key_same(mark.hash, key.mark.hash));
}

static void test_no_two_are_alike(void **state)
{
    (void)state;
    const struct api_key a = make(), b = make();
    assert_string_not_equal(a.mark.id.text, b.mark.id.text);
    assert_false(api_key_same(a.mark.hash, b.mark.hash));
}

/* Each digit turns up about as often as any other: no bits are lost in the making. */
static void test_secrets_use_all_digits_alike(void **state)
{
    (void)state;
    unsigned seen[256] = {0};
    const unsigned keys = 4000;
    const double expected = (double)keys * API_KEY_SECRET_CHARS / 62;
    for (unsigned i = 0; i < keys; i++) {
        const struct api_key key = make();
        for (size_t c = 20; c < 20 + API_KEY_SECRET_CHARS; c++)
            seen[(uint8_t)key.text[c]]++;
    }
    for (const char *c = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"; *c; c++)
        assert_true(seen[(uint8_t)*c] > expected * 0.85 && seen[(uint8_t)*c] < expected * 1.15);
}

static void test_the_pattern_finds_keys(void **state)
{
    (void)state;
    regex_t pattern;
    assert_int_equal(regcomp(&pattern, "^" API_KEY_PATTERN "$", REG_EXTENDED | REG_NOSUB), 0);
    for (int i = 0; i < 200; i++)
        assert_int_equal(regexec(&pattern, make().text, 0, NULL, 0), 0);
    regfree(&pattern);
}

static void test_a_known_key(void **state)
{
    (void)state;
    struct api_key_mark mark;
    char line[API_KEY_HASH_LINE_CHARS + 1];
    assert_int_equal(api_key_read(KNOWN, strlen(KNOWN), &mark), API_KEY_GOOD);
    assert_string_equal(mark.id.text, "0123456789ab");
    api_key_hash_line(&mark, line);
    assert_string_equal(line, "amendshash_0123456789ab_" KNOWN_HASH);
}

/* One character wrong, anywhere: told before the key is sent. */
static void test_typing_errors_are_told(void **state)
{
    (void)state;
    const struct api_key key = make();
    for (size_t i = sizeof(API_KEY_PREFIX) - 1; i < API_KEY_CHARS; i++) {
        char text[API_KEY_CHARS + 1];
        memcpy(text, key.text, sizeof text);
        if (text[i] == '_')
            continue;
        text[i] = text[i] == '7' ? '8' : '7';
        assert_int_equal(form_of(text), API_KEY_MISTYPED);
    }
}

static void test_two_characters_in_the_other_order_are_told(void **state)
{
    (void)state;
    char text[] = KNOWN;
    text[7] = '1';
    text[8] = '0';
    assert_int_equal(form_of(text), API_KEY_MISTYPED);
}

static void test_what_is_no_key(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "amends_",
        "amends",
        ("Bearer " KNOWN),
        (KNOWN "0"),
        "amends-0123456789ab_0000000000000000000000000000000000000000000_4ZFnko",
        "amends_0123456789ib_0000000000000000000000000000000000000000000_4ZFnko",
        "amends_0123456789AB_0000000000000000000000000000000000000000000_4ZFnko",
        "amends_0123456789ab-0000000000000000000000000000000000000000000_4ZFnko",
        "amends_0123456789ab_000000000000000000000000000000000000000000 _4ZFnko",
        "amends_0123456789ab_0000000000000000000000000000000000000000000_28sd_W",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(form_of(texts[i]), API_KEY_MALFORMED);
    char zero[] = KNOWN;
    struct api_key_mark mark;
    zero[30] = '\0';
    assert_int_equal(api_key_read(zero, sizeof zero - 1, &mark), API_KEY_MALFORMED);
}

static void test_only_keys_are_taken_for_keys(void **state)
{
    (void)state;
    assert_true(api_key_takes("amends_x", 8));
    assert_false(api_key_takes("amends", 6));
    assert_false(api_key_takes("eyJhbGciOiJSUzI1NiJ9.e30.c2ln", 29));
    assert_false(api_key_takes("amendshash_0123456789ab", 23));
}

static void test_a_hash_line_is_read_again(void **state)
{
    (void)state;
    const struct api_key key = make();
    struct api_key_mark mark;
    char line[API_KEY_HASH_LINE_CHARS + 1];
    api_key_hash_line(&key.mark, line);
    assert_int_equal(strlen(line), API_KEY_HASH_LINE_CHARS);
    assert_int_equal(api_key_read_hash_line(line, strlen(line), &mark), AM_OK);
    assert_string_equal(mark.id.text, key.mark.id.text);
    assert_true(api_key_same(mark.hash, key.mark.hash));
    assert_int_equal(api_key_read_hash_line(line, strlen(line) - 1, &mark), AM_EINVAL);
    line[30] = 'g';
    assert_int_equal(api_key_read_hash_line(line, strlen(line), &mark), AM_EINVAL);
    assert_int_equal(api_key_read_hash_line(key.text, strlen(key.text), &mark), AM_EINVAL);
}

/* A repeated call finds the key that it made: its id follows from the call. */
static void test_an_id_can_be_derived(void **state)
{
    (void)state;
    uint8_t digest[DIGEST_LEN];
    struct api_key_id once, again, other;
    digest_sha256("call", 4, digest);
    api_key_derive_id(digest, &once);
    api_key_derive_id(digest, &again);
    digest_sha256("calls", 5, digest);
    api_key_derive_id(digest, &other);
    assert_true(api_key_is_id(once.text, strlen(once.text)));
    assert_string_equal(once.text, again.text);
    assert_string_not_equal(once.text, other.text);
}

static void test_a_forgotten_key_is_gone(void **state)
{
    (void)state;
    struct api_key key = make();
    const struct api_key nothing = {0};
    api_key_forget(&key);
    assert_memory_equal(&key, &nothing, sizeof key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_made_can_be_read),
        cmocka_unit_test(test_no_two_are_alike),
        cmocka_unit_test(test_secrets_use_all_digits_alike),
        cmocka_unit_test(test_the_pattern_finds_keys),
        cmocka_unit_test(test_a_known_key),
        cmocka_unit_test(test_typing_errors_are_told),
        cmocka_unit_test(test_two_characters_in_the_other_order_are_told),
        cmocka_unit_test(test_what_is_no_key),
        cmocka_unit_test(test_only_keys_are_taken_for_keys),
        cmocka_unit_test(test_a_hash_line_is_read_again),
        cmocka_unit_test(test_an_id_can_be_derived),
        cmocka_unit_test(test_a_forgotten_key_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
