/* SPDX-License-Identifier: Apache-2.0 */

/*
 * TLS, where hiredis has it. hiredis checks a server's certificate, but not the name in it, so the
 * OpenSSL connection is made here. Each connection has a context of its own: it is made with the
 * files as they are, and connections are rare.
 */

#include "redis/link_impl.h"

#if HIREDIS_MAJOR >= 1

#include <hiredis/hiredis_ssl.h>

#include "base/assert.h"
#include "io/tls_context.h"

/* What was published has been checked, so reading it cannot fail. */
static void read_published(const struct tls_files *tls, struct tls_text *text)
{
    char why[TLS_WHY_BYTES];
    const char *identity = tls_files_identity(tls);
    const struct tls_paths paths = {identity, identity, tls_files_ca(tls)};
    AM_ASSERT(tls_text_read(&paths, text, why) == AM_OK);
}

static SSL *new_connection(const struct link *l)
{
    struct tls_text text = {0};
    if (l->tls)
        read_published(l->tls, &text);
    SSL_CTX *ctx = tls_context_new(&text);
    SSL *ssl = SSL_new(ctx);
    AM_ASSERT(ssl != NULL);
    SSL_CTX_free(ctx); /* the connection keeps it */
    tls_text_free(&text);
    tls_context_name(ssl, l->target->host);
    return ssl;
}

int link_encrypt(struct link *l, redisAsyncContext *ac, const char **why)
{
    if (!l->target->tls)
        return AM_OK;
    SSL *ssl = new_connection(l);
    if (redisInitiateSSL(&ac->c, ssl) == REDIS_OK)
        return AM_OK;
    SSL_free(ssl);
    *why = ac->c.errstr;
    return AM_EIO;
}

#else

int link_encrypt(struct link *l, redisAsyncContext *ac, const char **why)
{
    (void)l;
    (void)ac;
    (void)why;
    return AM_OK; /* rediss:// was refused when the URL was read */
}

#endif
