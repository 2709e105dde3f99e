/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/address.h"

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
