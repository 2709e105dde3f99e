/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/tls_probe.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/assert.h"
#include "io/tls_context.h"
#include "rpc/address.h"
#include "rpc/tls_words.h"

#define NAMES_BYTES 256

struct looking {
    const struct tls_probe *probe;
    struct address at;
    const char *name; /* the server's */
    SSL *ssl;
    bool asked; /* the server wants a certificate of ours */
    char *why;
};

/* Tells what is wrong; true. */
#define FOUND(l, ...) ((void)snprintf((l)->why, TLS_PROBE_BYTES, __VA_ARGS__), true)

/* -- the connection ---------------------------------------------------------------------------- */

/* A connected socket whose operations end in time, or -1. */
static int connect_to(const struct addrinfo *where, int timeout_ms)
{
    const struct timeval limit = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
    int fd = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    if (connect(fd, where->ai_addr, where->ai_addrlen) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

static int connect_at(const struct address *at, int timeout_ms)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    char port[8];
    int fd = -1;
    (void)snprintf(port, sizeof(port), "%d", at->port);
    if (at->is_unix || getaddrinfo(at->host, port, &hints, &list) != 0)
        return -1;
    for (const struct addrinfo *one = list; one && fd < 0; one = one->ai_next)
        fd = connect_to(one, timeout_ms);
    freeaddrinfo(list);
    return fd;
}

/* -- the handshake ----------------------------------------------------------------------------- */

static int on_asked(SSL *ssl, void *ctx)
{
    struct looking *l = ctx;
    (void)ssl;
    l->asked = true;
    return 1;
}

/* The handshake goes on with any certificate, so that it can be told what is wrong with it; nothing
 * is sent behind it. */
static void prepare(struct looking *l, SSL_CTX *ctx)
{
    static const unsigned char protocols[] = "\x02h2";
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_cert_cb(ctx, on_asked, l);
    l->ssl = SSL_new(ctx);
    AM_ASSERT(l->ssl != NULL);
    if (!l->probe->text)
        return;
    (void)SSL_set_alpn_protos(l->ssl, protocols, sizeof(protocols) - 1);
    tls_context_name(l->ssl, l->name);
}

/* -- what is wrong ----------------------------------------------------------------------------- */

/* "localhost, 127.0.0.1": the names of a certificate, as many as there is room for. */
static void names_of(X509 *cert, char out[NAMES_BYTES])
{
    size_t used = 0;
    GENERAL_NAMES *all = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    out[0] = '\0';
    for (int i = 0; i < sk_GENERAL_NAME_num(all) && used < NAMES_BYTES - 1; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(all, i);
        char text[64] = "";
        if (name->type == GEN_DNS)
            (void)snprintf(text, sizeof(text), "%s",
                           (const char *)ASN1_STRING_get0_data(name->d.dNSName));
        else if (name->type == GEN_IPADD && ASN1_STRING_length(name->d.iPAddress) == 4)
            (void)inet_ntop(AF_INET, ASN1_STRING_get0_data(name->d.iPAddress), text, sizeof(text));
        else if (name->type == GEN_IPADD && ASN1_STRING_length(name->d.iPAddress) == 16)
            (void)inet_ntop(AF_INET6, ASN1_STRING_get0_data(name->d.iPAddress), text, sizeof(text));
        if (*text)
            used +=
                (size_t)snprintf(out + used, NAMES_BYTES - used, "%s%s", used ? ", " : "", text);
    }
    GENERAL_NAMES_free(all);
}

static bool wrong_name(struct looking *l)
{
    char names[NAMES_BYTES];
    X509 *cert = SSL_get0_peer_certificate(l->ssl);
    names_of(cert, names);
    return FOUND(l,
                 "the server's certificate is for %s, and not for %s: call it by one of its "
                 "names, or say which (--tls-server-name)",
                 *names ? names : "no name", l->name);
}

static bool wrong_certificate(struct looking *l, long verdict)
{
    switch (verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return FOUND(l, "the server's certificate, or that of its CA, has expired");
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return FOUND(l, "the server's certificate is not valid yet: is a clock wrong?");
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return wrong_name(l);
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return FOUND(l, "the server's certificate comes from a CA that is not in --tls-ca");
    default:
        return FOUND(l, "the server's certificate is not accepted: %s",
                     X509_verify_cert_error_string(verdict));
    }
}

/* A server of gRPC ends the connection when it does not accept our certificate, and does not say
 * why. */
static bool wrong_identity(struct looking *l)
{
    const struct tls_text *text = l->probe->text;
    if (!text->cert)
        return FOUND(l, "the server requires a certificate of ours: give --tls-cert and --tls-key");
    if (text->not_after_s <= (int64_t)time(NULL))
        return FOUND(l, "our certificate (--tls-cert) has expired");
    return FOUND(l, "the server asks for our certificate (--tls-cert) and does not accept it: it "
                    "comes from a CA that the server does not know, or is for something else");
}

/* An alert of the server is an error of the next read. */
static bool wrong_otherwise(struct looking *l)
{
    char text[256];
    const unsigned long err = ERR_peek_last_error();
    ERR_error_string_n(err, text, sizeof(text));
    if (ERR_GET_REASON(err) == SSL_R_WRONG_VERSION_NUMBER ||
        ERR_GET_REASON(err) == SSL_R_PACKET_LENGTH_TOO_LONG)
        return FOUND(l, "the server speaks plaintext there, and not TLS: take its port for TLS, or "
                        "leave out --tls and --tls-ca");
    if (l->asked && (err == 0 || ERR_GET_REASON(err) == SSL_R_UNEXPECTED_EOF_WHILE_READING))
        return wrong_identity(l);
    const char *words = err ? tls_words(text) : NULL;
    return words && FOUND(l, "%s", words);
}

/* A server of gRPC speaks first, so that silence and an alert can be told from a good end. */
static bool look_with_tls(struct looking *l)
{
    char byte;
    if (SSL_connect(l->ssl) != 1)
        return wrong_otherwise(l);
    const long verdict = SSL_get_verify_result(l->ssl);
    if (verdict != X509_V_OK)
        return wrong_certificate(l, verdict);
    return SSL_read(l->ssl, &byte, 1) != 1 && wrong_otherwise(l);
}

/* Whoever answers a handshake speaks TLS, whatever becomes of it. */
static bool look_in_plaintext(struct looking *l)
{
    (void)SSL_connect(l->ssl);
    return SSL_get0_peer_certificate(l->ssl) &&
           FOUND(l, "the server speaks TLS there, and we speak plaintext: give --tls-ca");
}

/* -- looking ----------------------------------------------------------------------------------- */

static bool look(struct looking *l)
{
    int fd = connect_at(&l->at, l->probe->timeout_ms);
    if (fd < 0)
        return false;
    SSL_CTX *ctx = tls_context_new(l->probe->text);
    prepare(l, ctx);
    AM_ASSERT(SSL_set_fd(l->ssl, fd) == 1);
    ERR_clear_error();
    const bool wrong = l->probe->text ? look_with_tls(l) : look_in_plaintext(l);
    ERR_clear_error();
    SSL_free(l->ssl);
    SSL_CTX_free(ctx);
    (void)close(fd);
    return wrong;
}

bool tls_probe(const struct tls_probe *probe, char *why)
{
    struct address first;
    struct looking l = {.probe = probe, .why = why};
    const char *at = probe->target;
    const char *of_list = address_list_name(probe->target, &first);
    why[0] = '\0';
    while (address_next(&at, &l.at)) {
        l.name = probe->server_name ? probe->server_name : of_list ? of_list : l.at.host;
        if (*l.at.host && look(&l))
            return true;
    }
    return false;
}
