/* SPDX-License-Identifier: Apache-2.0 */

#include "program/tls.h"

#include <stdio.h>
#include <string.h>

#include "rpc/address.h"
#include "rpc/caller/principal.h"

static const char *const words[] = {
    [RPC_CLIENT_CERT_NONE] = "none",
    [RPC_CLIENT_CERT_ASKED] = "asked",
    [RPC_CLIENT_CERT_REQUIRED] = "required",
};

static int find_word(const char *text)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i], text) == 0)
            return (int)i;
    }
    return -1;
}

enum rpc_client_cert program_client_cert(const struct settings *s)
{
    if (*s->tls_client_cert)
        return (enum rpc_client_cert)find_word(s->tls_client_cert);
    return *s->tls_client_ca ? RPC_CLIENT_CERT_REQUIRED : RPC_CLIENT_CERT_NONE;
}

/* -- checks ------------------------------------------------------------------------------------ */

static int wrong(const char *text)
{
    (void)fprintf(stderr, "%s\n", text);
    return AM_EINVAL;
}

static int check_words(const struct settings *s)
{
    if (*s->tls_client_cert && find_word(s->tls_client_cert) < 0) {
        (void)fprintf(stderr, "--tls-client-cert: \"%s\" is not one of required, asked, none\n",
                      s->tls_client_cert);
        return AM_EINVAL;
    }
    if (program_client_cert(s) != RPC_CLIENT_CERT_NONE && !*s->tls_client_ca)
        return wrong("--tls-client-cert: give --tls-client-ca too, which says whose certificates "
                     "are good");
    return AM_OK;
}

static int check_pairs(const struct settings *s)
{
    if (!*s->tls_cert != !*s->tls_key)
        return wrong("--tls-cert and --tls-key go together: one of them is missing");
    if (!*s->tls_cert && *s->tls_listen)
        return wrong("--tls-listen: give --tls-cert and --tls-key too");
    if (!*s->tls_cert && *s->tls_client_ca)
        return wrong("--tls-client-ca: give --tls-cert and --tls-key too");
    return AM_OK;
}

int program_tls_check(const struct settings *s, bool calls)
{
    int err = check_words(s);
    if (!err)
        err = check_pairs(s);
    if (err)
        return err;
    if (*s->admin && !s->insecure_admin && !principal_listen_is_local(s->admin))
        return wrong("--admin: the metrics are in plaintext and for everybody, so the address must "
                     "be a loopback one, or --insecure-admin be set where only the right ones "
                     "reach it");
    if (calls && !*s->tls_ca && !s->insecure_plaintext && !address_is_local(s->assignment))
        return wrong("--assignment: without TLS everybody on the way reads and changes what is "
                     "said; give --tls-ca, or set --insecure-plaintext where the network itself "
                     "encrypts");
    return AM_OK;
}

/* -- life -------------------------------------------------------------------------------------- */

int program_tls_start(struct program_tls *t, struct loop *loop, const struct settings *s,
                      bool calls)
{
    const struct tls_paths server = {
        s->tls_cert, s->tls_key,
        program_client_cert(s) == RPC_CLIENT_CERT_NONE ? NULL : s->tls_client_ca};
    const struct tls_paths client = {s->tls_cert, s->tls_key, s->tls_ca};
    const struct tls_paths redis = {s->redis_tls_cert, s->redis_tls_key, s->redis_tls_ca};
    int err = AM_OK;
    if (*s->tls_cert)
        err = tls_files_new(loop, TLS_USE_SERVER, &server, &t->server);
    if (!err && calls && *s->tls_ca)
        err = tls_files_new(loop, TLS_USE_CLIENT, &client, &t->client);
    if (!err && (*s->redis_tls_ca || *s->redis_tls_cert || *s->redis_tls_key))
        err = tls_files_new(loop, TLS_USE_REDIS, &redis, &t->redis);
    return err;
}

void program_tls_end(struct program_tls *t)
{
    tls_files_free(t->server);
    tls_files_free(t->client);
    tls_files_free(t->redis);
    *t = (struct program_tls){0};
}
