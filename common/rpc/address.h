/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Listen addresses: "127.0.0.1:7401", "[::1]:7401", "name:7401", "unix:/path".
 *
 * Threading: pure. Ownership: everything lies in the struct.
 */

#include <stdbool.h>

#include "base/err.h"

struct address {
    bool is_unix;   /* host is then the path */
    char host[256]; /* without brackets */
    int port;       /* 0 to 65535 */
};

/* Reads an address. AM_EINVAL when it has none of these forms or no host, or when its port is out
 * of range. */
int address_parse(const char *text, struct address *out) AM_MUSTCHECK;
