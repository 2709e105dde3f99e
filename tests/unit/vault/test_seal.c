/* SPDX-License-Identifier: Apache-2.0 */

/* Sealing: what comes back, and what does not open. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "vault/seal.h"

static struct sealer *sealer;
static struct arena arena;
static struct seal_key key;
static const struct master_key master = {.name = "m", .key = {7}};

static int begin(void **state)
{
    (void)state;
    sealer = sealer_new();
    arena_init(&arena, 1 << 20);
    seal_key_make(&key);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(&arena);
    sealer_free(sealer);
    return 0;
}

static const char *sealed_of(const char *text)
{
    const char *sealed = NULL;
    assert_int_equal(seal_text(sealer, &key, slice_str("case.name.1"), text, &arena, &sealed), 0);
    return sealed;
}

static void a_text_of_any_length_comes_back(void **state)
{
    (void)state;
    char text[200] = "";
    for (size_t n = 0; n < sizeof text - 1; n++) {
        const char *sealed = sealed_of(text), *again = NULL;
        assert_true(seal_is_text(sealed));
        assert_null(n > 3 ? strstr(sealed, text) : NULL);
        assert_int_equal(
            seal_open_text(sealer, &key, slice_str("case.name.1"), sealed, &arena, &again), 0);
        assert_string_equal(again, text);
        text[n] = (char)('a' + n % 26);
    }
}

static void the_same_text_is_sealed_otherwise_each_time(void **state)
{
    (void)state;
    assert_string_not_equal(sealed_of("Erika Mustermann"), sealed_of("Erika Mustermann"));
}

static void bytes_come_back(void **state)
{
    (void)state;
    const uint8_t bytes[] = {0, 1, 2, 0xff};
    struct slice sealed, again;
    assert_int_equal(seal_bytes(sealer, &key, slice_str("x"), slice_of(bytes, 4), &arena, &sealed),
                     0);
    assert_true(seal_is_bytes(sealed));
    assert_int_equal(seal_open_bytes(sealer, &key, slice_str("x"), sealed, &arena, &again), 0);
    assert_true(slice_eq(again, slice_of(bytes, 4)));
}

static void what_was_moved_changed_or_cut_does_not_open(void **state)
{
    (void)state;
    const struct slice here = slice_str("case.name.1");
    const char *out = NULL, *sealed = sealed_of("Erika Mustermann");
    assert_int_equal(seal_open_text(sealer, &key, slice_str("case.name.2"), sealed, &arena, &out),
                     AM_EPROTO);
    for (size_t i = 15; sealed[i]; i++) {
        char *bad = arena_strdup(&arena, sealed);
        bad[i] = bad[i] == 'A' ? 'B' : 'A';
        const int rc = seal_open_text(sealer, &key, here, bad, &arena, &out);
        assert_true(rc == AM_EPROTO || (rc == AM_OK && strcmp(out, "Erika Mustermann") == 0));
        assert_true(rc == AM_EPROTO || sealed[i + 1] == '=' || sealed[i] == '=');
        bad[i] = '\0';
        assert_int_equal(seal_open_text(sealer, &key, here, bad, &arena, &out), AM_EPROTO);
    }
    assert_int_equal(seal_open_text(sealer, &key, here, "plain", &arena, &out), AM_EPROTO);
    assert_int_equal(seal_open_text(sealer, &key, here, "\xEF\xB7\x90", &arena, &out), AM_EPROTO);
    assert_int_equal(seal_open_text(sealer, &key, here, "\xEF\xB7\x90====", &arena, &out),
                     AM_EPROTO);
    assert_int_equal(seal_open_text(sealer, &key, here,
                                    "\xEF\xB7\x90"
                                    "ab\n?",
                                    &arena, &out),
                     AM_EPROTO);
}

static void another_key_is_told_from_damage(void **state)
{
    (void)state;
    const char *out = NULL, *sealed = sealed_of("Erika Mustermann");
    struct seal_key other = key;
    other.id[0] ^= 1;
    assert_int_equal(seal_open_text(sealer, &other, slice_str("case.name.1"), sealed, &arena, &out),
                     AM_ENOENT);
    other = key;
    other.key[31] ^= 1;
    assert_int_equal(seal_open_text(sealer, &other, slice_str("case.name.1"), sealed, &arena, &out),
                     AM_EPROTO);
}

static void a_key_is_wrapped_for_its_customer(void **state)
{
    (void)state;
    uint8_t wrapped[SEAL_WRAPPED_BYTES];
    const struct slice bytes = slice_of(wrapped, sizeof wrapped);
    struct seal_key again = {0};
    struct master_key wrong = master;
    wrong.key[0] ^= 1;
    seal_wrap(sealer, &master, slice_str("acme c-1"), &key, wrapped);
    assert_int_equal(seal_unwrap(sealer, &master, slice_str("acme c-1"), bytes, &again), 0);
    assert_memory_equal(again.key, key.key, sizeof key.key);
    assert_int_equal(seal_unwrap(sealer, &master, slice_str("acme c-2"), bytes, &again), AM_EPROTO);
    assert_int_equal(seal_unwrap(sealer, &wrong, slice_str("acme c-1"), bytes, &again), AM_EPROTO);
    assert_int_equal(seal_unwrap(sealer, &master, slice_str("acme c-1"),
                                 slice_of(wrapped, sizeof wrapped - 1), &again),
                     AM_EPROTO);
}

static void a_full_arena_is_told(void **state)
{
    (void)state;
    struct arena small;
    const char *out = NULL, *sealed = sealed_of("a text that needs room");
    arena_init(&small, 16);
    assert_int_equal(seal_text(sealer, &key, slice_str("x"), "a text", &small, &out), AM_ENOMEM);
    assert_int_equal(seal_open_text(sealer, &key, slice_str("x"), sealed, &small, &out), AM_ENOMEM);
    arena_free(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_of_any_length_comes_back),
        cmocka_unit_test(the_same_text_is_sealed_otherwise_each_time),
        cmocka_unit_test(bytes_come_back),
        cmocka_unit_test(what_was_moved_changed_or_cut_does_not_open),
        cmocka_unit_test(another_key_is_told_from_damage),
        cmocka_unit_test(a_key_is_wrapped_for_its_customer),
        cmocka_unit_test(a_full_arena_is_told),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
