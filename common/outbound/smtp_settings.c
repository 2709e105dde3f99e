/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "outbound/smtp_impl.h"

bool smtp_address_is_good(const char *address)
{
    static const char never[] = " <>(),;:\"\\[]";
    const char *at = strchr(address, '@');
    const size_t len = strlen(address);
    if (!at || at == address || !at[1] || strchr(at + 1, '@') || len > SMTP_ADDRESS_BYTES_MAX)
        return false;
    for (const char *c = address; *c; c++) {
        if (*c <= ' ' || *c >= 0x7f || strchr(never, *c))
            return false;
    }
    return at[1] != '.' && at[1] != '-' && address[len - 1] != '.';
}

/* -- the server's address ---------------------------------------------------------------------- */

static bool is_loopback(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;
    char bare[256];
    (void)snprintf(bare, sizeof bare, "%s", host + (host[0] == '['));
    bare[strcspn(bare, "]")] = '\0';
    if (inet_pton(AF_INET, bare, &v4) == 1)
        return (ntohl(v4.s_addr) >> 24) == 127;
    if (inet_pton(AF_INET6, bare, &v6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&v6);
    return strcasecmp(bare, "localhost") == 0;
}

/* True when the part is there; what was there is given back. */
static bool has_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    const bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK && text && *text;
    curl_free(text);
    return has;
}

static bool take_part(CURLU *url, CURLUPart part, unsigned flags, char *out, size_t size)
{
    char *text = NULL;
    const bool has = curl_url_get(url, part, &text, flags) == CURLUE_OK && text;
    const bool fits = has && strlen(text) < size;
    if (fits)
        memcpy(out, text, strlen(text) + 1);
    curl_free(text);
    return fits;
}

static const char *read_url(CURLU *url, const char *text, struct smtp_server *out)
{
    char scheme[16], path[4];
    if (strncasecmp(text, "smtp://", 7) != 0 && strncasecmp(text, "smtps://", 8) != 0)
        return "begins with neither smtp:// nor smtps://";
    if (curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK)
        return "is no address: write smtp://HOST:PORT, or smtps://HOST:PORT for TLS from the first "
               "byte on";
    if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD))
        return "names a user or a password: give --smtp-user and --smtp-password-file";
    if (!take_part(url, CURLUPART_PATH, 0, path, sizeof path) || strcmp(path, "/") != 0 ||
        has_part(url, CURLUPART_QUERY) || has_part(url, CURLUPART_FRAGMENT))
        return "has more than host and port";
    if (!take_part(url, CURLUPART_HOST, 0, out->host, sizeof out->host) ||
        !take_part(url, CURLUPART_SCHEME, 0, scheme, sizeof scheme) ||
        !take_part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT, out->port, sizeof out->port))
        return "has a host that is too long";
    out->tls_at_once = strcmp(scheme, "smtps") == 0;
    out->loopback = is_loopback(out->host);
    return NULL;
}

const char *smtp_server_read(const char *text, struct smtp_server *out)
{
    CURLU *url = curl_url();
    const char *why = url ? read_url(url, text, out) : "cannot be read: there is no memory";
    curl_url_cleanup(url);
    return why;
}

bool smtp_encrypts(const struct smtp_settings *s, const struct smtp_server *server)
{
    return server->tls_at_once || *s->ca || (!server->loopback && !s->insecure);
}

/* -- the password ------------------------------------------------------------------------------ */

const char *smtp_password_read(const char *path, char out[SMTP_PASSWORD_BYTES_MAX + 2])
{
    FILE *f = fopen(path, "re");
    if (!f)
        return strerror(errno);
    const size_t n = fread(out, 1, SMTP_PASSWORD_BYTES_MAX + 1, f);
    const bool whole = n <= SMTP_PASSWORD_BYTES_MAX && !ferror(f);
    (void)fclose(f);
    out[n] = '\0';
    const bool text = strlen(out) == n;
    out[strcspn(out, "\r\n")] = '\0';
    if (!whole)
        return "it is longer than 1024 bytes, or cannot be read";
    return text && *out ? NULL : "its first line is empty, or it has a zero byte";
}

/* -- the whole --------------------------------------------------------------------------------- */

static int wrong(const char **option, char why[SMTP_WHY_BYTES], const char *name, const char *text)
{
    *option = name;
    (void)snprintf(why, SMTP_WHY_BYTES, "%s", text);
    return AM_EINVAL;
}

static int check_file(const char *path, const char *name, const char **option,
                      char why[SMTP_WHY_BYTES])
{
    FILE *f = fopen(path, "re");
    if (f)
        return fclose(f) == 0 ? AM_OK : AM_EIO;
    *option = name;
    (void)snprintf(why, SMTP_WHY_BYTES, "the file cannot be read: %s", strerror(errno));
    return AM_EINVAL;
}

static int check_password(const struct smtp_settings *s, const char **option,
                          char why[SMTP_WHY_BYTES])
{
    char password[SMTP_PASSWORD_BYTES_MAX + 2];
    const char *bad = smtp_password_read(s->password_file, password);
    explicit_bzero(password, sizeof password);
    if (!bad)
        return AM_OK;
    *option = "smtp-password-file";
    (void)snprintf(why, SMTP_WHY_BYTES, "the file cannot be used: %s", bad);
    return AM_EINVAL;
}

static int check_pairs(const struct smtp_settings *s, const char **option, char why[SMTP_WHY_BYTES])
{
    if (!*s->sender)
        return wrong(option, why, "mail-from",
                     "is missing: mail needs an address that it comes from, to which what cannot "
                     "be delivered goes back");
    if (!smtp_address_is_good(s->sender))
        return wrong(option, why, "mail-from",
                     "is no address of mail, such as amends@company.example");
    if (*s->user && !*s->password_file)
        return wrong(option, why, "smtp-password-file", "is missing, though --smtp-user is given");
    if (!*s->user && *s->password_file)
        return wrong(option, why, "smtp-user", "is missing, though --smtp-password-file is given");
    return AM_OK;
}

/* Whether nobody on the way can read along who should not. */
static int check_secrecy(const struct smtp_settings *s, const struct smtp_server *server,
                         const char **option, char why[SMTP_WHY_BYTES])
{
    if (s->insecure && (server->tls_at_once || *s->ca))
        return wrong(option, why, "insecure-smtp",
                     "has no effect with smtps:// or --smtp-ca, which ask for TLS: leave one of "
                     "them out");
    if (s->insecure && !server->loopback && *s->user)
        return wrong(option, why, "insecure-smtp",
                     "would send the password of --smtp-user in plaintext: leave one of them out");
    return AM_OK;
}

int smtp_settings_check(const struct smtp_settings *s, const char **option,
                        char why[SMTP_WHY_BYTES])
{
    struct smtp_server server;
    const char *bad = smtp_server_read(s->url, &server);
    int err = bad ? wrong(option, why, "smtp-url", bad) : AM_OK;
    if (!err)
        err = check_pairs(s, option, why);
    if (!err)
        err = check_secrecy(s, &server, option, why);
    if (!err && *s->ca)
        err = check_file(s->ca, "smtp-ca", option, why);
    if (!err && *s->password_file)
        err = check_password(s, option, why);
    return err;
}
