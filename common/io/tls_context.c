/* SPDX-License-Identifier: Apache-2.0 */
#include "io/tls_context.h"

#include <arpa/inet.h>
#include <stdbool.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include "base/assert.h"

static BIO *bio_of(const char *text)
{
    BIO *bio = BIO_new_mem_buf(text, -1);
    AM_ASSERT(bio != NULL);
    return bio;
}

/* Adds all certificates in `text` to those that are trusted. */
static void trust(SSL_CTX *ctx, const char *text)
{
    X509 *cert;
    BIO *bio = bio_of(text);
    while ((cert = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
        (void)X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), cert);
        X509_free(cert);
    }
    (void)BIO_free(bio);
}

/* The certificate, and behind it those that lead to its CA. */
static void use_chain(SSL_CTX *ctx, const char *text)
{
    BIO *bio = bio_of(text);
    X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    (void)SSL_CTX_use_certificate(ctx, cert);
    X509_free(cert);
    while ((cert = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
        if (SSL_CTX_add_extra_chain_cert(ctx, cert) != 1)
            X509_free(cert);
    }
    (void)BIO_free(bio);
}

static void use_key(SSL_CTX *ctx, const char *text)
{
    BIO *bio = bio_of(text);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    (void)SSL_CTX_use_PrivateKey(ctx, key);
    EVP_PKEY_free(key);
    (void)BIO_free(bio);
}

SSL_CTX *tls_context_new(const struct tls_text *text)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    AM_ASSERT(ctx != NULL && SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    if (text && text->ca)
        trust(ctx, text->ca);
    else
        (void)SSL_CTX_set_default_verify_paths(ctx);
    if (text && text->cert) {
        use_chain(ctx, text->cert);
        use_key(ctx, text->key);
    }
    ERR_clear_error(); /* the end of a file counts as an error */
    return ctx;
}

static bool is_numeric(const char *name)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}

void tls_context_name(SSL *ssl, const char *name)
{
    if (is_numeric(name)) {
        AM_ASSERT(X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1);
        return;
    }
    (void)SSL_set_tlsext_host_name(ssl, name);
    AM_ASSERT(SSL_set1_host(ssl, name) == 1);
}
