/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * OpenSSL's context of a client, for the connections that we encrypt ourselves.
 *
 * Threading: pure. Ownership: the caller frees what it gets.
 */

#include <openssl/ssl.h>

#include "io/tls_text.h"

/* TLS 1.2 or later, with the text's CAs (those of the system where it has none), which the server's
 * certificate must come from, and its certificate. `text` may be NULL and is not needed any more
 * when this returns. Never NULL. */
SSL_CTX *tls_context_new(const struct tls_text *text);

/* Has the server's certificate checked for this name, or for this address. */
void tls_context_name(SSL *ssl, const char *name);
