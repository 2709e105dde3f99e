/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/tls.h"

#include "base/assert.h"

#define REFRESH_S 1

static grpc_tls_certificate_provider *watcher(const struct tls_files *files)
{
    const char *identity = tls_files_identity(files);
    grpc_tls_certificate_provider *p = grpc_tls_certificate_provider_file_watcher_create(
        identity, identity, tls_files_ca(files), REFRESH_S);
    AM_ASSERT(p != NULL);
    return p;
}

/* Takes the provider over. */
static grpc_tls_credentials_options *options_of(grpc_tls_certificate_provider *provider,
                                                bool identity, bool ca)
{
    grpc_tls_credentials_options *o = grpc_tls_credentials_options_create();
    AM_ASSERT(o != NULL);
    grpc_tls_credentials_options_set_certificate_provider(o, provider);
    grpc_tls_certificate_provider_release(provider);
    if (identity)
        grpc_tls_credentials_options_watch_identity_key_cert_pairs(o);
    if (ca)
        grpc_tls_credentials_options_watch_root_certs(o);
    return o;
}

/* A certificate that was shown is always checked. */
static grpc_ssl_client_certificate_request_type request_type(enum rpc_client_cert ask)
{
    if (ask == RPC_CLIENT_CERT_REQUIRED)
        return GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
    return ask == RPC_CLIENT_CERT_ASKED ? GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY
                                        : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE;
}

grpc_server_credentials *tls_server_credentials(const struct tls_files *files,
                                                enum rpc_client_cert ask)
{
    if (!files)
        return grpc_insecure_server_credentials_create();
    grpc_tls_credentials_options *o = options_of(watcher(files), true, ask != RPC_CLIENT_CERT_NONE);
    grpc_tls_credentials_options_set_cert_request_type(o, request_type(ask));
    grpc_server_credentials *creds = grpc_tls_server_credentials_create(o);
    AM_ASSERT(creds != NULL);
    return creds;
}

grpc_channel_credentials *tls_channel_credentials(const struct tls_files *files)
{
    if (!files)
        return grpc_insecure_credentials_create();
    AM_ASSERT(tls_files_ca(files) != NULL); /* gRPC would otherwise trust the system's CAs */
    grpc_channel_credentials *creds = grpc_tls_credentials_create(
        options_of(watcher(files), tls_files_identity(files) != NULL, true));
    AM_ASSERT(creds != NULL);
    return creds;
}

grpc_channel_credentials *tls_channel_credentials_of(const struct tls_text *text)
{
    grpc_tls_identity_pairs *pairs = NULL;
    if (!text)
        return grpc_insecure_credentials_create();
    AM_ASSERT(text->ca != NULL);
    if (text->cert) {
        pairs = grpc_tls_identity_pairs_create();
        grpc_tls_identity_pairs_add_pair(pairs, text->key, text->cert);
    }
    grpc_tls_certificate_provider *p =
        grpc_tls_certificate_provider_static_data_create(text->ca, pairs);
    AM_ASSERT(p != NULL);
    grpc_channel_credentials *creds =
        grpc_tls_credentials_create(options_of(p, text->cert != NULL, true));
    AM_ASSERT(creds != NULL);
    return creds;
}
