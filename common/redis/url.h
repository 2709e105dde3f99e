/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Where Redis is, as its URL says.
 *
 * Threading: pure. Ownership: everything lies in the struct.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct redis_target {
    char host[256];
    char port[6]; /* the number as text, for the look-up */
    int port_number;
    char user[129];     /* "" = the default user */
    char password[513]; /* "" = none */
    int db;
    bool tls; /* rediss:// */
};

/* Parses redis://[user[:password]@]host[:port][/db], or rediss:// for TLS, which hiredis knows from
 * 1.0 on; user and password may be percent-encoded, an IPv6 host stands in brackets. AM_EINVAL with
 * the reason, a constant, in *why. */
int redis_url_parse(const char *url, struct redis_target *out, const char **why) AM_MUSTCHECK;

/* Reads the password from a file's first line. AM_EINVAL with the reason in *why. */
int redis_password_read(const char *path, struct redis_target *target,
                        const char **why) AM_MUSTCHECK;
