/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static int parse_port(const char *text, int *out)
{
    size_t len = strlen(text);
    int port = 0;
    if (len == 0 || len > 5 || strspn(text, "0123456789") != len)
        return AM_EINVAL;
    for (; *text; text++)
        port = port * 10 + (*text - '0');
    *out = port;
    return port <= 65535 ? 0 : AM_EINVAL;
}

static int copy_host(struct address *out, const char *host, size_t len)
{
    if (len == 0 || len >= sizeof(out->host))
        return AM_EINVAL;
    memcpy(out->host, host, len);
    out->host[len] = '\0';
    return 0;
}

int address_parse(const char *text, struct address *out)
{
    *out = (struct address){0};
    if (strncmp(text, "unix:", 5) == 0) {
        out->is_unix = true;
        return copy_host(out, text + 5, strlen(text + 5));
    }
    const char *colon = strrchr(text, ':');
    if (!colon || parse_port(colon + 1, &out->port) < 0)
        return AM_EINVAL;
    size_t len = (size_t)(colon - text);
    if (text[0] == '[') {
        if (len < 2 || text[len - 1] != ']')
            return AM_EINVAL;
        return copy_host(out, text + 1, len - 2);
    }
    /* Without brackets the last group of an IPv6 address would be taken for the port. */
    if (memchr(text, ':', len))
        return AM_EINVAL;
    return copy_host(out, text, len);
}

/* -- targets ----------------------------------------------------------------------------------- */

#define ONE_BYTES 320

/* Behind what names the kind of the addresses. */
static const char *bare(const char *target)
{
    static const char *const schemes[] = {"ipv4:", "ipv6:", "dns:///", "dns:"};
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (strncmp(target, schemes[i], strlen(schemes[i])) == 0)
            return target + strlen(schemes[i]);
    return target;
}

bool address_next(const char **at, struct address *out)
{
    char one[ONE_BYTES];
    const char *from = bare(*at);
    const size_t len = strcspn(from, ",");
    if (!*from)
        return false;
    (void)snprintf(one, sizeof(one), "%.*s", (int)(len < ONE_BYTES ? len : ONE_BYTES - 1), from);
    if (address_parse(one, out) < 0)
        *out = (struct address){0};
    *at = from + len + (from[len] == ',');
    return true;
}

static bool is_loopback(const struct address *a)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (a->is_unix || strcmp(a->host, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, a->host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, a->host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool address_is_local(const char *target)
{
    struct address a;
    bool any = false;
    while (address_next(&target, &a)) {
        if (!is_loopback(&a))
            return false;
        any = true;
    }
    return any;
}

const char *address_list_name(const char *target, struct address *out)
{
    const bool list = strncmp(target, "ipv4:", 5) == 0 || strncmp(target, "ipv6:", 5) == 0;
    return list && address_next(&target, out) && *out->host ? out->host : NULL;
}
