/* SPDX-License-Identifier: Apache-2.0 */
#include "io/tls_text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/assert.h"

#define FILE_BYTES_MAX (1u << 20)

static bool given(const char *path)
{
    return path && *path;
}

/* Says why; AM_EINVAL. What OpenSSL noted of it is of no more use. */
#define REFUSE(why, ...)                                                                           \
    (ERR_clear_error(), (void)snprintf(why, TLS_WHY_BYTES, __VA_ARGS__), AM_EINVAL)

static int read_file(const char *path, char **out, char *why)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return REFUSE(why, "%s cannot be opened: %s", path, strerror(errno));
    char *text = calloc(1, FILE_BYTES_MAX + 2);
    AM_ASSERT(text != NULL);
    const size_t n = fread(text, 1, FILE_BYTES_MAX + 1, f);
    const int failed = ferror(f) ? errno : 0;
    (void)fclose(f);
    if (!failed && n <= FILE_BYTES_MAX && strlen(text) == n) {
        char *fitting = realloc(text, n + 1);
        AM_ASSERT(fitting != NULL);
        *out = fitting;
        return AM_OK;
    }
    OPENSSL_cleanse(text, n);
    free(text);
    if (failed)
        return REFUSE(why, "%s cannot be read: %s", path, strerror(failed));
    return REFUSE(why, "%s is larger than 1 MiB or is not text", path);
}

static int64_t not_after_s(const X509 *cert)
{
    struct tm at;
    return ASN1_TIME_to_tm(X509_get0_notAfter(cert), &at) == 1 ? (int64_t)timegm(&at) : 0;
}

/* Nobody is there who could type a password. */
static int no_password(char *buffer, int size, int writing, void *ctx)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)ctx;
    return -1;
}

static EVP_PKEY *parse_key(const char *text)
{
    BIO *bio = BIO_new_mem_buf(text, -1);
    AM_ASSERT(bio != NULL);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
    (void)BIO_free(bio);
    return key;
}

static X509 *parse_first_cert(const char *text)
{
    BIO *bio = BIO_new_mem_buf(text, -1);
    AM_ASSERT(bio != NULL);
    X509 *cert = PEM_read_bio_X509(bio, NULL, no_password, NULL);
    (void)BIO_free(bio);
    return cert;
}

static int check_pair(const struct tls_paths *paths, const X509 *cert, const EVP_PKEY *key,
                      char *why)
{
    if (!cert)
        return REFUSE(why, "%s holds no certificate in PEM form", paths->cert);
    if (!key)
        return REFUSE(why, "%s holds no private key in PEM form without a password", paths->key);
    if (X509_check_private_key(cert, key) != 1)
        return REFUSE(why, "the key in %s is not that of the certificate in %s", paths->key,
                      paths->cert);
    return AM_OK;
}

static int read_identity(const struct tls_paths *paths, struct tls_text *out, char *why)
{
    if (!given(paths->cert) && !given(paths->key))
        return AM_OK;
    if (!given(paths->cert) || !given(paths->key))
        return REFUSE(why, "%s is given without %s", given(paths->cert) ? paths->cert : paths->key,
                      given(paths->cert) ? "its private key" : "the key's certificate");
    int err = read_file(paths->cert, &out->cert, why);
    if (!err)
        err = read_file(paths->key, &out->key, why);
    if (err)
        return err;
    X509 *cert = parse_first_cert(out->cert);
    EVP_PKEY *key = parse_key(out->key);
    err = check_pair(paths, cert, key, why);
    out->not_after_s = cert ? not_after_s(cert) : 0;
    X509_free(cert);
    EVP_PKEY_free(key);
    return err;
}

/* How many certificates there are, and when the first of them expires. */
static size_t count_cas(const char *text, int64_t *first_s)
{
    size_t n = 0;
    X509 *cert;
    BIO *bio = BIO_new_mem_buf(text, -1);
    AM_ASSERT(bio != NULL);
    while ((cert = PEM_read_bio_X509(bio, NULL, no_password, NULL))) {
        const int64_t until_s = not_after_s(cert);
        *first_s = n == 0 || until_s < *first_s ? until_s : *first_s;
        X509_free(cert);
        n++;
    }
    (void)BIO_free(bio);
    return n;
}

static int read_ca(const struct tls_paths *paths, struct tls_text *out, char *why)
{
    if (!given(paths->ca))
        return AM_OK;
    int err = read_file(paths->ca, &out->ca, why);
    if (!err && count_cas(out->ca, &out->ca_not_after_s) == 0)
        err = REFUSE(why, "%s holds no certificate in PEM form", paths->ca);
    ERR_clear_error(); /* the end of the file counts as an error */
    return err;
}

int tls_text_read(const struct tls_paths *paths, struct tls_text *out, char *why)
{
    *out = (struct tls_text){0};
    why[0] = '\0';
    int err = read_identity(paths, out, why);
    if (!err)
        err = read_ca(paths, out, why);
    if (err)
        tls_text_free(out);
    return err;
}

void tls_text_free(struct tls_text *text)
{
    if (text->key)
        OPENSSL_cleanse(text->key, strlen(text->key));
    free(text->cert);
    free(text->key);
    free(text->ca);
    *text = (struct tls_text){0};
}
