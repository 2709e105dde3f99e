/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Callers that are believed: their identity is read from the metadata amends-tenant and
 * amends-principal, and whoever stands in front of the service vouches for them. What a credential
 * says of its bearer is established in rpc/caller/caller.h.
 *
 * Threading: pure. Ownership: texts lie in the call's arena.
 */

#include <grpc/grpc.h>

#include "base/fault.h"
#include "contract/check.h"
#include "rpc/server.h"

#define PRINCIPAL_TENANT_KEY "amends-tenant"
#define PRINCIPAL_ID_KEY "amends-principal"
#define PRINCIPAL_TENANT_MAX CHECK_TENANT_BYTES_MAX
#define PRINCIPAL_ID_MAX CHECK_PRINCIPAL_BYTES_MAX

/*
 * Fills `out` with strings in `arena`, and all roles but that of the services themselves.
 * AM_EINVAL: UNAUTHENTICATED was set in `fault`, reason PRINCIPAL_MISSING (either key is absent or
 * empty) or PRINCIPAL_INVALID (given twice, too long, or a character outside [A-Za-z0-9._@:-]).
 */
int principal_establish(const grpc_metadata_array *metadata, struct arena *arena,
                        struct rpc_principal *out, struct fault *fault) AM_MUSTCHECK;

/* The same of the tenant alone, for a credential that is good for any. */
int principal_tenant(const grpc_metadata_array *metadata, struct arena *arena,
                     struct rpc_principal *out, struct fault *fault) AM_MUSTCHECK;

/* True when both strings are what principal_establish() accepts. */
bool principal_valid(const struct rpc_principal *principal);

/* True for a peer, as gRPC names it, on this machine: a loopback address or no address at all. */
bool principal_peer_is_local(const char *peer);

/*
 * True when only this machine can reach `listen` ("127.0.0.1:7401", "[::1]:7401",
 * "localhost:7401", "unix:/path"): there header principals are trusted without being asked to.
 */
bool principal_listen_is_local(const char *listen);
