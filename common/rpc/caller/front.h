/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a trusted front, a proxy before the services, tells of the client of a call: where it comes
 * from, and the names in the certificate that it showed to the front. The front deletes both from
 * what clients send and sets them itself:
 *
 *   amends-peer        "192.0.2.7:51234", "[2001:db8::1]:51234"; brackets are allowed for both
 *   amends-client-san  "dns:crm.example.com", "uri:spiffe://example.com/crm",
 *                      "email:ops@example.com", "ip:192.0.2.7"; one pair for each name; needs the
 *                      other
 *
 * From anybody else these keys are refused and not ignored: an operator whose front is not trusted,
 * by a mistake in its configuration, learns it from the first call.
 *
 * Threading: front_read() is pure; front_hear() runs on the rpc thread. Ownership: texts lie in the
 * call's arena.
 */

#include <grpc/grpc.h>

#include "base/arena.h"
#include "base/fault.h"
#include "rpc/caller/tls_peer.h"

#define FRONT_PEER_KEY "amends-peer"
#define FRONT_SAN_KEY "amends-client-san"

struct rpc_call;

struct front_told {
    const char *peer; /* as gRPC writes a peer, "ipv4:192.0.2.7:51234"; NULL: nothing was told */
    size_t n_names;   /* of the client's certificate; 0 = it showed none */
    struct tls_name *names;
};

/* True when the metadata has one of the two keys. */
bool front_speaks(const grpc_metadata_array *metadata);

/* Reads them. AM_EINVAL: INVALID_ARGUMENT, FRONT_METADATA_INVALID was set in `fault`. */
int front_read(const grpc_metadata_array *metadata, struct arena *arena, struct front_told *out,
               struct fault *fault) AM_MUSTCHECK;

/* True when `san`, of --trusted-front-san, is one of the names of a certificate. Names of the DNS
 * are compared without regard to case. */
bool front_has_name(const struct tls_peer *peer, const char *san);

/* Notes in the call what its front tells, if it tells anything. AM_EINVAL: the fault above, or
 * PERMISSION_DENIED, FRONT_NOT_TRUSTED. */
int front_hear(struct rpc_call *call, struct fault *fault) AM_MUSTCHECK;
