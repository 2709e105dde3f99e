/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the settings of SMTP come to; private to common/outbound.
 *
 * Threading: pure, but for smtp_password_read(), which blocks. Ownership: the caller's memory.
 */

#include "outbound/smtp_session.h"

struct smtp_server {
    char host[256]; /* an IPv6 address in brackets */
    char port[8];
    bool tls_at_once; /* smtps:// */
    bool loopback;
};

/* Takes the address apart; NULL, or what is wrong with it. */
const char *smtp_server_read(const char *text, struct smtp_server *out);

/* Whether the connection must be encrypted: beyond loopback, and where settings speak of TLS. */
bool smtp_encrypts(const struct smtp_settings *s, const struct smtp_server *server);

/* Reads the first line of the file. NULL, or what is wrong with it. The caller wipes `out`. */
const char *smtp_password_read(const char *path, char out[SMTP_PASSWORD_BYTES_MAX + 2]);
