/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What TLS says of the peer of a call: whether the connection is encrypted, and the names in the
 * certificate that the peer showed. gRPC has verified a certificate that is seen here, against the
 * CA for clients: no other one gets through the handshake. Common names are not read, because they
 * are no names in the sense of RFC 6125.
 *
 * Threading: any thread that owns the call. Ownership: texts lie in the arena.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct grpc_call;
struct rpc_call;

#define TLS_PEER_NAMES_MAX 32
#define TLS_PEER_NAME_BYTES_MAX 512

/* The kinds of names that a certificate can have in its subjectAltName. */
enum tls_name_kind { TLS_NAME_DNS, TLS_NAME_URI, TLS_NAME_EMAIL, TLS_NAME_IP, TLS_NAME_KINDS };

struct tls_name {
    enum tls_name_kind kind;
    const char *text; /* "crm.example.com", "spiffe://example.com/crm", "10.0.0.7" */
};

struct tls_peer {
    bool secure;    /* the connection is encrypted */
    bool certified; /* the peer has shown a certificate */
    size_t n_names; /* of the certificate, each once; at most TLS_PEER_NAMES_MAX, others are left
                       out, as is a name that is longer than TLS_PEER_NAME_BYTES_MAX or holds NUL */
    struct tls_name names[TLS_PEER_NAMES_MAX];
};

/* Fills `out`. A name that the arena has no room for is left out. */
void tls_peer_read(struct grpc_call *call, struct arena *arena, struct tls_peer *out);

/* The same for a call of our server, in its arena; of one that came through a trusted front
 * (rpc/caller/front.h) what that tells of the client, and never the front's own names. */
void rpc_call_tls_peer(struct rpc_call *call, struct tls_peer *out);
