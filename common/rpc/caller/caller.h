/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Who is calling, as the metadata of one call says it: by a credential (`authorization: Bearer
 * <API key or token>`), which one of the server's checkers knows, or, where callers are believed,
 * by the headers of rpc/caller/principal.h. Then on whose behalf, and whether the call is open to
 * them.
 *
 * What is told of a refusal helps the honest: whether a credential is missing, twice there, or of
 * no form that is known. Which part of a well-formed one is wrong is told to the log alone.
 *
 * Threading: the rpc thread. Ownership: texts of the caller lie in the call's arena; `text` borrows
 * the metadata.
 */

#include <grpc/grpc.h>

#include "auth/san_file.h"
#include "base/fault.h"
#include "base/slice.h"
#include "rpc/server.h"
#include "rpc/caller/tls_peer.h"

#define CALLER_AUTHORIZATION_KEY "authorization"
#define CALLER_BEHALF_KEY "amends-on-behalf-of"
/* The longest text behind "Bearer ". */
#define CALLER_CREDENTIAL_BYTES_MAX 4096

#define CALLER_CHECKERS_MAX 8

struct caller_rules {
    enum rpc_auth auth;
    size_t n_checkers;
    const struct auth_checker *checkers[CALLER_CHECKERS_MAX];
};

/* How the caller was established, or why not; the order of the labels in meter.c. */
enum caller_outcome {
    CALLER_ACCEPTED,    /* by a credential */
    CALLER_BELIEVED,    /* by headers, without one */
    CALLER_MISSING,     /* there is no credential, and one is needed */
    CALLER_REFUSED,     /* the credential is not good */
    CALLER_UNAVAILABLE, /* it cannot be known now whether it is */
    CALLER_SLOWED,      /* not looked at: too many bad ones came from the same peer */
    CALLER_FORBIDDEN,   /* known, but without a role for the call, or the behalf is not theirs */
    CALLER_MALFORMED,   /* headers that are missing or wrong */
    CALLER_ASKS,        /* not known yet: the checker has to ask */
    CALLER_OUTCOMES
};

struct caller {
    const struct auth_checker *checker; /* NULL: by headers */
    struct slice text;                  /* of the credential */
    struct auth_identity identity;      /* with a checker, once accepted */
    const char *why;                    /* of a refusal, for the log; a constant */
};

/* Fills `who` and `c`; `fault` is set unless the outcome is ACCEPTED, BELIEVED or ASKS. Whether
 * they may make the call is not looked at yet. */
enum caller_outcome caller_establish(const struct caller_rules *rules,
                                     const grpc_metadata_array *metadata, int64_t now_us,
                                     struct arena *arena, struct caller *c,
                                     struct rpc_principal *who, struct fault *fault) AM_MUSTCHECK;

/* True when the call gives a credential, which goes before a certificate. */
bool caller_gives_credential(const grpc_metadata_array *metadata);

/* True when finding out who calls would take long: the credential is of a kind whose check costs
 * much, and is not known. Sets `c->checker` then. */
bool caller_would_cost(const struct caller_rules *rules, const grpc_metadata_array *metadata,
                       int64_t now_us, struct caller *c);

/* The same by the names in a certificate that was verified; `c->checker` is the file's. MISSING,
 * with nothing set: the file maps none of them. */
enum caller_outcome caller_by_certificate(struct san_file *file, const struct tls_name *names,
                                          size_t n, const grpc_metadata_array *metadata,
                                          struct arena *arena, struct caller *c,
                                          struct rpc_principal *who,
                                          struct fault *fault) AM_MUSTCHECK;

/* Takes up `amends-on-behalf-of`, if it is given, and looks whether `who` has one of `needed`
 * roles. AM_EINVAL: `fault` was set. */
int caller_permit(const grpc_metadata_array *metadata, uint32_t needed, struct arena *arena,
                  struct rpc_principal *who, struct fault *fault) AM_MUSTCHECK;
