/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/secure.h"

#include <stdio.h>
#include <unistd.h>

#include "amendsctl/out.h"
#include "io/tls_text.h"
#include "rpc/tls_probe.h"

#define PROBE_MS 2000

/* Where Debian, Fedora and Alpine keep what the system trusts. */
static const char *const system_cas[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
};

static const char *find_ca(const struct secure *s)
{
    if (s->ca)
        return s->ca;
    for (size_t i = 0; i < sizeof system_cas / sizeof *system_cas; i++) {
        if (access(system_cas[i], R_OK) == 0)
            return system_cas[i];
    }
    return NULL;
}

static int read_files(const struct secure *s, struct tls_text *text, char *why)
{
    const struct tls_paths paths = {s->cert, s->key, find_ca(s)};
    if (paths.ca)
        return tls_text_read(&paths, text, why);
    (void)snprintf(why, TLS_WHY_BYTES, "give --tls-ca, because this system has no CAs of its own");
    return AM_EINVAL;
}

struct rpc_sync *secure_connect(const struct secure *s, const char *target)
{
    char why[TLS_WHY_BYTES];
    struct tls_text text;
    if (!s->on)
        return rpc_sync_new(target, NULL);
    if (read_files(s, &text, why)) {
        out_error("amendsctl: TLS: %s", why);
        return NULL;
    }
    const struct rpc_sync_tls tls = {&text, s->server_name};
    struct rpc_sync *client = rpc_sync_new(target, &tls);
    tls_text_free(&text);
    return client;
}

const char *secure_why(const struct secure *s, const char *target, struct arena *arena)
{
    char ignored[TLS_WHY_BYTES];
    char *why = arena_must(arena, TLS_PROBE_BYTES);
    struct tls_text text = {0};
    if (s->on && read_files(s, &text, ignored))
        return NULL;
    const struct tls_probe probe = {.target = target,
                                    .text = s->on ? &text : NULL,
                                    .server_name = s->server_name,
                                    .timeout_ms = PROBE_MS};
    const bool found = tls_probe(&probe, why);
    tls_text_free(&text);
    return found ? why : NULL;
}
