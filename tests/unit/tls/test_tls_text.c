/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "io/tls_text.h"
#include "maker.h"

static char folder[] = "/tmp/amends-tls-XXXXXX";
static struct maker maker;
static char why[TLS_WHY_BYTES];

/* A path in the folder, in one of a few buffers used in turn. */
static const char *in_folder(const char *name)
{
    static char paths[8][64];
    static unsigned next;
    char *path = paths[next++ % 8];
    (void)snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static int setup(void **state)
{
    const struct maker_order order = {.san = "DNS:one", .from_s = -60, .to_s = 600};
    const struct maker_order old = {.from_s = -60, .to_s = -10};
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    maker_init(&maker);
    maker_write_ca(&maker, in_folder("ca"));
    maker_write(&maker, &order, in_folder("cert"), in_folder("key"));
    maker_write(&maker, &old, in_folder("old-cert"), in_folder("old-key"));
    return 0;
}

static int teardown(void **state)
{
    char command[64];
    (void)state;
    maker_free(&maker);
    (void)snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command); /* NOLINT(cert-env33-c): a constant but for the folder's own name */
}

static int reading(const char *cert, const char *key, const char *ca, struct tls_text *out)
{
    const struct tls_paths paths = {cert, key, ca};
    return tls_text_read(&paths, out, why);
}

static void refused(const char *cert, const char *key, const char *ca, const char *words)
{
    struct tls_text text;
    assert_int_equal(reading(cert, key, ca, &text), AM_EINVAL);
    assert_null(text.cert);
    assert_null(text.key);
    assert_null(text.ca);
    if (!strstr(why, words))
        fail_msg("\"%s\" does not say \"%s\"", why, words);
}

static void all_is_read(void **state)
{
    struct tls_text text;
    const int64_t now_s = (int64_t)time(NULL);
    (void)state;
    assert_int_equal(reading(in_folder("cert"), in_folder("key"), in_folder("ca"), &text), AM_OK);
    assert_non_null(strstr(text.cert, "BEGIN CERTIFICATE"));
    assert_non_null(strstr(text.key, "PRIVATE KEY"));
    assert_non_null(strstr(text.ca, "BEGIN CERTIFICATE"));
    assert_in_range(text.not_after_s, now_s + 590, now_s + 601);
    assert_in_range(text.ca_not_after_s, now_s + 3500, now_s + 3601);
    tls_text_free(&text);
    assert_null(text.key);
}

static void either_may_be_left_out(void **state)
{
    struct tls_text text;
    (void)state;
    assert_int_equal(reading(NULL, "", in_folder("ca"), &text), AM_OK);
    assert_null(text.cert);
    tls_text_free(&text);
    assert_int_equal(reading(in_folder("cert"), in_folder("key"), "", &text), AM_OK);
    assert_null(text.ca);
    tls_text_free(&text);
}

static void expired_is_no_error(void **state)
{
    struct tls_text text;
    (void)state;
    assert_int_equal(reading(in_folder("old-cert"), in_folder("old-key"), NULL, &text), AM_OK);
    assert_in_range(text.not_after_s, 1, (int64_t)time(NULL) - 5);
    tls_text_free(&text);
}

static void write_text(const char *name, const char *text, size_t len)
{
    FILE *f = fopen(in_folder(name), "we");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

static void what_cannot_be_used_is_named(void **state)
{
    (void)state;
    write_text("nothing", "nothing\n", 8);
    write_text("binary", "a\0b", 3);
    refused(in_folder("cert"), in_folder("none"), NULL, "none cannot be opened: No such file");
    refused(folder, in_folder("key"), NULL, "cannot be read: Is a directory");
    refused(in_folder("cert"), NULL, NULL, "cert is given without its private key");
    refused("", in_folder("key"), NULL, "key is given without the key's certificate");
    refused(in_folder("nothing"), in_folder("key"), NULL, "nothing holds no certificate");
    refused(in_folder("cert"), in_folder("nothing"), NULL, "nothing holds no private key");
    refused(in_folder("key"), in_folder("cert"), NULL, "key holds no certificate");
    refused(in_folder("binary"), in_folder("key"), NULL, "is not text");
    refused(in_folder("cert"), in_folder("old-key"), NULL, "is not that of the certificate in");
    refused(NULL, NULL, in_folder("nothing"), "nothing holds no certificate");
}

static void a_key_with_a_password_is_refused(void **state)
{
    (void)state;
    FILE *f = fopen(in_folder("locked"), "we");
    assert_non_null(f);
    assert_int_equal(
        PEM_write_PKCS8PrivateKey(f, maker.key, EVP_aes_128_cbc(), "secret", 6, NULL, NULL), 1);
    assert_int_equal(fclose(f), 0);
    refused(in_folder("ca"), in_folder("locked"), NULL, "without a password");
}

static void too_large(void **state)
{
    char *text = malloc((1 << 20) + 1);
    (void)state;
    assert_non_null(text);
    memset(text, 'a', (1 << 20) + 1);
    write_text("large", text, (1 << 20) + 1);
    free(text);
    refused(NULL, NULL, in_folder("large"), "larger than 1 MiB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_read),
        cmocka_unit_test(either_may_be_left_out),
        cmocka_unit_test(expired_is_no_error),
        cmocka_unit_test(what_cannot_be_used_is_named),
        cmocka_unit_test(a_key_with_a_password_is_refused),
        cmocka_unit_test(too_large),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
