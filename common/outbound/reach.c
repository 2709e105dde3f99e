/* SPDX-License-Identifier: Apache-2.0 */
#include "outbound/reach.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define V4_BITS 96 /* what stands before the address of IPv4 */
#define ALL_BITS 128

static const uint8_t v4_prefix[12] = {[10] = 0xff, [11] = 0xff};
static const uint8_t nat64_prefix[12] = {0x00, 0x64, 0xff, 0x9b};

/* Networks of IPv4 that are not public (the registry of RFC 6890, multicast, what is reserved), and
 * last the address at which a machine of Azure reaches its host, which gives its secrets away. */
static const struct {
    uint32_t net;
    unsigned bits;
} special_v4[] = {
    {0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0x7f000000, 8},
    {0xa9fe0000, 16}, {0xac100000, 12}, {0xc0000000, 24}, {0xc0000200, 24},
    {0xc0586300, 24}, {0xc0a80000, 16}, {0xc6120000, 15}, {0xc6336400, 24},
    {0xcb007100, 24}, {0xe0000000, 4},  {0xf0000000, 4},  {0xa83f8110, 32},
};

/* Of the public part of IPv6, 2000::/3: documentation, Teredo and others of the IETF, 6to4. */
static const struct reach_net special_v6[] = {
    {{0x20, 0x01, 0x00}, 23},
    {{0x20, 0x01, 0x0d, 0xb8}, 32},
    {{0x20, 0x02}, 16},
    {{0x3f, 0xff}, 20},
};

static bool in_net(const uint8_t address[16], const struct reach_net *net)
{
    const unsigned whole = net->bits / 8, rest = net->bits % 8;
    if (memcmp(address, net->address, whole) != 0)
        return false;
    const uint8_t mask = (uint8_t)(0xff00 >> rest);
    return rest == 0 || ((address[whole] ^ net->address[whole]) & mask) == 0;
}

static bool public_v4(const uint8_t a[4])
{
    const uint32_t ip =
        (uint32_t)a[0] << 24 | (uint32_t)a[1] << 16 | (uint32_t)a[2] << 8 | (uint32_t)a[3];
    for (size_t i = 0; i < sizeof special_v4 / sizeof *special_v4; i++)
        if ((ip ^ special_v4[i].net) >> (32 - special_v4[i].bits) == 0)
            return false;
    return true;
}

static bool public_v6(const uint8_t a[16])
{
    if (memcmp(a, nat64_prefix, sizeof nat64_prefix) == 0)
        return public_v4(a + sizeof nat64_prefix);
    if ((a[0] & 0xe0) != 0x20)
        return false;
    for (size_t i = 0; i < sizeof special_v6 / sizeof *special_v6; i++)
        if (in_net(a, &special_v6[i]))
            return false;
    return true;
}

static void map_v4(const void *v4, uint8_t out[16])
{
    memcpy(out, v4_prefix, sizeof v4_prefix);
    memcpy(out + sizeof v4_prefix, v4, 4);
}

static bool bytes_of(const struct sockaddr *address, uint8_t out[16])
{
    if (address->sa_family == AF_INET) {
        map_v4(&((const struct sockaddr_in *)(const void *)address)->sin_addr, out);
        return true;
    }
    if (address->sa_family != AF_INET6)
        return false;
    memcpy(out, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
    return true;
}

enum reach_verdict reach_look(const struct reach *reach, const struct sockaddr *address)
{
    uint8_t a[16];
    if (!bytes_of(address, a))
        return REACH_REFUSED;
    const bool v4 = memcmp(a, v4_prefix, sizeof v4_prefix) == 0;
    if (v4 ? public_v4(a + sizeof v4_prefix) : public_v6(a))
        return REACH_PUBLIC;
    for (size_t i = 0; i < reach->n; i++)
        if (in_net(a, &reach->nets[i]))
            return REACH_ALLOWED;
    return REACH_REFUSED;
}

/* -- what an operator allows ------------------------------------------------------------------- */

static bool read_bits(const char *text, unsigned most, unsigned *bits)
{
    char *end;
    *bits = most;
    if (!text)
        return true;
    const unsigned long n = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || n > most)
        return false;
    *bits = (unsigned)n;
    return true;
}

/* One network, "10.0.0.0/8". Changes the text. */
static bool read_net(char *text, struct reach_net *net)
{
    uint8_t v4[4];
    char *slash = strchr(text, '/');
    if (slash)
        *slash++ = '\0';
    if (inet_pton(AF_INET, text, v4) == 1) {
        map_v4(v4, net->address);
        if (!read_bits(slash, ALL_BITS - V4_BITS, &net->bits))
            return false;
        net->bits += V4_BITS;
        return true;
    }
    return inet_pton(AF_INET6, text, net->address) == 1 && read_bits(slash, ALL_BITS, &net->bits);
}

int reach_parse(const char *text, struct reach *out, char why[REACH_WHY_BYTES])
{
    *out = (struct reach){0};
    while (*text) {
        char one[64];
        const size_t len = strcspn(text, ",");
        (void)snprintf(one, sizeof one, "%.*s", (int)len, text);
        if (out->n == REACH_NETS_MAX) {
            (void)snprintf(why, REACH_WHY_BYTES, "names more than %d networks", REACH_NETS_MAX);
            return AM_EINVAL;
        }
        if (len >= sizeof one || !read_net(one, &out->nets[out->n])) {
            (void)snprintf(why, REACH_WHY_BYTES,
                           "\"%.60s\" is no network; write it as 10.0.0.0/8 or fd00::/8", text);
            return AM_EINVAL;
        }
        out->n++;
        text += len;
        text += *text == ',';
    }
    return AM_OK;
}
