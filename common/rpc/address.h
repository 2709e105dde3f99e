/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Listen addresses: "127.0.0.1:7401", "[::1]:7401", "name:7401", "unix:/path", and the targets of
 * clients: these, "dns:///name:7401", and lists: "ipv4:127.0.0.1:7401,127.0.0.1:7400".
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

/* Takes the next address of a target: `*at` points to the target at first and moves on. False when
 * there is none. One that is malformed has the host "". */
bool address_next(const char **at, struct address *out);

/* True when every address is of this machine: a loopback address, "localhost" or a UNIX socket. */
bool address_is_local(const char *target);

/* The name by which a server's certificate is checked, where gRPC would take the whole list for
 * it: the first host. NULL when `target` is no list. */
const char *address_list_name(const char *target, struct address *out);
