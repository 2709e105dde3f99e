/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which addresses a request may go to that others told us to make. Somebody who may name a URL must
 * not reach by it what only this machine or its network reaches: loopback, private and link-local
 * networks, the metadata of cloud providers, multicast. An address of IPv4 inside one of IPv6
 * counts as that of IPv4. An operator may allow networks all the same.
 *
 * Threading: pure; a reach is constant once it was parsed. Ownership: plain data.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct sockaddr;

#define REACH_NETS_MAX 16
#define REACH_WHY_BYTES 160

struct reach_net {
    uint8_t address[16]; /* of IPv4: ::ffff:a.b.c.d */
    unsigned bits;       /* of all 128 */
};

/* Networks that are allowed besides public ones. */
struct reach {
    size_t n;
    struct reach_net nets[REACH_NETS_MAX];
};

/* "10.0.0.0/8,192.168.7.12,fd00::/8" or "". AM_EINVAL: `why` says what is wrong. */
int reach_parse(const char *text, struct reach *out, char why[REACH_WHY_BYTES]) AM_MUSTCHECK;

/* What an address is to us. */
enum reach_verdict {
    REACH_PUBLIC,
    REACH_ALLOWED, /* not public, but of an allowed network */
    REACH_REFUSED,
};
enum reach_verdict reach_look(const struct reach *reach, const struct sockaddr *address);
