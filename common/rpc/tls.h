/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Inside common/rpc only: gRPC's credentials, encrypted or not. TLS is 1.2 or later. gRPC reads the
 * files of a watched set anew every second (io/tls_files.h); what has changed holds for the next
 * handshake, and open connections live on.
 *
 * Threading: the main thread. Ownership: the caller releases what it gets; the files must outlive
 * the server or channel.
 */

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>

#include "io/tls_files.h"
#include "rpc/server.h"

/* NULL files: plaintext. `ask` must not be RPC_CLIENT_CERT_NONE when it has to be checked. */
grpc_server_credentials *tls_server_credentials(const struct tls_files *files,
                                                enum rpc_client_cert ask);

/* For a client: the CAs it trusts and, if there is one, its own certificate. NULL: plaintext. */
grpc_channel_credentials *tls_channel_credentials(const struct tls_files *files);

/* The same from texts that do not change. NULL: plaintext. */
grpc_channel_credentials *tls_channel_credentials_of(const struct tls_text *text);
