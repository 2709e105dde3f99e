/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Certificates for the tests, made when they run: nothing that looks like a key lies in the tree.
 *
 * Threading: the test's thread. Ownership: the authority is freed by maker_free().
 */

#include <openssl/evp.h>
#include <openssl/x509.h>

/* A certificate authority. */
struct maker {
    EVP_PKEY *key;
    X509 *cert;
};

struct maker_order {
    const char *san;   /* as openssl.cnf has it: "DNS:localhost,IP:127.0.0.1"; NULL = none */
    long from_s, to_s; /* relative to now; to_s 0 = an hour */
};

void maker_init(struct maker *m);
void maker_free(struct maker *m);

/* Writes the authority's certificate in PEM form. */
void maker_write_ca(const struct maker *m, const char *path);
/* Makes a key and its certificate, and writes them. */
void maker_write(const struct maker *m, const struct maker_order *order, const char *cert_path,
                 const char *key_path);
