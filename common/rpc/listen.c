/* SPDX-License-Identifier: Apache-2.0 */

/* The addresses of a server: whether it may listen there, and how it does. */

#include "rpc/internal.h"

#include "base/assert.h"
#include "base/log.h"
#include "rpc/address.h"
#include "rpc/caller/principal.h"
#include "rpc/tls.h"

static int refuse(const char *address, const char *why, const char *what)
{
    log_error("rpc", "listen_refused", LOG_STR("listen", address), LOG_STR("why", why),
              LOG_STR("do", what));
    return AM_EINVAL;
}

static int check_address(const struct rpc_server *s, const char *address, bool tls)
{
    struct address a;
    if (address_parse(address, &a) < 0) {
        log_error("rpc", "listen_malformed", LOG_STR("listen", address),
                  LOG_STR("do", "say for example 127.0.0.1:7401"));
        return AM_EINVAL;
    }
    const bool local = principal_listen_is_local(address);
    if (local && !rpc_has_front(&s->config))
        return 0;
    if (!local && !tls && !s->config.insecure_plaintext)
        return refuse(address,
                      "without TLS everybody on the way reads and changes what is said here",
                      "give --tls-cert and --tls-key, listen on a loopback address, or set "
                      "--insecure-plaintext where the network itself encrypts");
    if (s->config.insecure_principals || s->config.auth == RPC_AUTH_REQUIRED)
        return 0;
    return refuse(address,
                  "callers without a credential are believed, so only programs of this machine "
                  "may call",
                  "set --auth required, listen on a loopback address without a trusted front, or "
                  "set --insecure-principals where a proxy in front sets the headers");
}

static int listen_at(struct rpc_server *s, const char *address, const struct tls_files *tls,
                     int *port)
{
    int err = check_address(s, address, tls != NULL);
    if (err < 0)
        return err;
    grpc_server_credentials *creds = tls_server_credentials(tls, s->config.client_cert);
    *port = grpc_server_add_http2_port(s->grpc, address, creds);
    grpc_server_credentials_release(creds);
    if (*port <= 0) {
        log_error("rpc", "listen_failed", LOG_STR("listen", address),
                  LOG_STR("do", "see that the port is free and the address is this machine's"));
        return AM_EIO;
    }
    log_info("rpc", "listening", LOG_STR("listen", address), LOG_INT("port", *port),
             LOG_STR("transport", tls ? "TLS" : "plaintext"));
    return 0;
}

int rpc_listen(struct rpc_server *s)
{
    const struct tls_files *tls = s->config.tls;
    int err = 0;
    AM_ASSERT(!s->tls_listen || tls);
    if (s->listen)
        err = listen_at(s, s->listen, s->tls_listen ? NULL : tls, &s->port);
    if (!err && s->tls_listen)
        err = listen_at(s, s->tls_listen, tls, &s->tls_port);
    return err;
}
