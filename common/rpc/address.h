/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Listen addresses: "127.0.0.1:7401", "[::1]:7401", "name:7401", "unix:/path". Pure. */

#include <stdbool.h>

#include "base/err.h"

struct address {
    bool is_unix;   /* host is then the path */
    char host[256]; /* without brackets */
    int port;       /* 0 to 65535 */
};

/* AM_EINVAL: not of these forms, no host, or a port out of range. */
int address_parse(const char *text, struct address *out) AM_MUSTCHECK;
