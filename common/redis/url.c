/* SPDX-License-Identifier: Apache-2.0 */

#include "redis/url.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#define PORT_MAX 65535
#define DB_MAX 65535
#define TLS_SINCE_MAJOR 1

static int refuse(const char **why, const char *reason)
{
    *why = reason;
    return AM_EINVAL;
}

static int scheme_skip(const char **at, struct redis_target *out, const char **why)
{
    const char plain[] = "redis://", tls[] = "rediss://";
    out->tls = strncmp(*at, tls, sizeof(tls) - 1) == 0;
    if (out->tls && HIREDIS_MAJOR < TLS_SINCE_MAJOR)
        return refuse(why, "rediss needs hiredis 1.0 or later, this program was built with an "
                           "older one: use redis:// over a tunnel or a service mesh");
    if (!out->tls && strncmp(*at, plain, sizeof(plain) - 1) != 0)
        return refuse(why, "does not begin with redis:// or rediss://");
    *at += out->tls ? sizeof(tls) - 1 : sizeof(plain) - 1;
    return AM_OK;
}

/* One byte of percent-encoded text; -1 when it is not well formed. */
static int decode_byte(const char **at, const char *end)
{
    char hex[3] = {0};
    if (**at != '%')
        return (unsigned char)*(*at)++;
    if (end - *at < 3 || !isxdigit((unsigned char)(*at)[1]) || !isxdigit((unsigned char)(*at)[2]))
        return -1;
    memcpy(hex, *at + 1, 2);
    *at += 3;
    return (int)strtol(hex, NULL, 16);
}

static int decode(const char *at, const char *end, char *out, size_t size, const char **why)
{
    size_t n = 0;
    while (at < end) {
        int byte = decode_byte(&at, end);
        if (byte <= 0)
            return refuse(why, "user or password is not well percent-encoded");
        if (n + 1 >= size)
            return refuse(why, "user or password is too long");
        out[n++] = (char)byte;
    }
    out[n] = '\0';
    return AM_OK;
}

static int parse_userinfo(const char **at, struct redis_target *out, const char **why)
{
    const char *slash = strchr(*at, '/');
    const char *limit = slash ? slash : *at + strlen(*at);
    const char *sign = memrchr(*at, '@', (size_t)(limit - *at));
    if (!sign)
        return AM_OK;
    const char *colon = memchr(*at, ':', (size_t)(sign - *at));
    int err = decode(*at, colon ? colon : sign, out->user, sizeof(out->user), why);
    if (!err && colon)
        err = decode(colon + 1, sign, out->password, sizeof(out->password), why);
    *at = sign + 1;
    return err;
}

static int parse_host(const char **at, struct redis_target *out, const char **why)
{
    const char *end = *at + strcspn(*at, ":/");
    if (**at == '[') {
        (*at)++;
        end = strchr(*at, ']');
    }
    if (!end || end == *at || (size_t)(end - *at) >= sizeof(out->host))
        return refuse(why, "has no host, or one that is too long");
    memcpy(out->host, *at, (size_t)(end - *at));
    out->host[end - *at] = '\0';
    *at = *end == ']' ? end + 1 : end;
    return AM_OK;
}

/* A decimal number of at most `max` up to `stop` or the end; -1 otherwise. */
static long number(const char **at, char stop, long max)
{
    char *end;
    if (!isdigit((unsigned char)**at))
        return -1;
    long v = strtol(*at, &end, 10);
    if ((*end && *end != stop) || v > max)
        return -1;
    *at = end;
    return v;
}

static int parse_port(const char **at, struct redis_target *out, const char **why)
{
    long port = 6379;
    if (**at == ':') {
        (*at)++;
        port = number(at, '/', PORT_MAX);
    }
    if (port <= 0)
        return refuse(why, "has a port that is not a number from 1 to 65535");
    out->port_number = (int)port;
    (void)snprintf(out->port, sizeof(out->port), "%u", (unsigned)port & PORT_MAX);
    return AM_OK;
}

static int parse_db(const char *at, struct redis_target *out, const char **why)
{
    if (!*at || strcmp(at, "/") == 0)
        return AM_OK;
    at++;
    long db = number(&at, '\0', DB_MAX);
    if (db < 0)
        return refuse(why, "has a database that is not a number");
    out->db = (int)db;
    return AM_OK;
}

int redis_url_parse(const char *url, struct redis_target *out, const char **why)
{
    memset(out, 0, sizeof(*out));
    const char *at = url;
    int err = scheme_skip(&at, out, why);
    if (!err)
        err = parse_userinfo(&at, out, why);
    if (!err)
        err = parse_host(&at, out, why);
    if (!err)
        err = parse_port(&at, out, why);
    if (!err && *at && *at != '/')
        err = refuse(why, "has something other than a port or a database after the host");
    return err ? err : parse_db(at, out, why);
}

int redis_password_read(const char *path, struct redis_target *target, const char **why)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return refuse(why, "the password file cannot be opened");
    size_t n = fread(target->password, 1, sizeof(target->password) - 1, f);
    bool whole = n < sizeof(target->password) - 1 && !ferror(f);
    (void)fclose(f);
    target->password[n] = '\0';
    target->password[strcspn(target->password, "\r\n")] = '\0';
    if (!whole || !target->password[0])
        return refuse(why, "the password file is empty, too long or unreadable");
    return AM_OK;
}
