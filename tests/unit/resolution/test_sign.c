/* SPDX-License-Identifier: Apache-2.0 */

/* Signatures of Standard Webhooks. The first vector is the one that all its libraries test by; the
 * message of the others is the example of the specification, signed by other means. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "contract/words.h"
#include "resolution/webhook/sign.h"

#define ID "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"
#define AT_S 1674087231
#define AT "1674087231"
#define BODY                                                                                       \
    "{\"type\":\"contact.created\",\"timestamp\":\"2022-11-03T20:26:10.344522Z\","                 \
    "\"data\":{\"id\":\"1f81eb52-5198-4599-803e-771906343485\"}}"
#define MAC "v1,4PMU5Dl90B4kgwxDpwuMZ/cnZ5ztf+Y+kviYQD66rJg="
#define MAC_SECRET "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
/* The first key of RFC 8032. */
#define ED                                                                                         \
    "v1a,pbpYBMlty2hExn4zt0UTGb6BaP2Vq5AfyzjB9GGV3x/wCJKd8UjOCf8Qhaji6TKY9C5eNMnlF0GG4udaO6B7Ag=="
#define ED_PUBLIC "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

static const uint8_t ed_seed[HOOK_SECRET_BYTES] = {
    0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
    0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60};

static struct hook_key mac_key(void)
{
    struct hook_key key = {.signing = WEBHOOK_SIGNING_HMAC};
    for (unsigned i = 0; i < HOOK_SECRET_BYTES; i++)
        key.secret[i] = (uint8_t)i;
    return key;
}

static struct hook_key ed_key(void)
{
    struct hook_key key = {.signing = WEBHOOK_SIGNING_ED25519};
    memcpy(key.secret, ed_seed, sizeof key.secret);
    return key;
}

static const char *sign(const struct hook_key *keys, size_t n, int64_t now_us)
{
    static char out[HOOK_KEYS_MAX * HOOK_SIGNATURE_TEXT];
    hook_sign(keys, n, now_us, ID, AT_S, slice_str(BODY), out);
    return out;
}

static bool verify(const char *secret, const char *signatures)
{
    return hook_verify(secret, signatures, ID, AT, slice_str(BODY));
}

static void the_vector_of_all_libraries_is_confirmed(void **state)
{
    const char *secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const char *right = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    const char *id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const struct slice body = slice_str("{\"test\": 2432232314}");
    (void)state;
    assert_true(hook_verify(secret, right, id, "1614265330", body));
    assert_false(hook_verify(secret, right, id, "1614265331", body));
    assert_false(hook_verify(secret, right, "msg_p5jXN8AQM9LWM0D4loKWxJel", "1614265330", body));
    assert_false(hook_verify(secret, right, id, "1614265330", slice_str("{\"test\": 1}")));
}

static void the_example_of_the_specification_is_signed(void **state)
{
    const struct hook_key mac = mac_key(), ed = ed_key();
    char text[HOOK_KEY_TEXT];
    (void)state;
    assert_string_equal(sign(&mac, 1, 0), MAC);
    assert_string_equal(sign(&ed, 1, 0), ED);
    hook_key_secret_text(&mac, text);
    assert_string_equal(text, MAC_SECRET);
    assert_true(verify(MAC_SECRET, MAC));
    assert_true(verify(ED_PUBLIC, ED));
}

static void a_made_key_confirms_what_it_signs(void **state)
{
    struct hook_key key, other;
    char text[HOOK_KEY_TEXT], wrong[HOOK_KEY_TEXT];
    (void)state;
    hook_key_make(&key, WEBHOOK_SIGNING_ED25519);
    hook_key_make(&other, WEBHOOK_SIGNING_ED25519);
    hook_key_public_text(key.public_key, text);
    hook_key_public_text(other.public_key, wrong);
    assert_true(verify(text, sign(&key, 1, 0)));
    assert_false(verify(wrong, sign(&key, 1, 0)));
    hook_key_make(&key, WEBHOOK_SIGNING_HMAC);
    hook_key_secret_text(&key, text);
    assert_true(verify(text, sign(&key, 1, 0)));
    hook_key_forget(&key);
    hook_key_secret_text(&key, text);
    assert_string_equal(text, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
}

static void all_keys_that_have_not_ended_sign(void **state)
{
    struct hook_key keys[HOOK_KEYS_MAX] = {mac_key(), ed_key(), mac_key(), mac_key()};
    (void)state;
    keys[0].ends_at = 100;
    keys[2].ends_at = 50;
    keys[3].ends_at = 200;
    assert_string_equal(sign(keys, 2, 99), MAC " " ED);
    assert_string_equal(sign(keys, 2, 100), ED);
    assert_string_equal(sign(keys, HOOK_KEYS_MAX, 99), MAC " " ED " " MAC);
    assert_string_equal(sign(keys, 0, 99), "");
    /* The most that can be written has room. */
    for (size_t i = 0; i < HOOK_KEYS_MAX; i++)
        keys[i] = ed_key();
    assert_string_equal(sign(keys, HOOK_KEYS_MAX, 0), ED " " ED " " ED " " ED);
}

static void one_right_signature_is_enough(void **state)
{
    (void)state;
    assert_true(verify(MAC_SECRET, "v1,bm9wZQ== " ED "  " MAC));
    assert_true(verify(ED_PUBLIC, MAC " " ED));
    assert_false(verify(MAC_SECRET, ED));
    assert_false(verify(ED_PUBLIC, MAC));
}

static void what_is_no_signature_confirms_nothing(void **state)
{
    static const char *const bad[] = {
        "",
        " ",
        "v1",
        "v1,",
        "v1a,",
        "v2,4PMU5Dl90B4kgwxDpwuMZ/cnZ5ztf+Y+kviYQD66rJg=",
        "4PMU5Dl90B4kgwxDpwuMZ/cnZ5ztf+Y+kviYQD66rJg=",
        "v1,4PMU5Dl90B4kgwxDpwuMZ/cnZ5ztf+Y+kviYQD66rJg",
        "v1,4PMU5Dl90B4kgwxDpwuMZ/cnZ5ztf+Y+kviYQD66rA==",
        "v1,4PMU5Dl90B4kgwxDpwuMZ/cnZ5ztf+Y+kviYQD66r!g=",
        "v1,====",
    };
    char longer[2000];
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(verify(MAC_SECRET, bad[i]));
    (void)snprintf(longer, sizeof longer, "v1,%01600d", 0);
    assert_false(verify(MAC_SECRET, longer));
    assert_false(verify(ED_PUBLIC, longer));
    assert_false(verify("", MAC));
    assert_false(verify("whsec_", MAC));
    assert_false(verify("whsec_no base64", MAC));
    assert_false(verify("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", MAC));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vector_of_all_libraries_is_confirmed),
        cmocka_unit_test(the_example_of_the_specification_is_signed),
        cmocka_unit_test(a_made_key_confirms_what_it_signs),
        cmocka_unit_test(all_keys_that_have_not_ended_sign),
        cmocka_unit_test(one_right_signature_is_enough),
        cmocka_unit_test(what_is_no_signature_confirms_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
