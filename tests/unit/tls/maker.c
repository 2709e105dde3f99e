/* SPDX-License-Identifier: Apache-2.0 */
#include "maker.h"

#include <stdio.h>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/assert.h"

#define HOUR_S 3600

static X509 *bare(EVP_PKEY *key, const char *name, const struct maker_order *order)
{
    static long serial = 1;
    X509 *cert = X509_new();
    AM_ASSERT(cert != NULL && X509_set_version(cert, 2) == 1);
    AM_ASSERT(ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial) == 1);
    AM_ASSERT(X509_gmtime_adj(X509_getm_notBefore(cert), order->from_s) != NULL);
    AM_ASSERT(X509_gmtime_adj(X509_getm_notAfter(cert), order->to_s ? order->to_s : HOUR_S) !=
              NULL);
    AM_ASSERT(X509_set_pubkey(cert, key) == 1);
    AM_ASSERT(X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                                         (const unsigned char *)name, -1, -1, 0) == 1);
    return cert;
}

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    AM_ASSERT(e != NULL && X509_add_ext(cert, e, -1) == 1);
    X509_EXTENSION_free(e);
}

static void sign(X509 *cert, const X509 *issuer, EVP_PKEY *key)
{
    AM_ASSERT(X509_set_issuer_name(cert, X509_get_subject_name(issuer)) == 1);
    AM_ASSERT(X509_sign(cert, key, EVP_sha256()) > 0);
}

void maker_init(struct maker *m)
{
    const struct maker_order order = {.from_s = -HOUR_S};
    m->key = EVP_EC_gen("P-256");
    AM_ASSERT(m->key != NULL);
    m->cert = bare(m->key, "test authority", &order);
    add_extension(m->cert, m->cert, NID_basic_constraints, "critical,CA:TRUE");
    sign(m->cert, m->cert, m->key);
}

void maker_free(struct maker *m)
{
    X509_free(m->cert);
    EVP_PKEY_free(m->key);
}

static void write_cert(X509 *cert, const char *path)
{
    FILE *f = fopen(path, "we");
    AM_ASSERT(f != NULL && PEM_write_X509(f, cert) == 1 && fclose(f) == 0);
}

void maker_write_ca(const struct maker *m, const char *path)
{
    write_cert(m->cert, path);
}

void maker_write(const struct maker *m, const struct maker_order *order, const char *cert_path,
                 const char *key_path)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    AM_ASSERT(key != NULL);
    X509 *cert = bare(key, "not a name", order);
    if (order->san)
        add_extension(cert, m->cert, NID_subject_alt_name, order->san);
    sign(cert, m->cert, m->key);
    write_cert(cert, cert_path);
    FILE *f = fopen(key_path, "we");
    AM_ASSERT(f != NULL && PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) == 1 &&
              fclose(f) == 0);
    X509_free(cert);
    EVP_PKEY_free(key);
}
