/* SPDX-License-Identifier: Apache-2.0 */

/* The certificate of an erasure: one line of JSON, and a signature that the public key confirms. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "amends/v1/privacy_service.pb-c.h"
#include "shared/certificate.h"

static struct arena arena;

static Amends__V1__ErasureCertificate *make(const struct sign_keys *keys)
{
    static const uint8_t hash[32] = {0xab};
    const struct erasure_row row = {.customer_id = "c-1",
                                    .reason = "letter \"4711\"\n",
                                    .actor = "ann",
                                    .via = "crm",
                                    .begun_at = 1700000000000000,
                                    .ended_at = 1700000001000000};
    const struct certified what = {.tenant = "acme", .cases = 2, .cases_sha256 = hash};
    const struct slice packed = certificate_make(&row, &what, keys, &arena);
    Amends__V1__ErasureCertificate *c =
        amends__v1__erasure_certificate__unpack(NULL, packed.len, packed.data);
    assert_non_null(c);
    return c;
}

static void it_says_what_was_done(void **state)
{
    Amends__V1__ErasureCertificate *c = make(NULL);
    json_t *d = json_loadb((const char *)c->document.data, c->document.len, 0, NULL);
    (void)state;
    assert_non_null(d);
    assert_null(memchr(c->document.data, '\n', c->document.len));
    assert_string_equal(json_string_value(json_object_get(d, "reason")), "letter \"4711\"\n");
    assert_string_equal(json_string_value(json_object_get(d, "via")), "crm");
    assert_int_equal(json_integer_value(json_object_get(d, "cases")), 2);
    assert_memory_equal(json_string_value(json_object_get(d, "casesSha256")), "ab00", 4);
    assert_true(json_array_size(json_object_get(d, "erased")) > 10);
    assert_int_equal(c->signature.len, 0);
    assert_string_equal(c->algorithm, "");
    json_decref(d);
    amends__v1__erasure_certificate__free_unpacked(c, NULL);
}

/* A file with a fresh private key. */
static void write_key(char *path)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    FILE *out = fdopen(mkstemp(path), "w");
    assert_non_null(key);
    assert_non_null(out);
    assert_int_equal(PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(fclose(out), 0);
    EVP_PKEY_free(key);
}

static void its_signature_is_of_the_exact_bytes(void **state)
{
    char path[] = "/tmp/amends-certificate-XXXXXX", id[SIGN_KEY_ID_SIZE];
    struct sign_keys *keys;
    const char *why;
    (void)state;
    write_key(path);
    assert_int_equal(sign_keys_read(path, &keys, &why), AM_OK);
    (void)unlink(path);
    Amends__V1__ErasureCertificate *c = make(keys);
    assert_string_equal(c->algorithm, "Ed25519");
    sign_key_id(sign_keys_public(keys), id);
    assert_string_equal(c->key_id, id);
    assert_int_equal(c->signature.len, SIGN_LEN);
    assert_true(
        sign_verify(sign_keys_public(keys), c->document.data, c->document.len, c->signature.data));
    c->document.data[5] ^= 1;
    assert_false(
        sign_verify(sign_keys_public(keys), c->document.data, c->document.len, c->signature.data));
    amends__v1__erasure_certificate__free_unpacked(c, NULL);
    sign_keys_free(keys);
}

static int begin(void **state)
{
    (void)state;
    arena_init(&arena, 256 << 10);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_what_was_done),
        cmocka_unit_test(its_signature_is_of_the_exact_bytes),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
