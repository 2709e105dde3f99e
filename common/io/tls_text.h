/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What TLS is set up from: PEM files with a certificate and its chain, the key, and the CAs that
 * the other side's certificate has to come from. Everything is read and checked together, so that
 * what is used is always whole: a key that belongs to another certificate is never half of it.
 *
 * Threading: pure but for reading the files. Ownership: tls_text_free() gives everything back.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define TLS_WHY_BYTES 512

/* NULL or "" = none. Certificate and key go together. */
struct tls_paths {
    const char *cert, *key, *ca;
};

struct tls_text {
    char *cert, *key, *ca;  /* the files' content; NULL = none */
    int64_t not_after_s;    /* UNIX time at which the certificate expires; 0 without one */
    int64_t ca_not_after_s; /* the same for the CA that expires first; 0 without one */
};

/*
 * Reads the files. AM_EINVAL with a sentence for people in `why` (TLS_WHY_BYTES), which names the
 * file: it cannot be read, is larger than 1 MiB, holds no PEM of its kind, the key is encrypted or
 * is not that of the certificate, one of certificate and key is missing. That a certificate has
 * expired is no error.
 */
int tls_text_read(const struct tls_paths *paths, struct tls_text *out, char *why) AM_MUSTCHECK;

/* Overwrites the key and frees all; a zero struct may be freed. */
void tls_text_free(struct tls_text *text);
